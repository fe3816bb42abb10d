/* SPDX-License-Identifier: Apache-2.0 */
#include "order/decision.h"

#include "order/display.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/order.h"
#include "order/policy.h"
#include <string.h>

static const struct verb_row {
    const char *name, *reason, *kind;
} verbs[] = {
    [VERB_NONE] = {"", "", ""},
    [VERB_SUBMIT] = {"submit", "", "submit"},
    [VERB_APPROVE] = {"approve", "", "vote"},
    [VERB_REJECT] = {"reject", "MS02", "vote"},
    [VERB_CANCEL] = {"cancel", "DS02", "cancel"},
};

const char *decision_verb_name(enum verb v)
{
    return verbs[v].name;
}

enum verb decision_verb_from_name(const char *name, size_t len)
{
    for (unsigned v = VERB_SUBMIT; v <= VERB_CANCEL; v++) {
        if (len == strlen(verbs[v].name) && memcmp(name, verbs[v].name, len) == 0)
            return (enum verb)v;
    }
    return VERB_NONE;
}

const char *decision_kind(enum verb v)
{
    return verbs[v].kind;
}

bool decision_pays(enum verb v)
{
    return v == VERB_SUBMIT || v == VERB_APPROVE;
}

const char *decision_reason_for(enum verb v)
{
    return verbs[v].reason;
}

/* --- reading --- */

enum err decision_verb_read(const struct js *decision, const struct js *reason, enum verb *out)
{
    const char *name, *why = reason ? js_text(reason, NULL) : "";
    size_t len;

    name = js_text(decision, &len);
    *out = decision_verb_from_name(name, len);
    return *out == VERB_NONE || strcmp(why, decision_reason_for(*out)) != 0 || (reason && !why[0])
               ? ERR_DOC_MEMBER_INVALID
               : ERR_OK;
}

struct members {
    struct statement_members head;
    const struct js *account, *decision, *display, *display_digest, *order, *order_digest,
        *policy_digest, *reason;
};

static enum err read_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        STATEMENT_ROWS(m->head, false),
        MEMBER_TEXT("account", true, &m->account),
        MEMBER_TEXT("decision", true, &m->decision),
        MEMBER_TEXT("display", true, &m->display),
        MEMBER_TEXT("displayDigest", true, &m->display_digest),
        MEMBER_TEXT("order", true, &m->order),
        MEMBER_TEXT("orderDigest", true, &m->order_digest),
        MEMBER_TEXT("policyDigest", true, &m->policy_digest),
        MEMBER_TEXT("reason", false, &m->reason),
    };

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

static enum err read_decision(const struct js *value, void *into)
{
    struct decision *out = into;
    struct members m;
    enum err e = read_members(value, &m);

    if (e == ERR_OK)
        e = statement_head_read(&m.head, &out->head);
    if (e == ERR_OK)
        e = decision_verb_read(m.decision, m.reason, &out->verb);
    if (e == ERR_OK)
        e = member_text(m.reason, NULL, out->reason, sizeof out->reason);
    if (e == ERR_OK && strcmp(js_text(m.display, NULL), DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(m.account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = member_text(m.order, forms_order_id, out->order, sizeof out->order);
    if (e == ERR_OK)
        e = member_digest(m.order_digest, out->order_digest);
    if (e == ERR_OK)
        e = member_digest(m.policy_digest, out->policy_digest);
    return e == ERR_OK ? member_digest(m.display_digest, out->display_digest) : e;
}

enum err decision_parse(const void *payload, size_t len, struct decision *out)
{
    return statement_parse(payload, len, read_decision, out, sizeof *out);
}

/* --- writing --- */

enum err decision_make(const struct order *order, const struct policy *policy, enum verb verb,
                       const struct statement *head, struct buf *out)
{
    struct statement own = *head;
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0};
    enum err e = display_digest(order, policy, verb, digest);

    if (e != ERR_OK)
        return e;
    memcpy(own.bank, order->bank, sizeof own.bank);
    doc_object(&doc);
    statement_head_write(&own, &doc);
    doc_text(&doc, "account", order->account);
    doc_text(&doc, "decision", decision_verb_name(verb));
    doc_text(&doc, "display", DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    doc_text(&doc, "order", order->id);
    doc_digest(&doc, "orderDigest", order->digest);
    doc_digest(&doc, "policyDigest", policy_digest(policy));
    doc_text_optional(&doc, "reason", decision_reason_for(verb));
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
