/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one line an event on standard error: time, level, event, key=value; or a JSON object. No
 * secrets, ever; values are escaped so that one event is one line. The events' names are listed in
 * docs/OPERATIONS.md.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include <stdbool.h>

/* LOG_SILENT as the least level prints nothing: programs that tell people themselves. */
enum log_level { LOG_SILENT, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Once, before threads. PROGRAM has static storage. */
void log_init(const char *program, enum log_level least);

/* The least level that is printed, for a program that this one starts. */
enum log_level log_least(void);

/* "text" or "json", for what comes; CONFIG_INVALID for another word. Before threads. */
MUST_CHECK enum err log_set_format(const char *name);
bool log_is_json(void);

/* EVENT is a short constant such as "bankd.start"; FORMAT makes the text behind it. Words such as
 * "port=%d" in it are the event's fields. */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Logs at LOG_ERROR with the error's name and returns E, so that a function can end in
 * `return log_fail(ERR_IO, "file.read", "%s: %s", path, strerror(errno));` */
enum err log_fail(enum err e, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
