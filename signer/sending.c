/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sending.h"
#include "app/app.h"
#include "order/json.h"
#include "signer/view.h"
#include <unistd.h>

/* Without a session or a bank to trust, none of the others would get through either. */
static bool is_the_banks_no(enum err e)
{
    return err_info(e)->exit == EXIT_REFUSED && e != ERR_TLS_REFUSED && e != ERR_SESSION_REQUIRED;
}

static enum err print_refusal(const struct app *a, enum err refusal, const char *where)
{
    struct js *o = NULL;
    if (!a->json) {
        app_print_safe(stdout, where);
        printf(" refused, %s%s", err_name(refusal), a->message[0] != '\0' ? ": " : "");
        app_print_safe(stdout, a->message);
        fputc('\n', stdout);
        return ERR_OK;
    }
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "error", err_name(refusal));
    if (e == ERR_OK)
        e = js_set_text(o, "detail", a->message);
    if (e == ERR_OK)
        e = js_set_text(o, "where", where);
    if (e == ERR_OK)
        e = app_print_json(o);
    js_free(o);
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
    progress_start(&s->bar, what, s->total);
    if (s->total > 1 && !s->app->json)
        fputs(VIEW_ORDER_TITLE, stdout);
}

enum err sending_one(struct sending *s, const char *body, size_t len, const char *where,
                     bool *absent)
{
    struct client_call call = {.route = ROUTE_DECIDE, .body = body, .body_len = len};
    struct js *answer = NULL;
    s->app->message[0] = '\0';
    enum err e = app_call(s->app, &call, &answer);
    if (absent != NULL && e == ERR_NOT_FOUND) {
        *absent = true;
        s->app->message[0] = '\0';
        return ERR_OK;
    }
    if (isatty(STDOUT_FILENO) == 1)
        progress_end(&s->bar); /* out of the way of what is printed now */
    if (e == ERR_OK) {
        s->accepted++;
        e = print_accepted(s, answer);
    } else if (s->total > 1 && is_the_banks_no(e)) {
        s->refusal = s->refusal == ERR_OK ? e : s->refusal;
        e = print_refusal(s->app, e, where);
    }
    progress_set(&s->bar, ++s->done);
    js_free(answer);
    return e;
}

enum err sending_end(struct sending *s, enum err e)
{
    progress_end(&s->bar);
    if (e == ERR_OK && s->refusal != ERR_OK)
        e = app_fail(s->app, s->refusal, "the bank refused %zu of %zu", s->total - s->accepted,
                     s->total);
    return e;
}
