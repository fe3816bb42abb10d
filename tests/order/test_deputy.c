/* SPDX-License-Identifier: Apache-2.0
 * Deputies in the judging of votes: one person in one place, his own or a principal's. Held against
 * a search over all ways to make people act as somebody and to give them places. */
#include "base/text.h"
#include "order/policy_advice.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define PEOPLE 5u

/* Four who may approve, and tom, who hands in. */
static const char *const names[PEOPLE] = {"ada", "alan", "bea", "ben", "tom"};
#define APPROVERS 15u
#define LIMIT_MINOR 10000

static struct policy *load(const char *deputies, const char *rules)
{
    char text[4096];
    struct policy *p;

    snprintf(text, sizeof text,
             "{'account':'PT50000201231234567890154','bank':'demobank.example/demo','currency':"
             "'EUR',%s'holders':[{'class':'A','id':'ada'},{'class':'A','id':'alan'},{'class':'B',"
             "'id':'bea'},{'class':'B','id':'ben'},{'class':'T','id':'tom'}],'rules':[%s],'title':"
             "'Rules','type':'policy','validFrom':'2026-11-01T00:00:00Z','version':1}",
             deputies, rules);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    assert_ok(policy_parse(text, strlen(text), &p));
    return p;
}
#define EVERYBODY "'deputies':['ada','alan','bea','ben','tom'],"

/* "ada -ben": who approved and, behind a minus, who rejected. */
static size_t read_votes(const char *words, char ids[][HOLDER_MAX + 1], struct policy_vote *out)
{
    size_t count = 0;

    for (const char *at = words; *at; count++) {
        size_t len = strcspn(at, " ");
        bool no = *at == '-';

        snprintf(ids[count], HOLDER_MAX + 1, "%.*s", (int)len - no, at + no);
        out[count] = (struct policy_vote){ids[count], !no};
        at += len + (at[len] == ' ');
    }
    return count;
}

struct row {
    struct policy_delegation delegation;
    int64_t amount_minor;
    const char *votes;
    bool reached, unreachable;
    unsigned given;
};

static void check(const struct policy *p, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct policy_case c = {.amount_minor = rows[i].amount_minor,
                                      .delegations = &rows[i].delegation,
                                      .delegation_count = 1};
        char ids[8][HOLDER_MAX + 1];
        struct policy_vote votes[8];
        struct policy_verdict v;

        policy_judge(p, &c, votes, read_votes(rows[i].votes, ids, votes), &v);
        if (v.reached != rows[i].reached || v.unreachable != rows[i].unreachable ||
            v.given != rows[i].given)
            fail_msg("row %zu, %s: reached %d, unreachable %d, given %u", i, rows[i].votes,
                     v.reached, v.unreachable, v.given);
    }
}
#define CHECK(p, rows) check((p), (rows), sizeof(rows) / sizeof(rows)[0])

#define ADA_TO(deputy)                                                                             \
    {                                                                                              \
        "ada", deputy, LIMIT_MINOR                                                                 \
    }

static void test_in_anothers_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {ADA_TO("tom"), 10000, "alan tom", true, false, 2},
        {ADA_TO("tom"), 10001, "alan tom", false, false, 1}, /* above what she gave */
        {ADA_TO("tom"), 10000, "ada tom", false, false, 1},
        {ADA_TO("tom"), 10000, "tom", false, false, 1},          /* one place */
        {ADA_TO("tom"), 10000, "ada alan tom", true, false, 2},  /* she voted herself */
        {ADA_TO("tom"), 10000, "-ada alan tom", false, true, 1}, /* and her no is hers */
        {ADA_TO("tom"), 10000, "alan -tom", false, false, 1},    /* his no is his own: nothing */
        {ADA_TO("alan"), 10000, "alan", false, false, 1},        /* not both places */
        {ADA_TO("alan"), 10000, "-alan", false, true, 0},
        {ADA_TO("bea"), 10000, "bea", false, false, 1},
        {ADA_TO("bea"), 10000, "alan bea", true, false, 2},
        {{"bea", "ada", LIMIT_MINOR}, 10000, "alan ada", true, false, 2},
        {{"tom", "bea", LIMIT_MINOR}, 10000, "alan bea", false, false, 1}, /* he may not approve */
        {{"ada", "ada", LIMIT_MINOR}, 10000, "alan ada", true, false, 2},
        {{"zoe", "bea", LIMIT_MINOR}, 10000, "alan bea", false, false, 1},
        {{"ada", "zoe", LIMIT_MINOR}, 10000, "alan zoe", false, false, 1},
    };
    struct policy *p = load(EVERYBODY, "{'anyOf':[{'signers':[{'class':'A','count':2}]}]}");

    CHECK(p, rows);
    policy_free(p);
}

/* Only who is listed may be a deputy, and without a list nobody. */
static void test_where_the_policy_allows_it(void **state)
{
    (void)state;
    static const char rule[] = "{'anyOf':[{'signers':[{'class':'A','count':2}]}]}";
    static const struct row none[] = {{ADA_TO("bea"), 100, "alan bea", false, false, 1}};
    static const struct row listed[] = {{ADA_TO("ben"), 100, "alan ben", true, false, 2},
                                        {ADA_TO("bea"), 100, "alan bea", false, false, 1}};
    struct policy *p = load("", rule);

    CHECK(p, none);
    assert_false(policy_lets_delegate(p, "ada", "bea"));
    policy_free(p);
    p = load("'deputies':['ben'],", rule);
    CHECK(p, listed);
    assert_true(policy_lets_delegate(p, "ada", "ben"));
    assert_true(policy_lets_delegate(p, "bea", "ben"));
    assert_false(policy_lets_delegate(p, "ben", "ben"));
    assert_false(policy_lets_delegate(p, "tom", "ben"));
    assert_false(policy_lets_delegate(p, "ada", "bea"));
    policy_free(p);
}

/* What bea holds from ada she does not pass on to tom. */
static void test_no_chains(void **state)
{
    (void)state;
    static const struct policy_delegation chain[] = {{"ada", "bea", 100}, {"bea", "tom", 100}};
    static const struct policy_vote votes[] = {{"alan", true}, {"tom", true}};
    const struct policy_case c = {.amount_minor = 100, .delegations = chain, .delegation_count = 2};
    struct policy_verdict v;
    struct policy *p = load(EVERYBODY, "{'anyOf':[{'signers':[{'class':'A','count':2}]}]},"
                                       "{'for':'cash','require':'all'}");

    policy_judge(p, &c, votes, 2, &v);
    assert_true(!v.reached && v.given == 1);
    assert_true(policy_is_deputy(p, &c, "tom")); /* for bea, who is no A */
    policy_free(p);
}

static void test_payments_only(void **state)
{
    (void)state;
    static const struct policy_delegation one = ADA_TO("tom");
    static const struct policy_vote votes[] = {{"alan", true}, {"tom", true}};
    static const char *const rules[] = {
        [POLICY_PAYMENT] = "{'anyOf':[{'signers':[{'class':'A','count':2}]}]}",
        [POLICY_CASH] = "{'anyOf':[{'signers':[{'class':'A','count':2}]}],'for':'cash'}",
        [POLICY_CHANGE] = "{'anyOf':[{'signers':[{'class':'A','count':2}]}],'for':'policy'}"};

    for (unsigned subject = POLICY_PAYMENT; subject <= POLICY_CHANGE; subject++) {
        const struct policy_case c = {.subject = (enum policy_subject)subject,
                                      .amount_minor = 100,
                                      .delegations = &one,
                                      .delegation_count = 1};
        struct policy *p = load(EVERYBODY, rules[subject]);
        struct policy_verdict v;

        policy_judge(p, &c, votes, 2, &v);
        assert_int_equal(v.reached, subject == POLICY_PAYMENT);
        assert_int_equal(policy_is_deputy(p, &c, "tom"), subject == POLICY_PAYMENT);
        assert_false(policy_is_deputy(p, &c, "ben"));
        policy_free(p);
    }
}

/* --- in words --- */

static void test_explain(void **state)
{
    (void)state;
    static const struct policy_delegation two[] = {{"ada", "ben", 1000}, {"alan", "tom", 1000}};
    const struct policy_case c = {.amount_minor = 100, .delegations = two, .delegation_count = 2};
    const struct policy_vote votes[] = {{"bea", true}};
    struct policy *p = load(EVERYBODY, "{'require':'ebics'}");
    struct policy_coalitions groups;
    struct buf out = {0};

    assert_ok(policy_explain(p, &c, votes, 1, &out));
    assert_string_equal(buf_str(&out),
                        "2 of ada, alan: 2 missing, next from ada, alan, ben for ada, tom for "
                        "alan\n"
                        "1 of ada, alan and 1 of bea, ben: 1 missing, next from ada, alan, ben "
                        "for ada, tom for alan\n");
    buf_clear(&out);
    assert_ok(policy_tell_helpers(p, &c, votes, 1, &out));
    assert_string_equal(buf_str(&out), "ada, alan, ben for ada, tom for alan");
    assert_int_equal(policy_helpers(p, &c, votes, 1), 1u | 2u | 8u | 16u);
    policy_simulate(p, &c, &groups);
    for (size_t i = 0; i < groups.count; i++) {
        buf_clear(&out);
        assert_ok(policy_tell_group(p, &c, groups.at[i], &out));
        if (groups.at[i] == (8u | 16u))
            assert_string_equal(buf_str(&out), "ben, tom for alan");
        if (groups.at[i] == (4u | 8u))
            assert_string_equal(buf_str(&out), "bea, ben for ada");
        if (groups.at[i] == (2u | 8u))
            assert_string_equal(buf_str(&out), "alan, ben");
    }
    assert_int_equal(groups.count, 9); /* four of A and B, ada and alan, four with deputies */
    policy_free(p);
    buf_free(&out);
}

/* Who stands for two takes one place. */
static void test_one_deputy_of_two(void **state)
{
    (void)state;
    static const struct policy_delegation two[] = {{"ada", "tom", 1000}, {"alan", "tom", 1000}};
    const struct policy_case c = {.amount_minor = 100, .delegations = two, .delegation_count = 2};
    const struct policy_vote vote = {"tom", true};
    struct policy *p = load(EVERYBODY, "{'anyOf':[{'signers':[{'class':'A','count':2}]}]}");
    struct policy_verdict v;
    struct buf out = {0};

    policy_judge(p, &c, &vote, 1, &v);
    assert_true(!v.reached && v.given == 1);
    assert_ok(policy_explain(p, &c, NULL, 0, &out));
    assert_string_equal(buf_str(&out),
                        "2 of ada, alan: 2 missing, next from ada, alan, tom for ada or alan\n");
    policy_free(p);
    buf_free(&out);
}

/* --- against a search that only counts --- */

struct place {
    unsigned who;
};

static bool can_fill(const struct place *places, size_t count, unsigned roles)
{
    if (count == 0)
        return true;
    for (unsigned i = 0; i < PEOPLE; i++) {
        unsigned role = 1u << i;

        if ((places[0].who & roles & role) && can_fill(places + 1, count - 1, roles & ~role))
            return true;
    }
    return false;
}

struct scene {
    struct place places[6];
    size_t count;
    unsigned deputy[PEOPLE]; /* PEOPLE: none */
    unsigned yes, no;
};

/* Every way in which those who approved act as somebody: each as himself, or as one for whom he
 * stands and who has not voted. ROLES are taken. */
static bool can_act(const struct scene *s, unsigned person, unsigned roles)
{
    if (person == PEOPLE)
        return can_fill(s->places, s->count, roles & APPROVERS);
    if (can_act(s, person + 1, roles | (s->yes & 1u << person)))
        return true;
    for (unsigned i = 0; (s->yes >> person & 1) && i < PEOPLE; i++) {
        bool free = !((s->yes | s->no | roles) >> i & 1);

        if (s->deputy[i] == person && free && can_act(s, person + 1, roles | 1u << i))
            return true;
    }
    return false;
}

static void make_way(unsigned seed, char *out, size_t cap, struct scene *s)
{
    size_t used = 0;

    s->count = 0;
    for (unsigned t = 0; t < 2; t++, seed /= 30) {
        unsigned who = 1 + seed % 15, n = 1 + seed % 30 / 15;

        used += (size_t)snprintf(out + used, cap - used, "%s{'count':%u,'of':[", t ? "," : "", n);
        for (unsigned i = 0, first = 1; i < PEOPLE; i++) {
            if (who >> i & 1) {
                used +=
                    (size_t)snprintf(out + used, cap - used, "%s'%s'", first ? "" : ",", names[i]);
                first = 0;
            }
        }
        used += (size_t)snprintf(out + used, cap - used, "]}");
        for (unsigned i = 0; i < n; i++)
            s->places[s->count++] = (struct place){who};
    }
}

static size_t make_delegations(unsigned seed, struct policy_delegation *out, struct scene *s)
{
    size_t count = 0;

    for (unsigned i = 0; i < PEOPLE; i++, seed /= PEOPLE + 1) {
        unsigned d = seed % (PEOPLE + 1);

        s->deputy[i] = d == i || i == PEOPLE - 1 ? PEOPLE : d;
        if (d < PEOPLE)
            out[count++] = (struct policy_delegation){names[i], names[d], LIMIT_MINOR};
    }
    return count;
}

/* Some votes of those who have not voted make the quorum stand. */
static bool can_be_reached(const struct scene *s)
{
    unsigned left = 31u & ~s->yes & ~s->no;

    for (unsigned more = left;; more = (more - 1) & left) {
        struct scene then = *s;

        then.yes |= more;
        if (can_act(&then, 0, 0))
            return true;
        if (!more)
            return false;
    }
}

static void check_scene(const struct policy *p, const struct policy_case *c, struct scene *s)
{
    for (unsigned votes = 0; votes < 243; votes++) { /* nothing, yes or no of each */
        struct policy_vote made[PEOPLE];
        struct policy_verdict v;
        size_t count = 0;

        s->yes = s->no = 0;
        for (unsigned i = 0, rest = votes; i < PEOPLE; i++, rest /= 3) {
            s->yes |= (rest % 3 == 1 ? 1u : 0u) << i;
            s->no |= (rest % 3 == 2 ? 1u : 0u) << i;
            if (rest % 3)
                made[count++] = (struct policy_vote){names[i], rest % 3 == 1};
        }
        policy_judge(p, c, made, count, &v);
        assert_int_equal(v.reached, can_act(s, 0, 0));
        assert_int_equal(v.unreachable, !can_be_reached(s));
    }
}

static void test_against_a_search(void **state)
{
    (void)state;
    unsigned loaded = 0;

    for (unsigned seed = 0; seed < 30 * 30; seed += 7) {
        char way[600], rules[700];
        struct policy_delegation delegations[PEOPLE];
        struct scene s;

        make_way(seed, way, sizeof way, &s);
        if (!can_fill(s.places, s.count, APPROVERS))
            continue;
        snprintf(rules, sizeof rules, "{'anyOf':[{'signers':[%s]}]}", way);
        struct policy *p = load(EVERYBODY, rules);
        size_t count = make_delegations(seed * 2654435761u, delegations, &s);
        const struct policy_case c = {
            .amount_minor = 100, .delegations = delegations, .delegation_count = count};
        check_scene(p, &c, &s);
        policy_free(p);
        loaded++;
    }
    assert_true(loaded > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_anothers_place), cmocka_unit_test(test_where_the_policy_allows_it),
        cmocka_unit_test(test_no_chains),         cmocka_unit_test(test_payments_only),
        cmocka_unit_test(test_explain),           cmocka_unit_test(test_one_deputy_of_two),
        cmocka_unit_test(test_against_a_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
