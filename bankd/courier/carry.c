/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/carry.h"

#include "api/client.h"
#include "api/request.h"
#include "bankd/courier/mail.h"
#include "bankd/courier/post.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/json.h"
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define TICK_MS 100

/* A notice that the courier has: on its way, or come to an end of which the bank did not hear. */
enum stage { FREE, FLYING, ENDED };
struct flight {
    enum stage stage;
    char notice[128], channel[16], address[501];
    struct post_result result;
};

/* As many as the bank can be told of at a time. */
struct trip {
    const struct carry *carry;
    struct post *post;
    struct flight flight[REQUEST_CARRIED_MAX];
    bool silent; /* the bank does not answer */
};

static size_t count_of(const struct trip *t, enum stage stage)
{
    size_t count = 0;

    for (size_t i = 0; i < REQUEST_CARRIED_MAX; i++)
        count += t->flight[i].stage == stage;
    return count;
}

/* --- one notice --------------------------------------------------------------------------------*/

static void end_flight(struct flight *f, const struct post_result *r)
{
    static const char *const words[] = {
        [POST_DONE] = "carried", [POST_LATER] = "failed", [POST_UNWANTED] = "unwanted"};

    f->stage = ENDED;
    f->result = *r;
    log_event(r->end == POST_DONE ? LOG_INFO : LOG_WARN, "courier.notice", "%s %s %s", f->notice,
              words[r->end], r->words);
}

static enum err send_mail(struct trip *t, size_t at, const char *bank, const struct js *notice)
{
    const struct mail mail = {.templates = t->carry->settings->templates,
                              .from = t->carry->settings->from,
                              .bank = bank,
                              .notice = notice,
                              .now_us = clock_now_us()};
    struct buf message = BUF_INIT(4 * MAIL_MAX);

    enum err e = mail_write(&mail, &message);
    if (e == ERR_OK)
        e = post_mail(t->post, at, t->flight[at].address, &message);
    buf_free(&message);
    return e;
}

/* What a receiver gets (FORMAT.md 16): of the row only what is news. */
static enum err write_payload(const char *bank, const struct js *notice, struct buf *out)
{
    static const char *const members[] = {"account", "code",   "holder", "kind", "notice",
                                          "order",   "reason", "status", "time"};
    struct js *o = NULL;

    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "bank", bank);
    if (e == ERR_OK)
        e = js_set_int(o, "version", 1);
    for (size_t i = 0; e == ERR_OK && i < sizeof members / sizeof *members; i++) {
        const char *text = js_member_text(notice, members[i]);
        if (text[0] != '\0')
            e = js_set_text(o, members[i], text);
    }
    if (e == ERR_OK)
        e = js_canon(o, out);
    js_free(o);
    return e;
}

static enum err send_web(struct trip *t, size_t at, const char *bank, const struct js *notice)
{
    struct buf payload = BUF_INIT(MAIL_MAX), jws = BUF_INIT(2 * MAIL_MAX);

    enum err e = write_payload(bank, notice, &payload);
    if (e == ERR_OK)
        e = seal_sign(t->carry->seal, &payload, &jws);
    if (e == ERR_OK)
        e = post_web(t->post, at, t->flight[at].address, "application/jose", &jws);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

/* What this courier cannot carry waits for one that can. */
static void send_off(struct trip *t, size_t at, const char *bank, const struct js *notice)
{
    struct flight *f = &t->flight[at];
    bool mail = strcmp(f->channel, "email") == 0;
    struct post_result result = {POST_LATER, "this courier has no way there"};
    enum err e = ERR_OK;

    if (mail ? t->carry->settings->smtp[0] == '\0' : t->carry->seal == NULL) {
        end_flight(f, &result);
        return;
    }
    e = mail ? send_mail(t, at, bank, notice) : send_web(t, at, bank, notice);
    if (e == ERR_OK)
        return;
    (void)snprintf(result.words, sizeof result.words, "%s", err_name(e));
    end_flight(f, &result);
}

/* --- what the bank gives -----------------------------------------------------------------------*/

/* The bank names what is on its way again and again until it hears what became of it. Of one
 * address one at a time: where nobody answers, nobody else's turn is taken. */
static bool is_busy(const struct trip *t, const struct js *notice)
{
    for (size_t i = 0; i < REQUEST_CARRIED_MAX; i++) {
        const struct flight *f = &t->flight[i];
        if (f->stage != FREE && strcmp(f->channel, js_member_text(notice, "channel")) == 0 &&
            strcmp(f->address, js_member_text(notice, "address")) == 0)
            return true;
    }
    return false;
}

static bool take(struct trip *t, const char *bank, const struct js *notice)
{
    size_t at = 0;

    while (at < REQUEST_CARRIED_MAX && t->flight[at].stage != FREE)
        at++;
    if (at == REQUEST_CARRIED_MAX || is_busy(t, notice))
        return false;
    struct flight *f = &t->flight[at];
    f->stage = FLYING;
    (void)snprintf(f->notice, sizeof f->notice, "%s", js_member_text(notice, "notice"));
    (void)snprintf(f->channel, sizeof f->channel, "%s", js_member_text(notice, "channel"));
    (void)snprintf(f->address, sizeof f->address, "%s", js_member_text(notice, "address"));
    send_off(t, at, bank, notice);
    return true;
}

/* How many are new. */
static size_t take_all(struct trip *t, const struct js *answer)
{
    const struct js *notices = js_get(answer, "notices");
    size_t count = 0;

    for (size_t i = 0; i < js_count(notices) && !*t->carry->stop; i++)
        count += take(t, js_member_text(answer, "bank"), js_at(notices, i));
    return count;
}

/* --- what the bank is told ---------------------------------------------------------------------*/

static int jitter_of(const struct carry *c)
{
    uint8_t random = 0;
    if (c->jitter >= 0)
        return c->jitter;
    return getrandom(&random, 1, 0) == 1 ? random : 0;
}

static enum err add_result(const struct carry *c, const struct flight *f, struct js *list)
{
    static const char *const outcomes[] = {
        [POST_DONE] = "carried", [POST_LATER] = "failed", [POST_UNWANTED] = "unwanted"};
    const struct post_result *r = &f->result;
    struct js *one = NULL;

    enum err e = js_object_new(&one);
    if (e == ERR_OK)
        e = js_set_text(one, "notice", f->notice);
    if (e == ERR_OK)
        e = js_set_text(one, "outcome", outcomes[r->end]);
    if (e == ERR_OK && r->end != POST_DONE)
        e = js_set_text(one, "error", r->words);
    if (e == ERR_OK && r->end != POST_DONE)
        e = js_set_int(one, "jitter", jitter_of(c));
    if (e == ERR_OK)
        return js_push(list, one);
    js_free(one);
    return e;
}

static enum err write_results(const struct trip *t, struct buf *out)
{
    struct js *body = NULL, *list = NULL;

    enum err e = js_object_new(&body);
    if (e == ERR_OK)
        e = js_array_new(&list);
    for (size_t i = 0; e == ERR_OK && i < REQUEST_CARRIED_MAX; i++) {
        if (t->flight[i].stage == ENDED)
            e = add_result(t->carry, &t->flight[i], list);
    }
    if (e == ERR_OK)
        e = js_set(body, "carried", list);
    else
        js_free(list);
    if (e == ERR_OK)
        e = js_canon(body, out);
    js_free(body);
    return e;
}

/* Says what became of those that had their end, and gets what is due. */
static enum err ask(const struct trip *t, struct client *bank, struct js **answer)
{
    struct buf body = BUF_INIT(CLIENT_ANSWER_MAX), text = BUF_INIT(CLIENT_ANSWER_MAX);
    struct client_call call = {.route = ROUTE_COURIER};

    *answer = NULL;
    enum err e = write_results(t, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = client_call(bank, &call, &text);
    if (e == ERR_OK)
        e = js_parse(text.data, text.len, answer);
    buf_free(&body);
    buf_free(&text);
    return e;
}

/* --- going round -------------------------------------------------------------------------------*/

/* What the bank has heard is told no more; while it does not answer, it is told again. */
static enum err go_round(struct trip *t, struct client *bank, size_t *count)
{
    struct js *answer = NULL;
    enum err e = ask(t, bank, &answer);

    *count = 0;
    if (e != ERR_OK) {
        if (!t->silent)
            log_event(LOG_WARN, "courier.bank", "%s: %s; it is asked again", err_name(e),
                      client_message(bank));
        t->silent = true;
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    }
    if (t->silent)
        log_event(LOG_INFO, "courier.bank", "the bank answers again");
    t->silent = false;
    for (size_t i = 0; i < REQUEST_CARRIED_MAX; i++) {
        if (t->flight[i].stage == ENDED)
            t->flight[i].stage = FREE;
    }
    *count = take_all(t, answer);
    js_free(answer);
    return ERR_OK;
}

/* Until something had its end, or it is time to ask what else is due. */
static void fly(struct trip *t)
{
    struct post_result result;
    size_t at = 0;

    const int64_t over_us = clock_mono_us() + (int64_t)t->carry->settings->poll_ms * 1000;

    while (clock_mono_us() < over_us) {
        bool flying = count_of(t, FLYING) > 0;
        if ((*t->carry->stop && !flying) || (count_of(t, ENDED) > 0 && !t->silent))
            return;
        post_wait(t->post, TICK_MS);
        while (post_next(t->post, &at, &result))
            end_flight(&t->flight[at], &result);
    }
}

/* Told to stop, it takes no more, and tells the bank what became of the rest. */
enum err carry_run(const struct carry *c)
{
    const struct client_options options = {.unix_socket = c->settings->socket};
    struct trip trip = {.carry = c};
    struct client *bank = NULL;
    bool over = false;

    enum err e = client_new(&options, &bank);
    if (e == ERR_OK)
        e = post_new(c->settings, c->password, &trip.post);
    while (e == ERR_OK && !over) {
        size_t count = 0;
        bool last = *c->stop && count_of(&trip, FLYING) == 0;
        e = go_round(&trip, bank, &count);
        over = last || (c->once && count == 0 && count_of(&trip, FLYING) == 0);
        if (e == ERR_OK && !over)
            fly(&trip);
    }
    post_free(trip.post);
    client_free(bank);
    return e;
}
