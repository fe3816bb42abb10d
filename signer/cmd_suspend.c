/* SPDX-License-Identifier: Apache-2.0
 *
 * suspend: a key of one's own signs nothing any more. A session is enough where there is one: who
 * lost a card has nothing to sign with.
 */
#include "api/request.h"
#include "app/app.h"
#include "app/outcome.h"
#include "order/json.h"
#include "order/order.h"
#include "order/text.h"
#include "signer/commands.h"
#include <string.h>

static const char *opt_note;

const struct args_option cmd_suspend_options[1] = {
    {"note", 0, ARGS_MUST, "TEXT", "why, for the bank's log", &opt_note},
};

static enum err suspend(struct app *a, const char *thumbprint)
{
    struct client_call call = {.route = ROUTE_KEY_SUSPEND, .param = {thumbprint}, .once = true};
    struct request_note note = {.note = ""};
    struct buf body = {0};
    struct js *answer = NULL;
    if (forms_thumbprint(thumbprint, strlen(thumbprint)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no thumbprint; it has 43 characters", thumbprint);
    if (utext_check(opt_note, strlen(opt_note), ORDER_TEXT_CHARS) != ERR_OK)
        return app_fail(a, ERR_USAGE, "--note is one line of at most %d characters",
                        ORDER_TEXT_CHARS);
    (void)snprintf(note.note, sizeof note.note, "%s", opt_note);
    enum err e = request_note_make(&note, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = app_confirm(a, "Suspend this key? Only the bank can let it sign again.");
    if (e == ERR_OK)
        e = app_call(a, &call, &answer);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK) {
        puts("The key is suspended: it signs nothing, and what it signed does not count.");
        outcome_print(answer);
    }
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_suspend(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = suspend(a, words->item[0]);
    return e;
}
