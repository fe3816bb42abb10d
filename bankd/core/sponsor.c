/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's word on a request to be enrolled is judged and entered: core_sponsor, at the
 * end. And what others ask: whose word counts now.
 */
#include "bankd/core/sponsor.h"

#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/enrolment_row.h"
#include "bankd/core/entries.h"
#include "bankd/core/ledger.h"
#include "bankd/core/session.h"
#include "bankd/core/stated.h"
#include <string.h>

/* --- rows --- */

struct row {
    int64_t account;
    bool key_counts, key_active;
};

static enum err read_row(const struct store_query *q, struct sponsor *out, struct row *row)
{
    out->entry = store_int(q, 1);
    *row = (struct row){.account = store_int(q, 2),
                        .key_counts = store_int(q, 3) != 0,
                        .key_active = store_int(q, 7) != 0};
    return store_copy_text(q, 0, out->holder, sizeof out->holder);
}

/* Whether he may still approve payments of the account that he named. */
static enum err judge_row(struct core *c, const struct row *row, struct sponsor *s)
{
    const struct policy *policy;
    struct ledger_account a;

    enum err e = ledger_by_id(c, row->account, &a);
    if (!e)
        e = change_catch_up(c, &a);
    if (!e)
        e = state_policy(c, a.policy_digest, &policy);
    if (e)
        return e;
    memcpy(s->account, a.account, sizeof s->account);
    s->counts =
        row->key_counts && a.state != LEDGER_CLOSED && policy_may_approve(policy, s->holder);
    s->active = s->counts && row->key_active;
    return ERR_OK;
}

/* An earlier word may count again: the key that signed it was found, or the policy changed back.
 * Then later ones may be another of the same person, or too many. */
static void count_once(struct sponsors *all)
{
    size_t people = 0;

    for (size_t i = 0; i < all->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (all->at[j].counts && strcmp(all->at[j].holder, all->at[i].holder) == 0)
                all->at[i].counts = false;
        }
        all->at[i].counts = all->at[i].counts && people < SPONSORS_MAX;
        people += all->at[i].counts;
    }
}

enum err sponsor_load(struct core *c, int64_t enrolment, struct sponsors *out)
{
    struct store_query *q = store_query(c->store, STORE_SPONSOR_OF);
    struct row rows[SPONSOR_WORDS_MAX];
    bool found = false;

    *out = (struct sponsors){.count = 0};
    store_bind_int(q, ":enrolment", enrolment);
    enum err e = store_step(q, &found);
    while (!e && found && out->count < SPONSOR_WORDS_MAX) {
        e = read_row(q, &out->at[out->count], &rows[out->count]);
        out->count += !e;
        if (!e)
            e = store_step(q, &found);
    }
    store_done(q);
    for (size_t i = 0; !e && i < out->count; i++)
        e = judge_row(c, &rows[i], &out->at[i]);
    count_once(out);
    return e;
}

size_t sponsor_count(const struct sponsors *all)
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        count += all->at[i].counts;
    return count;
}

static bool word_counts(const struct sponsors *all, const char *holder)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].counts && strcmp(all->at[i].holder, holder) == 0)
            return true;
    }
    return false;
}

bool sponsor_is_active(const struct sponsors *all, const char *holder)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].active && strcmp(all->at[i].holder, holder) == 0)
            return true;
    }
    return false;
}

static void put(const struct sponsors *all, bool by_entry, struct doc *out)
{
    struct doc list = {0};

    if (!sponsor_count(all))
        return;
    doc_array(&list);
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].counts && by_entry)
            doc_push_int(&list, all->at[i].entry);
        else if (all->at[i].counts)
            doc_push_text(&list, all->at[i].holder);
    }
    doc_put(out, "sponsors", &list);
}

void sponsor_names(const struct sponsors *all, struct doc *out)
{
    put(all, false, out);
}

void sponsor_entries(const struct sponsors *all, struct doc *out)
{
    put(all, true, out);
}

/* --- checks --- */

struct sponsoring {
    struct core *c;
    struct stated stated;
    const struct sponsorship *said;
    struct ledger_account account;
    const struct policy *policy; /* in force */
    struct enrolment_row request;
    struct sponsors before;
};

static enum err access(void *ctx, const struct session_viewer *viewer)
{
    struct sponsoring *s = ctx;

    enum err e = change_account(s->c, s->said->account, &s->account, &s->policy);
    return !e && !session_may_see(viewer, s->policy) ? ERR_ACCOUNT_UNKNOWN : e;
}

static enum err due(void *ctx)
{
    struct sponsoring *s = ctx;

    return enrolment_find(s->c, s->said->enrolment, &s->request);
}

static enum err check_sponsor(const struct sponsoring *s)
{
    const char *holder = s->stated.key.holder_name;

    if (s->account.state == LEDGER_CLOSED)
        return ERR_ACCOUNT_CLOSED;
    if (!policy_may_submit(s->policy, holder))
        return ERR_NOT_A_HOLDER;
    return policy_may_approve(s->policy, holder) ? ERR_OK : ERR_MAY_NOT_APPROVE;
}

/* What he was told out of band is what the request says. */
static enum err check_request(const struct sponsoring *s)
{
    if (!enrolment_row_waits(&s->request))
        return ERR_ENROLMENT_OVER;
    return strcmp(s->said->key, s->request.key[KEY_USE_SIGN]) == 0 &&
                   strcmp(s->said->name, s->request.person) == 0
               ? ERR_OK
               : ERR_SPONSORSHIP_MISMATCH;
}

static enum err judge(void *ctx)
{
    struct sponsoring *s = ctx;

    enum err e = check_sponsor(s);
    if (!e)
        e = check_request(s);
    if (!e)
        e = sponsor_load(s->c, s->request.id, &s->before);
    if (!e && word_counts(&s->before, s->stated.key.holder_name))
        e = ERR_ALREADY_SPONSORED;
    bool full = s->before.count == SPONSOR_WORDS_MAX || sponsor_count(&s->before) == SPONSORS_MAX;
    return !e && full ? ERR_SPONSORS_TOO_MANY : e;
}

/* --- entering --- */

static enum err add_entry(struct sponsoring *s)
{
    char object[ENROLMENT_OBJECT_MAX];
    struct doc body = {0};

    enrolment_object(s->request.name, object);
    entries_body(&body, "sponsorship", object, s->request.entry);
    doc_text(&body, "holder", s->stated.key.holder_name);
    doc_text(&body, "statement", verified_jws(s->stated.verified, NULL));
    enum err e = entries_add(s->c, &body, &s->request.entry);
    return e ? e : enrolment_set_entry(s->c, &s->request);
}

static enum err add_row(const struct sponsoring *s)
{
    struct store_query *q = store_query(s->c->store, STORE_SPONSOR_ADD);

    store_bind_int(q, ":enrolment", s->request.id);
    store_bind_int(q, ":account", s->account.id);
    store_bind_int(q, ":key", s->stated.key.id);
    store_bind_text(q, ":statement", verified_jws(s->stated.verified, NULL));
    store_bind_int(q, ":received", s->c->now_us);
    store_bind_int(q, ":entry", s->request.entry);
    return store_run(q);
}

static enum err take(void *ctx, struct core_answer *out)
{
    struct sponsoring *s = ctx;
    struct doc body = {0};

    enum err e = add_entry(s);
    if (!e)
        e = add_row(s);
    if (e)
        return e;
    doc_object(&body);
    doc_text(&body, "enrolment", s->request.name);
    doc_text(&body, "holder", s->stated.key.holder_name);
    doc_text(&body, "name", s->request.person);
    doc_text(&body, "status", "sponsored");
    return answer_doc(s->c, 201, &body, out);
}

enum err core_sponsor(struct core *c, const struct core_caller *who,
                      const struct verified *statement, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_SPONSORSHIP, .access = access, .due = due, .judge = judge, .take = take};
    const struct sponsorship *said = verified_sponsorship(statement);
    struct sponsoring s = {
        .c = c,
        .stated = {.c = c, .verified = statement, .subject = said ? said->display_digest : NULL},
        .said = said};

    return stated_run(&s.stated, &steps, &s, who, out);
}

/* --- reading --- */

/* What was signed, and by which key: whoever asks can see for himself. */
static void push(const struct store_query *q, const struct sponsor *s, struct doc *list)
{
    struct doc one = {0};
    size_t len;
    const void *spki = store_blob(q, 5, &len);

    doc_object(&one);
    doc_text(&one, "account", s->account);
    doc_bool(&one, "counts", s->counts);
    doc_text(&one, "holder", s->holder);
    doc_time(&one, "received", store_int(q, 6));
    doc_bytes(&one, "spki", spki, len);
    doc_text(&one, "statement", store_text(q, 4));
    doc_push(list, &one);
}

/* The same for the log, of one that counts. */
static void push_word(const struct store_query *q, const struct sponsor *s, struct doc *list)
{
    struct doc one = {0};
    size_t len;
    const void *spki = store_blob(q, 5, &len);

    if (!s->counts)
        return;
    doc_object(&one);
    doc_text(&one, "holder", s->holder);
    doc_bytes(&one, "spki", spki, len);
    doc_text(&one, "statement", store_text(q, 4));
    doc_push(list, &one);
}

static enum err for_each(struct core *c, int64_t enrolment, const struct sponsors *all,
                         void (*add)(const struct store_query *q, const struct sponsor *s,
                                     struct doc *list),
                         struct doc *list)
{
    struct store_query *q = store_query(c->store, STORE_SPONSOR_OF);
    size_t at = 0;
    bool found = false;

    store_bind_int(q, ":enrolment", enrolment);
    enum err e = store_step(q, &found);
    while (!e && found && at < all->count) {
        add(q, &all->at[at++], list);
        e = store_step(q, &found);
    }
    store_done(q);
    return e;
}

enum err sponsor_words(struct core *c, int64_t enrolment, const struct sponsors *all,
                       struct doc *list)
{
    doc_array(list);
    return for_each(c, enrolment, all, push_word, list);
}

static enum err list_all(struct core *c, const struct enrolment_row *a, struct doc *list)
{
    struct sponsors all;

    enum err e = sponsor_load(c, a->id, &all);
    return e ? e : for_each(c, a->id, &all, push, list);
}

enum err core_sponsorships(struct core *c, const struct core_caller *who, const char *enrolment,
                           struct core_answer *out)
{
    struct enrolment_row a = {0};
    struct doc body = {0}, list = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = enrolment_find(c, enrolment, &a);
    doc_object(&body);
    doc_array(&list);
    if (!e)
        e = list_all(c, &a, &list);
    doc_put(&body, "sponsorships", &list);
    if (!e)
        e = enrolment_put_wanted(c, &a, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
