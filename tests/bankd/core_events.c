/* SPDX-License-Identifier: Apache-2.0
 *
 * Following what happens: how much one look reads, that looking on misses nothing, and from how
 * long ago one may go on.
 */
#include "bankd/core/events.h"
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <string.h>

/* A look of the holder P behind AFTER: what the bank says, and where it came to; what it read is in
 * the world's answer. */
static const char *try_look(struct world *w, const struct person *p, int64_t after, unsigned span,
                            int64_t *reached)
{
    const struct core_caller who = {.session = p->session};
    struct core_head head;

    core_head(w->core, &head);
    struct core_events events = {
        .after = after, .until = (int64_t)head.size - 1, .limit = 200, .span = span};
    world_begin(w);
    world_end(w, core_events(w->core, &who, &events, &w->answer));
    *reached = events.reached;
    return err_name(w->answer.err);
}

static int64_t look(struct world *w, const struct person *p, int64_t after, unsigned span)
{
    int64_t reached = 0;

    assert_string_equal(try_look(w, p, after, span, &reached), "OK");
    return reached;
}

static void pay(struct world *w)
{
    struct world_order o;

    world_order(w, "1.00", &o);
    assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "OK");
    assert_string_equal(world_decide(w, &w->bob, &o, VERB_APPROVE), "OK");
    world_order_free(&o);
}

/* For Carol, whom little of it concerns, no more is read than for anybody. */
static void test_a_look_ends_behind_its_span(void **state)
{
    struct world *w = *state;
    struct core_head head;

    for (int i = 0; i < 3; i++)
        pay(w);
    core_head(w->core, &head);
    assert_true(head.size > 12);
    assert_int_equal(look(w, &w->carol, 2, 4), 6);
    assert_int_equal(look(w, &w->carol, 2, 1000), (int64_t)head.size - 1);
}

static void test_looking_on_misses_nothing(void **state)
{
    struct world *w = *state;
    struct buf whole = {0}, steps = {0};
    struct core_head head;
    int64_t at = 2;

    pay(w);
    core_head(w->core, &head);
    (void)look(w, &w->alice, at, 1000);
    assert_ok(buf_add(&whole, w->answer.body.data, w->answer.body.len));
    assert_non_null(strstr(buf_str(&whole), "event: order-settled\n"));
    for (int64_t before = -1; at != before && at < (int64_t)head.size - 1;) {
        before = at;
        at = look(w, &w->alice, at, 3);
        if (w->answer.body.len > 0)
            assert_ok(buf_add(&steps, w->answer.body.data, w->answer.body.len));
    }
    assert_int_equal(at, (int64_t)head.size - 1);
    assert_string_equal(buf_str(&steps), buf_str(&whole));
    buf_free(&whole);
    buf_free(&steps);
}

/* By what came after the one that was seen, and not by how old that one is. */
static void test_going_on_from_too_long_ago(void **state)
{
    struct world *w = *state;
    const struct core_terms hour = {.events_us = 3600 * INT64_C(1000000)};
    struct core_head head;
    int64_t reached = 0;

    core_set_terms(w->core, &hour);
    pay(w);
    core_head(w->core, &head);
    const int64_t paid = (int64_t)head.size - 1;
    world_later(w, 3600);
    world_login(w, &w->alice);
    assert_string_equal(try_look(w, &w->alice, paid - 1, 1000, &reached), "OK");
    world_later(w, 1);
    assert_string_equal(try_look(w, &w->alice, paid - 1, 1000, &reached), "EVENTS_GONE");
    assert_string_equal(try_look(w, &w->alice, paid, 1000, &reached), "OK");
    world_login(w, &w->bob);
    pay(w);
    (void)look(w, &w->alice, paid, 1000);
    assert_non_null(strstr(buf_str(&w->answer.body), "event: order-settled\n"));
    assert_string_equal(try_look(w, &w->alice, paid - 1, 1000, &reached), "EVENTS_GONE");
    core_set_terms(w->core, &(struct core_terms){.events_us = 0});
    assert_string_equal(try_look(w, &w->alice, 2, 1000, &reached), "OK");
}

/* Who is refused often writes many entries that are no events: a look does not search behind them.
 */
static void test_a_look_judges_no_more_than_it_passes(void **state)
{
    struct world *w = *state;
    const struct core_terms hour = {.events_us = 3600 * INT64_C(1000000)};
    struct world_order o;
    struct core_head head;
    int64_t reached = 0;

    core_set_terms(w->core, &hour);
    core_head(w->core, &head);
    const int64_t before = (int64_t)head.size - 1;
    world_order(w, "99999.00", &o);
    for (int i = 0; i < 3; i++)
        assert_string_equal(world_decide(w, &w->alice, &o, VERB_APPROVE), "FUNDS_INSUFFICIENT");
    world_order_free(&o);
    pay(w);
    world_later(w, 3601);
    world_login(w, &w->alice);
    assert_string_equal(try_look(w, &w->alice, before, 3, &reached), "OK");
    assert_int_equal(reached, before + 3);
    assert_int_equal(w->answer.body.len, 0);
    assert_string_equal(try_look(w, &w->alice, reached, 3, &reached), "EVENTS_GONE");
    assert_string_equal(try_look(w, &w->alice, before, 4, &reached), "EVENTS_GONE");
}

/* Words are copied as they stand: what would have to be read first is none. */
static void test_words_are_plain(void **state)
{
    static const struct {
        const char *said, *word;
    } rows[] = {{"AM04", "AM04"}, {"", ""}, {"a \"b", ""}, {"\"", ""}, {"\\", ""}, {"a\\\"", ""}};
    struct events_row event;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doc body = {0};
        doc_object(&body);
        doc_text(&body, "type", "closed");
        doc_text(&body, "object", "order:A/1");
        doc_text(&body, "reason", rows[i].said);
        events_read(&body, &event);
        assert_string_equal(event.kind, "order-rejected");
        assert_string_equal(event.account, "A");
        assert_string_equal(event.reason, rows[i].word);
        doc_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_look_ends_behind_its_span, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_looking_on_misses_nothing, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_going_on_from_too_long_ago, world_enter, world_leave),
        cmocka_unit_test_setup_teardown(test_a_look_judges_no_more_than_it_passes, world_enter,
                                        world_leave),
        cmocka_unit_test(test_words_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
