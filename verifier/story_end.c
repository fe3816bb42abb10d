/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/story_body.h"

#include "base/text.h"
#include "order/calendar.h"
#include "order/flag.h"
#include <string.h>

/* An end needs a beginning. */
static enum err check_link(const struct story *s, const struct body *b)
{
    return s->order_seen ? story_order_link(s, b) : ERR_EVIDENCE_INCOMPLETE;
}

/* The settlement lists exactly the decisions that the log has, in their order. */
static enum err check_considered(const struct story *s, const struct js *value,
                                 const struct made *m)
{
    const struct js *decision, *entry, *holder, *key_status, *thumbprint;
    const struct js_member table[] = {
        MEMBER_TEXT("decision", true, &decision), MEMBER_INT("entry", 0, JS_INT_MAX, &entry),
        MEMBER_TEXT("holder", true, &holder), MEMBER_TEXT("keyStatus", true, &key_status),
        MEMBER_TEXT("thumbprint", true, &thumbprint)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e != ERR_OK)
        return e;
    return story_contradiction_unless(
        story_text_is(decision, decision_verb_name(m->signer.verb)) &&
        (uint64_t)js_int(entry) == m->entry && story_text_is(holder, m->signer.holder) &&
        story_text_is(key_status, key_status_name(story_keys_status_of(s, m->signer.thumbprint))) &&
        story_text_is(thumbprint, m->signer.thumbprint));
}

struct settlement {
    const struct js *amount, *considered, *creditor, *currency, *debtor, *movement, *order_digest,
        *policy_digest, *status, *terminal;
};

/* EXPECTED, or "" where the member has no place. */
static bool is_side(const struct js *value, const char *expected)
{
    return value ? expected[0] && story_text_is(value, expected) : !expected[0];
}

/* From whom to whom: cash has a terminal instead of one of the two. */
static bool sides_right(const struct settlement *st, const struct order *o)
{
    bool comes_in = o->kind == ORDER_DEPOSIT;

    return is_side(st->debtor, comes_in ? "" : o->account) &&
           is_side(st->creditor, comes_in ? o->account : o->creditor_account) &&
           is_side(st->terminal, o->terminal);
}

/* An order for another day than that on which it came in waits for a business day. */
static bool is_its_day(const struct story *s, int32_t day)
{
    bool dated = s->order.date_days > text_day_of(s->entered_us);

    return day >= s->order.date_days &&
           (!dated || calendar_open(calendar_of(s->order.currency), day));
}

/* What was executed is what was signed, and not before the day that was signed. */
static enum err check_settled(const struct story *s, const struct body *b,
                              const struct settlement *st)
{
    uint8_t order_digest[DIGEST_LEN], digest[DIGEST_LEN];
    enum err e = member_digest(st->order_digest, order_digest);

    if (e == ERR_OK)
        e = member_digest(st->policy_digest, digest);
    if (e != ERR_OK)
        return e;
    return story_contradiction_unless(memcmp(order_digest, s->order.digest, DIGEST_LEN) == 0 &&
                                      memcmp(digest, policy_digest(s->policy), DIGEST_LEN) == 0 &&
                                      is_its_day(s, text_day_of(b->leaf->time_us)) &&
                                      story_text_is(st->amount, s->order.amount) &&
                                      story_text_is(st->currency, s->order.currency) &&
                                      sides_right(st, &s->order));
}

/* The quorum of distinct people stands, and every signer's key is still good. */
static enum err check_quorum(const struct story *s, const struct body *b)
{
    struct policy_verdict verdict;
    enum err e = story_order_judge(s, b->leaf->time_us, &verdict);

    return e == ERR_OK ? story_contradiction_unless(verdict.reached && !verdict.unreachable) : e;
}

static enum err read_settlement(struct body *b, struct settlement *st)
{
    const struct js_member table[] = {
        BODY_ROWS(b),
        MEMBER_TEXT("amount", true, &st->amount),
        MEMBER_ARRAY("considered", 1, VERIFY_SIGNERS_MAX, &st->considered),
        MEMBER_TEXT("creditor", false, &st->creditor),
        MEMBER_TEXT("currency", true, &st->currency),
        MEMBER_TEXT("debtor", false, &st->debtor),
        MEMBER_INT("movement", 0, JS_INT_MAX, &st->movement),
        MEMBER_TEXT("orderDigest", true, &st->order_digest),
        MEMBER_TEXT("policyDigest", true, &st->policy_digest),
        MEMBER_ARRAY("status", 1, STORY_STEPS_MAX, &st->status),
        MEMBER_TEXT("terminal", false, &st->terminal),
    };

    return js_members(b->value, table, MEMBER_ROWS(table), NULL);
}

/* What goes to another bank waits for its word; cash is there or not. */
static bool has_settled(const struct story *s)
{
    return s->order.kind == ORDER_PAYMENT ? status_paid(s->status) : s->status == STATUS_ACSC;
}

enum err story_end_settlement(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_ACSP, STATUS_ACSC, STATUS_NONE};
    struct settlement st;
    enum err e = read_settlement(b, &st);

    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK)
        e = check_settled(s, b, &st);
    if (e == ERR_OK)
        e = story_contradiction_unless((s->status != STATUS_PDNG || s->released) && !s->kept);
    if (e == ERR_OK)
        e = check_quorum(s, b);
    if (e == ERR_OK && js_count(st.considered) != s->made_count)
        e = ERR_EVIDENCE_CONTRADICTION;
    for (size_t i = 0; e == ERR_OK && i < s->made_count; i++)
        e = check_considered(s, js_at(st.considered, i), &s->made[i]);
    if (e == ERR_OK)
        e = story_order_walk(s, b, st.status, allowed);
    s->movement = e == ERR_OK ? js_int(st.movement) : 0;
    return e == ERR_OK ? story_contradiction_unless(has_settled(s)) : e;
}

/* Ended by the bank: expiry, funds, an operator's no. */
enum err story_end_closed(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_RJCT, STATUS_NONE};
    const struct js *reason, *status;
    struct story_said said;
    const struct js_member table[] = {BODY_ROWS(b), STORY_SAID_ROWS(&said, false),
                                      MEMBER_TEXT("reason", true, &reason),
                                      MEMBER_ARRAY("status", 1, STORY_STEPS_MAX, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK)
        e = story_order_reason(s, reason);
    if (e == ERR_OK)
        e = story_contradiction_unless(story_order_bank_reason(s, b->leaf->time_us));
    if (e == ERR_OK)
        e = story_act_word(s, b, &said, "refusal", NULL);
    return e == ERR_OK ? story_order_walk(s, b, status, allowed) : e;
}

/* The other bank has the money, or sent it back for a reason of its own. */
static enum err end_elsewhere(struct story *s, struct body *b, enum status end, const char *verb)
{
    const enum status allowed[] = {end, STATUS_NONE};
    const struct js *movement, *reason, *status;
    struct story_said said;
    const struct js_member table[] = {
        BODY_ROWS(b), MEMBER_INT("movement", 0, JS_INT_MAX, &movement),
        STORY_SAID_ROWS(&said, true), MEMBER_TEXT("reason", end == STATUS_RJCT, &reason),
        MEMBER_ARRAY("status", 1, 1, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK)
        e = story_contradiction_unless((end == STATUS_RJCT || !reason) &&
                                       js_int(movement) != s->movement);
    if (e == ERR_OK)
        e = story_act_word(s, b, &said, verb, reason);
    if (e == ERR_OK && reason)
        e = story_order_reason(s, reason);
    if (e == ERR_OK && reason)
        e = story_contradiction_unless(status_reason_returns(s->reason, strlen(s->reason)));
    return e == ERR_OK ? story_order_walk(s, b, status, allowed) : e;
}

enum err story_end_confirmed(struct story *s, struct body *b)
{
    return end_elsewhere(s, b, STATUS_ACSC, "confirmation");
}

enum err story_end_returned(struct story *s, struct body *b)
{
    return end_elsewhere(s, b, STATUS_RJCT, "return");
}

enum err story_end_accepted(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_ACCP, STATUS_NONE};
    const struct js *status;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_ARRAY("status", 1, 1, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK)
        e = check_quorum(s, b);
    if (e == ERR_OK)
        e = story_contradiction_unless(b->leaf->time_us <= s->order.expires_us);
    return e == ERR_OK ? story_order_walk(s, b, status, allowed) : e;
}

/* Known ones, each once; what the payee check found out is what the order's entry says. */
static enum err read_flags(const struct story *s, const struct js *array, flag_set *out)
{
    bool said = true;

    *out = 0;
    for (size_t i = 0; i < js_count(array); i++) {
        const struct js *one = js_at(array, i);
        size_t len = 0;
        const char *name = js_type(one) == JS_TEXT ? js_text(one, &len) : "";
        enum flag f = flag_from_name(name, len);

        if (f == FLAG_COUNT || (*out & FLAG_BIT(f)))
            return ERR_DOC_MEMBER_INVALID;
        said = said && (!flag_is_payee_check(name, len) || strcmp(name, s->payee_check) == 0);
        *out |= FLAG_BIT(f);
    }
    return story_contradiction_unless(said);
}

/* The bank waits for its operator once all else is there, and says so when he had kept it back. */
static bool bank_may_hold(const struct story *s, flag_set why, size_t moves)
{
    return moves == 1 && s->kept == ((why & FLAG_BIT(FLAG_OPERATOR)) != 0);
}

/* An operator keeps back what is not kept back: where it is accepted it waits from then on, where
 * its holders still decide it will, and where it waits for its day alone it stays. */
static bool operator_may_hold(const struct story *s, flag_set why, size_t moves)
{
    bool stays = status_open(s->status) || (s->status == STATUS_PDNG && s->released);

    return (why & FLAG_BIT(FLAG_OPERATOR)) && !s->kept &&
           (moves == 0 ? stays : s->status == STATUS_ACCP);
}

enum err story_end_held(struct story *s, struct body *b)
{
    static const enum status allowed[] = {STATUS_PDNG, STATUS_NONE};
    const struct js *flags, *status;
    struct story_said said;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_ARRAY("flags", 1, FLAG_COUNT, &flags),
                                      STORY_SAID_ROWS(&said, false),
                                      MEMBER_ARRAY("status", 0, 1, &status)};
    flag_set why = 0;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = read_flags(s, flags, &why);
    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK) /* cash waits at the terminal, not for the operator */
        e = story_contradiction_unless(
            s->order.kind == ORDER_PAYMENT &&
            (said.operator_name ? operator_may_hold : bank_may_hold)(s, why, js_count(status)));
    if (e == ERR_OK)
        e = story_act_word(s, b, &said, "hold", NULL);
    s->kept = s->kept || said.operator_name;
    s->released = s->released && !said.operator_name;
    return e == ERR_OK ? story_order_walk(s, b, status, allowed) : e;
}

enum err story_end_released(struct story *s, struct body *b)
{
    struct story_said said;
    const struct js_member table[] = {BODY_ROWS(b), STORY_SAID_ROWS(&said, true)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = check_link(s, b);
    if (e == ERR_OK)
        e = story_contradiction_unless(
            s->status == STATUS_PDNG ? !s->released : status_open(s->status) && s->kept);
    if (e == ERR_OK)
        e = story_act_word(s, b, &said, "release", NULL);
    if (e == ERR_OK) {
        s->released = s->status == STATUS_PDNG; /* else the bank may still look at it */
        s->kept = false;
    }
    return e;
}
