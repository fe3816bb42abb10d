/* SPDX-License-Identifier: Apache-2.0
 *
 * Who stands for whom, as the account's entries tell it.
 */
#include "verifier/story_body.h"

#include <stdio.h>
#include <string.h>

static struct story_delegation *find(struct story *s, const char *principal)
{
    for (size_t i = 0; i < s->delegation_count; i++) {
        if (strcmp(s->delegations[i].principal, principal) == 0)
            return &s->delegations[i];
    }
    return NULL;
}

/* The principal's; nothing may be left out between his entries, whatever came before the first. */
static enum err open_chain(struct story *s, const struct body *b, const char *principal,
                           struct story_delegation **out)
{
    char name[IBAN_MAX + 1 + HOLDER_MAX + 1];
    struct story_delegation *d = find(s, principal);
    enum err e;

    *out = d;
    snprintf(name, sizeof name, "%s/%s", s->subject.account, principal);
    e = story_check_object(b, "delegation", name);
    if (e != ERR_OK)
        return e;
    if (d)
        return b->previous && (uint64_t)js_int(b->previous) == d->entry ? ERR_OK
                                                                        : ERR_EVIDENCE_INCOMPLETE;
    if (s->delegation_count == STORY_DELEGATIONS_MAX)
        return ERR_TOO_LARGE;
    *out = d = &s->delegations[s->delegation_count++];
    snprintf(d->principal, sizeof d->principal, "%s", principal);
    return ERR_OK;
}

/* What the bank must have seen when it took it. */
static enum err check_right(const struct story *s, const struct body *b, const char *principal,
                            const struct delegation *said)
{
    if (said->verb == DELEGATION_WITHDRAW)
        return story_contradiction_unless(policy_may_approve(s->current, principal));
    return story_contradiction_unless(policy_lets_delegate(s->current, principal, said->deputy) &&
                                      strcmp(said->currency, s->currency) == 0 &&
                                      said->until_us > b->leaf->time_us);
}

static enum err take(struct story *s, const struct body *b, const struct verified *v,
                     const struct js *holder)
{
    const struct delegation *said = verified_delegation(v);
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    struct story_delegation *d = NULL;
    enum err e =
        story_contradiction_unless(en->kind == STORY_PERSON && en->status == KEY_ACTIVE &&
                                   story_is_fresh(&said->head, en->floor_us, b->leaf->time_us) &&
                                   story_text_is(holder, en->holder));

    if (e == ERR_OK)
        e = check_right(s, b, en->holder, said);
    if (e == ERR_OK)
        e = open_chain(s, b, en->holder, &d);
    if (e != ERR_OK)
        return e;
    d->said = *said;
    d->open = said->verb == DELEGATION_GIVE;
    if (d->open && said->head.issued_us < d->issued_us)
        return ERR_EVIDENCE_CONTRADICTION;
    if (said->head.issued_us > d->issued_us)
        d->issued_us = said->head.issued_us;
    d->entry = b->leaf->index;
    memcpy(d->thumbprint, verified_signer(v), sizeof d->thumbprint);
    return ERR_OK;
}

enum err story_delegation_entry(struct story *s, struct body *b)
{
    struct verify_delegation_input in = {.bank = s->subject.bank,
                                         .account = s->subject.account,
                                         .policy = s->current,
                                         .keys = {story_find_key, s}};
    const struct js *holder, *statement;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("statement", true, &statement)};
    struct verified *v = NULL;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && !s->current)
        e = ERR_EVIDENCE_INCOMPLETE;
    if (e != ERR_OK)
        return e;
    in.jws = js_text(statement, &in.jws_len);
    e = verify_delegation(&in, &v);
    if (e == ERR_OK)
        e = take(s, b, v, holder);
    verified_free(v);
    return e;
}

void story_delegation_policy(struct story *s)
{
    for (size_t i = 0; i < s->delegation_count; i++) {
        struct story_delegation *d = &s->delegations[i];

        d->open = d->open && policy_lets_delegate(s->current, d->principal, d->said.deputy);
    }
}

static bool is_in_force(const struct story *s, const struct story_delegation *d, int64_t time_us)
{
    return d->open && time_us >= d->said.from_us && time_us < d->said.until_us &&
           story_keys_count(s, d->thumbprint);
}

size_t story_delegation_list(const struct story *s, int64_t time_us,
                             struct policy_delegation out[static POLICY_HOLDERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < s->delegation_count && count < POLICY_HOLDERS_MAX; i++) {
        const struct story_delegation *d = &s->delegations[i];

        if (is_in_force(s, d, time_us))
            out[count++] =
                (struct policy_delegation){d->principal, d->said.deputy, d->said.amount_minor};
    }
    return count;
}

/* Of those for whom this order is not too much. */
void story_delegation_note(struct story *s, int64_t time_us)
{
    s->deputy_count = 0;
    for (size_t i = 0; i < s->delegation_count && s->deputy_count < POLICY_HOLDERS_MAX; i++) {
        const struct story_delegation *d = &s->delegations[i];
        struct verify_deputy *out = &s->deputies[s->deputy_count];

        if (!is_in_force(s, d, time_us) || d->said.amount_minor < s->order.amount_minor)
            continue;
        memcpy(out->deputy, d->said.deputy, sizeof out->deputy);
        memcpy(out->principal, d->principal, sizeof out->principal);
        memcpy(out->thumbprint, d->thumbprint, sizeof out->thumbprint);
        out->ceremony = story_keys_ceremony(s, d->thumbprint);
        story_keys_sponsors(s, d->thumbprint, &out->sponsors);
        s->deputy_count++;
    }
}
