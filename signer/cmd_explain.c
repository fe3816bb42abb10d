/* SPDX-License-Identifier: Apache-2.0
 *
 * policy explain: what an order at the bank still needs under its account's policy, and from whom.
 * The bank tells the decisions; the same code as the bank's judges them here.
 */
#include "app/app.h"
#include "app/told.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy_advice.h"
#include "order/status.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <inttypes.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)
#define INDENT "              " /* as wide as the labels of view.c */

struct explained {
    struct subject subject;
    struct js *told;        /* by the bank; the votes' names live in it */
    struct js *delegations; /* likewise; the names of those who stand for others */
    enum status status;
    struct told words;
    struct policy_verdict verdict;
    uint64_t helpers;
    struct buf next; /* who helps, in words */
    struct buf ways; /* a line each */
};

/* --- what the bank told --- */

static enum err ask_delegations(struct app *a, struct explained *x)
{
    struct client_call call = {.route = ROUTE_DELEGATIONS, .param = {a->account}};
    enum err e = app_call(a, &call, &x->delegations);
    if (e == ERR_OK)
        e = told_delegations(js_get(x->delegations, "delegations"), x->subject.order.currency,
                             &x->words);
    return x->words.wrong != NULL ? app_fail(a, e, "%s", x->words.wrong) : e;
}

static enum err take_status(struct app *a, struct explained *x)
{
    const char *name = js_text(js_get(x->told, "status"), NULL);
    x->status = name != NULL ? status_from_name(name, strlen(name)) : STATUS_NONE;
    if (x->status == STATUS_NONE)
        return app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no status");
    return ERR_OK;
}

static enum err judge(struct explained *x)
{
    const struct policy *p = x->subject.policy;
    told_case(&x->subject.order, clock_now_us(), &x->words);
    policy_judge(p, &x->words.what, x->words.votes, x->words.count, &x->verdict);
    if (!status_open(x->status))
        return ERR_OK;
    x->helpers = policy_helpers(p, &x->words.what, x->words.votes, x->words.count);
    enum err e = policy_tell_helpers(p, &x->words.what, x->words.votes, x->words.count, &x->next);
    return e == ERR_OK && x->verdict.covered
               ? policy_explain(p, &x->words.what, x->words.votes, x->words.count, &x->ways)
               : e;
}

/* Approvals that the nearest way still takes. */
static unsigned missing(const struct explained *x)
{
    return status_open(x->status) ? x->verdict.required - x->verdict.given : 0;
}

/* --- for people --- */

static void print_open(const struct explained *x)
{
    unsigned count = missing(x);
    if (!x->verdict.covered) {
        puts("no rule of the policy is for it: nobody can approve it");
    } else if (x->verdict.unreachable) {
        puts("too many said no: no way of the rule can be completed any more");
    } else if (x->verdict.reached) {
        puts("nothing by this policy, yet the bank does not take it as approved");
    } else if (count > 0) {
        printf("%u approval%s, next from %s\n", count, count == 1 ? "" : "s", buf_str(&x->next));
    } else {
        printf("only time%s%s\n", x->helpers != 0 ? "; sooner with " : "", buf_str(&x->next));
    }
}

static void print_missing(const struct explained *x)
{
    printf("%-14s", "Missing");
    if (status_open(x->status))
        print_open(x);
    else if (x->status == STATUS_ACSC)
        puts("nothing, the order is settled");
    else if (x->status == STATUS_RJCT || x->status == STATUS_CANC)
        puts("nothing that anybody could supply, the order has ended");
    else
        puts("nothing, all approvals are there");
}

static void print_ways(const struct explained *x)
{
    const char *at = buf_str(&x->ways);
    if (x->ways.len == 0)
        return;
    printf("%-14s%zu of the policy \"", "Rule",
           policy_rule_number(x->subject.policy, &x->words.what));
    app_print_safe(stdout, policy_title(x->subject.policy));
    puts(strchr(at, '\n')[1] != '\0' ? "\", one of these ways is enough:" : "\":");
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        printf(INDENT "%.*s\n", (int)len, at);
        at += len + 1;
    }
}

static bool policy_is_newer(const struct explained *x)
{
    return status_open(x->status) && !policy_valid_at(x->subject.policy, x->words.entered_us);
}

static void print_explained(const struct explained *x)
{
    view_order_head(stdout, x->told);
    view_order_decisions(stdout, x->told);
    print_missing(x);
    print_ways(x);
    if (policy_is_newer(x))
        puts("Note          this policy is newer than the order, which must also be approved "
             "under\n" INDENT "the policy that it came in under");
}

/* --- as JSON --- */

static void list_votes(const struct explained *x, bool approves, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < x->words.count; i++) {
        if (x->words.votes[i].approves == approves)
            doc_push_text(out, x->words.votes[i].holder);
    }
}

static void list_helpers(const struct explained *x, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < policy_holder_count(x->subject.policy); i++) {
        if (x->helpers >> i & 1)
            doc_push_text(out, policy_holder(x->subject.policy, i));
    }
}

/* Who may stand for whom in this payment. */
static void list_deputies(const struct explained *x, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < x->words.in_force_count; i++) {
        const struct policy_delegation *d = &x->words.in_force[i];
        struct doc one = {0};
        if (d->amount_minor < x->words.what.amount_minor)
            continue;
        doc_object(&one);
        doc_text(&one, "deputy", d->deputy);
        doc_text(&one, "principal", d->principal);
        doc_push(out, &one);
    }
}

static void list_ways(const struct explained *x, struct doc *out)
{
    char line[1024];
    const char *at = buf_str(&x->ways);
    doc_array(out);
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)len, at);
        doc_push_text(out, line);
        at += len + 1;
    }
}

static enum err print_explained_json(const struct explained *x)
{
    struct doc out = {0}, approved = {0}, rejected = {0}, helpers = {0}, ways = {0};
    struct doc deputies = {0};
    bool open = status_open(x->status);
    list_votes(x, true, &approved);
    list_votes(x, false, &rejected);
    list_helpers(x, &helpers);
    list_ways(x, &ways);
    list_deputies(x, &deputies);
    doc_object(&out);
    doc_put(&out, "deputies", &deputies);
    doc_text(&out, "order", x->subject.order.id);
    doc_text(&out, "status", status_name(x->status));
    doc_put(&out, "approved", &approved);
    doc_put(&out, "rejected", &rejected);
    doc_int(&out, "missing", missing(x));
    doc_put(&out, "helpers", &helpers);
    doc_bool(&out, "open", open);
    doc_bool(&out, "unreachable", open && x->verdict.unreachable);
    doc_bool(&out, "policyIsNewer", policy_is_newer(x));
    doc_int(&out, "rule", (int64_t)policy_rule_number(x->subject.policy, &x->words.what));
    doc_int(&out, "waitedDays", x->words.what.waited_us / DAY_US);
    doc_put(&out, "ways", &ways);
    enum err e = app_print_doc(&out);
    doc_free(&out);
    return e;
}

static enum err explain(struct app *a, const char *id)
{
    struct explained x = {.status = STATUS_NONE};
    enum err e = subject_ask(a, a->account, id, &x.subject, &x.told);
    if (e == ERR_OK)
        e = take_status(a, &x);
    if (e == ERR_OK)
        e = told_decisions(js_get(x.told, "decisions"), &x.words);
    if (x.words.wrong != NULL)
        e = app_fail(a, e, "%s", x.words.wrong);
    if (e == ERR_OK)
        e = ask_delegations(a, &x);
    if (e == ERR_OK)
        e = judge(&x);
    if (e == ERR_OK && a->json)
        e = print_explained_json(&x);
    else if (e == ERR_OK)
        print_explained(&x);
    js_free(x.told);
    js_free(x.delegations);
    buf_free(&x.next);
    buf_free(&x.ways);
    subject_free(&x.subject);
    return e;
}

enum err cmd_policy_explain(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? explain(a, words->item[0]) : e;
}
