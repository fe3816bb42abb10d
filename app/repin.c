/* SPDX-License-Identifier: Apache-2.0 */
#include "app/repin.h"

#include "base/clock.h"
#include "base/conf.h"
#include "order/json.h"
#include "verifier/verifier.h"
#include <string.h>

/* --- which root key holds --- */

/* The rollovers need no trust in who sends them: they are signed. So they are asked for over a
 * connection that pins the key which is in question, without a session. */
static enum err fetch(const struct app *a, const char *root, struct js **answer)
{
    const struct client_options o = {.url = a->url, .bank = a->bank, .bank_key = root};
    const struct client_call call = {.route = ROUTE_ROLLOVERS};
    struct buf bytes = BUF_INIT(CLIENT_ANSWER_MAX);
    struct client *client = NULL;
    enum err e = client_new(&o, &client);
    if (e == ERR_OK)
        e = client_call(client, &call, &bytes);
    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, answer);
    client_free(client);
    buf_free(&bytes);
    return e;
}

static enum err refuse(struct app *a, enum err e, const char *other_root)
{
    bool rollover = strncmp(err_name(e), "ROLLOVER_", strlen("ROLLOVER_")) == 0;
    return app_fail(a, rollover ? e : ERR_TLS_REFUSED, "its root key is %s, the pinned one %s%s%s",
                    other_root, a->bank_key,
                    rollover ? "" : "; no rollover leads there: ", rollover ? "" : err_name(e));
}

static enum err judge(const struct app *a, const struct js *answer, const char *from,
                      const char *to)
{
    struct verify_rollovers *chain = NULL;
    const char *root = NULL;
    enum err e = verify_rollovers(js_get(answer, "rollovers"), a->bank, &chain);
    if (e == ERR_OK)
        e = verify_rolled(chain, from, clock_now_us(), &root);
    if (e == ERR_OK && strcmp(root, to) != 0)
        e = ERR_KEY_MISMATCH;
    verify_rollovers_free(chain);
    return e;
}

enum err repin_from(struct app *a, const char *older)
{
    struct js *answer = NULL;
    if (strcmp(older, a->bank_key) == 0)
        return ERR_OK;
    enum err e = fetch(a, a->bank_key, &answer);
    if (e == ERR_OK)
        e = judge(a, answer, older, a->bank_key);
    js_free(answer);
    return e;
}

/* --- the new pin --- */

/* Where the pin came from the configuration file. */
static enum err write_pin(struct app *a)
{
    const struct conf_change change = {"bank_key", a->rolled_key};
    enum err e = app_write_settings(a, &change, 1);
    a->message[0] = '\0';
    return e;
}

static void tell(struct app *a, const char *old_key)
{
    bool from_file = a->conf_bank_key != NULL && strcmp(a->conf_bank_key, old_key) == 0;
    fprintf(stderr,
            "The root key of %s was replaced, and the old one signed that:\n"
            "  old  %s\n  new  %s\n",
            a->bank, old_key, a->rolled_key);
    if (!from_file)
        fprintf(stderr, "From now on give --bank-key %s\n", a->rolled_key);
    else if (write_pin(a) == ERR_OK)
        fputs("The new one is pinned in the configuration file.\n", stderr);
    else
        fprintf(stderr,
                "The configuration file could not be changed; write this line there:\n"
                "  bank_key = %s\n",
                a->rolled_key);
}

static enum err follow(struct app *a, struct client *client)
{
    if (strcmp(client_other_root(client), a->bank_key) == 0) /* found out over another connection */
        return client_set_pin(client, a->bank_key);
    char root[KEY_THUMBPRINT_LEN + 1], old_key[KEY_THUMBPRINT_LEN + 1];
    struct js *answer = NULL;
    (void)snprintf(root, sizeof root, "%s", client_other_root(client));
    (void)snprintf(old_key, sizeof old_key, "%s", a->bank_key);
    enum err e = fetch(a, root, &answer);
    if (e == ERR_OK)
        e = judge(a, answer, a->bank_key, root);
    js_free(answer);
    if (e != ERR_OK)
        return refuse(a, e, root);
    e = client_set_pin(client, root);
    if (e != ERR_OK)
        return e;
    memcpy(a->rolled_key, root, sizeof a->rolled_key);
    a->bank_key = a->rolled_key;
    tell(a, old_key);
    return ERR_OK;
}

enum err repin_follow(struct app *a, struct client *client)
{
    return client_other_root(client)[0] != '\0' ? follow(a, client) : ERR_TLS_REFUSED;
}

enum err repin_call(struct app *a, struct client *client, const struct client_call *call,
                    struct buf *answer)
{
    a->message[0] = '\0';
    enum err e = client_call(client, call, answer);
    if (e != ERR_TLS_REFUSED)
        return e;
    e = repin_follow(a, client);
    return e == ERR_OK ? client_call(client, call, answer) : e;
}
