/* SPDX-License-Identifier: Apache-2.0
 *
 * An honest bank's evidence verifies, whatever happened and in whatever order: people decide,
 * delegate and change the policy, the operator suspends keys and looks after held orders, terminals
 * hand in cash, time goes by. After each step the verifier says of every order of late what the
 * bank says of it. COUNTERSIGN_STORIES sets how many stories, COUNTERSIGN_STORY the first; what
 * failed is told by its number.
 */
#include "base/text.h"
#include "order/jws.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"
#include "verifier/verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRM "NL91ABNA0417164300"
#define ELSEWHERE "FR1420041010050500013M02606"
#define PEOPLE 4
#define TILL PEOPLE /* the last one with a key */
#define ORDERS 64
#define RECENT 4
#define STEPS 50
#define STORIES 10
#define DAY INT64_C(86400)
#define ROWS(a) (unsigned)(sizeof(a) / sizeof *(a))

struct member {
    struct person *p;
    int64_t session_us; /* good until then */
    bool active, revoked;
};
struct tale {
    uint64_t random;
    struct world w;
    struct person dora, till;
    struct member who[PEOPLE + 1];
    struct world_order orders[ORDERS];
    size_t count;
    struct policy *proposed;
};

/* splitmix64: the same stories on every machine. */
static unsigned pick(struct tale *t, unsigned n)
{
    uint64_t z = (t->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) >> 32) % n;
}

/* One of the orders of late. */
static struct world_order *pick_order(struct tale *t)
{
    unsigned late = t->count < RECENT ? (unsigned)t->count : RECENT;

    return &t->orders[t->count - 1 - pick(t, late)];
}

/* --- the policies --- */

#define ONE(for) "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"" for "\"}"
#define TWO(for) "{\"anyOf\":[{\"signers\":[{\"count\":2}]}],\"for\":\"" for "\"}"

static const char *const rules[] = {
    "{\"require\":\"all\"}",
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]}]}," ONE("cash") "," ONE("policy"),
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]},{\"afterDays\":1,\"signers\":[{\"count\":1}]}],"
    "\"upTo\":\"50.00\"},{\"require\":\"all\"}," ONE("policy") "," TWO("cash"),
    "{\"anyOf\":[{\"signers\":[{\"count\":1,\"of\":[\"alice\"]},"
    "{\"count\":1,\"of\":[\"alice\",\"bob\"]}]},{\"afterDays\":2,\"signers\":[{\"count\":2}]}]},"
    "{\"anyOf\":[{\"afterDays\":1,\"signers\":[{\"count\":1}]},{\"signers\":[{\"count\":2}]}],"
    "\"for\":\"cash\"}," ONE("policy"),
    "{\"anyOf\":[{\"signers\":[{\"count\":2}]}],\"upTo\":\"20.00\"}," ONE("policy"),
};

#define PERSON(class, id) "{\"class\":\"" class "\",\"id\":\"" id "\"}"
#define BOTH PERSON("A", "alice") "," PERSON("A", "bob")

static const char *const people[] = {
    BOTH "," PERSON("A", "carol") "," PERSON("T", "dora"),
    BOTH "," PERSON("T", "carol") "," PERSON("T", "dora"),
    BOTH "," PERSON("B", "carol") "," PERSON("B", "dora"),
    BOTH "," PERSON("A", "dora"),
};
static const char *const deputies[] = {
    "",
    "\"deputies\":[\"dora\"],",
    "\"deputies\":[\"bob\",\"dora\"],",
    "\"deputies\":[\"alice\",\"bob\",\"dora\"],",
};

/* NULL where the three do not fit together. */
static struct policy *new_policy(struct tale *t, int version)
{
    char text[4096], from[TEXT_TIME_LEN + 1];
    struct policy *p = NULL;

    text_time(t->w.time.now_us, from);
    const char *with = deputies[pick(t, ROWS(deputies))];
    const char *holders = people[pick(t, ROWS(people))];
    snprintf(text, sizeof text,
             "{\"account\":\"" FIRM "\",\"bank\":\"" WORLD_BANK "\",\"currency\":\"EUR\",%s"
             "\"holders\":[%s],\"rules\":[%s],\"title\":\"Version %d\",\"type\":\"policy\","
             "\"validFrom\":\"%s\",\"version\":%d}",
             with, holders, rules[pick(t, ROWS(rules))], version, from, version);
    enum err e = policy_parse(text, strlen(text), &p);
    assert_true(e == ERR_OK || e == ERR_POLICY_INVALID);
    return p;
}

/* --- beginning and end --- */

static void open_bank(struct tale *t)
{
    static const char *const names[] = {"alice", "bob", "carol", "dora"};
    static const char *const holders[] = {"alice", "bob", "carol", "dora:T"};
    const struct world_account firm = {
        .account = FIRM,
        .holders = holders,
        .count = PEOPLE,
        .rules = "[{\"anyOf\":[{\"signers\":[{\"count\":2}]}]}," TWO("cash") "," ONE("policy") "]",
        .deputies = "[\"bob\",\"dora\"]"};

    world_open(&t->w);
    t->w.hold_above = "65.00 EUR";
    t->w.bank_codes = "NL ABNA,DE 3704";
    t->w.cutoff = pick(t, 2) ? "16:00 EUR" : NULL;
    world_restart(&t->w);
    for (int i = 0; i < PEOPLE; i++) {
        world_key(t->who[i].p, names[i], "P-256");
        world_enrol(&t->w, t->who[i].p);
    }
    world_key(&t->till, "till-1", "P-256");
    world_terminal(&t->w, &t->till);
    assert_ok(world_open_account(&t->w, &firm));
    world_account(&t->w, WORLD_SHOP_ACCOUNT, "carol", NULL);
    world_fund(&t->w, FIRM, "100000.00");
}

static void begin(struct tale *t, uint64_t number)
{
    *t = (struct tale){.random = number * 2654435761u};
    t->who[0].p = &t->w.alice;
    t->who[1].p = &t->w.bob;
    t->who[2].p = &t->w.carol;
    t->who[3].p = &t->dora;
    t->who[TILL].p = &t->till;
    for (int i = 0; i <= TILL; i++)
        t->who[i].active = true;
    open_bank(t);
}

static void finish(struct tale *t)
{
    world_check(&t->w);
    for (size_t i = 0; i < t->count; i++)
        world_order_free(&t->orders[i]);
    policy_free(t->proposed);
    world_person_free(&t->dora);
    world_person_free(&t->till);
    world_close(&t->w);
}

/* --- what people do --- */

/* Whose session carries what I signed: his own, or a co-holder's. */
static const struct person *carrier(struct tale *t, unsigned i)
{
    for (unsigned k = 0; k < PEOPLE && !t->who[i].active; k++)
        i = t->who[k].active ? k : i;
    struct member *m = &t->who[i];
    if (m->active && !t->w.in_batch && t->w.time.now_us > m->session_us) {
        world_login(&t->w, m->p);
        m->session_us = t->w.time.now_us + 200 * WORLD_SECOND;
    }
    return m->p;
}

/* The policy that a decision on the order carries. */
static const struct policy *policy_of(struct tale *t, const struct world_order *o)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "SELECT hex(p.digest) FROM policy p WHERE p.id = coalesce("
             "(SELECT policy FROM orders WHERE order_id = '%s'),"
             " (SELECT policy FROM account WHERE account = '" FIRM "'))",
             o->order.id);
    return world_policy_by(&t->w, sql);
}

static void decide(struct tale *t, const struct world_order *o, enum verb verb)
{
    const struct world_says says = {.policy = policy_of(t, o)};
    unsigned i = pick(t, PEOPLE);
    struct buf jws = {0};

    if (o->order.kind == ORDER_DEPOSIT || (o->order.kind != ORDER_PAYMENT && verb == VERB_SUBMIT))
        return; /* such a decision cannot be shown */
    const struct person *by = carrier(t, i);
    world_sign(&t->w, t->who[i].p, o, verb, &says, &jws);
    world_hand_in(&t->w, by, &jws, o);
    buf_free(&jws);
}

static void new_order(struct tale *t)
{
    static const char *const amounts[] = {"10.00", "20.00", "50.00", "60.00", "70.00"};
    static const char *const payees[] = {WORLD_SHOP_ACCOUNT, WORLD_SHOP_ACCOUNT, ELSEWHERE};
    static const int64_t lives[] = {7200, 4 * DAY, 4 * DAY};
    char draft[512], date[TEXT_DATE_LEN + 1], expires[TEXT_TIME_LEN + 1];
    unsigned kind = pick(t, 4), today = pick(t, 3);
    struct world_order *o = &t->orders[t->count];

    if (t->count == ORDERS)
        return;
    text_date(text_day_of(t->w.time.now_us) + (int32_t)today, date);
    text_time(t->w.time.now_us + lives[pick(t, ROWS(lives))] * WORLD_SECOND, expires);
    int used = snprintf(draft, sizeof draft,
                        "{\"account\":\"" FIRM "\",\"amount\":\"%s\",\"currency\":\"EUR\","
                        "\"description\":\"x\",\"expires\":\"%s\",",
                        amounts[pick(t, ROWS(amounts))], expires);
    if (kind > 0)
        snprintf(draft + used, sizeof draft - (size_t)used,
                 "\"creditor\":{\"account\":\"%s\",\"name\":\"The Shop\"},\"date\":\"%s\"}",
                 payees[pick(t, ROWS(payees))], date);
    else
        snprintf(draft + used, sizeof draft - (size_t)used,
                 "\"terminal\":\"till-1\",\"type\":\"%s\"}",
                 order_type(pick(t, 3) ? ORDER_WITHDRAWAL : ORDER_DEPOSIT));
    world_order_from(&t->w, draft, o);
    t->count++;
    if (kind > 0) {
        decide(t, o, pick(t, 3) ? VERB_APPROVE : VERB_SUBMIT);
    } else {
        carrier(t, TILL);
        world_cash_in(&t->w, &t->till, o);
    }
}

static void delegate(struct tale *t)
{
    static const int64_t amounts[] = {1000, 5999, 6000, 10000};
    static const int64_t begins[] = {-60, 0, 0, 0, 60, 3600, DAY};
    static const int64_t lasts[] = {61, 3600, DAY, 4 * DAY};
    struct world_gift gift = {.account = FIRM};
    unsigned i = pick(t, PEOPLE);
    struct buf jws = {0};

    if (pick(t, 3)) {
        gift.deputy = t->who[pick(t, PEOPLE)].p->name;
        gift.amount_minor = amounts[pick(t, ROWS(amounts))];
        gift.from_us = t->w.time.now_us + begins[pick(t, ROWS(begins))] * WORLD_SECOND;
        gift.until_us = gift.from_us + lasts[pick(t, ROWS(lasts))] * WORLD_SECOND;
    }
    const struct person *by = carrier(t, i);
    world_sign_delegation(&t->w, t->who[i].p, &gift, NULL, &jws);
    world_hand_in_delegation(&t->w, by, &jws, FIRM);
    buf_free(&jws);
}

static void change_policy(struct tale *t)
{
    unsigned i = pick(t, PEOPLE);
    struct buf jws = {0};

    int next =
        atoi(world_sql(&t->w, "SELECT max(version) + 1 FROM policy WHERE account = '" FIRM "'"));
    if (!t->proposed || policy_version(t->proposed) != next || !pick(t, 6)) {
        policy_free(t->proposed);
        t->proposed = new_policy(t, next);
    }
    if (!t->proposed)
        return;
    const struct person *by = carrier(t, i);
    world_sign_policy(&t->w, t->who[i].p, t->proposed, pick(t, 6) ? VERB_APPROVE : VERB_REJECT,
                      &jws);
    world_hand_in_policy(&t->w, by, &jws, t->proposed);
    buf_free(&jws);
}

/* --- what the operator does --- */

/* Sooner or later most keys come back. */
static void set_key(struct tale *t)
{
    unsigned i = pick(t, PEOPLE + 1);
    const char *status = "suspended";

    for (unsigned k = 0; k <= TILL; k++)
        i = !t->who[k].active && !t->who[k].revoked && !pick(t, 4) ? k : i;
    struct member *m = &t->who[i];
    if (!m->active || !pick(t, 8))
        status = "active";
    else if (!pick(t, 10))
        status = "revoked";
    world_begin(&t->w);
    world_end(&t->w, core_key_set(t->w.core, &world_operator, m->p->name, key_thumbprint(m->p->key),
                                  status, "lost", &t->w.answer));
    assert_err(t->w.answer.err, m->revoked ? ERR_KEY_REVOKED : ERR_OK);
    m->active = !m->revoked && strcmp(status, "active") == 0;
    m->revoked |= strcmp(status, "revoked") == 0;
    m->session_us = 0;
}

static void operate(struct tale *t, const struct world_order *o)
{
    struct world *w = &t->w;
    struct core *c = w->core;
    const char *id = o->order.id;
    const struct core_word word = {FIRM, id, "x", 0};
    unsigned act = pick(t, 5);

    world_begin(w);
    if (act < 2)
        world_end(w, core_order_release(c, &world_operator, &word, &w->answer));
    else if (act == 2)
        world_end(w, core_order_refuse(c, &world_operator, &word, &w->answer));
    else if (act == 3)
        world_end(w, core_order_confirm(c, &world_operator, &word, &w->answer));
    else
        world_end(w, core_order_return(c, &world_operator, &word, "AC03", &w->answer));
}

static void block(struct tale *t)
{
    enum core_account_act act = pick(t, 3) ? CORE_ACCOUNT_UNBLOCK : CORE_ACCOUNT_BLOCK;

    world_begin(&t->w);
    world_end(&t->w, core_account_state(t->w.core, &world_operator, FIRM, act, "x", &t->w.answer));
}

/* --- what time does --- */

static void later(struct tale *t)
{
    static const int64_t steps[] = {1, 59, 60, 61, 299, 3600, 7201, DAY, DAY + 3600};

    if (t->w.in_batch)
        return; /* it has one time */
    t->w.time.now_us += pick(t, 1000000);
    world_later(&t->w, steps[pick(t, ROWS(steps))]);
}

static void look(struct tale *t)
{
    bool more = false;

    world_begin(&t->w);
    world_end(&t->w, core_due(t->w.core, 100, &more));
    assert_false(more);
}

/* --- the story --- */

static void decide_on_one(struct tale *t)
{
    static const enum verb verbs[] = {VERB_APPROVE, VERB_APPROVE, VERB_APPROVE, VERB_APPROVE,
                                      VERB_APPROVE, VERB_REJECT,  VERB_REJECT,  VERB_CANCEL};

    if (t->count > 0)
        decide(t, pick_order(t), verbs[pick(t, ROWS(verbs))]);
}

static void operate_on_one(struct tale *t)
{
    if (t->count > 0)
        operate(t, pick_order(t));
    else
        block(t);
}

static void step(struct tale *t)
{
    static void (*const acts[])(struct tale *) = {
        new_order,     new_order,     decide_on_one, decide_on_one, decide_on_one, decide_on_one,
        decide_on_one, decide_on_one, delegate,      delegate,      set_key,       set_key,
        change_policy, look,          later,         operate_on_one};

    if (!pick(t, 40))
        block(t);
    acts[pick(t, ROWS(acts))](t);
}

/* Several in one transaction. */
static void batch(struct tale *t)
{
    unsigned count = 2 + pick(t, 4);

    for (unsigned i = 0; i <= TILL; i++)
        carrier(t, i);
    world_batch(&t->w);
    for (unsigned i = 0; i < count; i++)
        step(t);
    world_batch_end(&t->w);
}

static enum err evidence_of(struct tale *t, const struct world_order *o, struct verify_report *out)
{
    struct world *w = &t->w;
    struct buf note = {0};
    struct core_head head;

    world_checkpoint(w, &note);
    core_head(w->core, &head);
    world_begin(w);
    const struct core_signed by = {buf_str(&w->bank_keys), "[]", buf_str(&note), head.size};
    world_end(w, core_evidence(w->core, &world_operator, FIRM, o->order.id, &by, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    const struct verify_evidence_input in = {.bytes = w->answer.body.data,
                                             .len = w->answer.body.len,
                                             .bank_key = key_thumbprint(w->root.key)};
    enum err e = verify_evidence(&in, out);
    buf_free(&note);
    return e;
}

static bool is_paid_or_will_be(const char *status)
{
    return strcmp(status, "ACCP") == 0 || strcmp(status, "PDNG") == 0 ||
           strcmp(status, "ACSP") == 0 || strcmp(status, "ACSC") == 0;
}

static void check_order(struct tale *t, const struct world_order *o)
{
    static struct verify_report report;
    char sql[128], status[8];

    snprintf(sql, sizeof sql, "SELECT (SELECT status FROM orders WHERE order_id = '%s')",
             o->order.id);
    snprintf(status, sizeof status, "%s", world_sql(&t->w, sql));
    if (!status[0])
        return; /* the bank did not take it */
    enum err e = evidence_of(t, o, &report);
    if (e)
        print_message("order %s, %s: %s\n", o->order.id, status, report.where);
    assert_ok(e);
    assert_string_equal(report.status, status);
    if (is_paid_or_will_be(status))
        assert_in_range(report.given, report.required, POLICY_HOLDERS_MAX);
}

static void tell(uint64_t number)
{
    static struct tale t;

    print_message("story %llu\n", (unsigned long long)number);
    begin(&t, number);
    for (unsigned i = 0; i < STEPS; i++) {
        if (pick(&t, 8))
            step(&t);
        else
            batch(&t);
        for (size_t k = t.count < RECENT ? 0 : t.count - RECENT; k < t.count; k++)
            check_order(&t, &t.orders[k]);
    }
    for (size_t k = 0; k < t.count; k++)
        check_order(&t, &t.orders[k]);
    finish(&t);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_honest_stories_verify(void **state)
{
    uint64_t first = setting("COUNTERSIGN_STORY", 1);

    (void)state;
    for (uint64_t i = 0; i < setting("COUNTERSIGN_STORIES", STORIES); i++)
        tell(first + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_honest_stories_verify)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
