/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/change_row.h"

#include "bankd/core/delegate.h"
#include "bankd/core/entries.h"
#include "bankd/core/life.h"
#include "bankd/core/people.h"
#include <stdlib.h>
#include <string.h>

void change_free(struct change *ch)
{
    policy_free(ch->to);
    ch->to = NULL;
}

/* --- rows --- */

static enum err read_row(struct core *c, int64_t account, struct change *out)
{
    struct store_query *q = store_query(c->store, STORE_CHANGE_FIND);
    bool found = false;
    size_t len = 0;

    store_bind_int(q, ":account", account);
    enum err e = store_step(q, &found);
    if (!e && found) {
        out->id = store_int(q, 0);
        out->proposed_us = store_int(q, 2);
        out->due_us = store_int(q, 3);
        const void *document = store_blob(q, 1, &len);
        e = policy_parse(document, len, &out->to);
    }
    store_done(q);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

static enum err read_vote(const struct store_query *q, struct change_vote *out)
{
    const char *verb = store_text(q, 1);

    out->verb = decision_verb_from_name(verb, strlen(verb));
    out->key_counts = store_int(q, 2) != 0;
    out->received_us = store_int(q, 3);
    return store_copy_text(q, 0, out->holder, sizeof out->holder);
}

static enum err read_votes(struct core *c, struct change *ch)
{
    struct store_query *q = store_query(c->store, STORE_CHANGE_VOTES);
    bool row = false;

    store_bind_int(q, ":change", ch->id);
    enum err e = store_step(q, &row);
    while (!e && row) {
        if (ch->count == CHANGE_VOTES_MAX)
            e = ERR_STORE_FAILED;
        if (!e)
            e = read_vote(q, &ch->votes[ch->count++]);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

enum err change_find(struct core *c, int64_t account, struct change *out)
{
    *out = (struct change){.account = account};
    if (rows_none(c->rows, ROWS_OF_CHANGES, account, c->now_us))
        return ERR_OK;
    enum err e = read_row(c, account, out);
    if (!e && !out->id)
        rows_keep_none(c->rows, ROWS_OF_CHANGES, account, c->now_us);
    if (!e && out->id)
        e = read_votes(c, out);
    if (e)
        change_free(out);
    return e;
}

bool change_decided(const struct change *ch, const char *holder)
{
    for (size_t i = 0; i < ch->count; i++) {
        if (strcmp(ch->votes[i].holder, holder) == 0)
            return true;
    }
    return false;
}

enum err change_set(struct core *c, int64_t id, const char *state, int64_t due_us)
{
    struct store_query *q = store_query(c->store, STORE_CHANGE_SET);

    store_bind_int(q, ":id", id);
    store_bind_text(q, ":state", state);
    store_bind_int(q, ":due", due_us);
    return store_run(q);
}

/* --- what the votes amount to --- */

void change_judge(const struct change *ch, const struct policy *from, int64_t now_us,
                  struct policy_verdict *out)
{
    const struct policy_case what = {.subject = POLICY_CHANGE,
                                     .waited_us = policy_waited(ch->proposed_us, now_us)};
    struct policy_vote votes[CHANGE_VOTES_MAX];
    struct policy_verdict own;
    size_t count = 0;

    for (size_t i = 0; i < ch->count; i++) {
        if (ch->votes[i].key_counts)
            votes[count++] =
                (struct policy_vote){ch->votes[i].holder, ch->votes[i].verb == VERB_APPROVE};
    }
    policy_judge(from, &what, votes, count, out);
    policy_judge(ch->to, &what, votes, count, &own);
    out->reached = out->reached && own.reached && policy_valid_at(ch->to, now_us);
    out->unreachable = out->unreachable || own.unreachable;
}

int64_t change_over(const struct change *ch)
{
    int64_t life_us = ch->proposed_us + POLICY_CHANGE_LIFE_US;
    int64_t valid_us = policy_valid_until(ch->to);

    return life_us < valid_us ? life_us : valid_us;
}

int64_t change_due(const struct change *ch, const struct policy *from, int64_t now_us)
{
    const struct policy_case what = {.subject = POLICY_CHANGE,
                                     .waited_us = policy_waited(ch->proposed_us, now_us)};
    const struct policy *const both[] = {from, ch->to};
    int64_t due_us = change_over(ch);

    for (size_t i = 0; i < 2; i++) {
        int64_t next = policy_next_opening(both[i], &what);

        if (next >= 0 && policy_opens(ch->proposed_us, next) < due_us)
            due_us = policy_opens(ch->proposed_us, next);
    }
    if (policy_valid_from(ch->to) > now_us && policy_valid_from(ch->to) < due_us)
        due_us = policy_valid_from(ch->to); /* the clock went back since it was proposed */
    return due_us;
}

/* --- in force --- */

static enum err set_holders(struct core *c, const struct ledger_account *a, const struct policy *p)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_HOLDER_DROP);

    store_bind_int(q, ":account", a->id);
    enum err e = store_run(q);
    for (size_t i = 0; !e && i < policy_holder_count(p); i++) {
        struct people_holder person;
        e = people_holder_find(c, policy_holder(p, i), &person);
        if (e)
            return e;
        q = store_query(c->store, STORE_ACCOUNT_HOLDER_ADD);
        store_bind_int(q, ":holder", person.id);
        store_bind_int(q, ":account", a->id);
        e = store_run(q);
    }
    return e;
}

static enum err add_policy(struct core *c, struct ledger_account *a, const struct policy *p,
                           int64_t entry)
{
    struct store_query *q = store_query(c->store, STORE_POLICY_ADD);
    size_t len = 0;
    const char *bytes = policy_bytes(p, &len);

    store_bind_blob(q, ":digest", policy_digest(p), DIGEST_LEN);
    store_bind_text(q, ":account", a->account);
    store_bind_int(q, ":version", policy_version(p));
    store_bind_blob(q, ":document", bytes, len);
    store_bind_int(q, ":entry", entry);
    enum err e = store_run(q);
    if (e)
        return e;
    a->policy = store_last_id(c->store);
    memcpy(a->policy_digest, policy_digest(p), DIGEST_LEN);
    q = store_query(c->store, STORE_ACCOUNT_POLICY);
    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":policy", a->policy);
    return store_run(q);
}

enum err change_enforce(struct core *c, struct ledger_account *a, const struct change *ch,
                        int64_t entry)
{
    struct policy *kept = NULL;
    size_t len = 0;
    const char *bytes = policy_bytes(ch->to, &len);

    enum err e = add_policy(c, a, ch->to, entry);
    if (!e)
        e = set_holders(c, a, ch->to);
    if (!e)
        e = delegate_follow_policy(c, a->id, ch->to, entry);
    if (!e)
        e = life_look_again(c, a->id);
    if (!e)
        e = change_set(c, ch->id, "force", 0);
    if (!e)
        e = policy_parse(bytes, len, &kept);
    return e ? e : cache_put(c->policies, policy_digest(kept), kept);
}

enum err change_add_entry(struct core *c, struct ledger_account *a, struct doc *body,
                          int64_t *entry)
{
    enum err e = entries_add(c, body, entry);
    if (e)
        return e;
    a->entry = *entry;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ENTRY);
    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":entry", *entry);
    return store_run(q);
}
