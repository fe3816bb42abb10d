/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/settings.h"

#include "base/conf.h"
#include "base/log.h"
#include "order/forms.h"
#include "token/uri.h"
#include <string.h>

#define PATH_BYTES 4000
#define SOCKET_BYTES 107 /* sun_path of unix(7) without its NUL */
#define ITEMS 6

static void fill_items(struct settings *s, struct conf_item items[static ITEMS])
{
    const struct conf_item table[ITEMS] = {
        {"bank", CONF_TEXT, true, NULL, 1, BANK_MAX, &s->bank},
        {"module", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->module},
        {"token", CONF_TEXT, true, NULL, 1, TOKEN_URI_MAX, &s->token},
        {"socket", CONF_TEXT, true, NULL, 1, SOCKET_BYTES, &s->socket},
        {"state", CONF_TEXT, true, NULL, 1, PATH_BYTES, &s->state},
        {"peer_uid", CONF_U64, false, "4294967295", 0, SETTINGS_NO_PEER, &s->peer_uid},
    };
    memcpy(items, table, sizeof table);
}

static enum err check(const char *path, const struct settings *s)
{
    struct token_uri *uri;

    if (forms_bank(s->bank, strlen(s->bank)))
        return log_fail(ERR_CONFIG_INVALID, "keeper.config", "%s: bank is no bank's name", path);
    enum err e = token_uri_parse(s->token, &uri);
    token_uri_free(uri);
    if (e)
        return log_fail(ERR_CONFIG_INVALID, "keeper.config", "%s: token: %s", path, err_name(e));
    return ERR_OK;
}

enum err settings_load(const char *path, struct settings *out)
{
    struct conf_item items[ITEMS];
    char message[256];

    memset(out, 0, sizeof *out);
    fill_items(out, items);
    enum err e = conf_load(path, items, ITEMS, message, sizeof message);
    if (e)
        return log_fail(e, "keeper.config", "%s", message);
    e = check(path, out);
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
