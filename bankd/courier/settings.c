/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/settings.h"

#include "base/conf.h"
#include "base/log.h"
#include "token/uri.h"
#include <stdbool.h>
#include <string.h>

#define EVENT "courier.config"
#define PATH_BYTES 4000
#define SOCKET_BYTES 107 /* sun_path of unix(7) without its NUL */
#define WAIT_MAX UINT64_C(600000)

/* Places in the table. */
enum {
    SOCKET,
    TEMPLATES,
    SMTP,
    SMTP_CA,
    SMTP_TLS,
    SMTP_USER,
    FROM,
    MODULE,
    TOKEN,
    INSIDE,
    POLL,
    SEND,
    LOG_FORMAT,
    ITEMS
};

static void fill_items(struct settings *s, struct conf_item items[static ITEMS])
{
    const struct conf_item table[ITEMS] = {
        [SOCKET] = {"socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, &s->socket},
        [TEMPLATES] = {"templates", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->templates},
        [SMTP] = {"smtp", CONF_TEXT, false, "", 0, 300, &s->smtp},
        [SMTP_CA] = {"smtp_ca", CONF_TEXT, false, "", 0, PATH_BYTES, &s->smtp_ca},
        [SMTP_TLS] = {"smtp_tls", CONF_TEXT, false, "required", 1, 10, &s->tls},
        [SMTP_USER] = {"smtp_user", CONF_TEXT, false, "", 0, 200, &s->smtp_user},
        [FROM] = {"from", CONF_TEXT, false, "", 0, 254, &s->from},
        [MODULE] = {"module", CONF_TEXT, false, "", 0, PATH_BYTES, &s->module},
        [TOKEN] = {"token", CONF_TEXT, false, "", 0, TOKEN_URI_MAX, &s->token},
        [INSIDE] = {"webhooks_inside", CONF_TEXT, false, "no", 1, 3, &s->inside},
        [POLL] = {"poll_ms", CONF_U64, false, "2000", 1, WAIT_MAX, &s->poll_ms},
        [SEND] = {"send_ms", CONF_U64, false, "20000", 1, WAIT_MAX, &s->send_ms},
        [LOG_FORMAT] = {"log_format", CONF_TEXT, false, "text", 1, 10, &s->log_format},
    };
    memcpy(items, table, sizeof table);
}

static bool is(const char *text, const char *word)
{
    return strcmp(text, word) == 0;
}

static enum err check(const char *path, const size_t lines[static ITEMS], const struct settings *s)
{
    if (s->smtp[0] && strncmp(s->smtp, "smtp://", 7) != 0 && strncmp(s->smtp, "smtps://", 8) != 0)
        return conf_refuse(EVENT, path, lines[SMTP],
                           "smtp is no URL such as smtp://mail.example:587");
    if (s->smtp[0] && (!strchr(s->from, '@') || strpbrk(s->from, " \t<>\"\r\n")))
        return conf_refuse(EVENT, path, lines[FROM],
                           "from is no address such as bank@bank.example");
    if (!is(s->tls, "required") && !is(s->tls, "tried") && !is(s->tls, "off"))
        return conf_refuse(EVENT, path, lines[SMTP_TLS], "smtp_tls is required, tried or off");
    if (s->smtp_user[0] && strncmp(s->smtp, "smtps://", 8) != 0 && !is(s->tls, "required"))
        return conf_refuse(EVENT, path, lines[SMTP_USER],
                           "smtp_user gives its password over TLS alone: "
                           "smtp_tls = required, or an smtps:// URL");
    if (!is(s->inside, "yes") && !is(s->inside, "no"))
        return conf_refuse(EVENT, path, lines[INSIDE], "webhooks_inside is yes or no");
    if (!s->token[0] != !s->module[0])
        return conf_refuse(EVENT, path, lines[TOKEN], "token and module belong together");
    if (log_set_format(s->log_format))
        return conf_refuse(EVENT, path, lines[LOG_FORMAT], "log_format is neither text nor json");
    if (!s->smtp[0] && !s->token[0])
        return conf_refuse(EVENT, path, 0,
                           "neither smtp nor token is there: nothing could be carried");
    return ERR_OK;
}

enum err settings_load(const char *path, struct settings *out)
{
    struct conf_item items[ITEMS];
    size_t lines[ITEMS];

    memset(out, 0, sizeof *out);
    fill_items(out, items);
    enum err e = conf_load_logged(EVENT, path, items, ITEMS, lines);
    if (e)
        return e;
    e = check(path, lines, out);
    if (e)
        settings_free(out);
    return e;
}

void settings_free(struct settings *s)
{
    struct conf_item items[ITEMS];

    fill_items(s, items);
    conf_free(items, ITEMS);
}
