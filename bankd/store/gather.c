/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/store/gather.h"

#include "base/log.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (64 * 1024) /* SQLite's way to the system takes less than 128 KiB at once */

/* SQLite makes room for one, with the system's file behind it. */
struct gather_file {
    sqlite3_file base; /* first */
    uint8_t *bytes;    /* ROOM of them, from the first write on */
    sqlite3_int64 at;  /* where BYTES belong */
    sqlite3_int64 len; /* gathered so far */
    /* Pieces that end before that are gathered, what ends there is the last one: of a log all are,
     * of a database those of a checkpoint by which it grows. */
    sqlite3_int64 until;
    bool in_checkpoint;
};

static sqlite3_vfs gathering;
static sqlite3_vfs *plain; /* the system's */

static struct gather_file *gathered(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

static sqlite3_file *under(sqlite3_file *file)
{
    return (sqlite3_file *)(gathered(file) + 1);
}

static const struct sqlite3_io_methods *methods(sqlite3_file *file)
{
    return under(file)->pMethods;
}

/* What could not be written is dropped: its commit fails, and the next one begins there again. */
static int settle(sqlite3_file *file)
{
    struct gather_file *f = gathered(file);
    int len = (int)f->len;

    f->len = 0;
    return len ? methods(file)->xWrite(under(file), f->bytes, len, f->at) : SQLITE_OK;
}

/* --- a file ------------------------------------------------------------------------------------*/

static int on_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    struct gather_file *f = gathered(file);
    int code = SQLITE_OK;

    if (!f->bytes && f->until)
        f->bytes = malloc(ROOM);
    if (f->len && (at != f->at + f->len || f->len + n > ROOM || at + n > f->until))
        code = settle(file);
    if (code != SQLITE_OK)
        return code;
    if (!f->bytes || n > ROOM || at + n > f->until)
        return methods(file)->xWrite(under(file), bytes, n, at);
    if (!f->len)
        f->at = at;
    memcpy(f->bytes + f->len, bytes, (size_t)n);
    f->len += n;
    return at + n == f->until ? settle(file) : SQLITE_OK;
}

static int on_close(sqlite3_file *file)
{
    int code = settle(file);
    int closed = methods(file)->xClose(under(file));

    free(gathered(file)->bytes);
    return code != SQLITE_OK ? code : closed;
}

static int on_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
    int code = settle(file);

    return code != SQLITE_OK ? code : methods(file)->xRead(under(file), out, n, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = settle(file);

    return code != SQLITE_OK ? code : methods(file)->xTruncate(under(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    int code = settle(file);

    return code != SQLITE_OK ? code : methods(file)->xSync(under(file), flags);
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = settle(file);

    return code != SQLITE_OK ? code : methods(file)->xFileSize(under(file), size);
}

static int on_control(sqlite3_file *file, int op, void *arg)
{
    int code = settle(file);

    return code != SQLITE_OK ? code : methods(file)->xFileControl(under(file), op, arg);
}

/* SQLite writes a checkpoint from the front to the end and looks at what each write says, but not
 * at what is said here, when the last one was. */
static int on_database_control(sqlite3_file *file, int op, void *arg)
{
    struct gather_file *f = gathered(file);
    int code = settle(file);

    if (op == SQLITE_FCNTL_CKPT_DONE && code != SQLITE_OK) {
        (void)log_fail(ERR_STORE_FAILED, "store.checkpoint", "its end cannot be written: %s",
                       sqlite3_errstr(code));
        abort(); /* the log has all of it, and so has who opens the store anew */
    }
    if (op == SQLITE_FCNTL_SIZE_HINT && f->in_checkpoint)
        f->until = *(sqlite3_int64 *)arg;
    else if (op == SQLITE_FCNTL_CKPT_START || op == SQLITE_FCNTL_CKPT_DONE) {
        f->in_checkpoint = op == SQLITE_FCNTL_CKPT_START;
        f->until = 0;
    }
    return code != SQLITE_OK ? code : methods(file)->xFileControl(under(file), op, arg);
}

/* What is not about the file's bytes. */
static int on_lock(sqlite3_file *file, int level)
{
    return methods(file)->xLock(under(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
    return methods(file)->xUnlock(under(file), level);
}

static int on_reserved(sqlite3_file *file, int *out)
{
    return methods(file)->xCheckReservedLock(under(file), out);
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return methods(file)->xShmMap(under(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return methods(file)->xShmLock(under(file), offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    methods(file)->xShmBarrier(under(file));
}

static int on_shm_unmap(sqlite3_file *file, int remove)
{
    return methods(file)->xShmUnmap(under(file), remove);
}

static int on_sector(sqlite3_file *file)
{
    return methods(file)->xSectorSize(under(file));
}

static int on_device(sqlite3_file *file)
{
    return methods(file)->xDeviceCharacteristics(under(file));
}

#define BYTES                                                                                      \
    .xClose = on_close, .xRead = on_read, .xWrite = on_write, .xTruncate = on_truncate,            \
    .xSync = on_sync, .xFileSize = on_size, .xSectorSize = on_sector,                              \
    .xDeviceCharacteristics = on_device

/* Version 1: a log has no lock and no index of its own. */
static const struct sqlite3_io_methods log_methods = {
    .iVersion = 1, BYTES, .xFileControl = on_control};

/* Version 2: it is not mapped, or what is gathered would not be seen. */
static const struct sqlite3_io_methods database_methods = {
    .iVersion = 2,
    BYTES,
    .xFileControl = on_database_control,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_reserved,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

/* --- the system --------------------------------------------------------------------------------*/

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                   int *out_flags)
{
    bool log = flags & SQLITE_OPEN_WAL;

    (void)vfs;
    if (!log && !(flags & SQLITE_OPEN_MAIN_DB))
        return plain->xOpen(plain, name, file, flags, out_flags);
    *gathered(file) = (struct gather_file){.until = log ? INT64_MAX : 0};
    int code = plain->xOpen(plain, name, under(file), flags, out_flags);
    if (methods(file))
        file->pMethods = log ? &log_methods : &database_methods;
    return code;
}

static void make(void)
{
    plain = sqlite3_vfs_find(NULL);
    if (!plain)
        return;
    gathering = *plain;
    gathering.zName = "gather";
    gathering.pNext = NULL;
    gathering.szOsFile = plain->szOsFile + (int)sizeof(struct gather_file);
    gathering.xOpen = on_open;
    if (sqlite3_vfs_register(&gathering, 0) != SQLITE_OK)
        plain = NULL;
}

const char *gather_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make);
    return plain ? gathering.zName : NULL;
}
