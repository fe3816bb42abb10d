/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sending.h"
#include "app/app.h"
#include "order/doc.h"
#include "order/json.h"
#include "signer/view.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Without a session or a bank to trust, none of the others would get through either. */
static bool is_the_banks_no(enum err e)
{
    return err_info(e)->exit == EXIT_REFUSED && e != ERR_TLS_REFUSED && e != ERR_SESSION_REQUIRED;
}

static enum err print_refusal(const struct app *a, enum err refusal, const char *where)
{
    struct doc d = {0};
    if (!a->json) {
        app_print_safe(stdout, where);
        printf(" refused, %s%s", err_name(refusal), a->message[0] != '\0' ? ": " : "");
        app_print_safe(stdout, a->message);
        fputc('\n', stdout);
        return ERR_OK;
    }
    doc_object(&d);
    doc_text(&d, "error", err_name(refusal));
    app_doc_safe(&d, "detail", a->message);
    app_doc_safe(&d, "where", where);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

static enum err print_accepted(const struct sending *s, const struct js *answer)
{
    if (s->app->json)
        return app_print_json(answer);
    if (s->total == 1)
        view_order(answer);
    else
        view_order_line(answer);
    return ERR_OK;
}

void sending_start(struct sending *s, const char *what)
{
    (void)signal(SIGPIPE, SIG_IGN); /* between an approval and the no behind it */
    progress_start(&s->bar, what, s->total);
    if (s->total > 1 && !s->app->json)
        fputs(VIEW_ORDER_TITLE, stdout);
}

size_t sending_first(const char *line, size_t len)
{
    const char *other = memchr(line, SENDING_ELSE, len);
    return other != NULL ? (size_t)(other - line) : len;
}

static enum err offer(struct sending *s, const char *body, size_t len, struct js **answer)
{
    struct client_call call = {.route = ROUTE_DECIDE, .body = body, .body_len = len};
    s->app->message[0] = '\0';
    return app_call(s->app, &call, answer);
}

/* Until one is taken. ABSENT is set when one would have been, had the bank its order. */
static enum err offer_each(struct sending *s, const char *line, size_t len, struct js **answer,
                           bool *absent)
{
    char message[sizeof s->app->message];
    size_t first = sending_first(line, len), at = first;
    enum err refused = offer(s, line, first, answer), e = refused;
    memcpy(message, s->app->message, sizeof message);
    *absent = e == ERR_NOT_FOUND;
    while (at < len && is_the_banks_no(e)) {
        size_t next = sending_first(line + at + 1, len - at - 1);
        e = offer(s, line + at + 1, next, answer);
        *absent |= e == ERR_NOT_FOUND;
        at += 1 + next;
    }
    if (!is_the_banks_no(e))
        return e;
    memcpy(s->app->message, message, sizeof message);
    return refused;
}

static void note_print(struct sending *s, enum err e)
{
    s->unwritten = s->unwritten == ERR_OK ? e : s->unwritten;
}

/* Of several, each has its line. */
static void name_alone(struct app *a, enum err e, const char *where)
{
    char message[sizeof a->message];
    memcpy(message, a->message, sizeof message);
    (void)app_fail(a, e, message[0] != '\0' ? "%s: %s" : "%s", where, message);
}

enum err sending_one(struct sending *s, const char *line, size_t len, const char *where,
                     bool *absent)
{
    struct js *answer = NULL;
    bool is_absent = false;
    enum err e = offer_each(s, line, len, &answer, &is_absent);
    if (absent != NULL && is_absent && is_the_banks_no(e)) {
        *absent = true;
        s->app->message[0] = '\0';
        return ERR_OK;
    }
    if (isatty(STDOUT_FILENO) == 1)
        progress_end(&s->bar); /* out of the way of what is printed now */
    if (e == ERR_OK) {
        s->accepted++;
        note_print(s, print_accepted(s, answer));
    } else if (s->total > 1 && is_the_banks_no(e)) {
        s->refusal = s->refusal == ERR_OK ? e : s->refusal;
        note_print(s, print_refusal(s->app, e, where));
        e = ERR_OK;
    } else if (is_the_banks_no(e)) {
        name_alone(s->app, e, where);
    }
    progress_set(&s->bar, ++s->done);
    js_free(answer);
    return e;
}

void sending_hold(struct sending *s, enum err e, const char *where)
{
    if (isatty(STDOUT_FILENO) == 1)
        progress_end(&s->bar);
    s->refusal = s->refusal == ERR_OK ? e : s->refusal;
    s->held++;
    note_print(s, print_refusal(s->app, e, where));
    progress_set(&s->bar, ++s->done);
}

enum err sending_end(struct sending *s, enum err e)
{
    progress_end(&s->bar);
    if (e != ERR_OK)
        return e;
    if (s->unwritten != ERR_OK)
        return app_fail(s->app, s->unwritten,
                        "what was to be sent is, but not all of the answers was written");
    if (s->refusal == ERR_OK)
        return ERR_OK;
    const size_t refused = s->total - s->accepted - s->held;
    if (s->held == 0)
        return app_fail(s->app, s->refusal, "the bank refused %zu of %zu", refused, s->total);
    return app_fail(s->app, s->refusal, "the bank refused %zu of %zu, and %zu %s not sent", refused,
                    s->total, s->held, s->held == 1 ? "was" : "were");
}
