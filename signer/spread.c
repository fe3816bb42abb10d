/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/spread.h"

#include "app/told.h"
#include "base/text.h"
#include "order/json.h"
#include "order/jws.h"
#include "signer/bundle_file.h"
#include "signer/sending.h"
#include <stdlib.h>
#include <string.h>

#define SPREAD_MAX ((size_t)128 << 20) /* each decision with its order */

struct word {
    size_t order;
    char signer[KEY_THUMBPRINT_LEN + 1];
    int64_t issued_us;
    enum verb verb;
    bool is_own; /* the signer's, once he said more than this one */
};

/* Of one second a no is, else the order in the bundle decides. */
static bool is_later(const struct word *a, const struct word *than)
{
    bool no = !decision_pays(a->verb), other = !decision_pays(than->verb);
    if (a->issued_us != than->issued_us)
        return a->issued_us > than->issued_us;
    return no != other ? no : a > than;
}

/* Who hands an order in has said nothing yet of what he wants. */
static bool is_beside(const struct word *a, const struct word *b)
{
    return a != b && a->order == b->order && strcmp(a->signer, b->signer) == 0 &&
           (a->verb == VERB_SUBMIT) == (b->verb == VERB_SUBMIT);
}

static enum err read_word(const struct bundle *b, size_t i, struct word *out)
{
    struct bundle_decision d;
    enum err e = bundle_decision_at(b, i, &d);
    if (e == ERR_OK) {
        *out = (struct word){
            .order = d.order, .issued_us = d.head.issued_us, .verb = d.verb, .is_own = false};
        memcpy(out->signer, d.signer, sizeof out->signer);
    }
    buf_free(&d.jws);
    return e;
}

/* Where one key said more than one thing. What belongs to an order stands together. */
static enum err prove(const struct bundle *b, struct word *words, size_t count, size_t i)
{
    struct bundle_decision d;
    bool several = false;
    for (size_t j = i; j > 0 && words[j - 1].order == words[i].order; j--)
        several |= is_beside(&words[j - 1], &words[i]);
    for (size_t j = i + 1; j < count && words[j].order == words[i].order; j++)
        several |= is_beside(&words[j], &words[i]);
    if (!several)
        return ERR_OK;
    enum err e = bundle_decision_at(b, i, &d);
    if (e == ERR_OK)
        words[i].is_own = bundle_file_verify(b, &d) == ERR_OK;
    buf_free(&d.jws);
    return e;
}

/* The latest of the same key's before THAN that says the same; COUNT when there is none. */
static size_t find_before(const struct word *words, size_t count, const struct word *than)
{
    size_t found = count;
    for (size_t i = 0; than->is_own && i < count; i++) {
        if (words[i].is_own && words[i].verb == than->verb && is_beside(&words[i], than) &&
            is_later(than, &words[i]) && (found == count || is_later(&words[i], &words[found])))
            found = i;
    }
    return found;
}

static bool is_last(const struct word *words, size_t count, const struct word *one)
{
    for (size_t i = 0; one->is_own && i < count; i++) {
        if (words[i].is_own && is_beside(&words[i], one) && is_later(&words[i], one))
            return false;
    }
    return true;
}

static enum turn turn_of(enum verb v)
{
    if (v == VERB_SUBMIT)
        return TURN_SUBMIT;
    return v == VERB_APPROVE ? TURN_APPROVE : TURN_NO;
}

/* By the policy that the bundle has; the bank takes a new order under no other one than its own. */
static enum err ask_policy(const struct bundle *b, size_t order, bool *one_pays)
{
    struct policy_verdict verdict;
    struct policy *policy = NULL;
    struct order o;
    enum err e = bundle_order_at(b, order, &o, NULL, &policy);
    if (e == ERR_OK) {
        const struct policy_case what = told_new_case(&o);
        policy_judge(policy, &what, NULL, 0, &verdict);
        *one_pays = verdict.required == 1;
    }
    policy_free(policy);
    return e;
}

static enum err add_line(const struct bundle *b, const struct word *words, size_t count, size_t i,
                         struct spread *out)
{
    struct spread_line line = {
        .nth = words[i].order,
        .turn = turn_of(words[i].verb),
        .issued_us = words[i].issued_us,
        .at = out->text.len,
    };
    memcpy(line.order, b->sets[BUNDLE_ORDERS].at[line.nth].order, DIGEST_LEN);
    memcpy(line.signer, words[i].signer, sizeof line.signer);
    enum err e = line.turn == TURN_NO ? ask_policy(b, line.nth, &line.one_pays) : ERR_OK;
    if (e == ERR_OK)
        e = bundle_signed_at(b, i, &out->text);
    i = find_before(words, count, &words[i]);
    for (; e == ERR_OK && i < count; i = find_before(words, count, &words[i])) {
        e = buf_add_byte(&out->text, SENDING_ELSE);
        if (e == ERR_OK)
            e = bundle_signed_at(b, i, &out->text);
    }
    line.len = out->text.len - line.at;
    out->line[out->count++] = line;
    return e;
}

int spread_in_turn(const struct spread_line *a, const struct spread_line *b)
{
    if (a->turn != b->turn)
        return a->turn < b->turn ? -1 : 1;
    return a->issued_us < b->issued_us ? -1 : a->issued_us > b->issued_us;
}

static int compare(const void *a, const void *b)
{
    const struct spread_line *x = a, *y = b;
    if (x->nth != y->nth)
        return x->nth < y->nth ? -1 : 1;
    int turn = spread_in_turn(x, y);
    return turn != 0 ? turn : x->at < y->at ? -1 : x->at > y->at;
}

enum err spread_bundle(const struct bundle *b, struct spread *out)
{
    size_t count = b->sets[BUNDLE_DECISIONS].count;
    struct word *words = calloc(count + 1, sizeof *words);
    *out =
        (struct spread){.text = BUF_INIT(SPREAD_MAX), .line = calloc(count + 1, sizeof *out->line)};
    enum err e = words != NULL && out->line != NULL ? ERR_OK : ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = read_word(b, i, &words[i]);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = prove(b, words, count, i);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (is_last(words, count, &words[i]))
            e = add_line(b, words, count, i, out);
    }
    if (e == ERR_OK)
        qsort(out->line, out->count, sizeof *out->line, compare);
    free(words);
    return e;
}

/* --- a file of lines --- */

static enum err read_payload(const char *jws, size_t len, bool by_batch, struct spread_line *out)
{
    struct buf payload = BUF_INIT(JWS_MAX);
    struct jws_parts parts;
    struct decision d;
    struct batch b;
    enum err e = jws_split(jws, len, &parts);
    if (e == ERR_OK)
        e = text_unb64url(parts.payload_b64, parts.payload_b64_len, &payload);
    if (e == ERR_OK)
        e = by_batch ? batch_parse(payload.data, payload.len, &b)
                     : decision_parse(payload.data, payload.len, &d);
    if (e == ERR_OK) {
        out->turn = by_batch ? TURN_APPROVE : turn_of(d.verb);
        out->issued_us = by_batch ? b.head.issued_us : d.head.issued_us;
        memcpy(out->signer, parts.header.kid, sizeof out->signer);
    }
    buf_free(&payload);
    return e;
}

/* What cannot be read stays TURN_NONE. */
static void read_line(const char *text, struct spread_line *out)
{
    struct js *value = NULL;
    struct order order;
    size_t len = 0;
    enum err e = js_parse(text, out->len, &value);
    if (e == ERR_OK)
        e = order_from_js(js_get(value, "order"), &order, NULL);
    const char *jws = js_text(js_get(value, "decision"), &len);
    if (e == ERR_OK && jws != NULL &&
        read_payload(jws, len, js_get(value, "inclusion") != NULL, out) == ERR_OK)
        memcpy(out->order, order.digest, DIGEST_LEN);
    js_free(value);
}

static size_t count_lines(const char *at, const char *end)
{
    size_t count = 0;
    for (; at < end; at += text_line(at, end) + 1)
        count++;
    return count;
}

enum err spread_lines(struct buf *file, struct spread *out)
{
    *out = (struct spread){.text = *file};
    *file = (struct buf)BUF_INIT(0);
    const char *start = buf_str(&out->text), *end = start + out->text.len, *at = start;
    out->line = calloc(count_lines(at, end) + 1, sizeof *out->line);
    if (out->line == NULL)
        return ERR_NO_MEMORY;
    for (size_t number = 1; at < end; number++) {
        size_t len = text_line(at, end);
        struct spread_line *l = &out->line[out->count];
        *l = (struct spread_line){
            .number = number, .at = (size_t)(at - start), .len = len, .one_pays = true};
        if (len > 0)
            read_line(at, l);
        out->count += len > 0;
        at += len + 1;
    }
    return ERR_OK;
}

void spread_free(struct spread *s)
{
    buf_free(&s->text);
    free(s->line);
}
