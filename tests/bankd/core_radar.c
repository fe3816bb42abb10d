/* SPDX-License-Identifier: Apache-2.0
 *
 * The radar: what keeps people from deciding is told before somebody runs into it, and the judge
 * agrees: an order of an account with nothing to tell can still be approved.
 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include "order/json.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLUB "FR1420041010050500013M02606"
#define DAY INT64_C(86400)

static const char *radar(struct world *w, const struct core_caller *who,
                         const struct core_radar_end *ends, size_t count)
{
    static const struct core_page page = {.cursor = "", .limit = 0};

    world_begin(w);
    world_end(w, core_radar(w->core, who, &page, ends, count, &w->answer));
    assert_err(w->answer.err, ERR_OK);
    return buf_str(&w->answer.body);
}

static const char *all(struct world *w)
{
    return radar(w, &world_operator, NULL, 0);
}

static void assert_has(const char *body, const char *finding)
{
    if (!strstr(body, finding))
        fail_msg("no %s in %s", finding, body);
}

static void assert_not(const char *body, const char *finding)
{
    if (strstr(body, finding))
        fail_msg("%s in %s", finding, body);
}

static void set(struct world *w, const struct person *p, const char *status)
{
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, p->name, key_thumbprint(p->key), status,
                              "so", &w->answer));
    assert_err(w->answer.err, ERR_OK);
}

static const struct world_account *club(void)
{
    static const char *const holders[] = {"alice", "bob", "carol:B"};
    static const struct world_account account = {
        .account = CLUB,
        .holders = holders,
        .count = 3,
        .rules = "[{\"anyOf\":[{\"signers\":[{\"count\":2}]}],\"upTo\":\"100.00\"},"
                 "{\"above\":\"100.00\",\"anyOf\":[{\"signers\":[{\"class\":\"A\",\"count\":2}]}]},"
                 "{\"anyOf\":[{\"signers\":[{\"count\":1}]}],\"for\":\"policy\"}]"};

    return &account;
}

/* All must approve: each only key is told, and none of it is grave. */
static void test_nothing_grave(void **state)
{
    struct world *w = *state;
    const char *body = all(w);

    assert_has(body, "{\"account\":\"" WORLD_ALICE_ACCOUNT
                     "\",\"holder\":\"alice\",\"kind\":\"single-key\",\"rules\":[0,1,2]}");
    assert_not(body, "unreachable");
    assert_not(body, "keyless");
    assert_not(body, "-ends");
}

static void test_a_key_is_gone(void **state)
{
    struct world *w = *state;
    struct world_order o;

    set(w, &w->bob, "suspended");
    const char *body = all(w);
    assert_has(body, "{\"account\":\"" WORLD_ALICE_ACCOUNT
                     "\",\"kind\":\"unreachable\",\"rules\":[0,1,2]}");
    assert_has(body,
               "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"holder\":\"bob\",\"kind\":\"keyless\"}");
    set(w, &w->bob, "active");
    assert_not(all(w), "unreachable");
    world_login_all(w);
    world_order(w, "1.00", &o);
    world_both_approve(w, &o, "ACSC"); /* as it says */
    world_order_free(&o);
}

/* Rules one by one, as many ways as they have; a second key makes nobody indispensable. */
static void test_rules_and_people(void **state)
{
    struct world *w = *state;
    struct person second = {0};

    assert_ok(world_open_account(w, club()));
    const char *body = all(w);
    assert_has(body, CLUB "\",\"holder\":\"alice\",\"kind\":\"single-key\",\"rules\":[2]}");
    assert_has(body, CLUB "\",\"holder\":\"bob\",\"kind\":\"single-key\",\"rules\":[2]}");
    assert_not(body, CLUB "\",\"holder\":\"carol\"");
    set(w, &w->alice, "suspended");
    body = all(w);
    assert_has(body, CLUB "\",\"kind\":\"unreachable\",\"rules\":[2]}");
    assert_has(body, CLUB "\",\"holder\":\"bob\",\"kind\":\"single-key\",\"rules\":[1]}");
    assert_has(body, CLUB "\",\"holder\":\"carol\",\"kind\":\"single-key\",\"rules\":[1]}");
    world_second_key(w, "alice", &second); /* enrolled anew */
    body = all(w);
    assert_not(body, "unreachable");
    assert_has(body, CLUB "\",\"holder\":\"alice\",\"kind\":\"single-key\",\"rules\":[2]}");
    set(w, &w->alice, "active");
    assert_not(all(w), CLUB "\",\"holder\":\"alice\"");
    world_person_free(&second);
}

/* A retired key signs no more; its successor does. */
static void test_a_rotation_changes_nothing(void **state)
{
    struct world *w = *state;
    struct person next = {0};
    struct buf before = {0};

    assert_ok(buf_add_str(&before, all(w)));
    world_key(&next, "alice", "P-256");
    assert_string_equal(world_rotate(w, &w->alice, &next), "OK");
    assert_string_equal(all(w), buf_str(&before));
    set(w, &next, "suspended");
    assert_has(all(w), "{\"account\":\"" WORLD_ALICE_ACCOUNT
                       "\",\"holder\":\"alice\",\"kind\":\"keyless\"}");
    buf_free(&before);
    world_person_free(&next);
}

/* Thirty days ahead, or as many as the bank says, and when it is over. */
static void test_a_policy_ends(void **state)
{
    struct world *w = *state;
    struct core_terms terms = {.radar_days = 0};
    struct policy *to = NULL;
    struct buf bytes = {0};

    assert_ok(buf_add_str(
        &bytes, "{\"account\":\"" WORLD_ALICE_ACCOUNT "\",\"bank\":\"" WORLD_BANK
                "\",\"holders\":[{\"class\":\"A\",\"id\":\"alice\"},{\"class\":\"A\",\"id\":"
                "\"bob\"}],\"rules\":[{\"require\":\"all\"}],\"title\":\"For a year\",\"type\":"
                "\"policy\",\"validFrom\":\"2026-11-23T09:00:00Z\",\"validUntil\":"
                "\"2026-12-24T00:00:00Z\",\"version\":2}"));
    assert_ok(policy_parse(bytes.data, bytes.len, &to));
    assert_string_equal(world_policy_decide(w, &w->alice, to, VERB_APPROVE), "OK");
    assert_string_equal(world_policy_decide(w, &w->bob, to, VERB_APPROVE), "OK");
    assert_string_equal(world_text(w, "status"), "in-force");
    assert_not(all(w), "policy-ends"); /* in thirty days and fifteen hours */
    world_later(w, DAY);
    assert_has(all(w), "\"kind\":\"policy-ends\",\"until\":\"2026-12-24T00:00:00Z\"}");
    terms.radar_days = 7;
    core_set_terms(w->core, &terms);
    assert_not(all(w), "policy-ends");
    world_later(w, 60 * DAY);
    assert_has(all(w), "policy-ends");
    policy_free(to);
    buf_free(&bytes);
}

static void test_what_is_the_banks_own(void **state)
{
    struct world *w = *state;
    const struct core_caller alice = {.session = w->alice.session};
    const struct core_radar_end ends[] = {
        {"bank keys", w->time.now_us + 29 * DAY * WORLD_SECOND, 0},
        {"TLS", w->time.now_us + 6 * DAY * WORLD_SECOND, 5 * DAY * WORLD_SECOND},
    };

    const char *body = radar(w, &world_operator, ends, 2);
    assert_has(body, "{\"kind\":\"certificate-ends\",\"until\":\"2026-12-22T09:00:00Z\",\"what\":"
                     "\"bank keys\"}");
    assert_not(body, "TLS");
    assert_not(radar(w, &alice, ends, 2), "certificate-ends");
    world_later(w, DAY);
    assert_has(radar(w, &world_operator, ends, 2), "\"what\":\"TLS\"}");
}

/* A holder sees his accounts; without a session nobody sees any, and a closed one is nobody's. */
static void test_who_sees_what(void **state)
{
    struct world *w = *state;
    const struct core_caller carol = {.session = w->carol.session}, nobody = {.session = ""};
    static const struct core_page page = {.cursor = "", .limit = 0};

    const char *body = radar(w, &carol, NULL, 0);
    assert_has(body, WORLD_SHOP_ACCOUNT);
    assert_not(body, WORLD_ALICE_ACCOUNT);
    world_begin(w);
    world_end(w, core_radar(w->core, &nobody, &page, NULL, 0, &w->answer));
    assert_err(w->answer.err, ERR_SESSION_REQUIRED);
    world_begin(w);
    world_end(w, core_account_state(w->core, &world_operator, WORLD_SHOP_ACCOUNT,
                                    CORE_ACCOUNT_CLOSE, "done", &w->answer));
    assert_err(w->answer.err, ERR_OK);
    assert_not(all(w), WORLD_SHOP_ACCOUNT);
}

static double since(const struct timespec *begun)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

/* A thousand accounts: a step is of two hundred, whatever there is, and what it counts is the list.
 */
static void test_in_steps(void **state)
{
    static const char *const holders[] = {"alice", "bob"};
    struct world *w = *state;
    struct core_radar_sweep sweep = {.cursor = 0};
    struct timespec begun;
    bool whole = false;
    double longest = 0;
    unsigned steps = 0;

    world_batch(w);
    for (unsigned i = 0; i < 998; i++) {
        char number[IBAN_MAX + 1];
        unsigned rest = 0;
        snprintf(number, sizeof number, "PT%021u252900", i); /* P, T and 00 as digits at the end */
        for (const char *c = number + 2; *c; c++)
            rest = (rest * 10 + (unsigned)(*c - '0')) % 97;
        snprintf(number, sizeof number, "PT%02u%021u", 98 - rest, i);
        const struct world_account a = {.account = number, .holders = holders, .count = 2};
        assert_ok(world_open_account(w, &a));
    }
    world_batch_end(w);
    set(w, &w->bob, "suspended");
    world_begin(w);
    for (; !whole; steps++) {
        assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &begun), 0);
        assert_ok(core_radar_sweep(w->core, &sweep, &whole));
        longest = since(&begun) > longest ? since(&begun) : longest;
    }
    world_end(w, ERR_OK);
    print_message("a thousand accounts in %u steps, the longest of %.1f ms\n", steps,
                  longest * 1000);
    assert_int_equal(steps, 6); /* the last one finds that there are no more */
    assert_int_equal(sweep.found[RADAR_UNREACHABLE], 999);
    assert_int_equal(sweep.found[RADAR_KEYLESS], 999);
    assert_int_equal(sweep.found[RADAR_SINGLE_KEY], 1);
    assert_int_equal(sweep.found[RADAR_POLICY_ENDS], 0);
    assert_true(longest < 1); /* a bound, not a measure: sanitizers and a busy machine */
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_nothing_grave),    T(test_a_key_is_gone),
        T(test_rules_and_people), T(test_a_rotation_changes_nothing),
        T(test_a_policy_ends),    T(test_what_is_the_banks_own),
        T(test_who_sees_what),    T(test_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
