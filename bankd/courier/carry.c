/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/carry.h"

#include "api/client.h"
#include "bankd/courier/mail.h"
#include "bankd/courier/post.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/json.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define TICK_MS 100

/* --- one notice --------------------------------------------------------------------------------*/

static enum err carry_mail(const struct carry *c, const char *bank, const struct js *notice,
                           struct post_result *out)
{
    const struct mail mail = {.templates = c->settings->templates,
                              .from = c->settings->from,
                              .bank = bank,
                              .notice = notice,
                              .now_us = clock_now_us()};
    struct buf message = BUF_INIT(4 * MAIL_MAX);

    enum err e = mail_write(&mail, &message);
    if (e == ERR_OK)
        post_mail(c->settings, js_member_text(notice, "address"), &message, out);
    buf_free(&message);
    return e;
}

/* What a receiver gets (FORMAT.md 16): of the row only what is news. */
static enum err write_payload(const char *bank, const struct js *notice, struct buf *out)
{
    static const char *const members[] = {"account", "holder", "kind",   "notice",
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

static enum err carry_web(const struct carry *c, const char *bank, const struct js *notice,
                          struct post_result *out)
{
    struct buf payload = BUF_INIT(MAIL_MAX), jws = BUF_INIT(2 * MAIL_MAX);

    enum err e = write_payload(bank, notice, &payload);
    if (e == ERR_OK)
        e = seal_sign(c->seal, &payload, &jws);
    if (e == ERR_OK)
        post_web(c->settings, js_member_text(notice, "address"), "application/jose", &jws, out);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

/* What this courier cannot carry waits for one that can. */
static void carry_one(const struct carry *c, const char *bank, const struct js *notice,
                      struct post_result *out)
{
    bool mail = strcmp(js_member_text(notice, "channel"), "email") == 0;
    enum err e = ERR_OK;

    *out = (struct post_result){POST_LATER, "this courier has no way there"};
    if (mail && c->settings->smtp[0] != '\0')
        e = carry_mail(c, bank, notice, out);
    else if (!mail && c->seal != NULL)
        e = carry_web(c, bank, notice, out);
    if (e != ERR_OK)
        (void)snprintf(out->words, sizeof out->words, "%s", err_name(e));
    log_event(out->end == POST_DONE ? LOG_INFO : LOG_WARN, "courier.notice", "%s %s %s",
              js_member_text(notice, "notice"),
              out->end == POST_DONE    ? "carried"
              : out->end == POST_LATER ? "failed"
                                       : "unwanted",
              out->words);
}

/* --- what the bank is told ---------------------------------------------------------------------*/

static int jitter_of(const struct carry *c)
{
    uint8_t random = 0;
    if (c->jitter >= 0)
        return c->jitter;
    return getrandom(&random, 1, 0) == 1 ? random : 0;
}

static enum err add_result(const struct carry *c, const char *notice, const struct post_result *r,
                           struct js *list)
{
    static const char *const outcomes[] = {
        [POST_DONE] = "carried", [POST_LATER] = "failed", [POST_UNWANTED] = "unwanted"};
    struct js *one = NULL;

    enum err e = js_object_new(&one);
    if (e == ERR_OK)
        e = js_set_text(one, "notice", notice);
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

static enum err new_results(struct js **out)
{
    struct js *list = NULL;

    enum err e = js_object_new(out);
    if (e == ERR_OK)
        e = js_array_new(&list);
    return e == ERR_OK ? js_set(*out, "carried", list) : e;
}

/* Says RESULTS and gets what is due. */
static enum err ask(struct client *bank, const struct js *results, struct js **answer)
{
    struct buf body = BUF_INIT(CLIENT_ANSWER_MAX), text = BUF_INIT(CLIENT_ANSWER_MAX);
    struct client_call call = {.route = ROUTE_COURIER};

    *answer = NULL;
    enum err e = js_canon(results, &body);
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

static enum err carry_all(const struct carry *c, const struct js *answer, struct js *results)
{
    const struct js *notices = js_get(answer, "notices");
    struct js *list = NULL;
    enum err e = js_array_new(&list);

    for (size_t i = 0; e == ERR_OK && i < js_count(notices) && !*c->stop; i++) {
        const struct js *notice = js_at(notices, i);
        struct post_result result;
        carry_one(c, js_member_text(answer, "bank"), notice, &result);
        e = add_result(c, js_member_text(notice, "notice"), &result, list);
    }
    if (e == ERR_OK)
        return js_set(results, "carried", list);
    js_free(list);
    return e;
}

static void rest(const struct carry *c)
{
    for (uint64_t waited = 0; waited < c->settings->poll_ms && !*c->stop; waited += TICK_MS)
        (void)poll(NULL, 0, TICK_MS);
}

/* What the bank has heard is told no more; while it does not answer, it is told again. */
static enum err go_round(const struct carry *c, struct client *bank, struct js **results,
                         bool *silent, size_t *count)
{
    struct js *answer = NULL;
    enum err e = ask(bank, *results, &answer);

    *count = 0;
    if (e != ERR_OK) {
        if (!*silent)
            log_event(LOG_WARN, "courier.bank", "%s: %s; it is asked again", err_name(e),
                      client_message(bank));
        *silent = true;
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    }
    if (*silent)
        log_event(LOG_INFO, "courier.bank", "the bank answers again");
    *silent = false;
    js_free(*results);
    *results = NULL;
    e = new_results(results);
    *count = js_count(js_get(answer, "notices"));
    if (e == ERR_OK)
        e = carry_all(c, answer, *results);
    js_free(answer);
    return e;
}

enum err carry_run(const struct carry *c)
{
    const struct client_options options = {.unix_socket = c->settings->socket};
    struct client *bank = NULL;
    struct js *results = NULL;
    bool silent = false, over = false;

    enum err e = client_new(&options, &bank);
    if (e == ERR_OK)
        e = new_results(&results);
    while (e == ERR_OK && !over) {
        size_t count = 0;
        bool last = *c->stop != 0; /* once more, to say what became of the rest */
        e = go_round(c, bank, &results, &silent, &count);
        over = last || (c->once && count == 0);
        if (e == ERR_OK && !over && count == 0)
            rest(c);
    }
    js_free(results);
    client_free(bank);
    return e;
}
