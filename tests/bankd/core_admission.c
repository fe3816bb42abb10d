/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators' word on requests to be enrolled: whom it makes somebody, whom it gives another
 * key, and whose word it must be.
 */
#include "order/enrolment.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

static enum err admit_in(struct world *w, const char *request, const char *operator_id,
                         const struct core_admission *in)
{
    const struct core_caller who = {
        .session = "", .operator_name = operator_id, .roles = ROLE_BIT(ROLE_ENROLMENT)};

    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &who, request, in, &w->answer));
    return w->answer.err;
}

static enum err admit_as(struct world *w, const struct person *p, const char *request,
                         const char *holder, const char *operator_id)
{
    const struct core_admission in = {
        holder, p->name, key_thumbprint(p->key), {.act = NULL}, false};

    return admit_in(w, request, operator_id, &in);
}

/* HOLDER is there, and gets another key. */
static enum err admit_another(struct world *w, const struct person *p, const char *request,
                              const char *holder, const char *operator_id)
{
    const struct core_admission in = {holder, p->name, key_thumbprint(p->key), {.act = NULL}, true};

    return admit_in(w, request, operator_id, &in);
}

/* Who let one key of a person in lets in no other, unless the person says so himself. */
static void test_four_eyes_on_another_key(void **state)
{
    const struct core_terms terms = {.four_eyes = true};
    struct world *w = *state;
    struct person dora[3] = {{0}};
    char request[ENROLMENT_ID_LEN + 1];

    core_set_terms(w->core, &terms);
    for (size_t i = 0; i < 3; i++)
        world_key(&dora[i], "dora", "P-256");
    assert_string_equal(world_ask(w, &dora[0], "", 1, request), "OK");
    assert_ok(admit_as(w, &dora[0], request, "dora", "erin"));
    assert_string_equal(world_ask(w, &dora[1], "dora", 1, request), "OK");
    assert_err(admit_another(w, &dora[1], request, "dora", "erin"), ERR_FOUR_EYES);
    assert_ok(admit_another(w, &dora[1], request, "dora", "emma"));
    assert_string_equal(world_ask(w, &dora[2], "dora", 1, request), "OK");
    assert_err(admit_another(w, &dora[2], request, "dora", "erin"), ERR_FOUR_EYES);
    assert_err(admit_another(w, &dora[2], request, "dora", "emma"), ERR_FOUR_EYES);
    assert_ok(admit_another(w, &dora[2], request, "dora", "eve"));
    for (size_t i = 0; i < 3; i++)
        world_person_free(&dora[i]);
}

/* His own active key's word takes the second operator's place; what was entered by hand counts. */
static void test_his_own_word_on_another_key(void **state)
{
    const struct core_terms terms = {.four_eyes = true};
    struct world *w = *state;
    struct person next = {0}, dora = {0};
    char request[ENROLMENT_ID_LEN + 1], doras[ENROLMENT_ID_LEN + 1];

    core_set_terms(w->core, &terms);
    world_key(&dora, "dora", "P-256");
    assert_string_equal(world_ask(w, &dora, "", 1, doras), "OK");
    const struct world_word of_dora = {.request = doras, .newcomer = &dora};
    assert_string_equal(world_sponsor(w, &w->alice, &of_dora), "OK");
    assert_ok(admit_as(w, &dora, doras, "dora", "erin"));
    world_key(&next, "alice", "P-256");
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    assert_err(admit_another(w, &next, request, "alice", world_operator.operator_name),
               ERR_FOUR_EYES);
    const struct world_word word = {.request = request, .newcomer = &next};
    assert_string_equal(world_sponsor(w, &w->bob, &word), "OK"); /* not hers */
    assert_err(admit_another(w, &next, request, "alice", world_operator.operator_name),
               ERR_FOUR_EYES);
    assert_string_equal(world_sponsor(w, &w->alice, &word), "OK");
    assert_ok(admit_another(w, &next, request, "alice", world_operator.operator_name));
    world_begin(w); /* who revokes it hears what it vouched for */
    world_end(w, core_key_set(w->core, &world_operator, "alice", key_thumbprint(w->alice.key),
                              "revoked", "stolen", &w->answer));
    assert_ok(w->answer.err);
    const char *vouched = strstr(buf_str(&w->answer.body), "\"vouchedFor\":[");
    assert_non_null(vouched);
    assert_non_null(strstr(vouched, key_thumbprint(next.key)));
    assert_null(strstr(vouched, key_thumbprint(dora.key))); /* another person's */
    world_person_free(&next);
    world_person_free(&dora);
}

/* What let it in was another's word, on another request. */
static void test_his_own_word_on_what_was_refused(void **state)
{
    struct world *w = *state;
    struct person next = {0};
    char request[ENROLMENT_ID_LEN + 1];

    world_key(&next, "alice", "P-256");
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    const struct world_word word = {.request = request, .newcomer = &next};
    assert_string_equal(world_sponsor(w, &w->alice, &word), "OK");
    world_begin(w);
    world_end(w, core_enrolment_refuse(w->core, &world_operator, request, "no", &w->answer));
    assert_ok(w->answer.err);
    world_later(w, 1);
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    assert_ok(admit_another(w, &next, request, "alice", "erin"));
    world_begin(w);
    world_end(w, core_key_set(w->core, &world_operator, "alice", key_thumbprint(w->alice.key),
                              "revoked", "stolen", &w->answer));
    assert_ok(w->answer.err);
    assert_null(strstr(buf_str(&w->answer.body), key_thumbprint(next.key)));
    world_person_free(&next);
}

/* A key that he has given up vouches for no other. */
static void test_his_word_by_a_key_that_is_retired(void **state)
{
    const struct core_terms terms = {.four_eyes = true};
    struct world *w = *state;
    struct person next = {0}, own = {0};
    char request[ENROLMENT_ID_LEN + 1];

    core_set_terms(w->core, &terms);
    world_key(&next, "alice", "P-256");
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    const struct world_word word = {.request = request, .newcomer = &next};
    assert_string_equal(world_sponsor(w, &w->alice, &word), "OK");
    world_key(&own, "alice", "P-384");
    assert_string_equal(world_rotate(w, &w->alice, &own), "OK");
    assert_err(admit_another(w, &next, request, "alice", world_operator.operator_name),
               ERR_FOUR_EYES);
    assert_ok(admit_another(w, &next, request, "alice", "erin"));
    world_person_free(&next);
    world_person_free(&own);
}

/* Who comes has a request of his own, which other eyes see. */
static void test_four_eyes_on_who_is_added_by_hand(void **state)
{
    const struct core_terms terms = {.four_eyes = true};
    struct core_caller root = world_operator;
    struct world *w = *state;
    struct person dora = {0};
    size_t len;

    core_set_terms(w->core, &terms);
    world_key(&dora, "dora", "P-256");
    const uint8_t *spki = key_spki(dora.key, &len);
    for (int i = 0; i < 2; i++, root.console = true) {
        world_begin(w);
        world_end(w, core_holder_add(w->core, &root, "dora", "dora", spki, len, &w->answer));
        assert_err(w->answer.err, i ? ERR_OK : ERR_FOUR_EYES);
    }
    world_person_free(&dora);
}

/* Before there is anybody else; from then on the console is one of them. */
static void test_one_person_makes_the_first_operator(void **state)
{
    static const char *const names[] = {"sven", "olga"};
    static const enum err expected[] = {ERR_OK, ERR_FOUR_EYES};
    const struct core_terms terms = {.four_eyes = true};
    struct core_caller root = world_operator;
    struct world *w = *state;

    root.console = true;
    core_set_terms(w->core, &terms);
    for (size_t i = 0; i < 2; i++) {
        struct person p = {0};
        size_t len;

        world_key(&p, names[i], "P-256");
        const uint8_t *spki = key_spki(p.key, &len);
        world_begin(w);
        world_end(w, core_operator_add(w->core, &root, names[i], "x", spki, len, &w->answer));
        assert_ok(w->answer.err);
        world_begin(w);
        world_end(w, core_operator_roles(w->core, &root, names[i], ROLE_BIT(ROLE_SECURITY), "x",
                                         &w->answer));
        assert_err(w->answer.err, expected[i]);
        world_person_free(&p);
    }
}

/* Where several must admit, each of them must have let in no other key of the person. */
static void test_four_eyes_on_all_who_admitted(void **state)
{
    const struct core_terms terms = {.four_eyes = true};
    struct world_keeper saying = {.missing = 1};
    const struct core_certifier by = {.certify = world_keeper_says, .ctx = &saying, .act = "act"};
    struct world *w = *state;
    struct person dora[3] = {{0}};
    char request[3][ENROLMENT_ID_LEN + 1];
    struct core_admission in[3];

    core_set_terms(w->core, &terms);
    for (size_t i = 0; i < 3; i++) {
        world_key(&dora[i], "dora", "P-256");
        assert_string_equal(world_ask(w, &dora[i], i ? "dora" : "", 1, request[i]), "OK");
        in[i] = (struct core_admission){"dora", "dora", key_thumbprint(dora[i].key), by, i > 0};
        in[i].by.act = i ? "act" : NULL;
    }
    assert_ok(admit_in(w, request[0], "emil", &in[0]));
    assert_ok(admit_in(w, request[1], "erin", &in[1]));
    assert_ok(admit_in(w, request[2], "erin", &in[2]));
    saying.missing = 0;
    assert_ok(admit_in(w, request[1], "emma", &in[1]));
    assert_string_equal(world_request_status(w, request[1]), "admitted");
    assert_err(admit_in(w, request[2], "eve", &in[2]), ERR_FOUR_EYES);
    assert_string_equal(world_request_status(w, request[2]), "waiting");
    for (size_t i = 0; i < 3; i++)
        world_person_free(&dora[i]);
}

/* What the first one works on is not the first one's alone. */
static void test_the_second_goes_on(void **state)
{
    static const struct core_caller erin = {
        .session = "", .operator_name = "erin", .roles = ROLE_BIT(ROLE_ENROLMENT)};
    struct world_keeper saying = {.missing = 1};
    const struct core_certifier by = {.certify = world_keeper_says, .ctx = &saying, .act = "act"};
    struct world *w = *state;
    struct person dora = {0};
    char request[ENROLMENT_ID_LEN + 1], item[CORE_ITEM_MAX + 1];

    world_employ(w, "erin", erin.roles);
    world_key(&dora, "dora", "P-256");
    assert_string_equal(world_ask(w, &dora, "", 1, request), "OK");
    snprintf(item, sizeof item, "enrolment:%s", request);
    world_begin(w);
    world_end(w, core_claim(w->core, &erin, item, NULL, "she is here", &w->answer));
    assert_ok(w->answer.err);
    const struct core_admission in = {"dora", "dora", key_thumbprint(dora.key), by, false};
    assert_err(admit_in(w, request, "emma", &in), ERR_ITEM_CLAIMED);
    assert_ok(admit_in(w, request, "erin", &in));
    saying.missing = 0;
    assert_ok(admit_in(w, request, "emma", &in));
    assert_string_equal(world_request_status(w, request), "admitted");
    world_person_free(&dora);
}

/* What people ask for makes nobody a key of the bank's own people, whatever name they give. */
static void test_no_key_of_an_operator(void **state)
{
    struct world *w = *state;
    struct person erin = {0};
    char request[ENROLMENT_ID_LEN + 1];

    world_employ(w, "erin", ROLE_BIT(ROLE_SECURITY));
    world_key(&erin, "erin", "P-256");
    assert_string_equal(world_ask(w, &erin, "erin", 1, request), "OK");
    assert_err(admit_another(w, &erin, request, "erin", "emma"), ERR_HOLDER_IS_NO_PERSON);
    assert_string_equal(world_request_status(w, request), "waiting");
    assert_ok(admit_as(w, &erin, request, "erin-2", "emma")); /* a person's, which was a wish */
    world_person_free(&erin);
}

/* The name that is certified is what the operator read from the paper; who says that he is somebody
 * gets no other id. */
static void test_what_the_letter_says(void **state)
{
    static const struct core_certifier console = {.act = NULL};
    struct world *w = *state;
    struct person dora = {0}, alice = {0};
    char name[ENROLMENT_ID_LEN + 1];

    world_key(&dora, "dora", "P-256");
    assert_string_equal(world_ask(w, &dora, "", 1, name), "OK");
    const struct core_admission other = {"dora", "Dora", key_thumbprint(dora.key), console, false};
    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, name, &other, &w->answer));
    assert_err(w->answer.err, ERR_LETTER_MISMATCH);
    world_key(&alice, "alice", "P-256");
    assert_string_equal(world_ask(w, &alice, "alice", 1, name), "OK");
    assert_err(admit_as(w, &alice, name, "alice-2", "erin"), ERR_HOLDER_MISMATCH);
    assert_err(admit_another(w, &alice, name, "alice-2", "erin"), ERR_HOLDER_UNKNOWN);
    assert_ok(admit_another(w, &alice, name, "alice", "erin"));
    assert_string_equal(world_ask(w, &dora, "nobody-yet", 1, name), "OK"); /* a wish */
    assert_ok(admit_as(w, &dora, name, "dora", "erin"));
    world_person_free(&dora);
    world_person_free(&alice);
}

/* Of the first request that waits. */
static void assert_wanted_keys(struct world *w, const char *told)
{
    const struct core_caller erin = {.session = "", .operator_name = "erin", .roles = ~0u};
    const struct core_page page = {.cursor = ""};

    world_begin(w);
    world_end(w, core_enrolments(w->core, &erin, &page, &w->answer));
    if (told)
        assert_non_null(strstr(buf_str(&w->answer.body), told));
    else
        assert_null(strstr(buf_str(&w->answer.body), "wantedKeys"));
}

/* How many sign for him who is said to be there; of an operator nothing is said. */
static void test_the_keys_of_whom_he_says_he_is(void **state)
{
    static const char *const not_counted[] = {"status = 'suspended'",
                                              "use = 'authenticate', signer = 1"};
    struct world *w = *state;
    struct person next = {0}, third = {0}, erin = {0};
    char request[ENROLMENT_ID_LEN + 1], sql[160];

    world_employ(w, "erin", ROLE_BIT(ROLE_SECURITY));
    world_key(&erin, "erin", "P-256");
    assert_string_equal(world_ask(w, &erin, "erin", 1, request), "OK");
    assert_wanted_keys(w, NULL);
    world_key(&next, "alice", "P-256");
    world_key(&third, "alice", "P-256");
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    assert_ok(admit_another(w, &next, request, "alice", "emma"));
    assert_string_equal(world_ask(w, &third, "alice", 1, request), "OK");
    assert_wanted_keys(w, "\"wantedKeys\":2");
    for (size_t i = 0; i < sizeof not_counted / sizeof *not_counted; i++) {
        snprintf(sql, sizeof sql, "UPDATE signing_key SET %s WHERE thumbprint = '%s'",
                 not_counted[i], key_thumbprint(next.key));
        world_execute(w, sql);
        assert_wanted_keys(w, "\"wantedKeys\":1");
        world_execute(w, "UPDATE signing_key SET status = 'active'");
    }
    world_person_free(&next);
    world_person_free(&third);
    world_person_free(&erin);
}

/* A namesake becomes nobody who is there, and nobody does who took the id meanwhile, unless whoever
 * admits him says so. */
static void test_nobody_becomes_another_unsaid(void **state)
{
    const struct core_caller erin = {.session = "", .operator_name = "erin", .roles = ~0u};
    const struct core_page page = {.cursor = ""};
    struct world *w = *state;
    struct person next = {0}, dora = {0}, taker = {0};
    char request[ENROLMENT_ID_LEN + 1];
    size_t len;

    world_key(&next, "alice", "P-256"); /* the same name, another human */
    assert_string_equal(world_ask(w, &next, "alice", 1, request), "OK");
    assert_null(strstr(buf_str(&w->answer.body), "wantedKeys")); /* no stranger's to know */
    world_begin(w);
    world_end(w, core_enrolments(w->core, &erin, &page, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"wantedKeys\":1"));
    assert_err(admit_as(w, &next, request, "alice", "erin"), ERR_BANK_HOLDER_EXISTS);
    assert_ok(admit_another(w, &next, request, "alice", "erin"));

    world_key(&dora, "dora", "P-256");
    world_key(&taker, "dora", "P-256");
    assert_string_equal(world_ask(w, &dora, "dora", 1, request), "OK");
    world_begin(w);
    world_end(w, core_sponsorships(w->core, &erin, request, &w->answer));
    assert_null(strstr(buf_str(&w->answer.body), "wantedKeys"));
    assert_err(admit_another(w, &dora, request, "dora", "erin"), ERR_HOLDER_UNKNOWN);
    const uint8_t *spki = key_spki(taker.key, &len);
    world_begin(w);
    world_end(w, core_holder_add(w->core, &erin, "dora", "dora", spki, len, &w->answer));
    assert_ok(w->answer.err);
    assert_err(admit_as(w, &dora, request, "dora", "emma"), ERR_BANK_HOLDER_EXISTS);
    world_begin(w);
    world_end(w, core_sponsorships(w->core, &erin, request, &w->answer));
    assert_non_null(strstr(buf_str(&w->answer.body), "\"wantedKeys\":1"));
    world_person_free(&next);
    world_person_free(&dora);
    world_person_free(&taker);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
    const struct CMUnitTest tests[] = {
        T(test_four_eyes_on_another_key),
        T(test_his_own_word_on_another_key),
        T(test_his_own_word_on_what_was_refused),
        T(test_his_word_by_a_key_that_is_retired),
        T(test_four_eyes_on_who_is_added_by_hand),
        T(test_one_person_makes_the_first_operator),
        T(test_four_eyes_on_all_who_admitted),
        T(test_the_second_goes_on),
        T(test_no_key_of_an_operator),
        T(test_what_the_letter_says),
        T(test_the_keys_of_whom_he_says_he_is),
        T(test_nobody_becomes_another_unsaid),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
