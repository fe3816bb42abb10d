/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/remote.h"

#include "api/request.h"
#include "app/app.h"
#include "app/repin.h"
#include "bankd/ctl/ctl.h"
#include "order/act.h"
#include "order/jws.h"
#include <stdio.h>

bool remote_wanted(void)
{
    return app_main.url != NULL || app_main.config != NULL;
}

void remote_close(void)
{
    app_close(&app_main);
}

/* What the PIN is asked for. */
static void show(const char *path, const struct client_call *call)
{
    struct buf request = BUF_INIT(ACT_REQUEST_MAX);
    if (call->body == NULL || buf_add(&request, call->body, call->body_len) != ERR_OK)
        return;
    fprintf(stderr, "You sign  %s\n          ", path);
    app_print_safe(stderr, buf_str(&request));
    fputc('\n', stderr);
    buf_free(&request);
}

/* The body that says it all: {"act":JWS}. */
static enum err sign(const struct ctl *ctl, const struct client_call *call, struct buf *body)
{
    struct buf path = BUF_INIT(ACT_PATH_MAX), payload = BUF_INIT(JWS_MAX), jws = BUF_INIT(JWS_MAX);
    struct statement head = {.issued_us = 0};
    const char *bank = NULL;
    enum err e = client_path(call, &path);
    if (e == ERR_OK) {
        if (!ctl->shown)
            show(buf_str(&path), call);
        e = app_open_key(&app_main, "sign this act");
    }
    if (e == ERR_OK)
        e = app_need(&app_main, app_main.bank, "bank", &bank);
    if (e == ERR_OK)
        e = app_head(NULL, &head);
    if (e == ERR_OK) {
        (void)snprintf(head.bank, sizeof head.bank, "%s", bank);
        e = act_make(&head, buf_str(&path), call->body, call->body_len, &payload);
    }
    if (e == ERR_OK)
        e = app_sign_statement(&app_main, STATEMENT_OPERATOR_ACT, &payload, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_ACT, buf_str(&jws), body);
    buf_free(&path);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

/* The configuration is read once, at the first call. */
static enum err configure(void)
{
    static bool done;
    enum err e = done ? ERR_OK : app_configure(&app_main);
    done = e == ERR_OK;
    return e;
}

enum err remote_connect_beside(struct ctl *ctl, struct client **out)
{
    enum err e = configure();
    app_main.no_login = true;
    if (e == ERR_OK)
        e = app_connect_beside(&app_main, out);
    return e != ERR_OK && app_main.message[0] != '\0' ? ctl_fail(ctl, e, "%s", app_main.message)
                                                      : e;
}

enum err remote_refused(struct ctl *ctl, struct client *client)
{
    enum err e = repin_follow(&app_main, client);
    return e != ERR_OK && app_main.message[0] != '\0' ? ctl_fail(ctl, e, "%s", app_main.message)
                                                      : e;
}

enum err remote_call(struct ctl *ctl, const struct client_call *call, struct buf *answer)
{
    struct buf body = BUF_INIT(2 * JWS_MAX);
    struct client_call signed_call = *call;
    bool act = route_is_act(call->route);
    signed_call.once = true; /* whoever signed should know what came of it */
    enum err e = configure();
    if (e == ERR_OK && act)
        e = sign(ctl, call, &body);
    if (act) {
        signed_call.body = body.data;
        signed_call.body_len = body.len;
    }
    if (e == ERR_OK)
        e = app_call_bytes(&app_main, &signed_call, answer);
    if (e != ERR_OK && app_main.message[0] != '\0')
        e = ctl_fail(ctl, e, "%s", app_main.message);
    buf_free(&body);
    return e;
}
