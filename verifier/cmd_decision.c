/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/member.h"
#include "verifier/commands.h"
#include "verifier/ring.h"
#include "verifier/work.h"

#include <stdio.h>

#define LINE_MAX_BYTES (JWS_MAX + 2 * ORDER_MAX)

struct job {
    const char *bank; /* NULL: whatever the order says */
    struct ring *ring;
};

/* What the same signature approves besides, of which nothing is here. */
static enum err batch_members(const struct batch *b, const struct batch_inclusion *place,
                              struct js **out)
{
    char root[DIGEST_TEXT_LEN + 1];
    enum err e = js_object_new(out);

    text_hex(b->root, DIGEST_LEN, root);
    if (e == ERR_OK)
        e = js_set_int(*out, "batch", b->count);
    if (e == ERR_OK)
        e = js_set_int(*out, "batchIndex", (int64_t)place->index);
    return e == ERR_OK ? js_set_text(*out, "batchRoot", root) : e;
}

static enum err tell(const struct order *o, const struct verified *v, struct verdict *verdict)
{
    const struct batch *b = verified_batch(v);
    const struct batch_inclusion *place = verified_inclusion(v);
    char digest[DIGEST_TEXT_LEN + 1], issued[TEXT_TIME_LEN + 1], batch[96 + KEY_THUMBPRINT_LEN];
    bool in_words = b && !verdict->style.json;
    struct js *more = NULL;

    text_hex(o->digest, DIGEST_LEN, digest);
    text_time(verified_head(v)->issued_us, issued);
    if (in_words)
        snprintf(batch, sizeof batch, "batch of %lld, index %llu, signed by %s",
                 (long long)b->count, (unsigned long long)place->index, verified_signer(v));
    const struct verdict_field fields[] = {
        {"digest", digest},
        {"order", o->id},
        {"amount", o->amount},
        {"currency", o->currency},
        {"decision", decision_verb_name(verified_decision(v)->verb)},
        {"issued", issued},
        {"thumbprint", verified_signer(v)},
        {"bank", o->bank},
        {"batch", batch}}; /* last: not of every decision */
    enum err e = b ? batch_members(b, place, &more) : ERR_OK;

    if (e == ERR_OK)
        return verdict_ok(verdict, fields, sizeof fields / sizeof fields[0] - !in_words, NULL,
                          more);
    js_free(more);
    return e;
}

/* What a line has. */
struct parts {
    const struct js *decision, *inclusion, *order;
};

static enum err check_parts(const struct job *job, const struct parts *parts,
                            struct verdict *verdict)
{
    struct batch_inclusion place;
    struct verify_decision_input in = {
        .bank = job->bank, .policies = ring_policies(job->ring), .keys = ring_keys(job->ring)};
    struct verified *v = NULL;
    struct order o;
    enum err e = order_from_js(parts->order, &o, NULL);

    if (e == ERR_OK && parts->inclusion)
        e = batch_inclusion_read(parts->inclusion, &place);
    if (e != ERR_OK)
        return e;
    in.order = &o;
    in.inclusion = parts->inclusion ? &place : NULL;
    in.jws = js_text(parts->decision, &in.jws_len);
    e = verify_decision(&in, &v);
    if (e == ERR_OK)
        e = tell(&o, v, verdict);
    verified_free(v);
    return e;
}

static enum err check(const void *ctx, const void *bytes, size_t len, struct verdict *verdict)
{
    struct parts parts;
    const struct js_member table[] = {MEMBER_TEXT("decision", true, &parts.decision),
                                      MEMBER_OBJECT("inclusion", false, &parts.inclusion),
                                      MEMBER_OBJECT("order", true, &parts.order)};
    struct js *value = NULL;
    enum err e = js_parse(bytes, len, &value);

    if (e == ERR_OK)
        e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK)
        e = check_parts(ctx, &parts, verdict);
    js_free(value);
    return e;
}

static enum err load(struct ring *ring, const struct options *o)
{
    enum err e = ring_add_keys(ring, o->keys);

    for (size_t i = 0; e == ERR_OK && i < o->policies.count; i++)
        e = ring_add_policy(ring, o->policies.item[i]);
    ring_sort(ring);
    return e;
}

enum err cmd_decision(void *ctx, const struct args_list *files)
{
    struct options *o = ctx;
    struct job job = {.bank = o->bank};
    const struct work work = {.files = {files->item, files->count, o->ndjson, LINE_MAX_BYTES},
                              .style = o->style,
                              .check = check,
                              .ctx = &job};

    enum err e = ring_new(o->style, &job.ring);
    if (e == ERR_OK)
        e = load(job.ring, o);
    if (e == ERR_OK)
        e = work_run(&work, &o->refused);
    ring_free(job.ring);
    return e;
}
