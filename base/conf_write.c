/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)64 << 10) /* bytes */
#define BLANK " \t\r"

/* Reading cuts blanks off at both ends and knows no way to write a line end. */
static bool can_be_read_back(const char *value)
{
    size_t len = strlen(value);
    return len > 0 && strpbrk(value, "\n\r") == NULL && strchr(BLANK, value[0]) == NULL &&
           strchr(BLANK, value[len - 1]) == NULL && text_is_utf8(value, len);
}

/* Whether the line sets NAME. */
static bool sets(const char *line, size_t len, const char *name)
{
    size_t at = 0, name_len = strlen(name);
    while (at < len && strchr(BLANK, line[at]) != NULL)
        at++;
    if (len - at < name_len || memcmp(line + at, name, name_len) != 0)
        return false;
    for (at += name_len; at < len && strchr(BLANK, line[at]) != NULL;)
        at++;
    return at < len && line[at] == '=';
}

static enum err put(struct buf *out, const struct conf_change *change)
{
    return change->value != NULL ? buf_addf(out, "%s = %s\n", change->name, change->value) : ERR_OK;
}

/* The line as it stands, or what takes its place. DONE says of each change whether it did. */
static enum err copy_line(const char *line, size_t len, const struct conf_change *changes,
                          size_t count, bool *done, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (sets(line, len, changes[i].name)) {
            bool again = done[i];
            done[i] = true;
            return again ? ERR_OK : put(out, &changes[i]);
        }
    }
    enum err e = buf_add(out, line, len);
    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

static enum err copy(const struct buf *old, const struct conf_change *changes, size_t count,
                     bool *done, struct buf *out)
{
    const char *at = buf_str(old), *end = at + old->len;
    enum err e = ERR_OK;
    while (e == ERR_OK && at < end) {
        size_t len = text_line(at, end);
        e = copy_line(at, len, changes, count, done, out);
        at += len + (at + len < end);
    }
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (!done[i])
            e = put(out, &changes[i]);
    }
    return e;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777u : 0600u;
}

enum err conf_write(const char *path, const struct conf_change *changes, size_t count)
{
    struct buf old = BUF_INIT(FILE_MAX), fresh = BUF_INIT(FILE_MAX);
    bool *done = calloc(count + 1, sizeof *done);
    char *real = realpath(path, NULL); /* NULL where there is none yet */
    const char *to = real != NULL ? real : path;
    int lock = -1;
    enum err e = done != NULL ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (changes[i].value != NULL && !can_be_read_back(changes[i].value))
            e = ERR_CONFIG_INVALID;
    }
    if (e == ERR_OK)
        e = file_lock(to, &lock);
    if (e == ERR_OK)
        e = file_read(to, FILE_MAX, &old);
    if (e == ERR_FILE_NOT_FOUND)
        e = ERR_OK;
    if (e == ERR_OK)
        e = copy(&old, changes, count, done, &fresh);
    if (e == ERR_OK)
        e = file_write(to, fresh.data, fresh.len, mode_of(to));
    file_unlock(lock);
    free(done);
    free(real);
    buf_free(&old);
    buf_free(&fresh);
    return e;
}
