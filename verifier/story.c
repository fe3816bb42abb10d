/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/story_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_MAX (sizeof "order:" + IBAN_MAX + 1 + ORDER_ID_LEN)

enum err story_new(const struct story_subject *subject, struct story **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    (*out)->subject = *subject;
    return ERR_OK;
}

void story_free(struct story *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->key_count; i++)
        key_free(s->keys[i].key);
    story_policy_free(s);
    story_application_free(s);
    story_batch_free(s);
    verified_free(s->act.said);
    free(s);
}

bool story_text_is(const struct js *value, const char *expected)
{
    return strcmp(js_text(value, NULL), expected) == 0;
}

enum err story_contradiction_unless(bool fine)
{
    return fine ? ERR_OK : ERR_EVIDENCE_CONTRADICTION;
}

enum err story_check_object(const struct body *b, const char *kind, const char *name)
{
    char object[OBJECT_MAX];

    snprintf(object, sizeof object, "%s:%s", kind, name);
    return story_contradiction_unless(story_text_is(b->object, object));
}

/* --- all of it --- */

static const struct chapter {
    const char *type;
    enum { NOT_ITS_OWN, BEFORE_PAYMENT, AFTER_PAYMENT } of_order; /* which of the order's own */
    enum err (*add)(struct story *, struct body *);
} chapters[] = {
    {"account", NOT_ITS_OWN, story_policy_account},
    {"application", NOT_ITS_OWN, story_application_word},
    {"application-end", NOT_ITS_OWN, story_application_end},
    {"policy", NOT_ITS_OWN, story_policy_word},
    {"policy-due", NOT_ITS_OWN, story_policy_due},
    {"delegation", NOT_ITS_OWN, story_delegation_entry},
    {"enrolment", NOT_ITS_OWN, story_keys_enrolment},
    {"key-status", NOT_ITS_OWN, story_keys_status},
    {"rotation", NOT_ITS_OWN, story_keys_rotation},
    {"act", NOT_ITS_OWN, story_act_entry},
    {"batch", NOT_ITS_OWN, story_batch_entry},
    {"cash", BEFORE_PAYMENT, story_cash}, /* how an order begins at a terminal */
    {"decision", BEFORE_PAYMENT, story_order_decision},
    {"settlement", BEFORE_PAYMENT, story_end_settlement},
    {"accepted", BEFORE_PAYMENT, story_end_accepted},
    {"held", BEFORE_PAYMENT, story_end_held},
    {"released", BEFORE_PAYMENT, story_end_released},
    {"closed", BEFORE_PAYMENT, story_end_closed},
    {"confirmed", AFTER_PAYMENT, story_end_confirmed},
    {"returned", AFTER_PAYMENT, story_end_returned},
};

/* What is paid is only confirmed or returned. */
static enum err check_turn(const struct story *s, const struct chapter *c)
{
    return story_contradiction_unless(c->of_order == NOT_ITS_OWN ||
                                      (s->status == STATUS_ACSP) == (c->of_order == AFTER_PAYMENT));
}

/* Of one of the order's own entries. */
static enum err take_note(struct story *s, const struct chapter *c, const struct entry_leaf *leaf)
{
    s->last = leaf->index;
    if (c->of_order == AFTER_PAYMENT)
        return ERR_OK;
    story_delegation_note(s, leaf->time_us);
    return story_order_judge(s, leaf->time_us, &s->verdict);
}

enum err story_add(struct story *s, const struct entry_leaf *leaf, const struct js *body)
{
    struct body b = {.leaf = leaf, .value = body};
    const struct js *type = js_get(body, "type");

    if (!type)
        return ERR_DOC_MEMBER_MISSING;
    if (js_type(type) != JS_TEXT)
        return ERR_DOC_MEMBER_INVALID;
    for (size_t i = 0; i < MEMBER_ROWS(chapters); i++) {
        if (story_text_is(type, chapters[i].type)) {
            enum err e = check_turn(s, &chapters[i]);

            if (e == ERR_OK)
                e = chapters[i].add(s, &b);
            return e == ERR_OK && chapters[i].of_order ? take_note(s, &chapters[i], leaf) : e;
        }
    }
    return ERR_EVIDENCE_CONTRADICTION; /* it has no part in this story */
}

/* What became later of the keys before one that only signed the application is not here. */
static bool policy_signer_pinned(const struct story *s, const struct verify_policy_signer *p)
{
    return p->version == 1 ? story_keys_pinned_itself(s, p->thumbprint)
                           : story_keys_pinned(s, p->thumbprint);
}

/* By what became of the keys since. */
static void tell_pins(const struct story *s, struct verify_report *out)
{
    for (size_t i = 0; i < out->signer_count; i++)
        out->signers[i].pinned = story_keys_pinned(s, out->signers[i].thumbprint);
    for (size_t i = 0; i < out->deputy_count; i++)
        out->deputies[i].pinned = story_keys_pinned(s, out->deputies[i].thumbprint);
    for (size_t i = 0; i < out->policy_signer_count; i++)
        out->policy_signers[i].pinned = policy_signer_pinned(s, &out->policy_signers[i]);
    for (size_t i = 0; i < out->word_count; i++)
        out->words[i].pinned = story_keys_pinned(s, out->words[i].thumbprint);
}

enum err story_report(const struct story *s, struct verify_report *out)
{
    memset(out, 0, sizeof *out);
    if (!s->order_seen)
        return ERR_EVIDENCE_INCOMPLETE;
    enum err e = story_act_done(s);
    if (e == ERR_OK)
        e = story_application_done(s);
    if (e == ERR_OK)
        e = story_batch_done(s);
    if (e != ERR_OK)
        return e;
    out->order = s->order;
    snprintf(out->status, sizeof out->status, "%s", status_name(s->status));
    memcpy(out->reason, s->reason, sizeof out->reason);
    out->status_time_us = s->status_time_us;
    snprintf(out->policy_title, sizeof out->policy_title, "%s", policy_title(s->policy));
    out->policy_version = policy_version(s->policy);
    out->required = s->verdict.required;
    out->given = s->verdict.given;
    for (size_t i = 0; i < s->made_count; i++) {
        out->signers[i] = s->made[i].signer;
        out->signers[i].retired =
            story_keys_status_of(s, s->made[i].signer.thumbprint) == KEY_RETIRED;
    }
    out->signer_count = s->made_count;
    memcpy(out->deputies, s->deputies, sizeof out->deputies);
    out->deputy_count = s->deputy_count;
    memcpy(out->policy_signers, s->policy_signers, sizeof out->policy_signers);
    out->policy_signer_count = s->policy_signer_count;
    out->applied = s->application.word_count > 0;
    for (size_t i = 0; i < s->word_count; i++)
        out->words[i] = s->words[i].told;
    out->word_count = s->word_count;
    tell_pins(s, out);
    return ERR_OK;
}
