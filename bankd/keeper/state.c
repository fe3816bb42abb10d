/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/state.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/merkle.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "state.json"
#define FILE_MODE 0600
#define FILE_BYTES_MAX ((size_t)4096)
#define TYPE "keeper-state"
#define VERSION 1

/* Who may write there can put an older state in its place. */
static enum err check_private(int fd, const char *dir)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return ERR_OK;
    return log_fail(ERR_KEEPER_STATE, "keeper.state", "%s: others may use it", dir);
}

enum err state_lock(const char *dir, int *out)
{
    *out = -1;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return log_fail(ERR_KEEPER_STATE, "keeper.state", "%s: %s", dir, strerror(errno));
    enum err e = check_private(fd, dir);
    if (!e && flock(fd, LOCK_EX | LOCK_NB) != 0)
        e = log_fail(ERR_KEEPER_STATE, "keeper.state", "%s: another keeper has it", dir);
    if (e) {
        close(fd);
        return e;
    }
    *out = fd;
    return ERR_OK;
}

static enum err path_in(const char *dir, char **out)
{
    *out = NULL;
    return asprintf(out, "%s/%s", dir, FILE_NAME) < 0 ? ERR_NO_MEMORY : ERR_OK;
}

static bool text_is(const struct js *value, const char *expected)
{
    size_t len;
    const char *text = js_text(value, &len);
    return text && len == strlen(expected) && memcmp(text, expected, len) == 0;
}

static enum err read_members(const struct js *document, struct state *out)
{
    const struct js *log_key, *root, *size, *type, *version;
    const struct js_member table[] = {
        {"logKey", JS_TEXT, true, KEY_THUMBPRINT_LEN, KEY_THUMBPRINT_LEN, &log_key},
        {"root", JS_TEXT, true, DIGEST_TEXT_LEN, DIGEST_TEXT_LEN, &root},
        {"size", JS_INT, true, 0, JS_INT_MAX, &size},
        {"type", JS_TEXT, true, 1, 32, &type},
        {"version", JS_INT, true, VERSION, VERSION, &version},
    };
    size_t len;

    enum err e = js_members(document, table, sizeof table / sizeof table[0], NULL);
    if (!e && !text_is(type, TYPE))
        e = ERR_DOC_TYPE;
    if (e)
        return e;
    const char *text = js_text(root, &len);
    e = forms_digest(text, len, out->head.root);
    if (e)
        return e;
    text = js_text(log_key, &len);
    e = forms_thumbprint(text, len);
    if (e)
        return e;
    memcpy(out->log_key, text, len + 1);
    out->head.size = (uint64_t)js_int(size);
    return ERR_OK;
}

static enum err load_from(const char *path, struct state *out)
{
    struct buf bytes = BUF_INIT(FILE_BYTES_MAX);
    struct js *document = NULL;

    enum err e = file_read(path, FILE_BYTES_MAX, &bytes);
    if (!e)
        e = js_parse_canonical(bytes.data, bytes.len, &document);
    if (!e)
        e = read_members(document, out);
    js_free(document);
    buf_free(&bytes);
    return e;
}

enum err state_load(const char *dir, struct state *out)
{
    char *path;

    memset(out, 0, sizeof *out);
    enum err e = path_in(dir, &path);
    if (!e)
        e = load_from(path, out);
    if (e && e != ERR_NO_MEMORY) {
        memset(out, 0, sizeof *out);
        e = log_fail(ERR_KEEPER_STATE, "keeper.state", "%s: %s", path, err_name(e));
    }
    free(path);
    return e;
}

static enum err write_document(const struct state *s, struct buf *out)
{
    char root[2 * KEEPER_HASH_LEN + 1];
    struct js *document = NULL;

    if (s->head.size > JS_INT_MAX)
        return ERR_TOO_LARGE;
    text_hex(s->head.root, sizeof s->head.root, root);
    enum err e = js_object_new(&document);
    if (!e)
        e = js_set_text(document, "logKey", s->log_key);
    if (!e)
        e = js_set_text(document, "root", root);
    if (!e)
        e = js_set_int(document, "size", (int64_t)s->head.size);
    if (!e)
        e = js_set_text(document, "type", TYPE);
    if (!e)
        e = js_set_int(document, "version", VERSION);
    if (!e)
        e = js_canon(document, out);
    js_free(document);
    return e;
}

typedef enum err (*write_fn)(const char *path, const void *bytes, size_t len, unsigned mode);

static enum err write_with(write_fn write_file, const char *dir, const struct state *s)
{
    struct buf document = BUF_INIT(FILE_BYTES_MAX);
    char *path;

    enum err e = path_in(dir, &path);
    if (!e)
        e = write_document(s, &document);
    if (!e)
        e = write_file(path, document.data, document.len, FILE_MODE);
    if (e)
        e = log_fail(e, "keeper.state", "%s cannot be written", path ? path : dir);
    free(path);
    buf_free(&document);
    return e;
}

enum err state_absent(const char *dir)
{
    char *path;

    enum err e = path_in(dir, &path);
    if (!e && (access(path, F_OK) == 0 || errno != ENOENT))
        e = log_fail(ERR_KEEPER_STATE, "keeper.state", "%s is there already", path);
    free(path);
    return e;
}

enum err state_create(const char *dir, const char *log_key)
{
    static const struct merkle_frontier empty = {0};
    struct state s = {0};
    struct merkle_hash root;

    enum err e = state_absent(dir);
    if (!e)
        e = merkle_frontier_root(&empty, &root);
    if (e)
        return e;
    memcpy(s.head.root, root.b, sizeof root.b);
    snprintf(s.log_key, sizeof s.log_key, "%s", log_key);
    return write_with(file_write_new, dir, &s);
}

enum err state_save(const char *dir, const struct state *s)
{
    return write_with(file_write, dir, s);
}
