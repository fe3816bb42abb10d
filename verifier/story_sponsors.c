/* SPDX-License-Identifier: Apache-2.0
 *
 * Who vouched for a request to be enrolled (docs/FORMAT.md section 8.10), as the enrolment has it:
 * each by a key that stands beside his word.
 */
#include "base/text.h"
#include "verifier/story_body.h"

#include <stdio.h>
#include <string.h>

#define AHEAD_MAX_US (10 * TEXT_SECOND_US)

/* The one key that a word is verified under. */
static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct key *key = ctx;

    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

static bool has_spoken(const struct verify_sponsors *all, const char *holder)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i].holder, holder) == 0)
            return true;
    }
    return false;
}

const char *story_sponsors_owner(const struct verify_sponsors *all, const char *thumbprint)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->at[i].thumbprint, thumbprint) == 0)
            return all->at[i].holder;
    }
    return NULL;
}

/* A key is one person's: not the newcomer's own, whose it is from now on, nor another's. */
static bool is_his(const struct story *s, const struct story_newcomer *n,
                   const struct verify_sponsors *before, const char *thumbprint, const char *holder)
{
    const char *owner = story_keys_owner(s, thumbprint);

    return strcmp(thumbprint, n->thumbprint) != 0 && !story_sponsors_owner(before, thumbprint) &&
           (!owner || strcmp(owner, holder) == 0);
}

/* Of this newcomer, who has another key than he, once, and not after he was enrolled. */
static enum err take(const struct story *s, const struct story_newcomer *n,
                     const struct verified *v, const char *holder, struct verify_sponsors *out)
{
    const struct sponsorship *said = verified_sponsorship(v);
    const struct statement *head = verified_head(v);
    struct verify_sponsor *by = &out->at[out->count];

    if (strcmp(said->key, n->thumbprint) != 0 || strcmp(said->name, n->name) != 0)
        return ERR_SPONSORSHIP_MISMATCH;
    if (has_spoken(out, holder) || !is_his(s, n, out, verified_signer(v), holder) ||
        head->issued_us > n->enrolled_us + AHEAD_MAX_US)
        return ERR_EVIDENCE_CONTRADICTION;
    snprintf(by->holder, sizeof by->holder, "%s", holder);
    snprintf(by->account, sizeof by->account, "%s", said->account);
    snprintf(by->thumbprint, sizeof by->thumbprint, "%s", verified_signer(v));
    out->count++;
    return ERR_OK;
}

static enum err add(const struct story *s, const struct story_newcomer *n, const struct js *one,
                    struct verify_sponsors *out)
{
    const struct js *holder, *spki, *statement;
    const struct js_member table[] = {MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("spki", true, &spki),
                                      MEMBER_TEXT("statement", true, &statement)};
    char name[HOLDER_MAX + 1];
    uint8_t der[KEY_SPKI_MAX];
    struct key *key = NULL;
    struct verified *v = NULL;
    size_t len;
    enum err e = js_members(one, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(holder, forms_holder, name, sizeof name);
    if (e == ERR_OK)
        e = member_bytes(spki, der, sizeof der, &len);
    if (e == ERR_OK)
        e = key_from_spki(der, len, &key);
    if (e == ERR_OK) {
        struct verify_sponsorship_input in = {
            .bank = s->subject.bank, .enrolment = n->enrolment, .keys = {find_key, key}};
        in.jws = js_text(statement, &in.jws_len);
        e = verify_sponsorship(&in, &v);
    }
    if (e == ERR_OK)
        e = take(s, n, v, name, out);
    verified_free(v);
    key_free(key);
    return e;
}

enum err story_sponsors(const struct story *s, const struct story_newcomer *n,
                        const struct js *list, struct verify_sponsors *out)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < js_count(list); i++)
        e = add(s, n, js_at(list, i), out);
    return e;
}
