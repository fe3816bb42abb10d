/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/source.h"

#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)128 << 10) /* bytes: small enough that all cores end together */

struct source {
    struct source_files files;
    size_t at;  /* the current or next file */
    int fd;     /* -1 between files */
    bool begun; /* something was read from fd */
    bool end;   /* nothing more to read from fd */
    uint64_t line;
    struct buf rest; /* read behind the last whole line */
    uint64_t total, done;
};

/* Pipes and missing files make the whole unknown. */
static uint64_t measure(const struct source_files *files)
{
    uint64_t total = 0;

    for (size_t i = 0; i < files->count; i++) {
        struct stat st;

        if (stat(files->name[i], &st) != 0 || !S_ISREG(st.st_mode))
            return 0;
        total += (uint64_t)st.st_size;
    }
    return total;
}

enum err source_open(const struct source_files *files, struct source **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    (*out)->files = *files;
    (*out)->fd = -1;
    (*out)->total = measure(files);
    return ERR_OK;
}

uint64_t source_total(const struct source *s)
{
    return s->total;
}

uint64_t source_done(const struct source *s)
{
    return s->done;
}

static void end_file(struct source *s)
{
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    s->fd = -1;
    s->at++;
    buf_clear(&s->rest);
}

void source_close(struct source *s)
{
    if (!s)
        return;
    end_file(s);
    buf_free(&s->rest);
    free(s);
}

/* --- whole documents --- */

/* docs/FORMAT.md section 1: a file may end in one LF that is not part of the document. */
static void next_document(struct source *s, struct source_block *block)
{
    block->failure = file_read(block->file, s->files.item_max + 1, &block->bytes);
    s->done += block->bytes.len;
    if (block->bytes.len > 0 && block->bytes.data[block->bytes.len - 1] == '\n')
        block->bytes.len--;
    s->at++;
}

/* --- lines --- */

static enum err open_lines(struct source *s, const char *name)
{
    s->fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    s->begun = false;
    s->end = false;
    s->line = 1;
    if (s->fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_FILE_NOT_FOUND : ERR_IO;
    return ERR_OK;
}

/* Reads until B has a block and a line end in it, or more than a line may have, or all there is. */
static enum err fill(struct source *s, struct buf *b)
{
    while (!s->end && (b->len < BLOCK_SIZE ||
                       (!memrchr(b->data, '\n', b->len) && b->len <= s->files.item_max))) {
        enum err e = buf_reserve(b, BLOCK_SIZE);
        ssize_t n;

        if (e != ERR_OK)
            return e;
        n = read(s->fd, b->data + b->len, BLOCK_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        s->begun |= n > 0;
        s->end = n == 0;
        b->len += (size_t)n;
        s->done += (uint64_t)n;
    }
    return ERR_OK;
}

/* Drops the rest of a line that is too long. */
static enum err skip_line(struct source *s, struct buf *b)
{
    for (;;) {
        uint8_t *end = b->len ? memchr(b->data, '\n', b->len) : NULL;
        enum err e;

        if (end) {
            buf_drop(b, (size_t)(end - b->data) + 1);
            return buf_add(&s->rest, b->data, b->len);
        }
        buf_clear(b);
        if (s->end)
            return ERR_OK;
        e = fill(s, b);
        if (e != ERR_OK)
            return e;
    }
}

static uint64_t count_lines(const struct buf *b)
{
    const uint8_t *at = b->data, *end = b->data + b->len;
    uint64_t count = 0;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        count++;
    }
    return count;
}

/* Leaves whole lines in the block and keeps what follows them. */
static enum err cut(struct source *s, struct source_block *block)
{
    struct buf *b = &block->bytes;
    uint8_t *last = b->len ? memrchr(b->data, '\n', b->len) : NULL;
    enum err e = ERR_OK;

    if (!last && b->len > s->files.item_max) {
        e = skip_line(s, b);
        buf_clear(b);
        s->line++;
        return e == ERR_OK ? ERR_TOO_LARGE : e;
    }
    if (last && !s->end) {
        size_t len = (size_t)(last - b->data) + 1;

        e = buf_add(&s->rest, b->data + len, b->len - len);
        b->len = len;
    }
    s->line += count_lines(b);
    return e;
}

/* False when the file has no more lines; one that has none at all is a block that says so, since
 * that nothing was checked must not look like that all was right. */
static bool next_lines(struct source *s, struct source_block *block)
{
    enum err e = buf_add(&block->bytes, s->rest.data, s->rest.len);

    buf_clear(&s->rest);
    block->line = s->line;
    if (e == ERR_OK)
        e = fill(s, &block->bytes);
    if (e == ERR_OK && s->begun && block->bytes.len == 0)
        return false;
    if (e == ERR_OK && !s->begun) {
        block->line = 0;
        e = ERR_INPUT_EMPTY;
    }
    if (e == ERR_OK)
        e = cut(s, block);
    block->failure = e;
    if (e != ERR_OK && e != ERR_TOO_LARGE)
        end_file(s);
    return true;
}

static bool has_lines(const struct source *s, const char *name)
{
    size_t len = strlen(name);

    return s->files.ndjson || (len > 7 && strcmp(name + len - 7, ".ndjson") == 0);
}

bool source_next(struct source *s, struct source_block *block)
{
    for (;;) {
        buf_clear(&block->bytes);
        block->bytes.max = s->files.item_max + 4 * BLOCK_SIZE;
        block->line = 0;
        block->failure = ERR_OK;
        if (s->fd >= 0) {
            block->file = s->files.name[s->at];
            if (next_lines(s, block))
                return true;
            end_file(s);
            continue;
        }
        if (s->at == s->files.count)
            return false;
        block->file = s->files.name[s->at];
        if (!has_lines(s, block->file)) {
            next_document(s, block);
            return true;
        }
        block->failure = open_lines(s, block->file);
        if (block->failure != ERR_OK) {
            s->at++;
            return true;
        }
    }
}
