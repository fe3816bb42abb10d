/* SPDX-License-Identifier: Apache-2.0
 *
 * The bank's operator: what he signed (docs/FORMAT.md section 8.5), and what came of it. The bank
 * enters both at once, so an act waits for one entry of the order and is gone.
 */
#include "verifier/story_body.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_MAX (ACT_PATH_MAX + 1)

enum err story_act_done(const struct story *s)
{
    return story_contradiction_unless(!s->act.said);
}

/* --- what he signed --- */

static enum err check_signer(struct story *s, const struct body *b, const struct verified *v,
                             const struct js *holder)
{
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    enum err e = story_contradiction_unless(
        en->kind == STORY_OPERATOR && en->status == KEY_ACTIVE &&
        story_text_is(holder, en->holder) &&
        story_is_fresh(verified_head(v), en->floor_us, b->leaf->time_us));

    return e == ERR_OK ? story_check_object(b, "holder", en->holder) : e;
}

enum err story_act_entry(struct story *s, struct body *b)
{
    const struct js *holder, *path, *statement;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("path", true, &path),
                                      MEMBER_TEXT("statement", true, &statement)};
    struct verify_act_input in = {.bank = s->subject.bank, .keys = {story_find_key, s}};
    struct verified *v = NULL;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = story_act_done(s);
    if (e != ERR_OK)
        return e;
    in.path = js_text(path, NULL);
    in.jws = js_text(statement, &in.jws_len);
    e = verify_act(&in, &v);
    if (e == ERR_OK)
        e = check_signer(s, b, v, holder);
    if (e != ERR_OK) {
        verified_free(v);
        return e;
    }
    s->act = (struct story_act){v, b->leaf->index, b->leaf->time_us};
    return ERR_OK;
}

/* --- what came of it --- */

/* The newest entry about the order that he saw, where he says so, is the one before this. */
static bool saw_all(const struct body *b, const struct js *entry)
{
    return !entry || js_int(entry) == 0 || (b->previous && js_int(entry) == js_int(b->previous));
}

static bool same(const struct js *a, const struct js *b)
{
    return a && b ? story_text_is(a, js_text(b, NULL)) : !a && !b;
}

/* What he signed for is what the entry says: the same order, the same words. */
static enum err check_asked(const struct story *s, const struct body *b,
                            const struct story_said *said, const char *verb,
                            const struct js *reason)
{
    const struct operator_act *act = verified_act(s->act.said);
    char path[ROUTE_MAX];
    const struct js *entry, *note, *why;
    const struct js_member table[] = {{"entry", JS_INT, false, 0, JS_INT_MAX, &entry},
                                      MEMBER_TEXT("note", true, &note),
                                      MEMBER_TEXT("reason", reason != NULL, &why)};
    struct js *request = NULL;

    snprintf(path, sizeof path, "/v1/accounts/%s/orders/%s/%s", s->subject.account,
             s->subject.order, verb);
    if (strcmp(act->path, path) != 0)
        return ERR_ACT_MISMATCH;
    enum err e = js_parse(act->request.data, act->request.len, &request);
    if (e == ERR_OK)
        e = js_members(request, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK && !(same(note, said->note) && same(why, reason) && saw_all(b, entry)))
        e = ERR_ACT_MISMATCH;
    js_free(request);
    return e;
}

static bool serves_twice(const struct story *s, const uint8_t *digest)
{
    for (size_t i = 0; i < s->word_count; i++) {
        if (s->words[i].told.thumbprint[0] &&
            memcmp(s->words[i].statement, digest, DIGEST_LEN) == 0)
            return true;
    }
    return false;
}

/* The act that the entry names is the one that waits, and is by him whom the entry names. */
static enum err take_act(struct story *s, const struct body *b, const struct story_said *said,
                         struct story_word *w)
{
    const struct story_act *act = &s->act;
    uint64_t named = (uint64_t)js_int(said->act);

    if (named >= b->leaf->index)
        return ERR_EVIDENCE_CONTRADICTION;
    if (!act->said || act->entry != named)
        return ERR_EVIDENCE_INCOMPLETE;
    const char *signer = verified_signer(act->said);
    const struct enrolled *en = story_keys_find(s, signer);
    const uint8_t *digest = verified_jws_digest(act->said);
    if (strcmp(w->told.operator_name, en->holder) != 0 || act->time_us != b->leaf->time_us ||
        serves_twice(s, digest))
        return ERR_EVIDENCE_CONTRADICTION;
    memcpy(w->statement, digest, DIGEST_LEN);
    memcpy(w->told.thumbprint, signer, sizeof w->told.thumbprint);
    return ERR_OK;
}

enum err story_act_word(struct story *s, const struct body *b, const struct story_said *said,
                        const char *verb, const struct js *reason)
{
    struct story_word *w = &s->words[s->word_count];
    enum err e;

    if (!said->operator_name)
        return story_contradiction_unless(!said->note && !said->act);
    if (!said->note)
        return ERR_EVIDENCE_CONTRADICTION;
    if (s->word_count == VERIFY_WORDS_MAX)
        return ERR_TOO_LARGE;
    e = member_line(said->operator_name, ORDER_TEXT_CHARS, w->told.operator_name,
                    sizeof w->told.operator_name);
    if (e == ERR_OK && said->act)
        e = take_act(s, b, said, w);
    if (e == ERR_OK && said->act)
        e = check_asked(s, b, said, verb, reason);
    if (e != ERR_OK)
        return e;
    if (said->act) {
        verified_free(s->act.said);
        s->act.said = NULL;
    }
    snprintf(w->told.said, sizeof w->told.said, "%s", js_text(b->type, NULL));
    w->told.time_us = b->leaf->time_us;
    s->word_count++;
    return ERR_OK;
}
