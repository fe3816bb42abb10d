/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/settings.h"

#include "bankd/keeper/pins.h"
#include "base/conf.h"
#include "base/log.h"
#include "order/forms.h"
#include "token/uri.h"
#include <string.h>

#define EVENT "keeper.config"
#define PATH_BYTES 4000
#define SOCKET_BYTES 107 /* sun_path of unix(7) without its NUL */

/* Places in the table. */
enum { BANK, MODULE, TOKEN, SOCKET, STATE, PEER_UID, ADMISSIONS, PERSON_DAYS, LOG_FORMAT, ITEMS };

static void fill_items(struct settings *s, struct conf_item items[static ITEMS])
{
    const struct conf_item table[ITEMS] = {
        [BANK] = {"bank", CONF_TEXT, true, NULL, 1, BANK_MAX, &s->bank},
        [MODULE] = {"module", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->module},
        [TOKEN] = {"token", CONF_TEXT, true, NULL, 1, TOKEN_URI_MAX, &s->token},
        [SOCKET] = {"socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, &s->socket},
        [STATE] = {"state", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->state},
        [PEER_UID] = {"peer_uid", CONF_U64, false, "4294967295", 0, SETTINGS_NO_PEER, &s->peer_uid},
        [ADMISSIONS] = {"admissions", CONF_U64, false, "1", 1, PINS_SIGNERS_MAX, &s->admissions},
        [PERSON_DAYS] = {"certificate_days", CONF_U64, false, "730", 1, 3650, &s->person_days},
        [LOG_FORMAT] = {"log_format", CONF_TEXT, false, "text", 1, 10, &s->log_format},
    };
    memcpy(items, table, sizeof table);
}

static enum err check(const char *path, const size_t lines[static ITEMS], const struct settings *s)
{
    struct token_uri *uri;

    if (forms_bank(s->bank, strlen(s->bank)))
        return conf_refuse(EVENT, path, lines[BANK],
                           "bank is no bank's name such as demobank.example/demo");
    if (log_set_format(s->log_format))
        return conf_refuse(EVENT, path, lines[LOG_FORMAT], "log_format is neither text nor json");
    enum err e = token_uri_parse(s->token, &uri);
    token_uri_free(uri);
    if (e == ERR_TOKEN_URI)
        return conf_refuse(EVENT, path, lines[TOKEN],
                           "token is no RFC 7512 URI of a token such as pkcs11:token=bank");
    return e;
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
