/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of one card: whoever has the one to authenticate with may come in by it as long as the
 * one that signs is good, and no longer.
 */
#include "order/enrolment.h"
#include "order/pkcs10.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define DAY (INT64_C(86400) * WORLD_SECOND)

/* Two cards of one person. */
struct card {
    struct person sign, tls;
};
struct desk {
    struct world w;
    struct card first, second;
};

/* That of the key to sign ends in 20 days, the other one in 40. */
static enum err certify(void *ctx, const char *statement, const char *act,
                        struct core_certificates *out)
{
    const struct world *w = ctx;

    assert_true(statement[0] && act[0]);
    *out = (struct core_certificates){.sign_until_us = w->time.now_us + 20 * DAY,
                                      .authenticate_until_us = w->time.now_us + 40 * DAY};
    enum err e = buf_add_str(&out->sign, "certificate");
    if (!e)
        e = buf_add_str(&out->authenticate, "another");
    return e ? e : buf_add_str(&out->root, "root");
}

/* What a request says, and what the bank calls it. */
struct asking {
    struct person *sign, *tls;
    const char *wanted, *name;
    char id[ENROLMENT_ID_LEN + 1];
};

static const char *asks(struct world *w, struct asking *a)
{
    const struct world_says says = {.expires_us = w->time.now_us + DAY};
    const struct core_caller stranger = {.session = ""};
    const char *said = a->name ? a->name : "Dora";
    struct buf request[KEY_USES] = {{0}}, payload = {0}, jws = {0};
    struct verified *verified = NULL;
    struct statement head;

    world_head(w, &says, &head);
    assert_ok(pkcs10_make(a->sign->key, said, world_sign_hash, a->sign, &request[KEY_USE_SIGN]));
    assert_ok(
        pkcs10_make(a->tls->key, said, world_sign_hash, a->tls, &request[KEY_USE_AUTHENTICATE]));
    assert_ok(enrolment_make(&head, a->wanted, said, request, &payload));
    world_sign_statement(a->sign, STATEMENT_ENROLMENT, &payload, &jws);
    assert_ok(verify_enrolment(WORLD_BANK, buf_str(&jws), jws.len, &verified));
    assert_ok(enrolment_id(buf_str(&jws), jws.len, a->id));
    world_begin(w);
    world_end(w, core_enrol(w->core, &stranger, verified, &w->answer));
    verified_free(verified);
    for (size_t use = 0; use < KEY_USES; use++)
        buf_free(&request[use]);
    buf_free(&payload);
    buf_free(&jws);
    return err_name(w->answer.err);
}

static const char *admits(struct world *w, const struct asking *a)
{
    const struct core_admission in = {.holder = "dora",
                                      .name = "Dora",
                                      .thumbprint = key_thumbprint(a->sign->key),
                                      .by = {.certify = certify, .ctx = w, .act = "act"},
                                      .another = a->wanted[0] != '\0'};

    world_begin(w);
    world_end(w, core_enrolment_admit(w->core, &world_operator, a->id, &in, &w->answer));
    return err_name(w->answer.err);
}

static void ask_and_admit(struct world *w, struct card *card, const char *wanted)
{
    struct asking a = {.sign = &card->sign, .tls = &card->tls, .wanted = wanted};

    assert_string_equal(asks(w, &a), "OK");
    assert_string_equal(admits(w, &a), "OK");
}

static int enter(void **state)
{
    static struct desk desk;
    struct desk *d = &desk;

    world_open(&d->w);
    world_populate(&d->w);
    for (int i = 0; i < 2; i++) {
        struct card *card = i ? &d->second : &d->first;
        world_key(&card->sign, "dora", "P-256");
        world_key(&card->tls, "dora", "P-384");
        ask_and_admit(&d->w, card, i ? "dora" : "");
    }
    world_login(&d->w, &d->first.sign);
    *state = d;
    return 0;
}

static int leave(void **state)
{
    struct desk *d = *state;

    world_check(&d->w);
    for (int i = 0; i < 2; i++) {
        world_person_free(i ? &d->second.sign : &d->first.sign);
        world_person_free(i ? &d->second.tls : &d->first.tls);
    }
    world_close(&d->w);
    return 0;
}

/* Who comes with the certificate of P's key. */
static struct core_caller certified(const struct desk *d, const struct person *p)
{
    return (struct core_caller){.session = key_thumbprint(p->key),
                                .certified_until_us = d->w.time.now_us + DAY};
}

static const char *looks(struct desk *d, const struct person *p)
{
    const struct core_caller who = certified(d, p);
    const struct core_page page = {.cursor = ""};

    world_begin(&d->w);
    world_end(&d->w, core_accounts(d->w.core, &who, &page, &d->w.answer));
    return err_name(d->w.answer.err);
}

static const char *suspends(struct desk *d, const struct core_caller *who, const struct person *of)
{
    world_begin(&d->w);
    world_end(&d->w,
              core_key_suspend(d->w.core, who, key_thumbprint(of->key), "gone", &d->w.answer));
    return err_name(d->w.answer.err);
}

static const char *set(struct desk *d, const struct person *p, const char *status)
{
    world_begin(&d->w);
    world_end(&d->w, core_key_set(d->w.core, &world_operator, "dora", key_thumbprint(p->key),
                                  status, "so", &d->w.answer));
    return err_name(d->w.answer.err);
}

static const char *moves(struct desk *d, const struct person *p)
{
    const struct core_contact to = {.email = "thief@example.com", .webhook = "", .language = "en"};
    const struct core_caller who = certified(d, p);

    world_begin(&d->w);
    world_end(&d->w, core_contact_set(d->w.core, &who, &to, &d->w.answer));
    return err_name(d->w.answer.err);
}

/* Nothing goes by the certificate. */
static void assert_over(struct desk *d, const struct card *card)
{
    const struct core_caller who = certified(d, &card->tls);

    assert_string_equal(looks(d, &card->tls), "SESSION_REQUIRED");
    assert_string_equal(moves(d, &card->tls), "SESSION_REQUIRED");
    assert_string_equal(suspends(d, &who, &d->second.sign), "SESSION_REQUIRED");
}

/* "sign:active authenticate:active", with those of both cards. */
static const char *listed(struct desk *d)
{
    static char out[256];
    const struct core_page page = {.cursor = ""};
    struct js *answer = NULL;
    size_t len = 0;

    out[0] = '\0';
    world_begin(&d->w);
    world_end(&d->w, core_holders(d->w.core, &world_operator, &page, &d->w.answer));
    assert_ok(d->w.answer.err);
    assert_ok(js_parse(d->w.answer.body.data, d->w.answer.body.len, &answer));
    const struct js *holders = js_get(answer, "holders");
    const struct js *keys = js_get(js_at(holders, js_count(holders) - 1), "keys");
    for (size_t i = 0; i < js_count(keys); i++) {
        const struct js *one = js_at(keys, i);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%s:%s", i ? " " : "",
                                js_text(js_get(one, "use"), NULL),
                                js_text(js_get(one, "status"), NULL));
        const struct person *of = i / 2 ? &d->second.sign : &d->first.sign;
        const struct js *signer = js_get(one, "signer");
        assert_int_equal(signer != NULL, i % 2);
        if (signer)
            assert_string_equal(js_text(signer, NULL), key_thumbprint(of->key));
    }
    js_free(answer);
    return out;
}

static void test_suspended_with_the_key_that_signs(void **state)
{
    struct desk *d = *state;

    assert_string_equal(looks(d, &d->first.tls), "OK");
    assert_string_equal(set(d, &d->first.sign, "suspended"), "OK");
    assert_non_null(strstr(buf_str(&d->w.answer.body), key_thumbprint(d->first.tls.key)));
    assert_over(d, &d->first);
    assert_string_equal(listed(d),
                        "sign:suspended authenticate:suspended sign:active authenticate:active");
    assert_string_equal(looks(d, &d->second.tls), "OK");
    assert_string_equal(set(d, &d->first.sign, "active"), "OK");
    assert_string_equal(looks(d, &d->first.tls), "OK");
    assert_string_equal(set(d, &d->first.sign, "revoked"), "OK");
    assert_over(d, &d->first);
    assert_string_equal(set(d, &d->first.tls, "active"), "KEY_REVOKED");
    assert_string_equal(listed(d),
                        "sign:revoked authenticate:revoked sign:active authenticate:active");
}

/* It has a status of its own, too, which stays when the other is resumed. */
static void test_suspended_by_itself(void **state)
{
    struct desk *d = *state;

    assert_string_equal(set(d, &d->first.tls, "suspended"), "OK");
    assert_string_equal(looks(d, &d->first.tls), "SESSION_REQUIRED");
    assert_string_equal(listed(d),
                        "sign:active authenticate:suspended sign:active authenticate:active");
    assert_string_equal(set(d, &d->first.sign, "suspended"), "OK");
    assert_string_equal(set(d, &d->first.tls, "active"), "OK");
    assert_string_equal(world_text(&d->w, "status"), "suspended"); /* as long as the other is */
    assert_string_equal(looks(d, &d->first.tls), "SESSION_REQUIRED");
    assert_string_equal(set(d, &d->first.sign, "active"), "OK");
    assert_string_equal(looks(d, &d->first.tls), "OK");
}

static void test_ended_by_a_rotation(void **state)
{
    struct desk *d = *state;
    struct person next = {0};

    world_key(&next, "dora", "P-521");
    assert_string_equal(world_rotate(&d->w, &d->first.sign, &next), "OK");
    assert_non_null(strstr(buf_str(&d->w.answer.body), key_thumbprint(d->first.tls.key)));
    assert_over(d, &d->first);
    assert_string_equal(set(d, &d->first.tls, "active"), "KEY_RETIRED");
    assert_string_equal(set(d, &d->first.sign, "suspended"), "OK");
    assert_string_equal(set(d, &d->first.sign, "active"), "OK"); /* retired again */
    assert_over(d, &d->first);
    world_person_free(&next);
}

/* Whoever found a card does not take the other away; who logs in may, and so may the card itself.
 */
static void test_suspended_by_a_certificate(void **state)
{
    struct desk *d = *state;
    const struct core_caller found = certified(d, &d->first.tls);
    const struct core_caller by_login = {.session = d->first.sign.session};

    assert_string_equal(suspends(d, &found, &d->second.sign), "LOGIN_REQUIRED");
    assert_string_equal(suspends(d, &found, &d->second.tls), "LOGIN_REQUIRED");
    assert_string_equal(suspends(d, &found, &d->w.alice), "KEY_UNKNOWN");
    assert_string_equal(looks(d, &d->second.tls), "OK");
    assert_string_equal(suspends(d, &by_login, &d->second.tls), "OK");
    assert_string_equal(looks(d, &d->second.tls), "SESSION_REQUIRED");
    assert_string_equal(suspends(d, &found, &d->first.sign), "OK");
    assert_string_equal(world_text(&d->w, "status"), "suspended");
    assert_over(d, &d->first);
    assert_string_equal(suspends(d, &by_login, &d->second.sign), "SESSION_REQUIRED");
}

/* Both count those within seven days to their end. */
static size_t card_near, card_far;

static size_t count_kind(const char *answer, const char *kind)
{
    size_t count = 0;

    for (const char *at = answer; (at = strstr(at, kind)); at++)
        count++;
    return count;
}

static size_t card_ends(struct desk *d)
{
    static const struct core_page page = {.cursor = ""};
    struct core_radar_sweep sweep = {.cursor = 0};
    bool whole = false;

    world_begin(&d->w);
    world_end(&d->w, core_radar(d->w.core, &world_operator, &page, NULL, 0, &d->w.answer));
    assert_ok(d->w.answer.err);
    card_far = count_kind(buf_str(&d->w.answer.body), "\"card-ends\"");
    card_near = count_kind(buf_str(&d->w.answer.body), "\"card-near\"");
    world_begin(&d->w);
    assert_ok(core_radar_sweep(d->w.core, &sweep, &whole));
    world_end(&d->w, ERR_OK);
    assert_true(whole);
    assert_int_equal(sweep.found[RADAR_CARD_ENDS], card_far);
    assert_int_equal(sweep.found[RADAR_CARD_NEAR], card_near);
    return card_far + card_near;
}

/* The certificates of good keys that end within thirty days, or did. */
static void test_told_before_it_ends(void **state)
{
    static const char *const holders[] = {"dora"};
    const struct world_account account = {
        .account = "FR1420041010050500013M02606", .holders = holders, .count = 1};
    struct desk *d = *state;
    struct world *w = &d->w;

    assert_ok(world_open_account(w, &account));
    assert_int_equal(card_ends(d), 2); /* to sign, of both cards */
    world_login(w, &d->first.sign);
    assert_string_equal(world_text(w, "certificateUntil"), "2026-12-13T09:00:00Z");
    assert_string_equal(set(d, &d->second.sign, "suspended"), "OK");
    assert_int_equal(card_ends(d), 1);
    world_later(w, 10 * 86400 - 1);
    assert_int_equal(card_ends(d), 1);
    world_later(w, 1);
    assert_int_equal(card_ends(d), 2); /* with the one to authenticate */
    assert_string_equal(set(d, &d->second.sign, "active"), "OK");
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 0);
    world_later(w, 3 * 86400 - 1);
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 0);
    world_later(w, 1); /* a week before the ends of both to sign, and at them */
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 2);
    world_later(w, 7 * 86400 - 1);
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 2);
    world_later(w, 1);
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 0);
    world_later(w, 90 * 86400);
    assert_int_equal(card_ends(d), 4);
    assert_int_equal(card_near, 0);
    world_login(w, &w->alice);
    assert_null(world_text(w, "certificateUntil")); /* she has none */
}

/* --- new certificates --- */

static const char *until(struct desk *d, struct person *p)
{
    world_login(&d->w, p);
    return world_text(&d->w, "certificateUntil");
}

/* By the same keys, which stay what they are; four eyes have nothing to say about it. */
static void test_renewed(void **state)
{
    struct desk *d = *state;
    struct asking a = {.sign = &d->first.sign, .tls = &d->first.tls, .wanted = "dora"};
    char before[32];

    d->w.four_eyes = "yes";
    world_restart(&d->w);
    snprintf(before, sizeof before, "%s", world_sql(&d->w, "SELECT sum(times) FROM hand"));
    world_later(&d->w, 10 * 86400);
    assert_string_equal(asks(&d->w, &a), "OK");
    assert_string_equal(until(d, &d->first.sign), "2026-12-13T09:00:00Z");
    assert_string_equal(admits(&d->w, &a), "OK");
    assert_non_null(strstr(buf_str(&d->w.answer.body), "\"certificates\""));
    assert_string_equal(until(d, &d->first.sign), "2026-12-23T09:00:00Z");
    assert_string_equal(world_sql(&d->w, "SELECT sum(times) FROM hand"), before);
    assert_string_equal(listed(d),
                        "sign:active authenticate:active sign:active authenticate:active");
    assert_string_equal(looks(d, &d->first.tls), "OK");
    assert_string_equal(admits(&d->w, &a), "ENROLMENT_OVER");
    assert_string_equal(asks(&d->w, &a), "OK"); /* and again, whenever he wants */
}

static void test_threat_11_not_renewed_for_another(void **state)
{
    struct desk *d = *state;
    struct card *card = &d->first;
    struct person next = {0};
    const struct asking all[] = {
        {.sign = &card->sign, .tls = &card->tls, .wanted = ""},
        {.sign = &card->sign, .tls = &card->tls, .wanted = "alice"},
        {.sign = &card->sign, .tls = &card->tls, .wanted = "nobody"},
        {.sign = &card->sign, .tls = &card->tls, .wanted = "dora", .name = "Doris"},
        {.sign = &card->sign, .tls = &d->second.tls, .wanted = "dora"},
        {.sign = &card->sign, .tls = &d->second.sign, .wanted = "dora"},
        {.sign = &card->sign, .tls = &d->w.alice, .wanted = "dora"},
        {.sign = &card->tls, .tls = &card->sign, .wanted = "dora"},
        {.sign = &d->w.alice, .tls = &card->tls, .wanted = "dora"},
        {.sign = &d->w.alice, .tls = &card->tls, .wanted = "alice", .name = "alice"},
    };
    struct asking a = {.sign = &card->sign, .tls = &card->tls, .wanted = "dora"};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct asking one = all[i];
        assert_string_equal(asks(&d->w, &one), "KEY_TAKEN");
    }
    assert_string_equal(asks(&d->w, &a), "OK");
    assert_string_equal(set(d, &card->tls, "suspended"), "OK");
    assert_string_equal(admits(&d->w, &a), "KEY_TAKEN"); /* what is true then */
    assert_string_equal(set(d, &card->tls, "active"), "OK");
    assert_string_equal(set(d, &card->sign, "suspended"), "OK");
    assert_string_equal(admits(&d->w, &a), "KEY_INACTIVE");
    world_later(&d->w, 1);
    assert_string_equal(asks(&d->w, &a), "KEY_INACTIVE");
    assert_string_equal(set(d, &card->sign, "active"), "OK");
    world_login(&d->w, &card->sign);
    world_key(&next, "dora", "P-521");
    assert_string_equal(world_rotate(&d->w, &card->sign, &next), "OK");
    assert_string_equal(asks(&d->w, &a), "KEY_RETIRED");
    assert_string_equal(set(d, &card->sign, "revoked"), "OK");
    world_later(&d->w, 1);
    assert_string_equal(asks(&d->w, &a), "KEY_INACTIVE");
    world_person_free(&next);
}

/* What was on the card of the key whose place was taken goes along when it proves itself. */
static void test_renewed_after_a_rotation(void **state)
{
    struct desk *d = *state;
    struct person next = {0};
    struct asking a = {.sign = &next, .tls = &d->first.tls, .wanted = "dora"};

    world_key(&next, "dora", "P-521");
    assert_string_equal(world_rotate(&d->w, &d->first.sign, &next), "OK");
    assert_over(d, &d->first);
    assert_null(until(d, &next));
    world_later(&d->w, 86400);
    assert_string_equal(asks(&d->w, &a), "OK");
    assert_over(d, &d->first);
    assert_string_equal(admits(&d->w, &a), "OK");
    assert_string_equal(until(d, &next), "2026-12-14T09:00:00Z");
    assert_string_equal(looks(d, &d->first.tls), "OK");
    assert_string_equal(set(d, &d->first.sign, "revoked"), "OK"); /* and what took its place */
    assert_string_equal(looks(d, &d->first.tls), "SESSION_REQUIRED");
    assert_string_equal(set(d, &d->first.tls, "active"), "KEY_REVOKED");
    world_person_free(&next);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, enter, leave)
    const struct CMUnitTest tests[] = {
        T(test_suspended_with_the_key_that_signs),
        T(test_suspended_by_itself),
        T(test_ended_by_a_rotation),
        T(test_suspended_by_a_certificate),
        T(test_told_before_it_ends),
        T(test_renewed),
        T(test_threat_11_not_renewed_for_another),
        T(test_renewed_after_a_rotation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
