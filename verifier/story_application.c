/* SPDX-License-Identifier: Apache-2.0
 *
 * An account's first policy, where its holders applied for it: each of them signed it before.
 */
#include "base/text.h"
#include "verifier/story_body.h"

#include <stdio.h>
#include <string.h>

void story_application_free(struct story *s)
{
    application_free(&s->application.said);
}

/* The first word carries the application, and only that. */
static enum err take_document(struct story *s, const struct js *document)
{
    struct story_application *a = &s->application;

    if (!document)
        return a->word_count > 0 ? ERR_OK : ERR_EVIDENCE_INCOMPLETE;
    return a->word_count > 0 ? ERR_EVIDENCE_CONTRADICTION : application_from_js(document, &a->said);
}

/* Its object has the digest as its name, and nothing was left out of the middle. */
static enum err check_place(const struct story *s, const struct body *b)
{
    const struct story_application *a = &s->application;
    char name[2 * DIGEST_LEN + 1];

    text_hex(a->said.digest, DIGEST_LEN, name);
    enum err e = story_check_object(b, "application", name);
    if (e != ERR_OK || a->word_count == 0)
        return e != ERR_OK ? e : story_contradiction_unless(!b->previous);
    return b->previous && (uint64_t)js_int(b->previous) == a->last ? ERR_OK
                                                                   : ERR_EVIDENCE_INCOMPLETE;
}

static bool has_signed(const struct story *s, const char *holder)
{
    const struct story_application *a = &s->application;

    for (size_t i = 0; i < a->word_count; i++) {
        if (strcmp(a->words[i].holder, holder) == 0 && story_keys_count(s, a->words[i].thumbprint))
            return true;
    }
    return false;
}

static bool all_signed(const struct story *s)
{
    const struct policy *p = s->application.said.policy;

    for (size_t i = 0; i < policy_holder_count(p); i++) {
        if (!has_signed(s, policy_holder(p, i)))
            return false;
    }
    return true;
}

/* Notes a verified word after what the bank must have seen when it took it. */
static enum err note_word(struct story *s, const struct body *b, const struct verified *v)
{
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    struct story_application *a = &s->application;

    if (verified_application(v)->verb != APPLICATION_APPLY || en->kind != STORY_PERSON ||
        en->status != KEY_ACTIVE || b->leaf->time_us >= a->said.expires_us ||
        !story_is_fresh(verified_head(v), en->floor_us, b->leaf->time_us) ||
        !policy_may_submit(a->said.policy, en->holder) || has_signed(s, en->holder))
        return ERR_EVIDENCE_CONTRADICTION;
    if (a->word_count == STORY_VOTES_MAX)
        return ERR_TOO_LARGE;
    snprintf(a->words[a->word_count].holder, sizeof a->words[0].holder, "%s", en->holder);
    memcpy(a->words[a->word_count].thumbprint, verified_signer(v), sizeof a->words[0].thumbprint);
    a->word_count++;
    a->last = b->leaf->index;
    return ERR_OK;
}

static enum err take_word(struct story *s, const struct body *b, const struct js *statement,
                          const struct js *holder)
{
    struct story_application *a = &s->application;
    struct verify_application_input in = {
        .bank = s->subject.bank, .application = &a->said, .keys = {story_find_key, s}};
    struct verified *v = NULL;

    in.jws = js_text(statement, &in.jws_len);
    enum err e = verify_application(&in, &v);
    if (e == ERR_OK)
        e = note_word(s, b, v);
    if (e == ERR_OK)
        e = story_contradiction_unless(story_text_is(holder, a->words[a->word_count - 1].holder));
    verified_free(v);
    return e;
}

enum err story_application_word(struct story *s, struct body *b)
{
    const struct js *document, *holder, *statement, *status;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_OBJECT("application", false, &document),
                                      MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("statement", true, &statement),
                                      MEMBER_TEXT("status", true, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_contradiction_unless(!s->current);
    if (e == ERR_OK)
        e = take_document(s, document);
    if (e == ERR_OK)
        e = check_place(s, b);
    if (e == ERR_OK)
        e = take_word(s, b, statement, holder);
    return e == ERR_OK ? story_contradiction_unless(
                             story_text_is(status, all_signed(s) ? "signed" : "waiting"))
                       : e;
}

/* --- the account that came of it --- */

/* Nothing of the policy is the bank's but the members that it adds. */
static enum err check_policy(const struct story *s, const struct body *b, const struct policy *p)
{
    struct policy *signed_for = NULL;
    size_t len, given_len;
    const char *bytes, *given = policy_bytes(p, &given_len);
    enum err e =
        application_policy(&s->application.said, s->subject.account, b->leaf->time_us, &signed_for);

    if (e != ERR_OK)
        return e;
    bytes = policy_bytes(signed_for, &len);
    e = len == given_len && memcmp(bytes, given, len) == 0 ? ERR_OK : ERR_APPLICATION_MISMATCH;
    policy_free(signed_for);
    return e;
}

static enum err check_account(const struct story *s, const struct body *b,
                              const uint8_t digest[static DIGEST_LEN], const struct policy *p)
{
    const struct story_application *a = &s->application;

    if (a->word_count == 0)
        return ERR_EVIDENCE_INCOMPLETE;
    if (memcmp(digest, a->said.digest, DIGEST_LEN) != 0 ||
        strcmp(a->said.currency, s->currency) != 0)
        return ERR_APPLICATION_MISMATCH;
    if (b->leaf->time_us >= a->said.expires_us)
        return ERR_EVIDENCE_CONTRADICTION;
    return all_signed(s) ? check_policy(s, b, p) : ERR_APPLICATION_UNSIGNED;
}

enum err story_application_opens(struct story *s, const struct body *b, const struct js *digest,
                                 const struct policy *p)
{
    struct story_application *a = &s->application;
    uint8_t said[DIGEST_LEN];

    if (!digest)
        return story_contradiction_unless(a->word_count == 0);
    enum err e = member_digest(digest, said);
    if (e == ERR_OK)
        e = check_account(s, b, said, p);
    a->opened = b->leaf->index;
    a->opened_us = b->leaf->time_us;
    for (size_t i = 0; e == ERR_OK && i < a->word_count; i++) {
        const struct story_signed one = {a->words[i].holder, a->words[i].thumbprint, 1};
        if (story_keys_count(s, one.thumbprint))
            e = story_policy_note(s, &one);
    }
    return e;
}

/* --- its end --- */

/* The bank enters both at once: a word said after the last one here would come between. */
enum err story_application_end(struct story *s, struct body *b)
{
    struct story_application *a = &s->application;
    const struct js *account, *operator_name, *status;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("account", true, &account),
                                      MEMBER_TEXT("operator", true, &operator_name),
                                      MEMBER_TEXT("status", true, &status)};
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_contradiction_unless(
            s->current && a->word_count > 0 && !a->ended && b->leaf->index == a->opened + 1 &&
            b->leaf->time_us == a->opened_us && story_text_is(status, "admitted") &&
            story_text_is(account, s->subject.account));
    if (e == ERR_OK)
        e = check_place(s, b);
    a->ended = e == ERR_OK;
    return e;
}

enum err story_application_done(const struct story *s)
{
    const struct story_application *a = &s->application;

    return a->word_count == 0 || a->ended ? ERR_OK : ERR_EVIDENCE_INCOMPLETE;
}
