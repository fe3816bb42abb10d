/* SPDX-License-Identifier: Apache-2.0 */
#include "order/policy_change.h"

#include "order/doc.h"
#include "order/json.h"
#include <stdio.h>
#include <string.h>

/* --- reading --- */

struct members {
    struct statement_members head;
    const struct js *account, *decision, *display, *display_digest, *policy, *reason, *replaces;
};

static enum err read_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        STATEMENT_ROWS(m->head, false),
        MEMBER_TEXT("account", true, &m->account),
        MEMBER_TEXT("decision", true, &m->decision),
        MEMBER_TEXT("display", true, &m->display),
        MEMBER_TEXT("displayDigest", true, &m->display_digest),
        MEMBER_TEXT("policy", true, &m->policy),
        MEMBER_TEXT("reason", false, &m->reason),
        MEMBER_TEXT("replaces", true, &m->replaces),
    };

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

static enum err read_change(const struct js *value, void *into)
{
    struct policy_change *out = into;
    struct members m = {0};
    enum err e = read_members(value, &m);

    if (e == ERR_OK)
        e = statement_head_read(&m.head, &out->head);
    if (e == ERR_OK)
        e = decision_verb_read(m.decision, m.reason, &out->verb);
    if (e == ERR_OK && out->verb != VERB_APPROVE && out->verb != VERB_REJECT)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK && strcmp(js_text(m.display, NULL), POLICY_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(m.account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = member_digest(m.policy, out->policy);
    if (e == ERR_OK)
        e = member_digest(m.replaces, out->replaces);
    return e == ERR_OK ? member_digest(m.display_digest, out->display_digest) : e;
}

enum err policy_change_parse(const void *payload, size_t len, struct policy_change *out)
{
    return statement_parse(payload, len, read_change, out, sizeof *out);
}

/* --- one step --- */

enum err policy_step_check(const struct policy_step *step)
{
    if (strcmp(policy_bank(step->from), policy_bank(step->to)) != 0)
        return ERR_BANK_MISMATCH;
    if (strcmp(policy_account(step->from), policy_account(step->to)) != 0)
        return ERR_ACCOUNT_MISMATCH;
    return policy_version(step->to) == policy_version(step->from) + 1 ? ERR_OK : ERR_POLICY_VERSION;
}

/* --- writing --- */

enum err policy_change_make(const struct policy_step *step, enum verb verb,
                            const struct statement *head, struct buf *out)
{
    struct statement own = *head;
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0};
    enum err e = policy_step_check(step);

    if (e == ERR_OK)
        e = policy_display_digest(step, verb, digest);
    if (e != ERR_OK)
        return e;
    snprintf(own.bank, sizeof own.bank, "%s", policy_bank(step->to));
    doc_object(&doc);
    statement_head_write(&own, &doc);
    doc_text(&doc, "account", policy_account(step->to));
    doc_text(&doc, "decision", decision_verb_name(verb));
    doc_text(&doc, "display", POLICY_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    doc_digest(&doc, "policy", policy_digest(step->to));
    doc_text_optional(&doc, "reason", decision_reason_for(verb));
    doc_digest(&doc, "replaces", policy_digest(step->from));
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
