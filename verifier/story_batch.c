/* SPDX-License-Identifier: Apache-2.0
 *
 * Batch decisions (docs/FORMAT.md section 5.1) that decisions on the order came by. The bank enters
 * each once, when it judged its age, before any of its orders.
 */
#include "verifier/story_body.h"

#include "base/text.h"

/* By a person, whose key was good and who signed it then; in the account's currency, no other. */
static enum err check_signer(struct story *s, const struct body *b, const struct verified *v,
                             const struct js *holder)
{
    const struct enrolled *en = story_keys_find(s, verified_signer(v));
    const struct batch *said = verified_batch(v);
    char digest[2 * DIGEST_LEN + 1];
    enum err e = story_contradiction_unless(
        en->kind == STORY_PERSON && en->status == KEY_ACTIVE && story_text_is(holder, en->holder) &&
        said->total_count == 1 && batch_total_in(said, s->currency) && !b->previous &&
        story_is_fresh(verified_head(v), en->floor_us, b->leaf->time_us));

    text_hex(verified_jws_digest(v), DIGEST_LEN, digest);
    return e == ERR_OK ? story_check_object(b, "batch", digest) : e;
}

enum err story_batch_entry(struct story *s, struct body *b)
{
    const struct js *holder, *statement;
    const struct js_member table[] = {BODY_ROWS(b), MEMBER_TEXT("holder", true, &holder),
                                      MEMBER_TEXT("statement", true, &statement)};
    struct verify_batch_input in = {.bank = s->subject.bank,
                                    .account = s->subject.account,
                                    .policy = s->policy,
                                    .keys = {story_find_key, s}};
    struct verified *v = NULL;
    enum err e = js_members(b->value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK && !s->policy)
        e = ERR_EVIDENCE_INCOMPLETE;
    if (e == ERR_OK && s->batch_count == VERIFY_SIGNERS_MAX)
        e = ERR_TOO_LARGE;
    if (e != ERR_OK)
        return e;
    in.jws = js_text(statement, &in.jws_len);
    e = verify_batch(&in, &v);
    if (e == ERR_OK)
        e = check_signer(s, b, v, holder);
    if (e != ERR_OK) {
        verified_free(v);
        return e;
    }
    s->batches[s->batch_count++] = (struct story_batch){v, b->leaf->index, false};
    return ERR_OK;
}

enum err story_batch_named(struct story *s, const struct body *b, const struct js *index,
                           struct verify_decision_input *in)
{
    uint64_t named = (uint64_t)js_int(index);

    if (named >= b->leaf->index)
        return ERR_EVIDENCE_CONTRADICTION;
    for (size_t i = 0; i < s->batch_count; i++) {
        if (s->batches[i].entry == named) {
            s->batches[i].named = true;
            in->jws = verified_jws(s->batches[i].said, &in->jws_len);
            return s->current && policy_wants_single(s->current) ? ERR_BATCH_NOT_ALLOWED : ERR_OK;
        }
    }
    return ERR_EVIDENCE_INCOMPLETE;
}

enum err story_batch_done(const struct story *s)
{
    for (size_t i = 0; i < s->batch_count; i++) {
        if (!s->batches[i].named)
            return ERR_EVIDENCE_CONTRADICTION;
    }
    return ERR_OK;
}

void story_batch_free(struct story *s)
{
    for (size_t i = 0; i < s->batch_count; i++)
        verified_free(s->batches[i].said);
}
