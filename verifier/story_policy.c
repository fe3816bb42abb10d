/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/story_body.h"

#include <stdio.h>
#include <string.h>

void story_policy_free(struct story *s)
{
    for (size_t i = 0; i < s->policy_count; i++)
        policy_free(s->policies[i]);
    policy_free(s->change.to);
}

/* Its amounts mean something in the account's currency only. */
static bool fits_currency(const struct story *s, const struct policy *p)
{
    return !policy_currency(p)[0] || strcmp(policy_currency(p), s->currency) == 0;
}

/* P comes into force, and is the one that the order enters under unless it has entered. */
static enum err enforce(struct story *s, struct policy *p)
{
    enum err e = story_contradiction_unless(fits_currency(s, p));

    if (e == ERR_OK && s->policy_count == STORY_POLICIES_MAX)
        e = ERR_TOO_LARGE;
    if (e != ERR_OK) {
        policy_free(p);
        return e;
    }
    s->policies[s->policy_count++] = p;
    s->current = p;
    story_delegation_policy(s);
    if (!s->order_seen)
        s->policy = p;
    return ERR_OK;
}

/* --- the first one --- */

enum err story_policy_account(struct story *s, struct body *b)
{
    const struct js *account, *application, *currency, *policy;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("account", true, &account),
                                      MEMBER_TEXT("application", false, &application),
                                      MEMBER_TEXT("currency", true, &currency),
                                      MEMBER_OBJECT("policy", true, &policy)};
    struct policy *p = NULL;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_check_object(b, "account", s->subject.account);
    if (e == ERR_OK)
        e = story_contradiction_unless(!s->current && !b->previous &&
                                       story_text_is(account, s->subject.account));
    if (e == ERR_OK)
        e = member_text(currency, NULL, s->currency, sizeof s->currency);
    if (e == ERR_OK)
        e = policy_from_js(policy, &p);
    if (e == ERR_OK)
        e = story_application_opens(s, b, application, p);
    if (e == ERR_OK)
        return enforce(s, p);
    policy_free(p);
    return e;
}

/* --- a word on a new one --- */

/* The first word carries the policy, and only that. */
static enum err take_document(struct story *s, const struct body *b, const struct js *document)
{
    struct story_change *ch = &s->change;

    if (!document)
        return ch->to ? ERR_OK : ERR_EVIDENCE_INCOMPLETE;
    if (ch->to)
        return ERR_EVIDENCE_CONTRADICTION;
    *ch = (struct story_change){.proposed_us = b->leaf->time_us};
    return policy_from_js(document, &ch->to);
}

static bool decided(const struct story_change *ch, const char *holder)
{
    for (size_t i = 0; i < ch->count; i++) {
        if (strcmp(ch->holders[i], holder) == 0)
            return true;
    }
    return false;
}

/* Notes a verified word after what the bank must have seen when it took it. */
static enum err note_word(struct story *s, const struct body *b, const struct verified *v)
{
    const struct policy_change *said = verified_policy_change(v);
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    struct story_change *ch = &s->change;

    if (en->kind != STORY_PERSON || en->status != KEY_ACTIVE ||
        !story_is_fresh(&said->head, en->floor_us, b->leaf->time_us) || decided(ch, en->holder) ||
        (ch->count == 0 && said->verb != VERB_APPROVE))
        return ERR_EVIDENCE_CONTRADICTION;
    if (!policy_may_approve(s->current, en->holder) &&
        (ch->count == 0 || !policy_may_approve(ch->to, en->holder)))
        return ERR_EVIDENCE_CONTRADICTION;
    if (ch->count == STORY_VOTES_MAX)
        return ERR_TOO_LARGE;
    snprintf(ch->holders[ch->count], sizeof ch->holders[0], "%s", en->holder);
    memcpy(ch->keys[ch->count], verified_signer(v), sizeof ch->keys[0]);
    ch->votes[ch->count] = (struct policy_vote){ch->holders[ch->count], said->verb == VERB_APPROVE};
    ch->count++;
    return ERR_OK;
}

static enum err take_word(struct story *s, const struct body *b, const struct js *statement,
                          const struct js *holder)
{
    struct verify_policy_input in = {
        .bank = s->subject.bank, .step = {s->current, s->change.to}, .keys = {story_find_key, s}};
    struct verified *v = NULL;
    enum err e;

    in.jws = js_text(statement, &in.jws_len);
    e = verify_policy_change(&in, &v);
    if (e == ERR_OK)
        e = note_word(s, b, v);
    if (e == ERR_OK)
        e = story_contradiction_unless(
            story_text_is(holder, s->change.holders[s->change.count - 1]));
    verified_free(v);
    return e;
}

/* The quorum of the policy in force and of the new one, which is valid, at the entry's time. */
static void judge(const struct story *s, const struct body *b, bool *reached, bool *unreachable)
{
    const struct story_change *ch = &s->change;
    const struct policy_case what = {.subject = POLICY_CHANGE,
                                     .waited_us = policy_waited(ch->proposed_us, b->leaf->time_us)};
    struct policy_vote votes[STORY_VOTES_MAX];
    struct policy_verdict old, new;
    size_t count = 0;

    for (size_t i = 0; i < ch->count; i++) {
        if (story_keys_count(s, ch->keys[i]))
            votes[count++] = ch->votes[i];
    }
    policy_judge(s->current, &what, votes, count, &old);
    policy_judge(ch->to, &what, votes, count, &new);
    *reached = old.reached && new.reached &&policy_valid_at(ch->to, b->leaf->time_us);
    *unreachable = old.unreachable || new.unreachable;
}

static bool is_noted(const struct story *s, const char *thumbprint)
{
    for (size_t i = 0; i < s->policy_signer_count; i++) {
        if (strcmp(s->policy_signers[i].thumbprint, thumbprint) == 0)
            return true;
    }
    return false;
}

enum err story_policy_note(struct story *s, const struct story_signed *by)
{
    if (is_noted(s, by->thumbprint))
        return ERR_OK;
    if (s->policy_signer_count == VERIFY_POLICY_SIGNERS_MAX)
        return ERR_TOO_LARGE;
    struct verify_policy_signer *out = &s->policy_signers[s->policy_signer_count++];
    snprintf(out->holder, sizeof out->holder, "%s", by->holder);
    snprintf(out->thumbprint, sizeof out->thumbprint, "%s", by->thumbprint);
    out->version = by->version;
    out->ceremony = story_keys_ceremony(s, by->thumbprint);
    story_keys_sponsors(s, by->thumbprint, &out->sponsors);
    return ERR_OK;
}

static enum err note_signers(struct story *s)
{
    const struct story_change *ch = &s->change;
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < ch->count; i++) {
        const struct story_signed one = {ch->holders[i], ch->keys[i], policy_version(ch->to)};
        if (ch->votes[i].approves)
            e = story_policy_note(s, &one);
    }
    return e;
}

/* Evidence tells of policies that came into force, so a word leaves it pending or enforces it. */
static enum err follow(struct story *s, const struct body *b, const struct js *status)
{
    bool reached, unreachable;

    judge(s, b, &reached, &unreachable);
    if (unreachable ||
        policy_waited(s->change.proposed_us, b->leaf->time_us) > POLICY_CHANGE_LIFE_US)
        return ERR_EVIDENCE_CONTRADICTION;
    if (!reached)
        return story_contradiction_unless(story_text_is(status, "pending"));
    if (!story_text_is(status, "in-force"))
        return ERR_EVIDENCE_CONTRADICTION;
    enum err e = note_signers(s);
    if (e != ERR_OK)
        return e;
    struct policy *p = s->change.to;
    s->change.to = NULL;
    return enforce(s, p);
}

enum err story_policy_word(struct story *s, struct body *b)
{
    const struct js *document, *holder, *statement, *status;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_OBJECT("policy", false, &document),
                                      MEMBER_TEXT("statement", true, &statement),
                                      MEMBER_TEXT("status", true, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_check_object(b, "account", s->subject.account);
    if (e == ERR_OK && !s->current)
        e = ERR_EVIDENCE_INCOMPLETE;
    if (e == ERR_OK)
        e = take_document(s, b, document);
    if (e == ERR_OK)
        e = take_word(s, b, statement, holder);
    return e == ERR_OK ? follow(s, b, status) : e;
}

/* A waiting clause opened. */
enum err story_policy_due(struct story *s, struct body *b)
{
    const struct js *digest, *status;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("policyDigest", true, &digest),
                                      MEMBER_TEXT("status", true, &status)};
    uint8_t said[DIGEST_LEN];
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_check_object(b, "account", s->subject.account);
    if (e == ERR_OK && !s->change.to)
        e = ERR_EVIDENCE_INCOMPLETE;
    if (e == ERR_OK)
        e = member_digest(digest, said);
    if (e == ERR_OK && (memcmp(said, policy_digest(s->change.to), DIGEST_LEN) != 0 ||
                        !story_text_is(status, "in-force")))
        e = ERR_EVIDENCE_CONTRADICTION;
    return e == ERR_OK ? follow(s, b, status) : e;
}
