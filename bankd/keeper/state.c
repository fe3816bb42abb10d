/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/state.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/forms.h"
#include "order/json.h"
#include "order/merkle.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "state"
#define FILE_MODE 0600
#define RECORDS 2u
#define RECORD_LEN ((size_t)4096) /* a page: no write of one touches the other's sectors */
#define SUMMED_MAX (KEY_THUMBPRINT_LEN + DIGEST_TEXT_LEN + sizeof "  18446744073709551615")
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

/* So that no half of one head and half of another passes for a third. */
static enum err sum(const struct state *s, uint8_t out[static DIGEST_LEN])
{
    char root[2 * KEEPER_HASH_LEN + 1], text[SUMMED_MAX];

    text_hex(s->head.root, sizeof s->head.root, root);
    int len = snprintf(text, sizeof text, "%s %s %" PRIu64, s->log_key, root, s->head.size);
    return key_digest(text, (size_t)len, out);
}

static enum err check_sum(const struct state *s, const struct js *value)
{
    uint8_t expected[DIGEST_LEN], found[DIGEST_LEN] = {0};
    size_t len;
    const char *text = js_text(value, &len);

    enum err e = sum(s, expected);
    if (!e)
        e = forms_digest(text, len, found);
    return !e && memcmp(expected, found, sizeof found) != 0 ? ERR_KEEPER_STATE : e;
}

static enum err read_members(const struct js *document, struct state *out)
{
    const struct js *log_key, *root, *size, *summed, *type, *version;
    const struct js_member table[] = {
        {"logKey", JS_TEXT, true, KEY_THUMBPRINT_LEN, KEY_THUMBPRINT_LEN, &log_key},
        {"root", JS_TEXT, true, DIGEST_TEXT_LEN, DIGEST_TEXT_LEN, &root},
        {"size", JS_INT, true, 0, JS_INT_MAX, &size},
        {"sum", JS_TEXT, true, DIGEST_TEXT_LEN, DIGEST_TEXT_LEN, &summed},
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
    return check_sum(out, summed);
}

static enum err read_record(const char *record, struct state *out)
{
    struct js *document = NULL;
    size_t len = RECORD_LEN - 1;

    if (record[len] != '\n')
        return ERR_KEEPER_STATE;
    while (len && record[len - 1] == ' ')
        len--;
    enum err e = js_parse_canonical(record, len, &document);
    if (!e)
        e = read_members(document, out);
    js_free(document);
    return e;
}

static bool same_root(const struct state *a, const struct state *b)
{
    return memcmp(a->head.root, b->head.root, sizeof a->head.root) == 0;
}

/* A sector is written whole or not at all, so a crash spoils no record: one that is spoilt may have
 * been signed. */
static enum err read_records(const struct buf *file, struct state *out)
{
    struct state found[RECORDS];

    if (file->len != RECORDS * RECORD_LEN)
        return ERR_KEEPER_STATE;
    for (unsigned i = 0; i < RECORDS; i++) {
        found[i].record = i;
        enum err e = read_record(buf_str(file) + i * RECORD_LEN, &found[i]);
        if (e)
            return e;
    }
    if (strcmp(found[0].log_key, found[1].log_key) != 0 ||
        (found[0].head.size == found[1].head.size && !same_root(&found[0], &found[1])))
        return ERR_KEEPER_STATE;
    *out = found[found[1].head.size > found[0].head.size];
    return ERR_OK;
}

static enum err load_from(const char *path, struct state *out)
{
    struct buf bytes = BUF_INIT(RECORDS * RECORD_LEN + 1);

    enum err e = file_read(path, RECORDS * RECORD_LEN, &bytes);
    if (!e)
        e = read_records(&bytes, out);
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
    uint8_t summed[DIGEST_LEN];
    struct doc document = {0};

    if (s->head.size > JS_INT_MAX)
        return ERR_TOO_LARGE;
    enum err e = sum(s, summed);
    if (e)
        return e;
    doc_object(&document);
    doc_text(&document, "logKey", s->log_key);
    doc_digest(&document, "root", s->head.root);
    doc_int(&document, "size", (int64_t)s->head.size);
    doc_digest(&document, "sum", summed);
    doc_text(&document, "type", TYPE);
    doc_int(&document, "version", VERSION);
    e = doc_canon(&document, out);
    doc_free(&document);
    return e;
}

/* Appends the head as a record. */
static enum err write_record(const struct state *s, struct buf *out)
{
    size_t begin = out->len;

    enum err e = buf_reserve(out, RECORD_LEN);
    if (!e)
        e = write_document(s, out);
    if (e)
        return e;
    size_t used = out->len - begin;
    if (used >= RECORD_LEN)
        return ERR_TOO_LARGE;
    memset(out->data + out->len, ' ', RECORD_LEN - used);
    out->len = begin + RECORD_LEN;
    out->data[out->len - 1] = '\n';
    out->data[out->len] = 0;
    return ERR_OK;
}

/* In place: neither the file's size nor its name changes, so one write and one sync do. */
static enum err overwrite(const char *path, unsigned record, const struct buf *bytes)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    ssize_t n = pwrite(fd, bytes->data, bytes->len, (off_t)(record * RECORD_LEN));
    bool failed = n != (ssize_t)bytes->len || fdatasync(fd) != 0;
    close(fd);
    return failed ? ERR_IO : ERR_OK;
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
    struct buf bytes = BUF_INIT(RECORDS * RECORD_LEN);
    struct state s = {0};
    struct merkle_hash root;
    char *path;

    enum err e = state_absent(dir);
    if (!e)
        e = merkle_frontier_root(&empty, &root);
    if (e)
        return e;
    memcpy(s.head.root, root.b, sizeof root.b);
    snprintf(s.log_key, sizeof s.log_key, "%s", log_key);
    e = path_in(dir, &path);
    for (unsigned i = 0; !e && i < RECORDS; i++)
        e = write_record(&s, &bytes);
    if (!e)
        e = file_write_new(path, bytes.data, bytes.len, FILE_MODE);
    if (e)
        e = log_fail(e, "keeper.state", "%s cannot be written", dir);
    free(path);
    buf_free(&bytes);
    return e;
}

enum err state_save(const char *dir, struct state *s)
{
    struct buf bytes = BUF_INIT(RECORD_LEN);
    unsigned record = (s->record + 1) % RECORDS;
    char *path;

    enum err e = path_in(dir, &path);
    if (!e)
        e = write_record(s, &bytes);
    if (!e)
        e = overwrite(path, record, &bytes);
    if (e)
        e = log_fail(e, "keeper.state", "%s cannot be written", dir);
    else
        s->record = record;
    free(path);
    buf_free(&bytes);
    return e;
}
