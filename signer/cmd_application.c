/* SPDX-License-Identifier: Apache-2.0
 *
 * application new, list, show, sign, withdraw: an account that holders ask for together. Whatever
 * is signed is shown before, as it is signed.
 */
#include "api/request.h"
#include "app/app.h"
#include "base/text.h"
#include "order/application.h"
#include "order/json.h"
#include "order/jws.h"
#include "signer/application_file.h"
#include "signer/commands.h"
#include "signer/list.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <string.h>

#define BODY_MAX (APPLICATION_MAX + JWS_MAX + 256u) /* bytes of a signed word with it */

#define OUTPUT                                                                                     \
    {                                                                                              \
        "output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",         \
            &opt_output                                                                            \
    }

static struct application_wish wish;
static const char *opt_output;

const struct args_option cmd_application_word_options[1] = {OUTPUT};
const struct args_option cmd_application_new_options[4] = {
    {"title", 0, ARGS_TEXT, "TEXT", "what the account is called", &wish.title},
    {"holder", 0, ARGS_LIST, "NAME", "a holder, or NAME:CLASS; yourself, too", &wish.holders},
    {"currency", 0, ARGS_TEXT, "CODE", "such as EUR", &wish.currency},
    OUTPUT,
};

/* --- which one --- */

static enum err search_page(void *ctx, const struct js *answer)
{
    application_search(ctx, answer);
    return ERR_OK;
}

static const struct list_source waiting_ones = {
    .route = ROUTE_APPLICATIONS, .member = "applications", .query = "", .limit = LIST_LIMIT};

/* WORD is the digest or how it begins; the latter finds one that waits. */
static enum err resolve(struct app *a, const char *word, char out[static APPLICATION_NAME_LEN + 1])
{
    struct application_search s = {.begins = word};
    if (!application_name_begins(word))
        return app_fail(a, ERR_USAGE,
                        "%s is no application, as countersign application list shows them", word);
    if (application_name_is(word)) {
        memcpy(out, word, APPLICATION_NAME_LEN + 1);
        return ERR_OK;
    }
    enum err e = list_pages(a, &waiting_ones, search_page, &s);
    if (e == ERR_OK && s.count != 1)
        e = app_fail(a, ERR_NOT_FOUND,
                     "%u applications that wait begin like this; of one that is over give all %zu "
                     "digits",
                     s.count, APPLICATION_NAME_LEN);
    memcpy(out, s.found, APPLICATION_NAME_LEN + 1);
    return e;
}

/* What the bank tells is about the application SAID. */
static enum err check_told(struct app *a, const struct js *told, const struct application *said)
{
    char name[APPLICATION_NAME_LEN + 1];
    text_hex(said->digest, DIGEST_LEN, name);
    return strcmp(js_member_text(told, "application"), name) == 0
               ? ERR_OK
               : app_fail(a, ERR_APPLICATION_MISMATCH, "the bank tells of another application");
}

/* As the bank has it; *TOLD is the caller's to free. It is what its name says. */
static enum err fetch(struct app *a, const char *word, struct js **told, struct application *out)
{
    char name[APPLICATION_NAME_LEN + 1], digest[APPLICATION_NAME_LEN + 1];
    struct client_call call = {.route = ROUTE_APPLICATION, .param = {name}};
    *out = (struct application){.policy = NULL};
    enum err e = resolve(a, word, name);
    if (e == ERR_OK)
        e = app_call(a, &call, told);
    if (e == ERR_OK && js_get(*told, "document") == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no document");
    if (e == ERR_OK)
        e = application_from_js(js_get(*told, "document"), out);
    if (e != ERR_OK)
        return e;
    text_hex(out->digest, DIGEST_LEN, digest);
    if (strcmp(digest, name) != 0)
        return app_fail(a, ERR_APPLICATION_MISMATCH, "the bank shows another application");
    e = check_told(a, *told, out);
    return e != ERR_OK || strcmp(out->bank, a->bank) == 0 ? e : ERR_BANK_MISMATCH;
}

/* --- for people --- */

/* As the text has it that is signed; nothing else that the bank may say. */
static void print_short(const char *name)
{
    if (application_name_is(name))
        printf("%.*s", APPLICATION_NAME_SHOWN, name);
    else
        printf("%-*s", APPLICATION_NAME_SHOWN, "?");
}

/* What is to come of it. */
static void print_state(const struct js *told)
{
    const char *status = js_member_text(told, "status");
    const struct js *missing = js_get(told, "missing");
    if (strcmp(status, "admitted") == 0) {
        printf("The account is open: ");
        app_print_safe(stdout, js_member_text(told, "account"));
    } else if (strcmp(status, "waiting") != 0) {
        printf("The application is over: ");
        app_print_safe(stdout, status);
        fputs(js_member_text(told, "note")[0] != '\0' ? ", " : "", stdout);
        app_print_safe(stdout, js_member_text(told, "note"));
    } else if (js_count(missing) == 0) {
        printf("The application waits for the bank.");
    } else {
        printf("The application waits for ");
        view_names(stdout, missing);
        fputs(": countersign application sign ", stdout);
        print_short(js_member_text(told, "application"));
    }
    putchar('\n');
}

static enum err print_told(const struct app *a, const struct js *told)
{
    if (a->json)
        return app_print_json(told);
    print_state(told);
    return ERR_OK;
}

static enum err show(const struct application *said, enum application_verb verb, FILE *f)
{
    struct buf text = BUF_INIT(APPLICATION_DISPLAY_MAX);
    return subject_print(application_display_render(said, verb, &text), &text, f);
}

/* --- saying it --- */

static enum err sign(struct app *a, const struct application *said, enum application_verb verb,
                     struct buf *body)
{
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(JWS_MAX);
    struct statement head = {.issued_us = 0};
    enum err e = app_head(NULL, &head);
    if (e == ERR_OK)
        e = application_word_make(said, verb, &head, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_APPLICATION, &payload, &jws);
    if (e == ERR_OK)
        e = request_application_make(buf_str(&jws), said, body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err hand_in(struct app *a, const struct application *said, const struct buf *body)
{
    const struct client_call call = {
        .route = ROUTE_APPLY, .body = body->data, .body_len = body->len};
    struct js *told = NULL;
    enum err e = app_call(a, &call, &told);
    if (e == ERR_OK)
        e = check_told(a, told, said);
    if (e == ERR_OK)
        e = print_told(a, told);
    js_free(told);
    return e;
}

static enum err show_sign_send(struct app *a, const struct application *said,
                               enum application_verb verb)
{
    struct buf body = BUF_INIT(BODY_MAX);
    enum err e = show(said, verb, stderr);
    if (e == ERR_OK)
        e = app_consent(a, verb == APPLICATION_APPLY ? "apply for this account"
                                                     : "withdraw this application");
    if (e == ERR_OK)
        e = sign(a, said, verb, &body);
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : hand_in(a, said, &body);
    buf_free(&body);
    return e;
}

static enum err decide(struct app *a, const char *word, enum application_verb verb)
{
    struct application said;
    struct js *told = NULL;
    enum err e = fetch(a, word, &told, &said);
    if (e == ERR_OK)
        e = show_sign_send(a, &said, verb);
    application_free(&said);
    js_free(told);
    return e;
}

/* --- the commands --- */

static enum err apply(struct app *a)
{
    struct application said;
    enum err e = application_file_read(a, &wish, &said);
    if (e == ERR_OK)
        e = show_sign_send(a, &said, APPLICATION_APPLY);
    application_free(&said);
    return e;
}

static enum err show_one(struct app *a, const char *word)
{
    struct application said;
    struct js *told = NULL;
    enum err e = fetch(a, word, &told, &said);
    if (e == ERR_OK && !a->json)
        e = show(&said, APPLICATION_APPLY, stdout);
    if (e == ERR_OK)
        e = print_told(a, told);
    application_free(&said);
    js_free(told);
    return e;
}

struct listing {
    const struct app *app;
    bool any;
};

static enum err print_page(void *ctx, const struct js *answer)
{
    const struct js *list = js_get(answer, "applications");
    struct listing *l = ctx;
    if (l->app->json)
        return app_print_json(answer);
    if (!l->any && js_count(list) > 0)
        puts("APPLICATION       EXPIRES               WAITS FOR  TITLE");
    l->any = l->any || js_count(list) > 0;
    for (size_t i = 0; i < js_count(list); i++) {
        const struct js *one = js_at(list, i);
        print_short(js_member_text(one, "application"));
        fputs("  ", stdout);
        view_padded(stdout, js_member_text(one, "expires"), 20);
        fputs("  ", stdout);
        fputs(js_count(js_get(one, "missing")) > 0 ? "" : "the bank", stdout);
        view_names(stdout, js_get(one, "missing"));
        fputs("  ", stdout);
        app_print_safe(stdout, js_member_text(one, "title"));
        putchar('\n');
    }
    return ERR_OK;
}

static enum err list_waiting(struct app *a)
{
    struct listing l = {.app = a};
    enum err e = list_pages(a, &waiting_ones, print_page, &l);
    if (e == ERR_OK && !a->json && !l.any)
        puts("No application waits.");
    return e;
}

enum err cmd_application_new(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    wish.file = words->count > 0 ? words->item[0] : NULL;
    enum err e = app_configure(a);
    return e == ERR_OK ? apply(a) : e;
}

enum err cmd_application_list(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? list_waiting(a) : e;
}

enum err cmd_application_show(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? show_one(a, words->item[0]) : e;
}

enum err cmd_application_sign(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? decide(a, words->item[0], APPLICATION_APPLY) : e;
}

enum err cmd_application_withdraw(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? decide(a, words->item[0], APPLICATION_WITHDRAW) : e;
}
