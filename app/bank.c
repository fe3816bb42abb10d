/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "app/repin.h"
#include "app/session.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/statement.h"
#include <string.h>
#include <unistd.h>

#define STATEMENT_VALID_US (INT64_C(24) * 3600 * TEXT_SECOND_US)
#define LOGIN_VALID_US (INT64_C(300) * TEXT_SECOND_US)

enum err app_head(const char *challenge, struct statement *head)
{
    uint8_t random[10];
    head->issued_us = clock_now_us();
    head->expires_us = head->issued_us + STATEMENT_VALID_US;
    if (challenge != NULL)
        (void)snprintf(head->challenge, sizeof head->challenge, "%s", challenge);
    enum err e = app_random(random, sizeof random);
    if (e == ERR_OK)
        forms_make_dated_nonce(head->issued_us, random, head->nonce);
    return e;
}

static enum err find_session(struct app *a, struct buf *path)
{
    const char *bank = NULL;
    enum err e = app_need(a, a->bank, "bank", &bank);
    if (e == ERR_OK)
        e = session_path(a->session_dir, bank, a->token_uri != NULL ? a->token_uri : "", path);
    return e == ERR_SESSION_DIR ? app_fail(a, e, "tried %s", buf_str(path)) : e;
}

static enum err connect_with(struct app *a, const struct secret *session, struct client **out)
{
    struct client_options o = {.session_key = session};
    enum err e = app_need(a, a->url, "url", &o.url);
    if (e == ERR_OK)
        e = app_need(a, a->bank, "bank", &o.bank);
    if (e == ERR_OK)
        e = app_need(a, a->bank_key, "bank-key", &o.bank_key);
    if (e == ERR_OK && forms_bank(o.bank, strlen(o.bank)) != ERR_OK)
        e = app_fail(a, ERR_USAGE, "%s is no bank name; write HOST/SYSTEM", o.bank);
    if (e == ERR_OK && forms_thumbprint(o.bank_key, strlen(o.bank_key)) != ERR_OK)
        e = app_fail(a, ERR_USAGE, "%s is no thumbprint; it has 43 characters", o.bank_key);
    return e == ERR_OK ? client_new(&o, out) : e;
}

static enum err connect_to_bank(struct app *a)
{
    return a->client != NULL ? ERR_OK : app_connect_beside(a, &a->client);
}

enum err app_connect_beside(struct app *a, struct client **out)
{
    struct buf path = BUF_INIT(4096);
    struct secret *session = NULL;
    enum err e = find_session(a, &path);
    if (e == ERR_OK)
        e = session_load(buf_str(&path), &session);
    if (e == ERR_OK)
        e = connect_with(a, session, out);
    secret_free(session);
    buf_free(&path);
    return e;
}

static enum err call_on(struct app *a, struct client *client, const struct client_call *call,
                        struct js **answer)
{
    struct buf bytes = BUF_INIT(CLIENT_ANSWER_MAX);
    enum err e = repin_call(a, client, call, &bytes);
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "%s", client_message(client));
    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, answer);
    buf_free(&bytes);
    return e;
}

static enum err get_challenge(struct app *a, struct client *client, const char *thumbprint,
                              bool for_login, struct js **answer)
{
    struct buf body = BUF_INIT(512);
    struct request_challenge request = {.for_login = for_login};
    (void)snprintf(request.thumbprint, sizeof request.thumbprint, "%s", thumbprint);
    enum err e = request_challenge_make(&request, &body);
    struct client_call call = {
        .route = ROUTE_CHALLENGE, .body = buf_str(&body), .body_len = body.len};
    if (e == ERR_OK)
        e = call_on(a, client, &call, answer);
    size_t len = 0;
    const char *text = js_text(js_get(*answer, "challenge"), &len);
    if (e == ERR_OK && (text == NULL || forms_nonce(text, len) != ERR_OK))
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's challenge is malformed");
    buf_free(&body);
    return e;
}

enum err app_call_open(struct app *a, const struct client_call *call, struct js **answer)
{
    struct client *client = NULL;
    *answer = NULL;
    enum err e = connect_with(a, NULL, &client);
    if (e == ERR_OK)
        e = call_on(a, client, call, answer);
    client_free(client);
    return e;
}

enum err app_challenge(struct app *a, const char *thumbprint, struct js **answer)
{
    struct client *client = NULL;
    *answer = NULL;
    enum err e = connect_with(a, NULL, &client);
    if (e == ERR_OK)
        e = get_challenge(a, client, thumbprint, false, answer);
    client_free(client);
    return e;
}

/* The single-use challenge for this token's key. */
static enum err login_challenge(struct app *a, struct client *client,
                                char out[static NONCE_LEN + 1])
{
    struct js *answer = NULL;
    enum err e = get_challenge(a, client, key_thumbprint(a->public_key), true, &answer);
    if (e == ERR_OK)
        memcpy(out, js_text(js_get(answer, "challenge"), NULL), NONCE_LEN + 1);
    js_free(answer);
    return e;
}

static enum err make_login(struct app *a, struct client *client, const char *session,
                           struct buf *jws)
{
    struct statement_login login = {.head.issued_us = clock_now_us()};
    struct buf payload = BUF_INIT(4096);
    uint8_t random[10];
    login.head.expires_us = login.head.issued_us + LOGIN_VALID_US;
    (void)snprintf(login.head.bank, sizeof login.head.bank, "%s", a->bank);
    (void)snprintf(login.session, sizeof login.session, "%s", session);
    enum err e = login_challenge(a, client, login.head.challenge);
    if (e == ERR_OK)
        e = app_random(random, sizeof random);
    if (e == ERR_OK) {
        forms_make_dated_nonce(login.head.issued_us, random, login.head.nonce);
        e = statement_login_make(&login, &payload);
    }
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_LOGIN, &payload, jws);
    buf_free(&payload);
    return e;
}

static enum err send_login(struct app *a, struct client *client, const char *session,
                           struct js **answer)
{
    struct buf jws = BUF_INIT(JWS_MAX), body = BUF_INIT(JWS_MAX);
    enum err e = make_login(a, client, session, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_LOGIN, buf_str(&jws), &body);
    struct client_call call = {.route = ROUTE_LOGIN, .body = body.data, .body_len = body.len};
    if (e == ERR_OK)
        e = call_on(a, client, &call, answer);
    buf_free(&jws);
    buf_free(&body);
    return e;
}

enum err app_login(struct app *a, struct js **session)
{
    struct buf path = BUF_INIT(4096);
    struct secret *session_key = NULL;
    struct client *client = NULL;
    struct js *answer = NULL;
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    enum err e = find_session(a, &path);
    if (e == ERR_OK)
        e = session_make(&session_key, thumbprint);
    if (e == ERR_OK)
        e = connect_with(a, session_key, &client);
    if (e == ERR_OK)
        e = app_open_key(a, "log in");
    if (e == ERR_OK)
        e = send_login(a, client, thumbprint, &answer);
    if (e == ERR_OK)
        e = session_save(buf_str(&path), session_key);
    if (e == ERR_OK) {
        client_free(a->client);
        a->client = client;
        client = NULL;
    }
    if (e == ERR_OK && session != NULL) {
        *session = answer;
        answer = NULL;
    }
    js_free(answer);
    client_free(client);
    secret_free(session_key);
    buf_free(&path);
    return e;
}

enum err app_login_for(struct app *a, const char *session, struct buf *body)
{
    struct buf jws = BUF_INIT(JWS_MAX);
    struct client *client = NULL;
    enum err e = connect_with(a, NULL, &client);
    if (e == ERR_OK)
        e = app_open_key(a, "log in");
    if (e == ERR_OK)
        e = make_login(a, client, session, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_LOGIN, buf_str(&jws), body);
    client_free(client);
    buf_free(&jws);
    return e;
}

static enum err tell_bank(struct app *a)
{
    struct buf answer = BUF_INIT(CLIENT_ANSWER_MAX);
    struct client_call call = {.route = ROUTE_LOGOUT};
    enum err e = connect_to_bank(a);
    if (e == ERR_OK)
        e = repin_call(a, a->client, &call, &answer);
    buf_free(&answer);
    return e == ERR_SESSION_REQUIRED ? ERR_OK : e;
}

enum err app_logout(struct app *a, bool *had, enum err *told)
{
    struct buf path = BUF_INIT(4096);
    *had = false;
    *told = ERR_OK;
    enum err e = find_session(a, &path);
    if (e == ERR_OK)
        *had = access(buf_str(&path), F_OK) == 0;
    if (e == ERR_OK && *had) {
        *told = tell_bank(a);
        a->message[0] = '\0';
        e = session_destroy(buf_str(&path));
    }
    buf_free(&path);
    return e;
}

enum err app_call_bytes(struct app *a, const struct client_call *call, struct buf *answer)
{
    struct buf first = BUF_INIT(CLIENT_ANSWER_MAX);
    enum err e = connect_to_bank(a);
    if (e == ERR_OK)
        e = repin_call(a, a->client, call, &first);
    bool unknown = a->client != NULL && client_unknown(a->client);
    if (e == ERR_SESSION_REQUIRED && !a->no_login) {
        buf_clear(&first);
        e = app_login(a, NULL);
        if (e == ERR_OK)
            e = repin_call(a, a->client, call, &first);
    }
    a->unknown = e != ERR_OK && (unknown || (a->client != NULL && client_unknown(a->client)));
    if (e != ERR_OK && a->client != NULL && a->message[0] == '\0')
        (void)app_fail(a, e, "%s", client_message(a->client));
    if (first.len > 0 && buf_add(answer, first.data, first.len) != ERR_OK && e == ERR_OK)
        e = ERR_NO_MEMORY;
    buf_free(&first);
    return e;
}

enum err app_call(struct app *a, const struct client_call *call, struct js **answer)
{
    struct buf bytes = BUF_INIT(CLIENT_ANSWER_MAX);
    *answer = NULL;
    enum err e = app_call_bytes(a, call, &bytes);
    if (e == ERR_OK)
        e = js_parse(bytes.data, bytes.len, answer);
    buf_free(&bytes);
    return e;
}

enum err app_call_view(struct app *a, const struct client_call *call,
                       void (*view)(const struct js *answer))
{
    struct js *answer = NULL;
    enum err e = app_call(a, call, &answer);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        view(answer);
    js_free(answer);
    return e;
}
