/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/ctl.h"
#include "api/problem.h"
#include "app/app.h"
#include "bankd/ctl/remote.h"
#include "base/text.h"
#include "order/forms.h"
#include "order/iban.h"
#include "order/waits.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIST_MAX ((size_t)1000000) /* elements: a bank that never ends its list is cut off */
#define QUERY_MAX 160

enum err ctl_fail(struct ctl *ctl, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ctl->detail, sizeof ctl->detail, format, args);
    va_end(args);
    text_tame(ctl->detail); /* it may be the bank's, or in no encoding, and JSON is UTF-8 */
    return e;
}

enum err ctl_take(struct ctl *ctl, const char *option, const char *value, char *out, size_t cap)
{
    size_t len = strlen(value);
    if (len >= cap)
        return ctl_fail(ctl, ERR_USAGE, "--%s is longer than %zu bytes", option, cap - 1);
    memcpy(out, value, len + 1);
    return ERR_OK;
}

enum err ctl_check_account(struct ctl *ctl)
{
    enum err e = iban_check(ctl->account, strlen(ctl->account));
    return e == ERR_OK ? e : ctl_fail(ctl, e, "--account %s", ctl->account);
}

enum err ctl_waiting(struct ctl *ctl, enum waits *out)
{
    *out = WAITS_ANY;
    if (ctl->waiting == NULL || waits_from_name(ctl->waiting, strlen(ctl->waiting), out) == ERR_OK)
        return ERR_OK;
    return ctl_fail(ctl, ERR_USAGE, "--waiting is bank, holders, time or other-bank");
}

static const char *socket_path(const struct ctl *ctl)
{
    return ctl->socket != NULL ? ctl->socket : CTL_SOCKET;
}

static enum err connect_once(struct ctl *ctl)
{
    const struct client_options options = {.unix_socket = socket_path(ctl)};
    return ctl->client != NULL ? ERR_OK : client_new(&options, &ctl->client);
}

static enum err call_console(struct ctl *ctl, const struct client_call *call, struct buf *body)
{
    enum err e = connect_once(ctl);
    if (e != ERR_OK)
        return e;
    struct client_call once = *call;
    once.once = true;
    e = client_call(ctl->client, &once, body);
    if (e != ERR_OK && body->len > 0)
        return ctl_fail(ctl, e, "%s", client_message(ctl->client));
    return e == ERR_OK ? e
                       : ctl_fail(ctl, e, "%s: %s", socket_path(ctl), client_message(ctl->client));
}

/* Keeps ANSWER where it is the bank's problem document about E, and whose work it is, which stands
 * there: somebody else may have answered, or the bank said what it cannot know. */
static void take_problem(struct ctl *ctl, enum err e, const struct buf *answer)
{
    struct js *problem = NULL;
    enum err parsed = js_parse(answer->data, answer->len, &problem);
    const char *name = js_member_text(problem, "name");
    const char *claimer = js_member_text(problem, "claimedBy");
    buf_free(&ctl->problem);
    if (parsed == ERR_OK && err_from_name(name, strlen(name)) == e &&
        js_canon(problem, &ctl->problem) != ERR_OK)
        buf_free(&ctl->problem);
    if (e == ERR_ITEM_CLAIMED && forms_holder(claimer, strlen(claimer)) == ERR_OK)
        (void)snprintf(ctl->detail, sizeof ctl->detail, "%s works on it", claimer);
    js_free(problem);
}

enum err ctl_connect_beside(struct ctl *ctl, struct client **out)
{
    const struct client_options options = {.unix_socket = socket_path(ctl)};
    return remote_wanted() ? remote_connect_beside(ctl, out) : client_new(&options, out);
}

enum err ctl_call(struct ctl *ctl, const struct client_call *call, struct js **answer)
{
    struct buf body = BUF_INIT(CLIENT_ANSWER_MAX);
    *answer = NULL;
    enum err e = remote_wanted() ? remote_call(ctl, call, &body) : call_console(ctl, call, &body);
    if (e != ERR_OK)
        take_problem(ctl, e, &body);
    else
        e = js_parse(body.data, body.len, answer);
    buf_free(&body);
    return e;
}

enum err ctl_post(struct ctl *ctl, enum route route, const char *param, const struct buf *body,
                  struct js **answer)
{
    const struct client_call call = {
        .route = route, .param = {param}, .body = body->data, .body_len = body->len};
    return ctl_call(ctl, &call, answer);
}

/* Moves nothing: the elements are copied behind those of earlier pages. */
static enum err add_elements(struct js *all, const struct js *elements)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(elements); i++) {
        struct js *copy = NULL;
        e = js_copy(js_at(elements, i), &copy);
        if (e == ERR_OK)
            e = js_push(all, copy);
    }
    return e;
}

/* "FILTER&limit=200&cursor=CURSOR" without what is absent; false when it is too long. */
static bool make_query(const char *filter, const char *cursor, char out[static QUERY_MAX])
{
    int len = snprintf(out, QUERY_MAX, "%s%slimit=200%s%s", filter != NULL ? filter : "",
                       filter != NULL ? "&" : "", cursor != NULL ? "&cursor=" : "",
                       cursor != NULL ? cursor : "");
    return len > 0 && len < QUERY_MAX;
}

/* One page; NEXT gets the query of the page behind it, or "". */
static enum err add_page(struct ctl *ctl, const struct client_call *call, const char *filter,
                         const char *member, struct js *all, char next[static QUERY_MAX])
{
    struct js *page = NULL;
    enum err e = ctl_call(ctl, call, &page);
    const struct js *elements = js_get(page, member);
    size_t len = 0;
    const char *cursor = js_text(js_get(page, "next"), &len);
    next[0] = '\0';
    if (e == ERR_OK && elements == NULL)
        e = ctl_fail(ctl, ERR_DOC_MEMBER_MISSING, "the bank's answer has no \"%s\"", member);
    if (e == ERR_OK && cursor != NULL &&
        (js_count(elements) == 0 || js_count(all) + js_count(elements) > LIST_MAX ||
         !make_query(filter, cursor, next)))
        e = ctl_fail(ctl, ERR_TOO_LARGE, "the bank's list does not end");
    if (e == ERR_OK)
        e = add_elements(all, elements);
    js_free(page);
    return e;
}

enum err ctl_list(struct ctl *ctl, const struct client_call *call, const char *member,
                  struct js **list)
{
    struct client_call page = *call;
    struct js *whole = NULL, *all = NULL;
    char query[QUERY_MAX], next[QUERY_MAX];
    *list = NULL;
    if (!make_query(call->query, NULL, query))
        return ERR_INTERNAL;
    enum err e = js_array_new(&all);
    while (e == ERR_OK && query[0] != '\0') {
        page.query = query;
        e = add_page(ctl, &page, call->query, member, all, next);
        memcpy(query, next, sizeof query);
    }
    if (e == ERR_OK)
        e = js_object_new(&whole);
    if (e == ERR_OK) {
        e = js_set(whole, member, all);
        all = NULL; /* taken over, also on failure */
    }
    js_free(all);
    if (e != ERR_OK) {
        js_free(whole);
        return e;
    }
    *list = whole;
    return ERR_OK;
}

enum err ctl_print_table(const struct js *rows, const struct table_column *columns, size_t count)
{
    struct buf text = BUF_INIT(APP_PRINT_MAX);
    enum err e = js_count(rows) > 0 ? table_render(rows, columns, count, &text)
                                    : buf_add_str(&text, CTL_NONE);
    if (e == ERR_OK && fputs(buf_str(&text), stdout) < 0)
        e = ERR_IO;
    buf_free(&text);
    return e;
}

enum err ctl_show_list(struct ctl *ctl, const struct client_call *call, const char *member,
                       const struct table_column *columns, size_t count)
{
    struct js *list = NULL;
    enum err e = ctl_list(ctl, call, member, &list);
    if (e == ERR_OK)
        e = ctl->json ? app_print_json(list)
                      : ctl_print_table(js_get(list, member), columns, count);
    js_free(list);
    return e;
}

/* The bank's own problem document where there is one: it may say more than the table does. */
static void print_problem_json(struct ctl *ctl, enum err e)
{
    const char *detail = ctl->detail[0] != '\0' ? ctl->detail : NULL;
    if (ctl->problem.len > 0 || problem_body(e, detail, &ctl->problem) == ERR_OK)
        puts(buf_str(&ctl->problem));
}

void ctl_usage_json(void *ctx, const char *detail)
{
    struct ctl *ctl = ctx;
    print_problem_json(ctl, ctl_fail(ctl, ERR_USAGE, "%s", detail));
    buf_free(&ctl->problem);
}

static void print_problem(const struct ctl *ctl, enum err e)
{
    const struct err_info *info = err_info(e);
    fprintf(stderr, "bankctl: %s: %s\n", info->name, info->cause);
    if (ctl->detail[0] != '\0') {
        fputs("  ", stderr);
        fputs(ctl->detail, stderr);
        fputc('\n', stderr);
    }
    fprintf(stderr, "  %s\n", info->remedy);
}

int ctl_end(void *ctx, enum err e, bool lost)
{
    struct ctl *ctl = ctx;
    if (lost)
        e = ctl_fail(ctl, e, "standard output");
    if (e != ERR_OK && ctl->json)
        print_problem_json(ctl, e);
    if (e != ERR_OK)
        print_problem(ctl, e);
    buf_free(&ctl->problem);
    client_free(ctl->client);
    ctl->client = NULL;
    remote_close();
    return e == ERR_OK ? ctl->found : err_info(e)->exit;
}
