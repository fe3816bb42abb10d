/* SPDX-License-Identifier: Apache-2.0
 *
 * sponsor: vouches for somebody who asks to be enrolled. What is signed is what the newcomer's
 * letter says, by whichever way it came; the bank is only asked whether it says the same.
 */
#include "api/request.h"
#include "app/app.h"
#include "app/letter.h"
#include "app/repin.h"
#include "base/file.h"
#include "order/iban.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/sponsorship.h"
#include "order/text.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include <string.h>

static const char *opt_key, *opt_name, *opt_output;

const struct args_option cmd_sponsor_options[3] = {
    {"key", 0, ARGS_TEXT, "THUMBPRINT", "of the newcomer's key, where there is no letter file",
     &opt_key},
    {"name", 0, ARGS_TEXT, "TEXT", "the newcomer's, where there is no letter file", &opt_name},
    {"output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",
     &opt_output},
};

/* --- what the newcomer says --- */

static enum err read_letter(struct app *a, const char *file, struct letter_enrolment *out)
{
    struct buf text = BUF_INIT(LETTER_MAX);
    if (opt_key != NULL || opt_name != NULL)
        return app_fail(a, ERR_USAGE, "the letter says key and name; leave the options out");
    enum err e = file_read(file, LETTER_MAX, &text);
    if (e == ERR_OK)
        e = letter_enrolment_read(buf_str(&text), text.len, out);
    buf_free(&text);
    return e == ERR_OK ? e : app_fail(a, e, "%s", file);
}

/* As it is written in the letter, in groups or not. */
static enum err read_key(struct app *a, char out[static KEY_THUMBPRINT_LEN + 1])
{
    size_t len = 0;
    for (const char *at = opt_key; *at != '\0'; at++) {
        if (*at != ' ' && len++ < KEY_THUMBPRINT_LEN)
            out[len - 1] = *at;
    }
    out[len <= KEY_THUMBPRINT_LEN ? len : 0] = '\0';
    return forms_thumbprint(out, strlen(out)) == ERR_OK
               ? ERR_OK
               : app_fail(a, ERR_USAGE, "--key has %d characters, in groups or not",
                          KEY_THUMBPRINT_LEN);
}

static enum err read_typed(struct app *a, const char *request, struct letter_enrolment *out)
{
    memset(out, 0, sizeof *out);
    if (opt_key == NULL || opt_name == NULL)
        return app_fail(a, ERR_USAGE, "give the letter's file, or --key and --name, too");
    if (utext_check(opt_name, strlen(opt_name), ENROLMENT_NAME_CHARS) != ERR_OK)
        return app_fail(a, ERR_TEXT_INVALID, "--name");
    (void)snprintf(out->name, sizeof out->name, "%s", opt_name);
    (void)snprintf(out->enrolment, sizeof out->enrolment, "%s", request);
    return read_key(a, out->key);
}

static enum err read_newcomer(struct app *a, const char *word, struct letter_enrolment *out)
{
    if (forms_thumbprint(word, strlen(word)) == ERR_OK)
        return read_typed(a, word, out);
    enum err e = read_letter(a, word, out);
    if (e == ERR_OK && strcmp(out->bank, a->bank) != 0)
        e = app_fail(a, ERR_BANK_MISMATCH, "the letter is for %s", out->bank);
    return e;
}

/* --- whether the bank says the same --- */

/* Who pinned a false bank gave his request to it. */
static enum err check_pin(struct app *a, const struct letter_enrolment *l)
{
    if (l->bank_key[0] == '\0')
        return ERR_OK;
    enum err e = repin_from(a, l->bank_key);
    return e == ERR_KEY_MISMATCH
               ? app_fail(a, ERR_BANK_KEY_CHANGED, "the newcomer pinned %s", l->bank_key)
               : e;
}

static enum err compare(struct app *a, const struct letter_enrolment *l, const struct js *told)
{
    if (strcmp(js_member_text(told, "thumbprint"), l->key) != 0)
        return app_fail(a, ERR_SPONSORSHIP_MISMATCH, "the bank has another key: %s",
                        js_member_text(told, "thumbprint"));
    if (strcmp(js_member_text(told, "name"), l->name) != 0)
        return app_fail(a, ERR_SPONSORSHIP_MISMATCH, "the bank has another name");
    if (strcmp(js_member_text(told, "status"), "waiting") != 0)
        return app_fail(a, ERR_ENROLMENT_OVER, "it is %s", js_member_text(told, "status"));
    return ERR_OK;
}

/* Before a PIN is asked for. */
static enum err ask_bank(struct app *a, const struct letter_enrolment *l)
{
    struct client_call call = {.route = ROUTE_ENROLMENT, .param = {l->enrolment}};
    struct js *told = NULL;
    enum err e = app_call_open(a, &call, &told);
    if (e == ERR_OK)
        e = check_pin(a, l);
    if (e == ERR_OK)
        e = compare(a, l, told);
    js_free(told);
    return e;
}

/* --- saying it --- */

static enum err make(struct app *a, const char *account, const struct letter_enrolment *l,
                     struct sponsorship *out)
{
    enum err e = app_head(NULL, &out->head);
    if (e == ERR_OK && iban_check(account, strlen(account)) != ERR_OK)
        e = app_fail(a, ERR_USAGE, "%s is no account", account);
    (void)snprintf(out->head.bank, sizeof out->head.bank, "%s", a->bank);
    (void)snprintf(out->account, sizeof out->account, "%s", account);
    (void)snprintf(out->enrolment, sizeof out->enrolment, "%s", l->enrolment);
    (void)snprintf(out->key, sizeof out->key, "%s", l->key);
    (void)snprintf(out->name, sizeof out->name, "%s", l->name);
    return e;
}

static enum err show(const struct sponsorship *s)
{
    struct buf text = BUF_INIT(SPONSORSHIP_DISPLAY_MAX);
    return subject_print(sponsorship_display_render(s, &text), &text, stderr);
}

static enum err sign(struct app *a, const struct sponsorship *s, struct buf *body)
{
    struct buf payload = BUF_INIT(8192), jws = BUF_INIT(JWS_MAX);
    enum err e = sponsorship_make(s, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_SPONSORSHIP, &payload, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_SPONSORSHIP, buf_str(&jws), body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err send(struct app *a, const struct sponsorship *s, const struct buf *body)
{
    struct client_call call = {
        .route = ROUTE_SPONSOR, .param = {s->enrolment}, .body = body->data, .body_len = body->len};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        puts("The bank has your word. It makes nobody a holder of your account: that takes a new "
             "policy.");
    js_free(answer);
    return e;
}

static enum err sponsor(struct app *a, const char *word)
{
    struct letter_enrolment newcomer;
    struct sponsorship s = {.account = ""};
    struct buf body = BUF_INIT(JWS_MAX + 256u);
    const char *account, *bank;
    enum err e = app_need(a, a->account, "account", &account);
    if (e == ERR_OK)
        e = app_need(a, a->bank, "bank", &bank);
    if (e == ERR_OK)
        e = read_newcomer(a, word, &newcomer);
    if (e == ERR_OK)
        e = ask_bank(a, &newcomer);
    if (e == ERR_OK)
        e = make(a, account, &newcomer, &s);
    if (e == ERR_OK)
        e = show(&s);
    if (e == ERR_OK)
        e = app_consent(a, "sponsor this person");
    if (e == ERR_OK)
        e = sign(a, &s, &body);
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : send(a, &s, &body);
    buf_free(&body);
    return e;
}

enum err cmd_sponsor(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? sponsor(a, words->item[0]) : e;
}
