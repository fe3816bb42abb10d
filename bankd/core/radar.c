/* SPDX-License-Identifier: Apache-2.0
 *
 * The radar: whether the people of an account can still decide by its policy, with the keys that
 * they have, and what ends soon, their certificates among it. Nothing is touched and nothing is
 * stored: what is seen follows from keys and policies as they are.
 */
#include "bankd/core/radar.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/page.h"
#include "bankd/core/reading.h"
#include "base/text.h"
#include <string.h>

#define DAYS 30 /* ahead, unless the bank says otherwise */
#define DAY_US (86400 * TEXT_SECOND_US)
#define NEAR_US (7 * DAY_US) /* a certificate takes a letter and the operators' acts */

static int64_t horizon(const struct core *c)
{
    return c->now_us + (c->terms.radar_days ? c->terms.radar_days : DAYS) * DAY_US;
}

enum err radar_card(struct core *c, int64_t key, int64_t *until_us)
{
    struct store_query *q = store_query(c->store, STORE_RADAR_CARD);
    bool row = false;

    store_bind_int(q, ":key", key);
    enum err e = store_step(q, &row);
    *until_us = !e && row && !store_is_null(q, 0) ? store_int(q, 0) : INT64_MAX;
    store_done(q);
    if (*until_us > horizon(c))
        *until_us = INT64_MAX;
    return e;
}

static void begin(struct doc *one, enum radar kind, const char *account)
{
    doc_object(one);
    doc_text(one, "kind", radar_name(kind));
    doc_text_optional(one, "account", account);
}

/* What is seen of one account. */
struct seen {
    const struct policy *policy;
    struct policy_reach reach;
    uint64_t keyless, single; /* holders with no key that signs, and with one */
    bool ends;                /* the policy */
};

/* What is over warns of nothing that can still be done in time. */
static enum radar card_kind(const struct core *c, int64_t until_us)
{
    return until_us > c->now_us && until_us <= c->now_us + NEAR_US ? RADAR_CARD_NEAR
                                                                   : RADAR_CARD_ENDS;
}

/* The certificates of HOLDER's good keys that end, each with its key, into LIST, or counted by
 * kind in FOUND. */
static enum err read_cards(struct core *c, const char *holder, const char *account,
                           struct doc *list, int64_t *found)
{
    struct store_query *q = store_query(c->store, STORE_RADAR_CARDS);
    bool row = false;

    store_bind_text(q, ":holder", holder);
    store_bind_int(q, ":until", horizon(c));
    enum err e = store_step(q, &row);
    while (!e && row) {
        enum radar kind = card_kind(c, store_int(q, 1));
        struct doc one = {0};
        if (found)
            found[kind]++;
        if (list) {
            begin(&one, kind, account);
            doc_text(&one, "holder", holder);
            doc_text(&one, "thumbprint", store_text(q, 0));
            doc_time(&one, "until", store_int(q, 1));
            doc_push(list, &one);
        }
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err count_keys(struct core *c, const char *holder, int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_RADAR_KEYS);
    bool row = false;

    store_bind_text(q, ":holder", holder);
    enum err e = store_step(q, &row);
    *out = !e && row ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

static enum err read_keys(struct core *c, struct seen *s)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < policy_holder_count(s->policy); i++) {
        int64_t keys = 0;

        e = count_keys(c, policy_holder(s->policy, i), &keys);
        s->keyless |= (uint64_t)(keys == 0) << i;
        s->single |= (uint64_t)(keys == 1) << i;
    }
    return e;
}

static enum err look_at(struct core *c, const struct ledger_account *a, struct seen *out)
{
    *out = (struct seen){.policy = NULL};
    enum err e = state_policy(c, a->policy_digest, &out->policy);
    if (!e)
        e = read_keys(c, out);
    if (e)
        return e;
    policy_reach(out->policy, ~out->keyless, &out->reach);
    out->ends = policy_valid_until(out->policy) <= horizon(c);
    return ERR_OK;
}

/* The rules that nobody reaches when the i-th holder loses his only key. */
static uint64_t hangs_on(const struct seen *s, size_t i)
{
    return s->single >> i & 1 ? s->reach.needs[i] : 0;
}

/* --- the list --- */

static void put_rules(struct doc *one, uint64_t rules)
{
    struct doc list = {0};

    doc_array(&list);
    for (int64_t n = 0; n < 64; n++) {
        if (rules >> n & 1)
            doc_push_int(&list, n);
    }
    doc_put(one, "rules", &list);
}

static void describe_people(const struct seen *s, const char *account, struct doc *list)
{
    for (size_t i = 0; i < policy_holder_count(s->policy); i++) {
        struct doc one = {0};
        bool keyless = s->keyless >> i & 1;
        uint64_t rules = hangs_on(s, i);

        if (!keyless && !rules)
            continue;
        begin(&one, keyless ? RADAR_KEYLESS : RADAR_SINGLE_KEY, account);
        doc_text(&one, "holder", policy_holder(s->policy, i));
        if (!keyless)
            put_rules(&one, rules);
        doc_push(list, &one);
    }
}

static void describe(const struct seen *s, const char *account, struct doc *list)
{
    struct doc one = {0};

    if (s->reach.out) {
        begin(&one, RADAR_UNREACHABLE, account);
        put_rules(&one, s->reach.out);
        doc_push(list, &one);
    }
    if (s->ends) {
        begin(&one, RADAR_POLICY_ENDS, account);
        doc_time(&one, "until", policy_valid_until(s->policy));
        doc_push(list, &one);
    }
    describe_people(s, account, list);
}

/* The bank's own, on the first page of whoever sees all. */
static void describe_ends(const struct core *c, const struct core_radar_end *ends, size_t count,
                          struct doc *list)
{
    for (size_t i = 0; i < count; i++) {
        struct doc one = {0};
        int64_t until_us = ends[i].until_us;

        if (until_us > (ends[i].ahead_us ? c->now_us + ends[i].ahead_us : horizon(c)))
            continue;
        begin(&one, RADAR_CERTIFICATE_ENDS, "");
        doc_text(&one, "what", ends[i].what);
        doc_time(&one, "until", until_us);
        doc_push(list, &one);
    }
}

static enum err push(struct core *c, int64_t id, struct doc *list)
{
    struct ledger_account a;
    struct seen s;

    enum err e = ledger_by_id(c, id, &a);
    if (e || a.state == LEDGER_CLOSED)
        return e;
    e = look_at(c, &a, &s);
    if (!e)
        describe(&s, a.account, list);
    for (size_t i = 0; !e && i < policy_holder_count(s.policy); i++)
        e = read_cards(c, policy_holder(s.policy, i), a.account, list, NULL);
    return e;
}

enum err core_radar(struct core *c, const struct core_caller *who, const struct core_page *asked,
                    const struct core_radar_end *ends, size_t end_count, struct core_answer *out)
{
    struct session_viewer viewer;
    struct page page = {0};
    int64_t ids[PAGE_MAX];
    size_t count = 0;
    struct doc body = {0}, list = {0};

    *out = (struct core_answer){0};
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = page_read(asked, 0, &page);
    if (!e)
        e = reading_page(c, &viewer, &page, ids, &count);
    doc_object(&body);
    doc_array(&list);
    if (!e && viewer.is_operator && page.cursor == 0)
        describe_ends(c, ends, end_count, &list);
    for (size_t i = 0; !e && i < count; i++)
        e = push(c, ids[i], &list);
    if (!e && count)
        page_next(&page, count, ids[count - 1], &body);
    doc_put(&body, "findings", &list);
    return answer_finish(c, who, e, 200, &body, out);
}

/* --- the numbers --- */

static enum err count(struct core *c, const struct seen *s, struct core_radar_sweep *sweep)
{
    enum err e = ERR_OK;

    sweep->found[RADAR_UNREACHABLE] += s->reach.out != 0;
    sweep->found[RADAR_POLICY_ENDS] += s->ends;
    for (size_t i = 0; !e && i < policy_holder_count(s->policy); i++) {
        sweep->found[RADAR_KEYLESS] += (s->keyless >> i & 1) != 0;
        sweep->found[RADAR_SINGLE_KEY] += hangs_on(s, i) != 0;
        e = read_cards(c, policy_holder(s->policy, i), NULL, NULL, sweep->found);
    }
    return e;
}

enum err core_radar_sweep(struct core *c, struct core_radar_sweep *sweep, bool *whole)
{
    static const struct session_viewer all = {.is_operator = true};
    const struct page page = {.cursor = sweep->cursor, .limit = PAGE_MAX};
    int64_t ids[PAGE_MAX];
    struct ledger_account a;
    struct seen s;
    size_t accounts = 0;

    if (sweep->cursor == 0)
        *sweep = (struct core_radar_sweep){.cursor = 0};
    enum err e = reading_page(c, &all, &page, ids, &accounts);
    for (size_t i = 0; !e && i < accounts; i++) {
        e = ledger_by_id(c, ids[i], &a);
        if (!e && a.state != LEDGER_CLOSED) {
            e = look_at(c, &a, &s);
            if (!e)
                e = count(c, &s, sweep);
        }
    }
    *whole = !e && accounts < PAGE_MAX;
    sweep->cursor = *whole || e ? 0 : ids[accounts - 1];
    return e;
}
