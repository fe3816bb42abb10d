/* SPDX-License-Identifier: Apache-2.0
 *
 * sign BUNDLE: on a machine without a network. All that could be signed is shown before the PIN;
 * which orders this key has decided already is only known when the token has told its key, and
 * those are left out then. By a batch it is the other way round.
 */
#include "signer/bundle_sign.h"

#include "app/app.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/text.h"
#include "order/doc.h"
#include "signer/bundle_file.h"
#include "signer/many.h"
#include "signer/waiting.h"
#include <string.h>

#define AHEAD_US (10 * TEXT_SECOND_US) /* as the bank has it, docs/FORMAT.md section 10 */

struct signing {
    struct app *app;
    const struct bundle_wish *wish;
    struct bundle bundle;
    struct waiting_list list;
    struct many_plan plan;
    struct buf decided; /* digests of the orders that this key has decided */
    size_t total, done, before;
    int64_t now_us;
};

/* --- challenges --- */

static bool in_window(const struct bundle_challenge *c, int64_t now_us)
{
    return now_us >= c->issued_us - AHEAD_US && now_us <= c->expires_us;
}

/* The one that was given last and that the clock lets be used, of the key THUMBPRINT, or of any
 * where that is NULL; *HAS: there are such at all. */
static enum err choose(const struct signing *s, const char *thumbprint,
                       struct bundle_challenge *out, bool *has)
{
    struct bundle_challenge last = {.challenge = ""}, c;
    enum err e = ERR_OK;
    *out = last;
    *has = false;
    for (size_t i = 0; e == ERR_OK && i < s->bundle.sets[BUNDLE_CHALLENGES].count; i++) {
        e = bundle_challenge_at(&s->bundle, i, &c);
        if (e != ERR_OK || (thumbprint != NULL && strcmp(c.thumbprint, thumbprint) != 0))
            continue;
        *has = true;
        if (c.issued_us > last.issued_us)
            last = c;
        if (in_window(&c, s->now_us) && c.issued_us > out->issued_us)
            *out = c;
    }
    if (e == ERR_OK && *has && out->challenge[0] == '\0') {
        char now[TEXT_TIME_LEN + 1], from[TEXT_TIME_LEN + 1], until[TEXT_TIME_LEN + 1];
        text_time(s->now_us, now);
        text_time(last.issued_us, from);
        text_time(last.expires_us, until);
        e = app_fail(
            s->app, ERR_CHALLENGE_INVALID,
            "it is good from %s to %s, and here it is %s: carry a new one, or set the clock", from,
            until, now);
    }
    return e;
}

/* --- what to sign --- */

static bool is_wanted(const struct bundle_wish *wish, const char *id)
{
    for (size_t i = 0; i < wish->orders->count; i++) {
        if (strcmp(wish->orders->item[i], id) == 0)
            return true;
    }
    return wish->orders->count == 0;
}

static enum err add_order(struct signing *s, size_t i)
{
    struct subject subject = {.bytes = BUF_INIT(ORDER_MAX)};
    enum err e = bundle_order_at(&s->bundle, i, &subject.order, &subject.bytes, &subject.policy);
    if (e == ERR_OK && is_wanted(s->wish, subject.order.id)) {
        if (subject.order.expires_us > s->now_us)
            return waiting_add(s->app, &s->list, &subject, 0);
        waiting_leave_out(&subject);
        return ERR_OK;
    }
    subject_free(&subject);
    return e;
}

static enum err find_orders(struct signing *s)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < s->bundle.sets[BUNDLE_ORDERS].count; i++)
        e = add_order(s, i);
    if (e == ERR_OK && s->list.count == 0)
        e = app_fail(s->app, ERR_NOT_FOUND, "there is no order to sign in it");
    s->total = s->list.count;
    return e == ERR_OK ? waiting_sort(&s->list) : e;
}

/* What is signed has to fit, too: nobody types his PIN for nothing. */
static enum err check_room(const struct signing *s)
{
    struct buf now = BUF_INIT(BUNDLE_MAX);
    size_t more = s->list.count, decisions = s->bundle.sets[BUNDLE_DECISIONS].count;
    enum err e = bundle_write(&s->bundle, &now);
    bool fits = decisions + more <= BUNDLE_DECISIONS_MAX &&
                now.len + more * BUNDLE_DECISION_BYTES <= BUNDLE_MAX;
    buf_free(&now);
    return e != ERR_OK || fits
               ? e
               : app_fail(s->app, ERR_TOO_LARGE,
                          "there is no room for the decisions on %zu orders: sign fewer (--order), "
                          "or carry them in a file of their own",
                          more);
}

/* Whether the bank can still take what this key said before. */
static enum err is_good(const struct signing *s, const struct bundle_decision *d, bool *out)
{
    const struct statement *head = &d->head;
    struct bundle_challenge c;
    enum err e = ERR_OK;
    *out = head->challenge[0] == '\0' && !waiting_too_old(head, s->now_us);
    for (size_t i = 0; e == ERR_OK && i < s->bundle.sets[BUNDLE_CHALLENGES].count; i++) {
        e = bundle_challenge_at(&s->bundle, i, &c);
        if (e == ERR_OK && strcmp(c.challenge, head->challenge) == 0)
            *out = in_window(&c, s->now_us);
    }
    return e;
}

static const struct order *in_list(const struct signing *s, const uint8_t digest[static DIGEST_LEN])
{
    for (size_t i = 0; i < s->list.count; i++) {
        const struct order *o = &s->list.orders[i].subject.order;
        if (memcmp(o->digest, digest, DIGEST_LEN) == 0)
            return o;
    }
    return NULL;
}

/* Of a person the bank takes one decision of a kind an order: the first that comes. */
static enum err note_decided(struct signing *s, const struct bundle_decision *d)
{
    const uint8_t *digest = s->bundle.sets[BUNDLE_ORDERS].at[d->order].order;
    const struct order *order = in_list(s, digest);
    if (order == NULL || strcmp(decision_kind(d->verb), decision_kind(s->wish->verb)) != 0)
        return ERR_OK;
    if (d->verb != s->wish->verb)
        return app_fail(s->app, ERR_ALREADY_DECIDED,
                        "order %s: this key has signed \"%s\" in it, and the bank takes one of the "
                        "two; cancel is a decision of its own",
                        order->id, decision_verb_name(d->verb));
    return buf_add(&s->decided, digest, DIGEST_LEN);
}

/* Only what verifies under this very key: anybody can write its thumbprint into a file. */
static enum err find_decided(struct signing *s)
{
    const char *me = key_thumbprint(s->app->public_key);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < s->bundle.sets[BUNDLE_DECISIONS].count; i++) {
        struct bundle_decision d;
        bool good = false;
        e = bundle_decision_at(&s->bundle, i, &d);
        if (e == ERR_OK && strcmp(d.signer, me) == 0 &&
            bundle_file_verify(&s->bundle, &d) == ERR_OK)
            e = is_good(s, &d, &good);
        if (e == ERR_OK && good)
            e = note_decided(s, &d);
        buf_free(&d.jws);
    }
    return e;
}

static bool is_decided(const struct signing *s, const struct order *o)
{
    for (size_t at = 0; at < s->decided.len; at += DIGEST_LEN) {
        if (memcmp(s->decided.data + at, o->digest, DIGEST_LEN) == 0)
            return true;
    }
    return false;
}

/* --- signing --- */

static enum err keep(void *ctx, const struct subject *subject, const struct buf *line)
{
    struct signing *s = ctx;
    (void)subject;
    enum err e = bundle_add_decision(&s->bundle, line->data, line->len);
    s->done += e == ERR_OK;
    return e;
}

static enum err sign_one(struct signing *s, const struct subject *subject, const char *challenge)
{
    struct buf bytes = BUF_INIT(DECISION_BODY_MAX);
    enum err e = subject_sign(s->app, subject, s->wish->verb, challenge, &bytes);
    if (e == ERR_OK)
        e = keep(s, subject, &bytes);
    buf_free(&bytes);
    return e;
}

static enum err sign_orders(struct signing *s, const char *challenge)
{
    struct progress bar;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < s->plan.count; i++) {
        if (s->plan.many[i].count > 0)
            e = many_sign(s->app, &s->plan.many[i], challenge, keep, s);
    }
    progress_start(&bar, "Signing", s->list.count);
    for (size_t i = 0; e == ERR_OK && i < s->list.count; i++) {
        const struct subject *subject = &s->list.orders[i].subject;
        if (is_decided(s, &subject->order))
            s->before++;
        else if (s->plan.count == 0 || !many_takes(subject))
            e = sign_one(s, subject, challenge);
        progress_set(&bar, i + 1);
    }
    progress_end(&bar);
    return e;
}

/* What was signed is kept, whatever stopped the rest: the next run goes on from there. */
static enum err sign_and_keep(struct signing *s, const char *challenge, const char *path)
{
    const char *out = s->wish->output != NULL ? s->wish->output : path;
    enum err e = sign_orders(s, challenge);
    if (s->done == 0)
        return e;
    char message[sizeof s->app->message];
    memcpy(message, s->app->message, sizeof message);
    enum err kept = bundle_file_write(s->app, out, &s->bundle);
    if (e != ERR_OK)
        memcpy(s->app->message, message, sizeof message);
    return e != ERR_OK ? e : kept;
}

static enum err report(const struct signing *s)
{
    const char *me = key_thumbprint(s->app->public_key);
    struct doc doc = {0};
    if (!s->app->json) {
        fprintf(stderr, "Signed %zu of %zu orders with the key %s", s->done, s->total, me);
        fprintf(stderr, s->before > 0 ? "; it had signed %zu before.\n" : ".\n", s->before);
        return ERR_OK;
    }
    doc_object(&doc);
    doc_int(&doc, "before", (int64_t)s->before);
    doc_int(&doc, "signed", (int64_t)s->done);
    doc_text(&doc, "thumbprint", me);
    enum err e = app_print_doc(&doc);
    doc_free(&doc);
    return e;
}

static enum err find_key(struct signing *s)
{
    enum err e = bundle_add_key(&s->bundle, s->app->public_key);
    return e == ERR_OK ? find_decided(s) : e;
}

/* The key is known now. */
static enum err sign_with_key(struct signing *s, const char *path)
{
    struct bundle_challenge c;
    bool has = false;
    enum err e = choose(s, key_thumbprint(s->app->public_key), &c, &has);
    if (e == ERR_OK && !has)
        fprintf(stderr,
                "Warning: there is no challenge for the key %s: the bank takes what it "
                "signs for five minutes only.\n",
                key_thumbprint(s->app->public_key));
    if (e == ERR_OK)
        e = sign_and_keep(s, has ? c.challenge : NULL, path);
    return e == ERR_OK ? report(s) : e;
}

static enum err sign_singly(struct signing *s, const char *path)
{
    enum err e = waiting_show(&s->list, s->wish->verb, stderr);
    if (e == ERR_OK)
        e = waiting_print(&s->list, false, stderr);
    if (e == ERR_OK)
        e = waiting_consent(s->app, &s->list, s->wish->verb, s->list.count);
    if (e == ERR_OK)
        e = find_key(s);
    return e == ERR_OK ? sign_with_key(s, path) : e;
}

/* What this key has decided already goes out of the list before its tree is made. */
static void drop_decided(struct signing *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->list.count; i++) {
        struct waiting_order *w = &s->list.orders[i];
        if (is_decided(s, &w->subject.order)) {
            buf_free(&w->subject.bytes);
            s->before++;
        } else {
            s->list.orders[kept++] = *w;
        }
    }
    s->list.count = kept;
}

/* What is signed is one text about all of them, so the key comes first, and a yes after the text.
 */
static enum err sign_batch(struct signing *s, const char *path)
{
    enum err e = app_open_key(s->app, "see what it has signed");
    if (e == ERR_OK)
        e = find_key(s);
    if (e == ERR_OK)
        drop_decided(s);
    if (e == ERR_OK && s->list.count == 0)
        return report(s);
    if (e == ERR_OK)
        e = many_plan_make(&s->list, true, &s->plan);
    if (e == ERR_OK && s->wish->texts)
        e = waiting_show(&s->list, VERB_APPROVE, stderr);
    if (e == ERR_OK)
        e = waiting_print(&s->list, true, stderr);
    if (e == ERR_OK)
        e = many_plan_show(&s->plan, &s->list, stderr);
    if (e == ERR_OK)
        e = waiting_consent(s->app, &s->list, VERB_APPROVE, s->plan.signatures);
    return e == ERR_OK ? sign_with_key(s, path) : e;
}

enum err bundle_sign(struct app *a, const char *path, const struct bundle_wish *wish)
{
    struct signing s = {.app = a, .wish = wish, .now_us = clock_now_us()};
    struct bundle_challenge any;
    const char *bank = NULL;
    bool has = false;
    enum err e = app_need(a, a->bank, "bank", &bank);
    if (e == ERR_OK)
        e = bundle_file_read(a, path, &s.bundle);
    if (e == ERR_OK)
        e = bundle_file_grow(a, wish->output, &s.bundle);
    if (e == ERR_OK)
        e = choose(&s, NULL, &any, &has);
    if (e == ERR_OK)
        e = find_orders(&s);
    if (e == ERR_OK)
        e = check_room(&s);
    if (e == ERR_OK && wish->batch)
        e = many_check(a, &s.list);
    if (e == ERR_OK)
        e = wish->batch ? sign_batch(&s, path) : sign_singly(&s, path);
    many_plan_free(&s.plan);
    waiting_free(&s.list);
    bundle_free(&s.bundle);
    buf_free(&s.decided);
    return e;
}
