/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 << 10) /* bytes */
#define MODE_BITS 07777u

static ssize_t read_some(int fd, void *to, size_t len)
{
    ssize_t n;

    do
        n = read(fd, to, len);
    while (n < 0 && errno == EINTR);
    return n;
}

/* At the maximum one byte more decides between a file that just fits and one that is too large. */
static enum err read_rest(int fd, size_t max, struct buf *out)
{
    for (size_t got = 0;;) {
        uint8_t probe;
        size_t step = max - got < READ_STEP ? max - got : READ_STEP;
        enum err e = buf_reserve(out, step);
        if (e)
            return e;
        ssize_t n = read_some(fd, step ? out->data + out->len : &probe, step ? step : 1);
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_OK;
        if (!step)
            return ERR_TOO_LARGE;
        got += (size_t)n;
        out->len += (size_t)n;
    }
}

static enum err open_input(const char *path, int *out)
{
    *out = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*out >= 0)
        return ERR_OK;
    return errno == ENOENT || errno == ENOTDIR ? ERR_FILE_NOT_FOUND : ERR_IO;
}

enum err file_read(const char *path, size_t max, struct buf *out)
{
    size_t before = out->len;
    int fd;
    enum err e = open_input(path, &fd);
    if (e)
        return e;
    e = read_rest(fd, max, out);
    if (fd != STDIN_FILENO)
        close(fd);
    if (e)
        out->len = before;
    if (out->data)
        out->data[out->len] = 0;
    return e;
}

static enum err write_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        at += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err open_dir_of(const char *path, int *out)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    char *dir = len ? strndup(path, len) : strdup(".");
    if (!dir)
        return ERR_NO_MEMORY;

    *out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    return *out >= 0 ? ERR_OK : ERR_IO;
}

/* Makes the rename itself durable. */
static enum err sync_dir_of(const char *path)
{
    int fd = -1;
    enum err e = open_dir_of(path, &fd);
    if (e)
        return e;
    int failed = fsync(fd);
    close(fd);
    return failed ? ERR_IO : ERR_OK;
}

/* Creates, fills, syncs and closes the neighbour whose name is made from TEMPLATE. */
static enum err write_neighbour(char *template, const void *bytes, size_t len, unsigned mode)
{
    int fd = mkostemp(template, O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    enum err e = fchmod(fd, mode & MODE_BITS) == 0 ? ERR_OK : ERR_IO;
    if (!e)
        e = write_all(fd, bytes, len);
    if (!e && fsync(fd) != 0)
        e = ERR_IO;
    if (close(fd) != 0 && !e)
        e = ERR_IO;
    if (e)
        unlink(template);
    return e;
}

static enum err replace(const char *path, const void *bytes, size_t len, unsigned mode,
                        unsigned rename_flags)
{
    char *template = NULL;
    if (asprintf(&template, "%s.XXXXXX", path) < 0)
        return ERR_NO_MEMORY;

    enum err e = write_neighbour(template, bytes, len, mode);
    if (e)
        goto out;
    if (renameat2(AT_FDCWD, template, AT_FDCWD, path, rename_flags) != 0) {
        unlink(template);
        e = ERR_IO;
        goto out;
    }
    e = sync_dir_of(path);
out:
    free(template);
    return e;
}

enum err file_write(const char *path, const void *bytes, size_t len, unsigned mode)
{
    return replace(path, bytes, len, mode, 0);
}

enum err file_write_new(const char *path, const void *bytes, size_t len, unsigned mode)
{
    return replace(path, bytes, len, mode, RENAME_NOREPLACE);
}

/* The directory's, since the file itself is replaced. */
enum err file_lock(const char *path, int *lock)
{
    enum err e = open_dir_of(path, lock);
    if (e)
        return e;
    while (flock(*lock, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EBADF || errno == ENOLCK || errno == EOPNOTSUPP)
            break;
        file_unlock(*lock);
        *lock = -1;
        return ERR_IO;
    }
    return ERR_OK;
}

void file_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

enum err file_make_dir(const char *path, unsigned mode)
{
    bool made = mkdir(path, mode & MODE_BITS) == 0;
    if (!made && errno != EEXIST)
        return ERR_IO;

    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    struct stat st;
    int failed = made ? fchmod(fd, mode & MODE_BITS) : 0; /* the umask may have taken bits */
    if (!failed)
        failed = fstat(fd, &st);
    close(fd);
    if (failed || st.st_uid != geteuid() || (st.st_mode & MODE_BITS & ~mode) != 0)
        return ERR_IO;
    return ERR_OK;
}

enum err file_from_program(const char *way, char out[static PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);

    own[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (!slash)
        return ERR_IO;
    *slash = '\0';
    return snprintf(out, PATH_MAX, "%s/%s", own, way) < PATH_MAX ? ERR_OK : ERR_IO;
}

bool file_on_tmpfs(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

enum err file_remove(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? ERR_OK : ERR_IO;
}
