/* SPDX-License-Identifier: Apache-2.0
 *
 * What a holder says his movements are: of one movement, or of every payment to a payee.
 */
#include "api/request.h"
#include "app/app.h"
#include "base/text.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/view.h"
#include <string.h>

static enum err check_category(struct app *a, const char *category)
{
    if (forms_category(category, strlen(category)) == ERR_OK)
        return ERR_OK;
    return app_fail(a, ERR_USAGE, "%s is no category; write 1 to 32 of a-z, 0-9 and -", category);
}

/* CATEGORY NULL: what was said is taken back. */
static enum err say(struct app *a, struct client_call *call, const char *payee,
                    const char *category, struct js **answer)
{
    struct request_category request = {.category = ""};
    struct buf body = {0};
    enum err e = category != NULL ? check_category(a, category) : ERR_OK;
    if (e == ERR_OK)
        e = app_need(a, a->account, "account", &call->param[0]);
    if (e != ERR_OK)
        return e;
    (void)snprintf(request.payee, sizeof request.payee, "%s", payee);
    (void)snprintf(request.category, sizeof request.category, "%s",
                   category != NULL ? category : "");
    e = request_category_make(&request, &body);
    call->body = body.data;
    call->body_len = body.len;
    if (e == ERR_OK)
        e = app_call(a, call, answer);
    buf_free(&body);
    return e;
}

static enum err categorize(struct app *a, const char *movement, const char *category)
{
    struct client_call call = {
        .route = ROUTE_MOVEMENT_CATEGORY, .param = {NULL, movement}, .once = true};
    struct js *answer = NULL;
    uint64_t number = 0;
    enum err e = text_parse_u64(movement, strlen(movement), JS_INT_MAX, &number);
    if (e != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no movement; countersign movements has the numbers",
                        movement);
    e = say(a, &call, "", category, &answer);
    const struct js *row = js_at(js_get(answer, "movements"), 0);
    if (e == ERR_OK && row == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no movement");
    if (e == ERR_OK && a->json)
        e = app_print_json(row);
    else if (e == ERR_OK)
        view_movement(stdout, row);
    js_free(answer);
    return e;
}

enum err cmd_movements_categorize(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = categorize(a, words->item[0], words->count > 1 ? words->item[1] : NULL);
    return e;
}

static enum err set_rule(struct app *a, const char *payee, const char *category)
{
    struct client_call call = {.route = ROUTE_CATEGORY_RULE, .once = true};
    struct js *answer = NULL;
    enum err e = iban_check(payee, strlen(payee));
    if (e == ERR_OK)
        e = say(a, &call, payee, category, &answer);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK && category != NULL)
        view_category_rule(answer);
    else if (e == ERR_OK)
        puts("There is no rule for this payee now.");
    js_free(answer);
    return e;
}

enum err cmd_categories_set(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? set_rule(a, words->item[0], words->item[1]) : e;
}

enum err cmd_categories_drop(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? set_rule(a, words->item[0], NULL) : e;
}
