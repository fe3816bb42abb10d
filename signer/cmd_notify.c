/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the bank tells a holder of news.
 */
#include "api/request.h"
#include "app/app.h"
#include "order/json.h"
#include "signer/commands.h"
#include <stdio.h>
#include <string.h>

static const char *opt_email, *opt_webhook, *opt_language, *opt_confirm;
static bool opt_off;

const struct args_option cmd_notify_options[5] = {
    {"email", 0, ARGS_TEXT, "ADDRESS", "by mail there", &opt_email},
    {"webhook", 0, ARGS_TEXT, "URL", "by a signed message there", &opt_webhook},
    {"language", 0, ARGS_TEXT, "CODE", "of the mail, such as de; default: en", &opt_language},
    {"confirm", 0, ARGS_TEXT, "CODE", "a new address is yours: the code that it got", &opt_confirm},
    {"off", 0, ARGS_FLAG, NULL, "nowhere any more", &opt_off},
};

static enum err take(struct app *a, const char *option, const char *value, char *out, size_t size)
{
    if (value == NULL)
        return ERR_OK;
    if (strlen(value) >= size)
        return app_fail(a, ERR_USAGE, "--%s is longer than %zu bytes", option, size - 1);
    (void)snprintf(out, size, "%s", value);
    return ERR_OK;
}

static enum err make_contact(struct app *a, struct buf *out)
{
    struct request_contact contact = {.language = "en"};
    if ((opt_email == NULL && opt_webhook == NULL) != opt_off)
        return app_fail(a, ERR_USAGE, "write --email or --webhook or both, or --off alone");
    enum err e = take(a, "email", opt_email, contact.email, sizeof contact.email);
    if (e == ERR_OK)
        e = take(a, "webhook", opt_webhook, contact.webhook, sizeof contact.webhook);
    if (e == ERR_OK)
        e = take(a, "language", opt_language, contact.language, sizeof contact.language);
    return e == ERR_OK ? request_contact_make(&contact, out) : e;
}

static enum err make_code(struct app *a, struct buf *out)
{
    struct request_contact_code code = {.code = ""};
    if (opt_email != NULL || opt_webhook != NULL || opt_language != NULL || opt_off)
        return app_fail(a, ERR_USAGE, "write --confirm alone");
    enum err e = take(a, "confirm", opt_confirm, code.code, sizeof code.code);
    return e == ERR_OK ? request_contact_code_make(&code, out) : e;
}

/* Without options: what the bank has. */
static enum err make_call(struct app *a, struct buf *body, struct client_call *out)
{
    if (opt_confirm != NULL) {
        out->route = ROUTE_CONTACT_CONFIRM;
        return make_code(a, body);
    }
    if (opt_email != NULL || opt_webhook != NULL || opt_language != NULL || opt_off) {
        out->route = ROUTE_CONTACT_SET;
        return make_contact(a, body);
    }
    out->route = ROUTE_CONTACT;
    return ERR_OK;
}

static void line(const char *label, const struct js *answer, const char *name)
{
    const char *text = js_text(js_get(answer, name), NULL);
    if (text == NULL)
        return;
    printf("%-10s", label);
    app_print_safe(stdout, text);
    putchar('\n');
}

static void print_contact(const struct js *answer)
{
    const struct js *waits = js_get(answer, "unconfirmed");
    bool some = js_get(answer, "email") != NULL || js_get(answer, "webhook") != NULL;

    puts(some ? "The bank tells you of news:" : "The bank tells you of news nowhere.");
    line("Mail", answer, "email");
    line("Webhook", answer, "webhook");
    if (some)
        line("Language", answer, "language");
    if (waits == NULL)
        return;
    puts("Once you confirm it with the code sent there (countersign notify --confirm CODE):");
    line("Mail", waits, "email");
    line("Webhook", waits, "webhook");
}

enum err cmd_notify(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    struct buf body = BUF_INIT(4096);
    struct client_call call = {.route = ROUTE_CONTACT};
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = make_call(a, &body, &call);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = app_call_view(a, &call, print_contact);
    buf_free(&body);
    return e;
}
