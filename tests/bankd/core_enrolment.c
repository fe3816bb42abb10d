/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to be enrolled: how many may wait, how they end by time, and what a keeper that wants
 * more operators makes of an admission.
 */
#include "order/enrolment.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

/* Makes one request many. */
#define SAID                                                                                       \
    "name, wanted, sign, authenticate, derive, received_us, expires_us, state, note, address"
#define FILL                                                                                       \
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)"            \
    " INSERT INTO enrolment (enrolment, statement, " SAID ", admitted_by, entry)"                  \
    " SELECT 'x' || i, statement, " SAID ", admitted_by, entry FROM enrolment, n"

/* Hands in a request of P's, of DAYS; NAME gets what the bank calls it. */
static enum err ask(struct world *w, struct person *p, int64_t days,
                    char name[static ENROLMENT_ID_LEN + 1])
{
    (void)world_ask(w, p, "", days, name);
    return w->answer.err;
}

static enum err admit(struct world *w, const struct person *p, const char *name,
                      const struct core_certifier *by)
{
    const struct core_admission in = {p->name, p->name, key_thumbprint(p->key), *by, false};

    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, name, &in, &w->answer));
    return w->answer.err;
}

static size_t count(const struct core_answer *a, const char *what)
{
    size_t found = 0;

    for (const char *at = buf_str(&a->body); (at = strstr(at, what)) != NULL; at++)
        found++;
    return found;
}

/* How many items of the queue are requests. */
static size_t in_queue(struct world *w, enum waits waiting)
{
    const struct core_page page = {.cursor = ""};

    world_begin(w);
    world_end(w, core_queue(w->core, &world_operator, waiting, &page, &w->answer));
    assert_ok(w->answer.err);
    return count(&w->answer, "\"kind\":\"enrolment\"");
}

static void test_time_ends_it(void **state)
{
    static const struct core_certifier console = {.act = NULL};
    struct world *w = *state;
    struct person dora = {0}, emil = {0};
    char first[ENROLMENT_ID_LEN + 1], second[ENROLMENT_ID_LEN + 1];

    world_key(&dora, "dora", "P-256");
    world_key(&emil, "emil", "P-384");
    assert_ok(ask(w, &dora, 1, first));
    assert_ok(ask(w, &emil, 30, second));
    world_later(w, 86399);
    assert_false(world_look(w, 8));
    assert_string_equal(world_request_status(w, first), "waiting");
    assert_int_equal(in_queue(w, WAITS_BANK), 2);
    assert_int_equal(in_queue(w, WAITS_HOLDERS), 0);
    world_later(w, 1);
    assert_false(world_look(w, 8));
    assert_string_equal(world_sql(w, "SELECT group_concat(state) FROM enrolment"),
                        "expired,waiting");
    assert_int_equal(in_queue(w, WAITS_ANY), 1);
    assert_err(admit(w, &dora, first, &console), ERR_ENROLMENT_OVER);
    world_later(w, 29 * 86400); /* and nobody looked */
    assert_string_equal(world_request_status(w, second), "expired");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry WHERE"
                                     " instr(body, 'enrolment-end') AND instr(body, 'expired')"),
                        "2");
    assert_ok(ask(w, &dora, 1, first)); /* anew */
    assert_ok(admit(w, &dora, first, &console));
    assert_non_null(core_keys(w->core).find(w->core, key_thumbprint(dora.key)));
    world_restart(w);
    assert_non_null(core_keys(w->core).find(w->core, key_thumbprint(dora.key)));
    assert_string_equal(world_request_status(w, first), "admitted");
    world_person_free(&dora);
    world_person_free(&emil);
}

static void test_so_many_may_wait(void **state)
{
    struct world *w = *state;
    struct person dora = {0};
    char name[ENROLMENT_ID_LEN + 1], sql[400];

    world_key(&dora, "dora", "P-256");
    assert_ok(ask(w, &dora, 1, name));
    snprintf(sql, sizeof sql, FILL, 1000);
    world_execute(w, sql);
    w->contradicts = true; /* all of these have Dora's entry */
    assert_err(ask(w, &dora, 2, name), ERR_ENROLMENTS_FULL);
    assert_int_equal(w->answer.http, 429);
    world_later(w, 86400); /* those that are over make room at once */
    assert_ok(ask(w, &dora, 2, name));
    assert_string_equal(world_sql(w, "SELECT count(*) FROM entry WHERE"
                                     " instr(body, 'enrolment-end')"),
                        "0"); /* a stranger does not have the bank write a thousand entries */
    while (world_look(w, 8))
        continue;
    assert_string_equal(world_sql(w, "SELECT count(*) FROM enrolment WHERE state = 'waiting'"),
                        "1");
    assert_string_equal(world_sql(w, "SELECT count(*) FROM enrolment WHERE statement <> ''"), "1");
    world_person_free(&dora);
}

/* Whoever asks again and again has the bank verify nothing; whoever is admitted is. */
static void test_looking_verifies_nothing(void **state)
{
    static const struct core_certifier console = {.act = NULL};
    struct world *w = *state;
    struct person dora = {0};
    char name[ENROLMENT_ID_LEN + 1];

    world_key(&dora, "dora", "P-521");
    assert_ok(ask(w, &dora, 1, name));
    world_execute(w, "UPDATE enrolment SET statement = statement || 'A'");
    assert_string_equal(world_request_status(w, name), "waiting");
    assert_string_equal(world_text(w, "thumbprint"), key_thumbprint(dora.key));
    assert_int_equal(in_queue(w, WAITS_BANK), 1);
    world_begin(w);
    const struct core_admission in = {"dora", "dora", key_thumbprint(dora.key), console, false};
    assert_err(core_enrolment_admit(w->core, &world_operator, name, &in, &w->answer),
               ERR_STORE_FAILED);
    core_rollback(w->core);
    assert_null(core_keys(w->core).find(w->core, key_thumbprint(dora.key)));
    world_person_free(&dora);
}

static void test_what_the_keeper_says(void **state)
{
    struct world *w = *state;
    struct person dora = {0};
    struct world_keeper saying = {.err = ERR_KEEPER_UNPINNED};
    const struct core_certifier by = {.certify = world_keeper_says, .ctx = &saying, .act = "act"};
    char name[ENROLMENT_ID_LEN + 1];

    world_key(&dora, "dora", "P-256");
    assert_ok(ask(w, &dora, 1, name));
    assert_err(admit(w, &dora, name, &by), ERR_KEEPER_UNPINNED);
    saying = (struct world_keeper){.missing = 1};
    assert_ok(admit(w, &dora, name, &by));
    assert_string_equal(world_request_status(w, name), "waiting");
    assert_null(core_keys(w->core).find(w->core, key_thumbprint(dora.key)));
    assert_string_equal(world_sql(w, "SELECT count(*) FROM signing_key"), "3");
    saying.missing = 0;
    assert_ok(admit(w, &dora, name, &by));
    assert_string_equal(world_request_status(w, name), "admitted");
    assert_non_null(strstr(buf_str(&w->answer.body), "\"root\":\"cm9vdA\""));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"sign\":\"Y2VydGlmaWNhdGU\""));
    assert_int_equal(saying.asked, 2);
    world_person_free(&dora);
}

/* Two operators at one request: the second hears whose it is, and so does whoever looks. */
static void test_it_is_one_operators_work(void **state)
{
    static const struct core_caller erin = {
        .session = "", .operator_name = "erin", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    static const struct core_caller emma = {
        .session = "", .operator_name = "emma", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    static const struct core_caller olga = {
        .session = "", .operator_name = "olga", .roles = ROLE_BIT(ROLE_PAYMENTS)};
    static const struct core_certifier console = {.act = NULL};
    const struct core_page page = {.cursor = ""};
    struct world *w = *state;
    struct person dora = {0};
    char name[ENROLMENT_ID_LEN + 1], item[CORE_ITEM_MAX + 1];

    world_employ(w, "olga", olga.roles);
    world_employ(w, "erin", erin.roles);
    world_employ(w, "emma", emma.roles);
    world_key(&dora, "dora", "P-256");
    assert_ok(ask(w, &dora, 1, name));
    snprintf(item, sizeof item, "enrolment:%s", name);
    world_begin(w); /* who has no say in it takes it from nobody */
    world_end(w, core_claim(w->core, &olga, item, NULL, "mine", &w->answer));
    assert_err(w->answer.err, ERR_ROLE_REQUIRED);
    world_begin(w);
    world_end(w, core_claim(w->core, &erin, item, NULL, "she is here", &w->answer));
    assert_ok(w->answer.err);
    world_begin(w);
    world_end(w, core_claim(w->core, &emma, item, NULL, "mine", &w->answer));
    assert_err(w->answer.err, ERR_ITEM_CLAIMED);
    assert_int_equal(w->answer.http, 409);
    assert_string_equal(world_text(w, "claimedBy"), "erin");
    world_begin(w);
    world_end(w, core_comment(w->core, &emma, item, "the letter is blurred", &w->answer));
    assert_ok(w->answer.err);
    world_begin(w);
    world_end(w, core_queue(w->core, &emma, WAITS_BANK, &page, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"claimedBy\":\"erin\""));
    assert_non_null(strstr(buf_str(&w->answer.body), "the letter is blurred"));
    assert_non_null(strstr(buf_str(&w->answer.body), item));
    assert_err(admit(w, &dora, name, &console), ERR_ITEM_CLAIMED); /* the console is another, too */
    assert_string_equal(world_text(w, "claimedBy"), "erin");
    world_begin(w);
    world_end(w, core_enrolment_refuse(w->core, &emma, name, "blurred", &w->answer));
    assert_err(w->answer.err, ERR_ITEM_CLAIMED);
    world_begin(w);
    world_end(w, core_enrolment_refuse(w->core, &erin, name, "blurred", &w->answer));
    assert_ok(w->answer.err);
    world_begin(w);
    world_end(w, core_claim(w->core, &emma, item, NULL, "mine", &w->answer));
    assert_err(w->answer.err, ERR_NOT_FOUND); /* it is over */
    world_person_free(&dora);
}

/* As many as may wait: each in the queue once. */
static void test_a_full_queue(void **state)
{
    struct world *w = *state;
    struct core_page page = {.cursor = "", .limit = 200};
    struct person dora = {0};
    char name[ENROLMENT_ID_LEN + 1], next[65] = "", sql[400];
    size_t items = 0;

    world_key(&dora, "dora", "P-256");
    assert_ok(ask(w, &dora, 1, name));
    snprintf(sql, sizeof sql, FILL, 1000);
    world_execute(w, sql);
    do {
        char cursor[65];
        memcpy(cursor, next, sizeof cursor);
        page.cursor = cursor;
        world_begin(w);
        world_end(w, core_queue(w->core, &world_operator, WAITS_BANK, &page, &w->answer));
        assert_ok(w->answer.err);
        items += count(&w->answer, "\"kind\":\"enrolment\"");
        snprintf(next, sizeof next, "%s", world_text(w, "next") ? world_text(w, "next") : "");
    } while (next[0]);
    assert_int_equal(items, 1000);
    world_person_free(&dora);
}

/* One who asks again and again takes nobody else's room. */
static void test_so_many_of_one_address(void **state)
{
    const struct core_terms terms = {.enrolments_each = 2};
    struct core_caller caller = {.session = "", .address = "192.0.2.7"};
    struct world *w = *state;
    const struct world_says says = {.expires_us = w->time.now_us + 86400 * WORLD_SECOND};
    struct person dora = {0};
    struct buf jws = {0}, first = {0};
    char name[ENROLMENT_ID_LEN + 1];

    core_set_terms(w->core, &terms);
    world_key(&dora, "dora", "P-256");
    world_sign_request(w, &dora, "", &says, &first);
    assert_string_equal(world_hand_in_request(w, &caller, &first, name), "OK");
    world_sign_request(w, &dora, "", &says, &jws);
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    world_sign_request(w, &dora, "", &says, &jws);
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "ENROLMENTS_TOO_MANY");
    assert_int_equal(w->answer.http, 429);
    assert_string_equal(world_hand_in_request(w, &caller, &first, name), "OK"); /* as before */
    world_begin(w);
    world_end(w, core_enrolment_refuse(w->core, &world_operator, name, "too many", &w->answer));
    assert_ok(w->answer.err);
    assert_string_equal(world_sql(w, "SELECT count(*) FROM enrolment WHERE address <> ''"), "1");
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    world_sign_request(w, &dora, "", &says, &jws);
    caller.address = "2001:0db8:0000:0000::/64";
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    world_sign_request(w, &dora, "", &says, &jws);
    caller.address = "192.0.2.7";
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "ENROLMENTS_TOO_MANY");
    caller.address = ""; /* by the console's socket */
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    world_person_free(&dora);
    buf_free(&jws);
    buf_free(&first);
}

/* A line has many networks of 64 bits, and one of 48. */
static void test_so_many_of_one_line(void **state)
{
    const struct core_terms terms = {.enrolments_each = 2};
    struct world *w = *state;
    const struct world_says says = {.expires_us = w->time.now_us + 86400 * WORLD_SECOND};
    struct person dora = {0};
    struct buf jws = {0};
    char name[ENROLMENT_ID_LEN + 1], address[40];
    const struct core_caller caller = {.session = "", .address = address};

    core_set_terms(w->core, &terms);
    world_key(&dora, "dora", "P-256");
    for (unsigned i = 0; i < 11; i++) {
        snprintf(address, sizeof address, "2001:0db8:00aa:%04x::/64", i);
        world_sign_request(w, &dora, "", &says, &jws);
        assert_string_equal(world_hand_in_request(w, &caller, &jws, name),
                            i < 10 ? "OK" : "ENROLMENTS_TOO_MANY");
    }
    snprintf(address, sizeof address, "2001:0db8:00ab:0001::/64"); /* the neighbour's */
    world_sign_request(w, &dora, "", &says, &jws);
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    snprintf(address, sizeof address, "192.0.2.1");
    world_sign_request(w, &dora, "", &says, &jws);
    assert_string_equal(world_hand_in_request(w, &caller, &jws, name), "OK");
    buf_free(&jws);
    world_person_free(&dora);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_time_ends_it),
        T(test_so_many_may_wait),
        T(test_looking_verifies_nothing),
        T(test_what_the_keeper_says),
        T(test_it_is_one_operators_work),
        T(test_a_full_queue),
        T(test_so_many_of_one_address),
        T(test_so_many_of_one_line),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
