/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/handler.h"
#include "bankd/server/applications.h"
#include "bankd/server/certify.h"
#include "bankd/server/desk.h"
#include "bankd/server/events.h"
#include "bankd/server/notices.h"
#include "bankd/server/prepare.h"
#include "bankd/server/tls.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/json.h"
#include "verifier/verifier.h"
#include <string.h>

/* --- apply: by the committer -------------------------------------------------------------------*/

static struct core_period period_of(const struct job *j)
{
    return (struct core_period){.from_day = j->query.from_day, .to_day = j->query.to_day};
}

static enum err answer_js(struct job *j, struct js *object, enum err e)
{
    if (!e)
        e = js_canon(object, &j->answer.body);
    js_free(object);
    j->answer.err = e;
    j->answer.http = 200;
    return e;
}

/* The time, by which people find out that their own clock is off. */
static enum err apply_health(const struct bank *b, struct job *j)
{
    char now[TEXT_TIME_LEN + 1];
    struct js *o = NULL;

    if (!note_current(b->note, b->core)) {
        job_refuse(j, ERR_LOG_UNSIGNED);
        return ERR_OK;
    }
    enum err e = js_object_new(&o);
    if (!e)
        e = js_set_text(o, "bank", b->name);
    if (!e)
        e = js_set_text(o, "status", "serving");
    text_time(clock_now_us(), now);
    if (!e)
        e = js_set_text(o, "time", now);
    if (!e)
        e = js_set_text(o, "version", COUNTERSIGN_VERSION);
    return answer_js(j, o, e);
}

/* Sets *IN when the caller may see what is no secret but not everybody's either. */
static enum err admit(const struct bank *b, struct job *j, bool *in)
{
    struct core_caller who = job_caller(j);
    enum err e = core_admit(b->core, &who, &j->answer);

    *in = !e && !j->answer.err;
    return e;
}

static enum err apply_checkpoint(const struct bank *b, struct job *j)
{
    struct js *o = NULL;
    bool in;
    enum err e = admit(b, j, &in);

    if (!in)
        return e;
    e = js_object_new(&o);
    if (!e)
        e = js_set_text(o, "checkpoint", note_text(b->note));
    if (!e)
        e = js_set_int(o, "size", (int64_t)note_size(b->note));
    return answer_js(j, o, e);
}

static enum err apply_bank_keys(const struct bank *b, struct job *j)
{
    struct js *o = NULL;
    bool in;
    enum err e = admit(b, j, &in);

    if (!in)
        return e;
    e = js_object_new(&o);
    if (!e)
        e = js_set_text(o, "bankKeys", note_bank_keys(b->note));
    return answer_js(j, o, e);
}

/* For everybody: whoever lost the way from his pin to the bank's root key has no session here. */
static enum err apply_rollovers(const struct bank *b, struct job *j)
{
    enum err e = buf_addf(&j->answer.body, "{\"rollovers\":%s}", note_rollovers(b->note));

    j->answer.err = e;
    j->answer.http = 200;
    return e;
}

/* By an operator's signed act alone: the keeper believes whom it knows, and no console. Where none
 * is missing, the committer asks the keeper what came of it before this is answered. */
static enum err apply_rollover(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    unsigned missing = 0;
    size_t len = 0;
    const char *act = j->path[0] ? verified_jws(j->verified, &len) : NULL;
    enum err e = act ? new_root_ask(b->new_root, act, len, &missing) : ERR_KEEPER_UNPINNED;

    if (e)
        return core_refuse(b->core, &who, e, NULL, &j->answer);
    e = buf_addf(&j->answer.body, "{\"missing\":%u}", missing);
    j->answer.err = e;
    j->answer.http = 200;
    return e;
}

static enum err apply_challenge(const struct bank *b, struct job *j)
{
    const struct request_challenge *r = &j->body.challenge;
    return core_challenge(b->core, r->thumbprint, r->for_login, &j->answer);
}

static enum err apply_logout(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_logout(b->core, &who, &j->answer);
}

static enum err apply_decide(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_decide *r = &j->decide;
    const struct core_document document = {&r->order, r->order_bytes.data, r->order_bytes.len,
                                           j->payee_check};
    return core_decide(b->core, &who, j->verified, &document, &j->answer);
}

static enum err apply_cash(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_decide *r = &j->decide;
    const struct core_document document = {&r->order, r->order_bytes.data, r->order_bytes.len, ""};
    return core_cash(b->core, &who, j->verified, &document, &j->answer);
}

static enum err apply_policy_decide(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_policy_decide(b->core, &who, j->verified, j->policy.to, &j->answer);
}

static enum err apply_movements(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    struct core_period period = period_of(j);
    return core_movements(b->core, &who, j->match.param[0], &period, &page, &j->answer);
}

static enum err apply_movement_category(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_movement_category(b->core, &who, j->match.param[0], j->match.param[1],
                                  j->body.category.category, &j->answer);
}

static enum err apply_account_statement(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    struct core_period period = period_of(j);
    return core_account_statement(b->core, &who, j->match.param[0], &period, &page, &j->answer);
}

static enum err apply_expenses(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    struct core_period period = period_of(j);
    return core_expenses(b->core, &who, j->match.param[0], &period, &page, &j->answer);
}

static enum err apply_categories(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    return core_categories(b->core, &who, j->match.param[0], &page, &j->answer);
}

static enum err apply_category_rule(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_category *r = &j->body.category;
    return core_category_rule(b->core, &who, j->match.param[0], r->payee, r->category, &j->answer);
}

static enum err apply_orders(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    return core_orders(b->core, &who, j->match.param[0], &page, &j->answer);
}

static enum err apply_all_orders(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    return core_orders(b->core, &who, NULL, &page, &j->answer);
}

static enum err apply_order(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_order(b->core, &who, j->match.param[0], j->match.param[1], &j->answer);
}

static enum err apply_evidence(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_signed by = {note_bank_keys(b->note), note_rollovers(b->note),
                                   note_text(b->note), note_size(b->note)};
    return core_evidence(b->core, &who, j->match.param[0], j->match.param[1], &by, &j->answer);
}

static enum err apply_log_entries(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_log_entries(b->core, &who, j->query.from, j->query.limit, &j->answer);
}

static enum err apply_holder_add(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_holder *r = &j->body.holder;
    return core_holder_add(b->core, &who, r->holder, r->name, r->spki, r->spki_len, &j->answer);
}

static enum err apply_key_set(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_key *r = &j->body.key;
    return core_key_set(b->core, &who, j->match.param[0], j->match.param[1], r->status, r->note,
                        &j->answer);
}

static enum err apply_key_suspend(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_key_suspend(b->core, &who, j->match.param[0], j->body.note.note, &j->answer);
}

static enum err apply_enrolment_admit(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct core_admission in = {.holder = j->body.admission.holder,
                                      .name = j->body.admission.name,
                                      .thumbprint = j->body.admission.thumbprint,
                                      .by = certify_by(b->keeper_socket, j),
                                      .another = j->body.admission.another};
    return core_enrolment_admit(b->core, &who, j->match.param[0], &in, &j->answer);
}

static enum err apply_enrolment_refuse(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_enrolment_refuse(b->core, &who, j->match.param[0], j->body.note.note, &j->answer);
}

static enum err apply_terminal_add(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_holder *r = &j->body.holder;
    return core_terminal_add(b->core, &who, r->holder, r->name, r->spki, r->spki_len, &j->answer);
}

static enum err apply_operator_add(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_holder *r = &j->body.holder;
    return core_operator_add(b->core, &who, r->holder, r->name, r->spki, r->spki_len, &j->answer);
}

static enum err apply_operator_roles(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_roles *r = &j->body.roles;
    return core_operator_roles(b->core, &who, j->match.param[0], r->roles, r->note, &j->answer);
}

static enum err apply_account_open(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_account *r = &j->account;
    const struct core_account_terms terms = {.account = r->account,
                                             .currency = r->currency,
                                             .title = r->title,
                                             .people = r->people,
                                             .count = r->count,
                                             .rules = buf_str(&r->rules),
                                             .limits = buf_str(&r->limits),
                                             .deputies = buf_str(&r->deputies),
                                             .single = r->single};

    return core_account_open(b->core, &who, &terms, &j->answer);
}

static enum err apply_fund(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    const struct request_fund *r = &j->body.fund;
    return core_fund(b->core, &who, j->match.param[0], r->amount, r->currency, &j->answer);
}

static enum err account_state(const struct bank *b, struct job *j, enum core_account_act act)
{
    struct core_caller who = job_caller(j);
    return core_account_state(b->core, &who, j->match.param[0], act, j->body.note.note, &j->answer);
}

static enum err apply_block(const struct bank *b, struct job *j)
{
    return account_state(b, j, CORE_ACCOUNT_BLOCK);
}

static enum err apply_unblock(const struct bank *b, struct job *j)
{
    return account_state(b, j, CORE_ACCOUNT_UNBLOCK);
}

static enum err apply_close(const struct bank *b, struct job *j)
{
    return account_state(b, j, CORE_ACCOUNT_CLOSE);
}

/* Told when its renewal has failed for days, not as soon as it is made. */
#define CERTIFICATE_AHEAD_US (5 * 86400 * TEXT_SECOND_US)

static enum err apply_radar(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    struct core_page page = job_page(j);
    const struct core_radar_end ends[] = {
        {"bank keys", note_bank_keys_end(b->note), 0},
        {"TLS", tls_ends_us(b->tls), CERTIFICATE_AHEAD_US},
    };
    return core_radar(b->core, &who, &page, ends, sizeof ends / sizeof *ends, &j->answer);
}

static enum err apply_reverse(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_reverse(b->core, &who, j->match.param[0], j->match.param[1], j->body.note.note,
                        &j->answer);
}

static enum err apply_reconcile(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_reconcile(b->core, &who, &j->answer);
}

/* The answer is written when the batch is over (watch.h). */
static enum err apply_metrics(const struct bank *b, struct job *j)
{
    (void)b;
    j->answer.http = 200;
    return ERR_OK;
}

static enum err apply_clock_accept(const struct bank *b, struct job *j)
{
    struct core_caller who = job_caller(j);
    return core_clock_accept(b->core, &who, j->body.note.note, &j->answer);
}

/* --- the table ---------------------------------------------------------------------------------*/

#define PAGE (REQUEST_CURSOR | REQUEST_LIMIT)
#define PERIOD (REQUEST_FROM_DAY | REQUEST_TO_DAY)
#define READS false
#define WRITES true

static const struct handler handlers[ROUTE_COUNT] = {
    [ROUTE_HEALTH] = {0, READS, NULL, .apply = apply_health},
    [ROUTE_CHALLENGE] = {0, WRITES, prepare_challenge, .apply = apply_challenge},
    [ROUTE_LOGIN] = {0, WRITES, prepare_login, .stated = core_login},
    [ROUTE_LOGOUT] = {0, WRITES, NULL, .apply = apply_logout},
    [ROUTE_DECIDE] = {0, WRITES, prepare_decide, .apply = apply_decide},
    [ROUTE_CASH] = {0, WRITES, prepare_cash, .apply = apply_cash},
    [ROUTE_ACCOUNTS] = {PAGE, READS, NULL, .page = core_accounts},
    [ROUTE_ACCOUNT] = {0, READS, NULL, .named = core_account},
    [ROUTE_POLICY] = {0, READS, NULL, .named = core_account_policy},
    [ROUTE_POLICY_DECIDE] = {0, WRITES, prepare_policy_decide, .apply = apply_policy_decide},
    [ROUTE_DELEGATIONS] = {0, READS, NULL, .named = core_delegations},
    [ROUTE_DELEGATE] = {0, WRITES, prepare_delegate, .stated = core_delegate},
    [ROUTE_MOVEMENTS] = {PAGE | PERIOD, READS, NULL, .apply = apply_movements},
    [ROUTE_MOVEMENT_CATEGORY] = {0, WRITES, prepare_movement_category,
                                 .apply = apply_movement_category},
    [ROUTE_ACCOUNT_STATEMENT] = {PAGE | PERIOD, READS, NULL, .apply = apply_account_statement},
    [ROUTE_EXPENSES] = {REQUEST_CURSOR | PERIOD, READS, NULL, .apply = apply_expenses,
                        .long_read = true},
    [ROUTE_CATEGORIES] = {PAGE, READS, NULL, .apply = apply_categories},
    [ROUTE_CATEGORY_RULE] = {0, WRITES, prepare_category_rule, .apply = apply_category_rule},
    [ROUTE_ORDERS] = {PAGE, READS, NULL, .apply = apply_orders},
    [ROUTE_ORDER] = {0, READS, NULL, .apply = apply_order},
    [ROUTE_EVIDENCE] = {0, READS, NULL, .apply = apply_evidence, .long_read = true},
    [ROUTE_CHECKPOINT] = {0, READS, NULL, .apply = apply_checkpoint},
    [ROUTE_BANK_KEYS] = {0, READS, NULL, .apply = apply_bank_keys},
    [ROUTE_ROLLOVERS] = {0, READS, NULL, .apply = apply_rollovers},
    [ROUTE_LOG_ENTRIES] = {REQUEST_FROM | REQUEST_LIMIT, READS, NULL, .apply = apply_log_entries,
                           .long_read = true},
    [ROUTE_HOLDER_ADD] = {0, WRITES, prepare_holder_add, .apply = apply_holder_add},
    [ROUTE_KEY_SET] = {0, WRITES, prepare_key, .apply = apply_key_set},
    [ROUTE_KEY_SUSPEND] = {0, WRITES, prepare_note, .apply = apply_key_suspend},
    [ROUTE_ROTATE] = {0, WRITES, prepare_rotate, .stated = core_rotate},
    [ROUTE_HOLDERS] = {PAGE, READS, NULL, .page = core_holders},
    [ROUTE_ENROL] = {0, WRITES, prepare_enrol, .stated = core_enrol},
    [ROUTE_ENROLMENTS] = {PAGE, READS, NULL, .page = core_enrolments},
    [ROUTE_ENROLMENT] = {0, READS, NULL, .named = core_enrolment},
    [ROUTE_SPONSOR] = {0, WRITES, prepare_sponsor, .stated = core_sponsor},
    [ROUTE_SPONSORSHIPS] = {0, READS, NULL, .named = core_sponsorships},
    [ROUTE_ENROLMENT_ADMIT] = {0, WRITES, prepare_admission, .apply = apply_enrolment_admit},
    [ROUTE_ENROLMENT_REFUSE] = {0, WRITES, prepare_note, .apply = apply_enrolment_refuse},
    [ROUTE_APPLY] = {0, WRITES, prepare_apply, .apply = applications_apply},
    [ROUTE_APPLICATIONS] = {PAGE, READS, NULL, .page = core_applications},
    [ROUTE_APPLICATION] = {0, READS, NULL, .named = core_application},
    [ROUTE_APPLICATION_ADMIT] = {0, WRITES, prepare_opening, .apply = applications_admit},
    [ROUTE_APPLICATION_REFUSE] = {0, WRITES, prepare_note, .apply = applications_refuse},
    [ROUTE_TERMINAL_ADD] = {0, WRITES, prepare_terminal_add, .apply = apply_terminal_add},
    [ROUTE_TERMINALS] = {PAGE, READS, NULL, .page = core_terminals},
    [ROUTE_OPERATOR_ADD] = {0, WRITES, prepare_operator_add, .apply = apply_operator_add},
    [ROUTE_OPERATORS] = {PAGE, READS, NULL, .page = core_operators},
    [ROUTE_OPERATOR_ROLES] = {0, WRITES, prepare_roles, .apply = apply_operator_roles},
    [ROUTE_ROLLOVER] = {0, WRITES, prepare_rollover, .apply = apply_rollover},
    [ROUTE_ACCOUNT_OPEN] = {0, WRITES, prepare_account_open, .apply = apply_account_open},
    [ROUTE_FUND] = {0, WRITES, prepare_fund, .apply = apply_fund},
    [ROUTE_ALL_ORDERS] = {PAGE, READS, NULL, .apply = apply_all_orders},
    [ROUTE_WAITING_ORDERS] = {PAGE, READS, NULL, .page = core_waiting_orders},
    [ROUTE_BLOCK] = {0, WRITES, prepare_note, .apply = apply_block},
    [ROUTE_UNBLOCK] = {0, WRITES, prepare_note, .apply = apply_unblock},
    [ROUTE_CLOSE] = {0, WRITES, prepare_note, .apply = apply_close},
    [ROUTE_RADAR] = {PAGE, READS, NULL, .apply = apply_radar},
    [ROUTE_RELEASE] = {0, WRITES, prepare_word, .apply = desk_release},
    [ROUTE_REFUSE] = {0, WRITES, prepare_word, .apply = desk_refuse},
    [ROUTE_HOLD] = {0, WRITES, prepare_word, .apply = desk_hold},
    [ROUTE_CLAIM] = {0, WRITES, prepare_claim, .apply = desk_claim},
    [ROUTE_GIVE_BACK] = {0, WRITES, prepare_give_back, .apply = desk_give_back},
    [ROUTE_COMMENT] = {0, WRITES, prepare_comment, .apply = desk_comment},
    [ROUTE_QUEUE] = {PAGE | REQUEST_WAITING, READS, NULL, .apply = desk_queue},
    [ROUTE_CONTACT] = {0, READS, NULL, .apply = notices_where},
    [ROUTE_CONTACT_CONFIRM] = {0, WRITES, notices_prepare_code, .apply = notices_confirm},
    [ROUTE_CONTACT_SET] = {0, WRITES, notices_prepare_contact, .apply = notices_contact},
    [ROUTE_NOTICES] = {PAGE, READS, NULL, .page = core_notices},
    [ROUTE_NOTICE_RETRY] = {0, WRITES, prepare_note, .apply = notices_retry},
    [ROUTE_COURIER] = {0, WRITES, notices_prepare_courier, .apply = notices_courier},
    [ROUTE_EVENTS] = {REQUEST_AFTER, READS, NULL, .apply = events_apply},
    [ROUTE_OUTBOX] = {PAGE, READS, NULL, .page = core_outbox},
    [ROUTE_CONFIRM] = {0, WRITES, prepare_word, .apply = desk_confirm},
    [ROUTE_RETURN] = {0, WRITES, prepare_return, .apply = desk_return},
    [ROUTE_CREDIT] = {0, WRITES, prepare_credit, .apply = desk_credit},
    [ROUTE_SUSPENSE] = {PAGE, READS, NULL, .page = core_suspense},
    [ROUTE_ASSIGN] = {0, WRITES, prepare_assign, .apply = desk_assign},
    [ROUTE_CREDIT_RETURN] = {0, WRITES, prepare_note, .apply = desk_credit_return},
    [ROUTE_REVERSE] = {0, WRITES, prepare_note, .apply = apply_reverse},
    [ROUTE_RECONCILE] = {0, READS, NULL, .apply = apply_reconcile, .long_read = true},
    [ROUTE_METRICS] = {0, READS, NULL, .apply = apply_metrics},
    [ROUTE_CLOCK_ACCEPT] = {0, WRITES, prepare_note, .apply = apply_clock_accept},
};

const struct handler *handler_of(enum route r)
{
    return &handlers[r];
}

enum err handler_apply(const struct bank *b, struct job *j)
{
    const struct handler *h = handler_of(j->match.route);

    if (h->apply)
        return h->apply(b, j);
    const struct core_caller who = job_caller(j);
    if (h->named)
        return h->named(b->core, &who, j->match.param[0], &j->answer);
    if (h->stated)
        return h->stated(b->core, &who, j->verified, &j->answer);
    const struct core_page page = job_page(j);
    return h->page(b->core, &who, &page, &j->answer);
}
