/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 1024                       /* bytes of an event's text; the rest is cut */
#define FIELDS_MAX 16                       /* of an event; more, and all of it is its text */
#define LINE_MAX_BYTES (512 + 7 * TEXT_MAX) /* every byte may become \\u00NN or \\\\xNN */

static const char *const level_names[] = {"", "ERROR", "WARN", "INFO", "DEBUG"};
static const char *program_name = "?";
static enum log_level least_level = LOG_INFO;
static bool as_json;

void log_init(const char *program, enum log_level least)
{
    program_name = program;
    least_level = least;
}

enum log_level log_least(void)
{
    return least_level;
}

enum err log_set_format(const char *name)
{
    if (strcmp(name, "text") != 0 && strcmp(name, "json") != 0)
        return ERR_CONFIG_INVALID;
    as_json = strcmp(name, "json") == 0;
    return ERR_OK;
}

bool log_is_json(void)
{
    return as_json;
}

struct event {
    enum log_level level;
    const char *name, *error; /* ERROR: its name, or NULL */
    const char *format, *text;
    bool cut; /* TEXT is not all of it */
    char time[40];
};

/* The character at S, of a text that is UTF8 or not, and its bytes; a line of the log shows what is
 * unseen (text_is_seen) as its number, for it moves a terminal's cursor, hides or ends the line. */
static size_t next_char(const char *s, size_t len, bool utf8, uint32_t *c)
{
    if (utf8)
        return text_char(s, len, c);
    *c = (uint8_t)*s;
    return 1;
}

static bool shows(uint32_t c, bool utf8)
{
    return utf8 || c < 0x80 ? text_is_seen(c) : false;
}

static size_t escape_byte(char c, char *out)
{
    char hex[3];

    text_hex((const uint8_t *)&c, 1, hex);
    memcpy(out, "\\x", 2);
    memcpy(out + 2, hex, 2);
    return 4;
}

/* Writes TEXT escaped to OUT, which has 4 times its length, and returns the bytes written. */
static size_t escape(const char *text, char *out)
{
    size_t len = strlen(text), used = 0;
    bool utf8 = text_is_utf8(text, len);

    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = next_char(text + i, len - i, utf8, &c);
        bool plain = shows(c, utf8) && c != '\\';
        for (size_t end = i + n; i < end; i++) {
            if (plain)
                out[used++] = text[i];
            else
                used += escape_byte(text[i], out + used);
        }
    }
    return used;
}

/* --- as text --- */

static size_t make_text(const struct event *v, char line[static LINE_MAX_BYTES])
{
    int n = snprintf(line, 200, "%s %s %s %s%s%s ", v->time, level_names[v->level], program_name,
                     v->name, v->error ? " error=" : "", v->error ? v->error : "");
    if (n < 0)
        return 0;
    size_t used = n < 200 ? (size_t)n : 199;
    used += escape(v->text, line + used);
    while (used && line[used - 1] == ' ')
        used--;
    return used;
}

/* --- as JSON --- */

/* A key of the format, "port=%d", and where its value lies in the text. */
struct field {
    const char *key, *value;
    size_t key_len, value_len;
};
struct fields {
    struct field at[FIELDS_MAX];
    size_t count;
    size_t text_len; /* what stands before the first */
};

/* The keys that the format has in front of its values. */
static void find_keys(const char *format, struct fields *out)
{
    out->count = 0;
    for (const char *at = format; *at && out->count < FIELDS_MAX; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        if (len && at[len] == '=' && at[len + 1] == '%')
            out->at[out->count++] = (struct field){.key = at, .key_len = len};
    }
}

/* " KEY=" in TEXT from FROM on, or NULL. */
static const char *find_key(const char *text, const char *from, const struct field *f)
{
    for (const char *at = strchr(from, '='); at; at = strchr(at + 1, '=')) {
        const char *key = at - f->key_len;
        if ((size_t)(at - from) >= f->key_len && memcmp(key, f->key, f->key_len) == 0 &&
            (key == text || key[-1] == ' '))
            return key;
    }
    return NULL;
}

/* A value that has a key in it might be taken for another field: then all is text. */
static void find_values(const char *text, struct fields *f)
{
    const char *from = text;

    f->text_len = strlen(text);
    for (size_t i = 0; i < f->count; i++) {
        const char *key = find_key(text, from, &f->at[i]);
        if (!key || find_key(text, key + 1, &f->at[i])) {
            f->count = 0;
            f->text_len = strlen(text);
            return;
        }
        if (i == 0)
            f->text_len = (size_t)(key - text);
        else
            f->at[i - 1].value_len = (size_t)(key - 1 - f->at[i - 1].value);
        f->at[i].value = key + f->at[i].key_len + 1;
        f->at[i].value_len = strlen(f->at[i].value);
        from = f->at[i].value;
    }
    while (f->text_len && text[f->text_len - 1] == ' ')
        f->text_len--;
}

struct line {
    char *at; /* LINE_MAX_BYTES */
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *l, const char *format, ...)
{
    va_list args;
    size_t room = LINE_MAX_BYTES - l->used;

    va_start(args, format);
    int n = vsnprintf(l->at + l->used, room, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < room)
        l->used += (size_t)n;
}

static void put_number(struct line *l, uint32_t c)
{
    if (c > 0xffff) {
        put(l, "\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)));
        c = 0xdc00 + (c & 0x3ff);
    }
    put(l, "\\u%04x", (unsigned)c);
}

/* A JSON string of LEN bytes; what is no UTF-8 is told as in a line of text. */
static void quote(struct line *l, const char *text, size_t len)
{
    bool utf8 = text_is_utf8(text, len);

    put(l, "\"");
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t c;
        n = next_char(text + i, len - i, utf8, &c);
        if (c >= 0x80 && !utf8)
            put(l, "\\\\x%02x", (unsigned)c);
        else if (!shows(c, utf8))
            put_number(l, c);
        else if (c == '"' || c == '\\')
            put(l, "\\%c", (int)c);
        else
            put(l, "%.*s", (int)n, text + i);
    }
    put(l, "\"");
}

static size_t make_json(const struct event *v, char line[static LINE_MAX_BYTES])
{
    struct line l = {line, 0};
    struct fields f;

    find_keys(v->format, &f);
    if (v->cut)
        f.count = 0; /* the last keys may be gone, and what looks like them a value's */
    find_values(v->text, &f);
    put(&l, "{");
    if (v->error)
        put(&l, "\"error\":\"%s\",", v->error);
    put(&l, "\"event\":\"%s\"", v->name);
    for (size_t i = 0; i < f.count; i++) {
        const struct field *one = &f.at[i];
        put(&l, "%s\"%.*s\":", i ? "," : ",\"fields\":{", (int)one->key_len, one->key);
        quote(&l, one->value, one->value_len);
    }
    put(&l, "%s,\"level\":\"%s\",\"program\":\"%s\"", f.count ? "}" : "", level_names[v->level],
        program_name);
    if (f.text_len) {
        put(&l, ",\"text\":");
        quote(&l, v->text, f.text_len);
    }
    put(&l, ",\"time\":\"%s\"}", v->time);
    return l.used;
}

/* --- both --- */

/* One write(2) a line, so that lines of several threads do not mix. */
static void __attribute__((format(printf, 4, 0)))
emit(enum log_level level, const char *event, const char *error, const char *format, va_list args)
{
    char line[LINE_MAX_BYTES], text[TEXT_MAX];
    struct event v = {
        .level = level, .name = event, .error = error, .format = format, .text = text};
    char second[TEXT_TIME_LEN + 1];
    int64_t now = clock_now_us();

    int length = vsnprintf(text, sizeof text, format, args);
    if (length < 0)
        text[0] = 0;
    v.cut = length >= (int)sizeof text;
    text_time(now, second);
    second[TEXT_TIME_LEN - 1] = 0; /* the Z goes behind the fraction */
    snprintf(v.time, sizeof v.time, "%s.%06" PRId64 "Z", second, now % TEXT_SECOND_US);
    size_t used = as_json ? make_json(&v, line) : make_text(&v, line);
    line[used++] = '\n';
    /* There is nowhere to report a failure to. */
    ssize_t ignored = write(STDERR_FILENO, line, used);
    (void)ignored;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    va_list args;

    if (level > least_level)
        return;
    va_start(args, format);
    emit(level, event, NULL, format, args);
    va_end(args);
}

enum err log_fail(enum err e, const char *event, const char *format, ...)
{
    va_list args;

    if (LOG_ERROR > least_level)
        return e;
    va_start(args, format);
    emit(LOG_ERROR, event, err_name(e), format, args);
    va_end(args);
    return e;
}
