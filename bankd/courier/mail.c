/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/mail.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/json.h"
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WORD_BYTES 42 /* of an encoded word's text: 56 of 75 characters */
#define LINE_BYTES 57 /* of a body's line: 76 characters */
#define SUBJECT "Subject: "

static const char *const kinds[] = {"order-waiting",       "order-expiry",    "order-cutoff",
                                    "order-outcome",       "policy-waiting",  "application-waiting",
                                    "application-outcome", "holder-enrolled", "key-active",
                                    "key-suspended",       "key-revoked",     "key-rotated",
                                    "contact-changed",     "contact-confirm"};
static const char *const names[] = {"account", "bank",   "code",   "holder", "notice",
                                    "order",   "reason", "status", "time"};
#define LENGTH(list) (sizeof(list) / sizeof *(list))

/* --- templates ---------------------------------------------------------------------------------*/

static const char *member(const struct mail *m, const char *name)
{
    const char *text = strcmp(name, "bank") == 0 ? m->bank : js_text(js_get(m->notice, name), NULL);
    return text != NULL ? text : "";
}

/* The name behind "{" at TEXT, its length without the braces; NULL when it is none. */
static const char *placeholder(const char *text, size_t *len)
{
    for (size_t i = 0; i < LENGTH(names); i++) {
        *len = strlen(names[i]);
        if (strncmp(text + 1, names[i], *len) == 0 && text[*len + 1] == '}')
            return names[i];
    }
    return NULL;
}

static enum err fill(const struct mail *m, const char *text, size_t len, struct buf *out)
{
    const char *end = text + len;
    enum err e = ERR_OK;

    while (e == ERR_OK && text < end) {
        size_t named = 0;
        const char *name = *text == '{' ? placeholder(text, &named) : NULL;
        if (name != NULL) {
            e = buf_add_str(out, member(m, name));
            text += named + 2;
        } else {
            e = buf_add_byte(out, (uint8_t)*text++);
        }
    }
    return e;
}

static enum err read_template(const char *directory, const char *kind, const char *language,
                              struct buf *out)
{
    struct buf path = BUF_INIT(4400);

    enum err e = buf_addf(&path, "%s/%s.%s.txt", directory, kind, language);
    if (e == ERR_OK)
        e = file_read(buf_str(&path), MAIL_MAX / 4, out);
    buf_free(&path);
    return e;
}

static bool is_template(const char *text)
{
    const char *end = strstr(text, "\n\n");

    if (strncmp(text, SUBJECT, strlen(SUBJECT)) != 0 || end == NULL ||
        memchr(text, '\n', (size_t)(end - text)) != NULL)
        return false;
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        size_t len = 0;
        if (placeholder(at, &len) == NULL)
            return false;
    }
    return text_is_utf8(text, strlen(text));
}

enum err mail_check(const char *directory)
{
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct buf text = BUF_INIT(MAIL_MAX);
        enum err e = read_template(directory, kinds[i], "en", &text);
        bool right = e == ERR_OK && is_template(buf_str(&text));
        buf_free(&text);
        if (!right)
            return log_fail(ERR_CONFIG_INVALID, "courier.templates",
                            "%s/%s.en.txt is not there, or not \"Subject: ...\", an empty line and "
                            "a text with known {names}",
                            directory, kinds[i]);
    }
    return ERR_OK;
}

/* --- the message -------------------------------------------------------------------------------*/

static enum err add_base64(const void *bytes, size_t len, struct buf *out)
{
    unsigned char text[128];

    (void)EVP_EncodeBlock(text, bytes, (int)len);
    return buf_add_str(out, (const char *)text);
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            return false;
    }
    return true;
}

/* Each word ends between two characters. */
static enum err add_words(const char *text, struct buf *out)
{
    size_t left = strlen(text);
    enum err e = ERR_OK;

    for (bool first = true; e == ERR_OK && left > 0; first = false) {
        size_t len = left < WORD_BYTES ? left : WORD_BYTES;
        while (len < left && len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
        e = buf_add_str(out, first ? "=?utf-8?B?" : "\r\n =?utf-8?B?");
        if (e == ERR_OK)
            e = add_base64(text, len, out);
        if (e == ERR_OK)
            e = buf_add_str(out, "?=");
        text += len;
        left -= len;
    }
    return e;
}

static enum err add_subject(const struct mail *m, const char *line, size_t len, struct buf *out)
{
    struct buf subject = BUF_INIT(MAIL_MAX);

    enum err e = fill(m, line, len, &subject);
    if (e == ERR_OK)
        e = buf_add_str(out, SUBJECT);
    if (e == ERR_OK)
        e = is_plain(buf_str(&subject)) && subject.len < 900 ? buf_add_str(out, buf_str(&subject))
                                                             : add_words(buf_str(&subject), out);
    buf_free(&subject);
    return e == ERR_OK ? buf_add_str(out, "\r\n") : e;
}

static enum err add_body(const struct mail *m, const char *text, struct buf *out)
{
    struct buf body = BUF_INIT(MAIL_MAX);

    enum err e = fill(m, text, strlen(text), &body);
    for (size_t at = 0; e == ERR_OK && at < body.len; at += LINE_BYTES) {
        size_t left = body.len - at;
        e = add_base64(body.data + at, left < LINE_BYTES ? left : LINE_BYTES, out);
        if (e == ERR_OK)
            e = buf_add_str(out, "\r\n");
    }
    buf_free(&body);
    return e;
}

/* The same for the same news, so that whoever gets it twice can tell. */
static enum err add_id(const struct mail *m, struct buf *out)
{
    size_t host = strcspn(m->bank, "/");
    const char *system = m->bank[host] != '\0' ? m->bank + host + 1 : "";

    return buf_addf(out, "Message-ID: <%s.%s@%.*s>\r\n", member(m, "notice"), system, (int)host,
                    m->bank);
}

static enum err add_date(int64_t now_us, struct buf *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(now_us / TEXT_SECOND_US);
    struct tm t = {0};

    if (gmtime_r(&now, &t) == NULL)
        return ERR_INTERNAL;
    return buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday], t.tm_mday,
                    months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

enum err mail_write(const struct mail *m, struct buf *out)
{
    struct buf text = BUF_INIT(MAIL_MAX);
    const char *kind = js_text(js_get(m->notice, "kind"), NULL);

    enum err e =
        read_template(m->templates, kind != NULL ? kind : "", member(m, "language"), &text);
    if (e == ERR_FILE_NOT_FOUND)
        e = read_template(m->templates, kind != NULL ? kind : "", "en", &text);
    if (e == ERR_OK && !is_template(buf_str(&text)))
        e = ERR_CONFIG_INVALID;
    if (e == ERR_OK)
        e = buf_addf(out, "From: <%s>\r\nTo: <%s>\r\n", m->from, member(m, "address"));
    if (e == ERR_OK)
        e = add_date(m->now_us, out);
    if (e == ERR_OK)
        e = add_id(m, out);
    const char *line = buf_str(&text) + strlen(SUBJECT);
    if (e == ERR_OK)
        e = add_subject(m, line, strcspn(line, "\n"), out);
    if (e == ERR_OK)
        e = buf_add_str(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n");
    if (e == ERR_OK)
        e = add_body(m, strstr(line, "\n\n") + 2, out);
    buf_free(&text);
    return e;
}
