/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/story_body.h"

#include "base/text.h"
#include "order/flag.h"
#include <stdio.h>
#include <string.h>

/* docs/FORMAT.md section 10, rule 3: a signer's clock, and how long a signature waits. */
#define AHEAD_MAX_US (10 * TEXT_SECOND_US)
#define AGE_MAX_US (300 * TEXT_SECOND_US)

enum err story_order_link(const struct story *s, const struct body *b)
{
    char name[IBAN_MAX + 1 + ORDER_ID_LEN + 1];
    enum err e;

    snprintf(name, sizeof name, "%s/%s", s->subject.account, s->subject.order);
    e = story_check_object(b, "order", name);
    if (e != ERR_OK)
        return e;
    if (!b->previous)
        return story_contradiction_unless(!s->order_seen);
    if (!s->order_seen || (uint64_t)js_int(b->previous) != s->last)
        return ERR_EVIDENCE_INCOMPLETE;
    return story_contradiction_unless(!status_final(s->status));
}

/* Money that comes in is nobody's to approve. */
static const struct policy_verdict nobody_asked = {.covered = true, .reached = true};

/* What the policies are asked at a time; LIST is where its delegations stand. */
static struct policy_case case_at(const struct story *s, int64_t time_us,
                                  struct policy_delegation list[static POLICY_HOLDERS_MAX])
{
    return (struct policy_case){.subject =
                                    s->order.kind == ORDER_PAYMENT ? POLICY_PAYMENT : POLICY_CASH,
                                .amount_minor = s->order.amount_minor,
                                .payee = s->order.creditor_account,
                                .waited_us = policy_waited(s->entered_us, time_us),
                                .delegations = list,
                                .delegation_count = story_delegation_list(s, time_us, list)};
}

enum err story_order_judge(const struct story *s, int64_t time_us, struct policy_verdict *out)
{
    struct policy_delegation list[POLICY_HOLDERS_MAX];
    const struct policy_case what = case_at(s, time_us, list);
    struct policy_vote votes[VERIFY_SIGNERS_MAX];
    struct policy_verdict now;
    size_t count = 0;
    bool all_count = true; /* one that is not stops all until its holder's keys are mended */

    memset(out, 0, sizeof *out);
    if (!s->policy)
        return ERR_EVIDENCE_INCOMPLETE;
    if (s->order.kind == ORDER_DEPOSIT) {
        *out = nobody_asked;
        return ERR_OK;
    }
    for (size_t i = 0; i < s->made_count; i++) {
        const struct verify_signer *signer = &s->made[i].signer;
        bool counts = story_keys_count(s, signer->thumbprint);

        all_count = all_count && counts;
        if (counts && (signer->verb == VERB_APPROVE || signer->verb == VERB_REJECT))
            votes[count++] = (struct policy_vote){signer->holder, signer->verb == VERB_APPROVE};
    }
    policy_judge(s->policy, &what, votes, count, out);
    policy_judge(s->current, &what, votes, count, &now);
    out->covered = out->covered && now.covered;
    out->reached = out->reached && now.reached && all_count && policy_valid_at(s->current, time_us);
    out->unreachable = out->unreachable || now.unreachable;
    return ERR_OK;
}

enum err story_order_walk(struct story *s, const struct body *b, const struct js *codes,
                          const enum status *allowed)
{
    for (size_t i = 0; i < js_count(codes); i++) {
        const struct js *code = js_at(codes, i);
        const enum status *a = allowed;
        enum status to;
        const char *name;
        size_t len;

        if (js_type(code) != JS_TEXT)
            return ERR_DOC_MEMBER_INVALID;
        name = js_text(code, &len);
        to = status_from_name(name, len);
        if (to == STATUS_NONE)
            return ERR_DOC_MEMBER_INVALID;
        while (*a != STATUS_NONE && *a != to)
            a++;
        if (*a == STATUS_NONE || !status_may_follow(s->status, to))
            return ERR_EVIDENCE_CONTRADICTION;
        s->status = to;
        s->status_time_us = b->leaf->time_us;
    }
    return ERR_OK;
}

/* --- decisions --- */

static bool same_kind(enum verb a, enum verb b)
{
    bool a_votes = a == VERB_APPROVE || a == VERB_REJECT;
    bool b_votes = b == VERB_APPROVE || b == VERB_REJECT;

    return a == b || (a_votes && b_votes);
}

/* One person decides once, whatever keys he has. */
static bool decided_before(const struct story *s, const char *holder, enum verb verb)
{
    for (size_t i = 0; i < s->made_count; i++) {
        if (strcmp(s->made[i].signer.holder, holder) == 0 &&
            same_kind(s->made[i].signer.verb, verb))
            return true;
    }
    return false;
}

static bool may_under(const struct policy *policy, const struct policy_case *what,
                      const char *holder, enum verb verb)
{
    bool votes = verb == VERB_APPROVE || verb == VERB_REJECT;

    if (!votes)
        return policy_may_submit(policy, holder);
    return policy_may_approve(policy, holder) ||
           (verb == VERB_APPROVE && policy_is_deputy(policy, what, holder));
}

static bool has_right(const struct story *s, int64_t time_us, const char *holder, enum verb verb)
{
    struct policy_delegation list[POLICY_HOLDERS_MAX];
    const struct policy_case what = case_at(s, time_us, list);

    return may_under(s->policy, &what, holder, verb) && may_under(s->current, &what, holder, verb);
}

const struct key *story_find_key(void *ctx, const char *thumbprint)
{
    const struct enrolled *en = story_keys_find(ctx, thumbprint);

    return en ? en->key : NULL;
}

/* The bank may not keep a signature for later. With a challenge, whose own time the log does not
 * tell, the statement's end is the limit. */
bool story_is_fresh(const struct statement *head, int64_t floor_us, int64_t taken_us)
{
    return head->issued_us >= floor_us && head->issued_us <= taken_us + AHEAD_MAX_US &&
           (head->challenge[0] || head->issued_us >= taken_us - AGE_MAX_US) &&
           head->expires_us >= taken_us;
}

/* The age of a batch was judged where the bank entered it. */
static bool stands(const struct verified *v, const struct enrolled *en, int64_t taken_us)
{
    const struct statement *head = verified_head(v);

    if (en->status != KEY_ACTIVE)
        return false;
    return verified_batch(v) ? head->issued_us >= en->floor_us && head->expires_us >= taken_us
                             : story_is_fresh(head, en->floor_us, taken_us);
}

enum err story_order_note(struct story *s, const struct body *b, const struct verified *v,
                          enum verb verb)
{
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    struct made *m = &s->made[s->made_count];

    if (!stands(v, en, b->leaf->time_us))
        return ERR_EVIDENCE_CONTRADICTION;
    memcpy(m->signer.holder, en->holder, sizeof m->signer.holder);
    memcpy(m->signer.thumbprint, verified_signer(v), sizeof m->signer.thumbprint);
    m->signer.verb = verb;
    m->signer.issued_us = verified_head(v)->issued_us;
    m->signer.batch = verified_batch(v) ? verified_batch(v)->count : 0;
    m->signer.ceremony = story_keys_ceremony(s, verified_signer(v));
    m->signer.sponsors = en->sponsors;
    m->entry = b->leaf->index;
    s->made_count++;
    return ERR_OK;
}

/* An order is handed in once, first of all; cash by its terminal, which is not here. What is
 * accepted is voted on no more. */
static bool may_come_now(const struct story *s, enum verb verb)
{
    if (s->made_count > 0)
        return verb == VERB_CANCEL || (verb != VERB_SUBMIT && status_open(s->status));
    return s->order.kind == ORDER_PAYMENT && (verb == VERB_SUBMIT || verb == VERB_APPROVE);
}

static enum err note_decision(struct story *s, const struct body *b, const struct verified *v)
{
    const struct decision *d = verified_decision(v);
    const struct enrolled *en = story_keys_find(s, verified_signer(v));

    if (en->kind != STORY_PERSON || !has_right(s, b->leaf->time_us, en->holder, d->verb) ||
        decided_before(s, en->holder, d->verb) || !may_come_now(s, d->verb))
        return ERR_EVIDENCE_CONTRADICTION;
    return story_order_note(s, b, v, d->verb);
}

/* What a decision's entry has of what was signed: the statement, or the batch that has it. */
struct said {
    const struct js *statement, *batch, *inclusion;
};

/* Where the statement stands; PLACE gets the order's in a batch. */
static enum err find_statement(struct story *s, const struct body *b, const struct said *said,
                               struct batch_inclusion *place, struct verify_decision_input *in)
{
    enum err e;

    if ((said->statement == NULL) != (said->batch != NULL) || !said->batch != !said->inclusion)
        return ERR_DOC_MEMBER_INVALID;
    if (said->statement) {
        in->jws = js_text(said->statement, &in->jws_len);
        return ERR_OK;
    }
    in->inclusion = place;
    e = batch_inclusion_read(said->inclusion, place);
    return e == ERR_OK ? story_batch_named(s, b, said->batch, in) : e;
}

static enum err take_decision(struct story *s, const struct body *b, const struct said *said,
                              const struct js *holder)
{
    struct verify_decision_input in = {.bank = s->subject.bank,
                                       .order = &s->order,
                                       .policy = s->policy,
                                       .keys = {story_find_key, s}};
    struct batch_inclusion place;
    struct verified *v = NULL;
    enum err e;

    if (s->made_count == VERIFY_SIGNERS_MAX)
        return ERR_TOO_LARGE;
    e = find_statement(s, b, said, &place, &in);
    if (e == ERR_OK)
        e = verify_decision(&in, &v);
    if (e == ERR_OK)
        e = note_decision(s, b, v);
    if (e == ERR_OK)
        e = story_contradiction_unless(
            story_text_is(holder, s->made[s->made_count - 1].signer.holder));
    verified_free(v);
    return e;
}

/* Nobody decides on a deposit, so no policy needs to be valid for it. */
static bool under_valid_policy(const struct story *s, int64_t time_us)
{
    return s->order.kind == ORDER_DEPOSIT || policy_valid_at(s->policy, time_us);
}

enum err story_order_document(struct story *s, const struct body *b, const struct js *document)
{
    enum err e;

    if (s->order_seen)
        return story_contradiction_unless(!document);
    if (!document || !s->policy)
        return ERR_EVIDENCE_INCOMPLETE;
    e = order_from_js(document, &s->order, NULL); /* its bank is its statement's, which follows */
    if (e != ERR_OK)
        return e;
    s->order_seen = true;
    s->entered_us = b->leaf->time_us;
    return story_contradiction_unless(under_valid_policy(s, b->leaf->time_us) &&
                                      strcmp(s->order.account, s->subject.account) == 0 &&
                                      strcmp(s->order.id, s->subject.order) == 0 &&
                                      strcmp(s->order.currency, s->currency) == 0);
}

/* --- why it ended --- */

static enum err check_reason(const char *text, size_t len)
{
    static const char code[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    return len == 4 && strspn(text, code) == len ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

enum err story_order_reason(struct story *s, const struct js *reason)
{
    return member_text(reason, check_reason, s->reason, sizeof s->reason);
}

static bool reason_is_of(const struct story *s, enum verb verb)
{
    return strcmp(s->reason, decision_reason_for(verb)) == 0;
}

bool story_order_bank_reason(const struct story *s, int64_t time_us)
{
    if (reason_is_of(s, VERB_REJECT) || reason_is_of(s, VERB_CANCEL))
        return false;
    return strcmp(s->reason, "DS24") != 0 || time_us >= s->order.expires_us;
}

/* The status after the decision is what its votes make it; STAYS when it entered none. */
static enum err check_outcome(const struct story *s, const struct body *b, bool stays)
{
    enum verb verb = s->made[s->made_count - 1].signer.verb;
    struct policy_verdict verdict;
    enum err e = story_order_judge(s, b->leaf->time_us, &verdict);
    bool fine = false;

    if (e != ERR_OK)
        return e;
    switch (s->status) {
    case STATUS_ACTC:
        fine = !verdict.reached && !verdict.unreachable && !verdict.approved;
        break;
    case STATUS_PATC:
        /* The approval that brought it there may be by a key that is good no more. */
        fine = !verdict.reached && !verdict.unreachable && (verdict.approved || stays);
        break;
    case STATUS_ACCP:
        fine = verdict.reached && !verdict.unreachable && b->leaf->time_us <= s->order.expires_us;
        break;
    case STATUS_CANC:
        fine = verb == VERB_CANCEL && reason_is_of(s, VERB_CANCEL);
        break;
    case STATUS_RJCT:
        fine =
            verdict.unreachable && (verdict.covered ? reason_is_of(s, VERB_REJECT)
                                                    : story_order_bank_reason(s, b->leaf->time_us));
        break;
    case STATUS_NONE:
    case STATUS_RCVD:
    case STATUS_PDNG:
    case STATUS_ACSP:
    case STATUS_ACSC:
        break;
    }
    return story_contradiction_unless(fine && (verb != VERB_CANCEL || s->status == STATUS_CANC));
}

/* What the bank found out about the payee when the order came. */
static enum err note_payee_check(struct story *s, const struct js *check, const struct js *document)
{
    size_t len;
    const char *code = js_text(check, &len);

    if (!flag_is_payee_check(code, len))
        return ERR_DOC_MEMBER_INVALID;
    memcpy(s->payee_check, code, PAYEE_CHECK_LEN + 1);
    return story_contradiction_unless(document != NULL);
}

enum err story_order_decision(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_RCVD, STATUS_ACTC, STATUS_PATC, STATUS_ACCP,
                                          STATUS_RJCT, STATUS_CANC, STATUS_NONE};
    const struct js *check, *document, *holder, *reason, *status;
    struct said said;
    const struct js_member table[] = {BODY_ROWS(b),
                                      {"batch", JS_INT, false, 0, JS_INT_MAX, &said.batch},
                                      MEMBER_OBJECT("document", false, &document),
                                      MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_OBJECT("inclusion", false, &said.inclusion),
                                      MEMBER_TEXT("payeeCheck", false, &check),
                                      MEMBER_TEXT("reason", false, &reason),
                                      MEMBER_TEXT("statement", false, &said.statement),
                                      MEMBER_ARRAY("status", 0, STORY_STEPS_MAX, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_order_link(s, b);
    if (e == ERR_OK)
        e = story_order_document(s, b, document);
    if (e == ERR_OK && check)
        e = note_payee_check(s, check, document);
    if (e == ERR_OK)
        e = take_decision(s, b, &said, holder);
    if (e == ERR_OK)
        e = story_order_walk(s, b, status, allowed);
    if (e == ERR_OK && reason)
        e = story_order_reason(s, reason);
    /* A reason belongs to an end and to nothing else. */
    if (e == ERR_OK)
        e = story_contradiction_unless(status_final(s->status) == (reason != NULL));
    return e == ERR_OK ? check_outcome(s, b, js_count(status) == 0) : e;
}
