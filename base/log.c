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
#define LINE_MAX_BYTES (256 + 4 * TEXT_MAX) /* every byte may become \xNN */

static const char *const level_names[] = {"", "ERROR", "WARN", "INFO", "DEBUG"};
static const char *program_name = "?";
static enum log_level least_level = LOG_INFO;

void log_init(const char *program, enum log_level least)
{
    program_name = program;
    least_level = least;
}

/* C0, DEL and C1 (which UTF-8 writes as C2 80..9F) move a terminal's cursor or end the line. Both
 * bytes of a C1 are found, each from its own place. */
static bool is_control(const uint8_t *s, size_t i)
{
    size_t lead = i && s[i - 1] == 0xc2 ? i - 1 : i;

    if (s[i] < 0x20 || s[i] == 0x7f)
        return true;
    return s[lead] == 0xc2 && s[lead + 1] >= 0x80 && s[lead + 1] <= 0x9f;
}

/* Writes TEXT escaped to OUT, which has 4 times its length, and returns the bytes written. */
static size_t escape(const char *text, char *out)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t len = strlen(text);
    bool utf8 = text_is_utf8(text, len);
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        if (is_control(s, i) || s[i] == '\\' || (s[i] >= 0x80 && !utf8)) {
            memcpy(out + used, "\\x", 2);
            char hex[3];
            text_hex(s + i, 1, hex);
            memcpy(out + used + 2, hex, 2);
            used += 4;
        } else {
            out[used++] = (char)s[i];
        }
    }
    return used;
}

/* One write(2) a line, so that lines of several threads do not mix. */
static void emit(enum log_level level, const char *event, const char *error, const char *text)
{
    char line[LINE_MAX_BYTES];
    char time[TEXT_TIME_LEN + 1];
    int64_t now = clock_now_us();

    text_time(now, time);
    time[TEXT_TIME_LEN - 1] = 0; /* the Z goes behind the fraction */
    int n = snprintf(line, 200, "%s.%06" PRId64 "Z %s %s %s%s%s ", time, now % TEXT_SECOND_US,
                     level_names[level], program_name, event, error ? " error=" : "",
                     error ? error : "");
    if (n < 0)
        return;
    size_t used = n < 200 ? (size_t)n : 199;
    used += escape(text, line + used);
    while (used && line[used - 1] == ' ')
        used--;
    line[used++] = '\n';
    /* There is nowhere to report a failure to. */
    ssize_t ignored = write(STDERR_FILENO, line, used);
    (void)ignored;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    if (level > least_level)
        return;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = 0;
    va_end(args);
    emit(level, event, NULL, text);
}

enum err log_fail(enum err e, const char *event, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    if (LOG_ERROR > least_level)
        return e;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = 0;
    va_end(args);
    emit(LOG_ERROR, event, err_name(e), text);
    return e;
}
