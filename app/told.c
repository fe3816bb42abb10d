/* SPDX-License-Identifier: Apache-2.0 */
#include "app/told.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/decision.h"
#include "order/json.h"
#include <string.h>

static enum err fail(struct told *t, const char *wrong)
{
    t->wrong = wrong;
    return ERR_UNAVAILABLE;
}

static enum err take_vote(const struct js *decision, struct told *out)
{
    const char *holder = js_text(js_get(decision, "holder"), NULL);
    const char *name = js_text(js_get(decision, "decision"), NULL);
    enum verb verb = name != NULL ? decision_verb_from_name(name, strlen(name)) : VERB_NONE;
    if (holder == NULL || verb == VERB_NONE)
        return fail(out, "the bank's answer has a decision of nobody");
    if (verb != VERB_APPROVE && verb != VERB_REJECT)
        return ERR_OK;
    if (out->count == POLICY_HOLDERS_MAX)
        return fail(out, "the bank's answer has too many decisions");
    out->votes[out->count++] = (struct policy_vote){holder, verb == VERB_APPROVE};
    return ERR_OK;
}

enum err told_decisions(const struct js *decisions, struct told *out)
{
    const char *first = js_text(js_get(js_at(decisions, 0), "received"), NULL);
    enum err e = ERR_OK;
    if (first == NULL || text_parse_time(first, strlen(first), &out->entered_us) != ERR_OK)
        return fail(out, "the bank's answer does not say when the order came");
    for (size_t i = 0; e == ERR_OK && i < js_count(decisions); i++)
        e = take_vote(js_at(decisions, i), out);
    return e;
}

static enum err take_delegation(const struct js *delegation, const char *currency, struct told *out)
{
    struct policy_delegation *d = &out->in_force[out->in_force_count];
    const char *amount = js_text(js_get(delegation, "amount"), NULL);
    if (!js_bool(js_get(delegation, "inForce")))
        return ERR_OK;
    if (out->in_force_count == POLICY_HOLDERS_MAX)
        return fail(out, "the bank's answer has too many delegations");
    d->principal = js_text(js_get(delegation, "principal"), NULL);
    d->deputy = js_text(js_get(delegation, "deputy"), NULL);
    if (d->principal == NULL || d->deputy == NULL || amount == NULL ||
        amount_parse(amount, strlen(amount), currency, &d->amount_minor) != ERR_OK)
        return fail(out, "the bank's answer has a delegation of nobody");
    out->in_force_count++;
    return ERR_OK;
}

enum err told_delegations(const struct js *delegations, const char *currency, struct told *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(delegations); i++)
        e = take_delegation(js_at(delegations, i), currency, out);
    return e;
}

struct policy_case told_new_case(const struct order *o)
{
    return (struct policy_case){.subject = o->kind == ORDER_PAYMENT ? POLICY_PAYMENT : POLICY_CASH,
                                .amount_minor = o->amount_minor,
                                .payee = o->creditor_account};
}

void told_case(const struct order *o, int64_t now_us, struct told *out)
{
    int64_t waited_us = now_us - out->entered_us;
    out->what = told_new_case(o);
    out->what.waited_us = waited_us > 0 ? waited_us : 0;
    out->what.delegations = out->in_force;
    out->what.delegation_count = out->in_force_count;
}
