/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "order/json.h"
#include "signer/bundle_file.h"
#include "signer/bundle_sign.h"
#include "signer/commands.h"
#include "signer/sign_many.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <string.h>

static const char *opt_policy, *opt_verb, *opt_challenge, *opt_output;
static const char *opt_decide_policy;
static struct args_list opt_orders;
static bool opt_logout, opt_all, opt_show, opt_batch, opt_sign_batch, opt_sign_show;

const struct args_option cmd_sign_options[7] = {
    {"batch", 'b', ARGS_FLAG, NULL,
     "approve all orders of a directory, of a file with one a line, or of a bundle by one "
     "signature",
     &opt_sign_batch},
    {"show", 0, ARGS_FLAG, NULL, "with --batch: the whole text of each order, too", &opt_sign_show},
    {"policy", 'p', ARGS_TEXT, "FILE", "of an order or a batch: the account's policy document",
     &opt_policy},
    {"decision", 'd', ARGS_TEXT, "VERB",
     "submit, approve, reject or cancel; default of a bundle: approve", &opt_verb},
    {"challenge", 0, ARGS_TEXT, "TEXT",
     "of an order or a batch: a challenge of the bank, to sign long before sending",
     &opt_challenge},
    {"order", 0, ARGS_LIST, "ID", "of a bundle: this order, not all; may be given many times",
     &opt_orders},
    {"output", 'o', ARGS_TEXT, "FILE",
     "where to write; default: standard output, of a bundle its own file", &opt_output},
};
#define DECIDE_OPTIONS                                                                             \
    {"policy",          'p', ARGS_TEXT, "FILE", "the account's policy; default: ask the bank",     \
     &opt_decide_policy},                                                                          \
    {                                                                                              \
        "logout", 0, ARGS_FLAG, NULL, "end the session afterwards", &opt_logout                    \
    }

const struct args_option cmd_decide_options[2] = {DECIDE_OPTIONS};
const struct args_option cmd_approve_options[5] = {
    DECIDE_OPTIONS,
    {"batch", 'b', ARGS_FLAG, NULL,
     "with --all-waiting: one signature for all of an account, where its policy lets that",
     &opt_batch},
    {"all-waiting", 0, ARGS_FLAG, NULL,
     "all that waits for you, after one summary; with --account of that one alone", &opt_all},
    {"show", 0, ARGS_FLAG, NULL, "with --all-waiting: the whole text of each order, too",
     &opt_show},
};

/* Shows, asks, signs. The PIN is the consent; where it was typed before the text was there (for a
 * login), a question is. */
static enum err show_and_sign(struct app *a, const struct subject *s, enum verb verb,
                              const char *challenge, struct buf *body)
{
    char purpose[64];
    (void)snprintf(purpose, sizeof purpose, "%s this order", decision_verb_name(verb));
    enum err e = subject_show(s, verb, stderr);
    if (e == ERR_OK)
        e = app_consent(a, purpose);
    return e == ERR_OK ? subject_sign(a, s, verb, challenge, body) : e;
}

static enum err read_verb(struct app *a, const char *name, enum verb *out)
{
    *out = decision_verb_from_name(name, strlen(name));
    if (*out == VERB_NONE)
        return app_fail(a, ERR_USAGE, "--decision is submit, approve, reject or cancel");
    return ERR_OK;
}

static enum err check_challenge(struct app *a)
{
    if (opt_challenge != NULL && forms_nonce(opt_challenge, strlen(opt_challenge)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "--challenge is not a challenge of 22 characters");
    return ERR_OK;
}

static enum err sign_order(struct app *a, const char *path)
{
    struct subject s = {.policy = NULL};
    struct buf body = BUF_INIT(DECISION_BODY_MAX);
    const char *policy = NULL, *name = NULL;
    enum verb verb = VERB_NONE;
    enum err e = app_need_option(a, opt_policy, "policy", &policy);
    if (e == ERR_OK)
        e = app_need_option(a, opt_verb, "decision", &name);
    if (e == ERR_OK)
        e = read_verb(a, name, &verb);
    if (e != ERR_OK)
        return e;
    if (opt_orders.count > 0)
        return app_fail(a, ERR_USAGE, "--order chooses from a bundle, and %s is none", path);
    e = check_challenge(a);
    if (e == ERR_OK)
        e = subject_load(a, path, policy, &s);
    if (e == ERR_OK)
        e = show_and_sign(a, &s, verb, opt_challenge, &body);
    if (e == ERR_OK)
        e = app_write_document(a, opt_output, &body);
    subject_free(&s);
    buf_free(&body);
    return e;
}

static enum err sign_bundle(struct app *a, const char *path)
{
    struct bundle_wish wish = {.orders = &opt_orders,
                               .output = opt_output,
                               .batch = opt_sign_batch,
                               .texts = opt_sign_show};
    if (opt_policy != NULL || opt_challenge != NULL)
        return app_fail(a, ERR_USAGE, "%s is a bundle: it has policies and challenges", path);
    enum err e = read_verb(a, opt_verb != NULL ? opt_verb : "approve", &wish.verb);
    if (e == ERR_OK && wish.batch && wish.verb != VERB_APPROVE)
        e = app_fail(a, ERR_USAGE, "--batch approves");
    return e == ERR_OK ? bundle_sign(a, path, &wish) : e;
}

static enum err sign_batch(struct app *a, const char *path)
{
    struct sign_many_wish wish = {
        .path = path, .challenge = opt_challenge, .output = opt_output, .texts = opt_sign_show};
    if (opt_orders.count > 0 || (opt_verb != NULL && strcmp(opt_verb, "approve") != 0))
        return app_fail(a, ERR_USAGE, "--batch approves, and it approves all");
    enum err e = app_need_option(a, opt_policy, "policy", &wish.policy);
    if (e == ERR_OK)
        e = check_challenge(a);
    return e == ERR_OK ? sign_many(a, &wish) : e;
}

static enum err sign_what(struct app *a, const char *path)
{
    bool is_bundle = bundle_file_at(path);
    if (opt_sign_show && !opt_sign_batch)
        return app_fail(a, ERR_USAGE, "--show goes with --batch; an order is always shown");
    if (opt_sign_batch && !is_bundle)
        return sign_batch(a, path);
    return is_bundle ? sign_bundle(a, path) : sign_order(a, path);
}

enum err cmd_sign(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    const char *path = words->item[0];
    enum err e = app_configure(a);
    return e == ERR_OK ? sign_what(a, path) : e;
}

/* The text alone on standard output, for --challenge. */
static enum err print_challenge(struct app *a, const char *thumbprint)
{
    struct js *answer = NULL;
    if (forms_thumbprint(thumbprint, strlen(thumbprint)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no thumbprint; it has 43 characters", thumbprint);
    enum err e = app_challenge(a, thumbprint, &answer);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        app_say(stdout, "%s", js_member_text(answer, "challenge"));
    const char *expires = js_text(js_get(answer, "expires"), NULL);
    if (e == ERR_OK && expires != NULL) {
        fputs("Good until ", stderr);
        app_print_safe(stderr, expires);
        fputc('\n', stderr);
    }
    js_free(answer);
    return e;
}

enum err cmd_challenge(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? print_challenge(a, words->item[0]) : e;
}

static enum err decide(struct app *a, const char *word, enum verb verb)
{
    struct subject s = {.policy = NULL};
    struct buf body = BUF_INIT(DECISION_BODY_MAX);
    enum err e = subject_load(a, word, opt_decide_policy, &s);
    if (e == ERR_OK)
        e = show_and_sign(a, &s, verb, NULL, &body);
    struct client_call call = {.route = ROUTE_DECIDE, .body = body.data, .body_len = body.len};
    if (e == ERR_OK)
        e = app_call_view(a, &call, view_order);
    subject_free(&s);
    buf_free(&body);
    return e;
}

/* The vote stands, whatever becomes of the session. */
static enum err log_out(struct app *a)
{
    bool had = false;
    enum err told = ERR_OK;
    enum err e = app_logout(a, &had, &told);
    if (e == ERR_OK && told != ERR_OK)
        fprintf(stderr, "The bank could not be told of the end of the session (%s).\n",
                err_name(told));
    return e;
}

/* E: what came of it, which goes before what comes of logging out. */
static enum err finish(struct app *a, enum err e)
{
    char message[sizeof a->message];
    memcpy(message, a->message, sizeof message);
    enum err ended = opt_logout ? log_out(a) : ERR_OK;
    if (e != ERR_OK)
        memcpy(a->message, message, sizeof message);
    return e != ERR_OK ? e : ended;
}

static enum err run_decide(struct app *a, const struct args_list *words, enum verb verb)
{
    enum err e = app_configure(a);
    return finish(a, e == ERR_OK ? decide(a, words->item[0], verb) : e);
}

enum err cmd_submit(void *ctx, const struct args_list *words)
{
    return run_decide(ctx, words, VERB_SUBMIT);
}

enum err cmd_approve(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    const bool of_account = a->account != NULL; /* asked for, not the settings' */
    if (words->count > 0 && !opt_all && !opt_show && !opt_batch)
        return run_decide(a, words, VERB_APPROVE);
    if (words->count > 0 || !opt_all || opt_decide_policy != NULL)
        return app_fail(a, ERR_USAGE,
                        "name one ORDER, or give --all-waiting alone or "
                        "with --show or --batch");
    enum err e = app_configure(a);
    const struct approve_wish wish = {of_account ? a->account : NULL, opt_show, opt_batch};
    return finish(a, e == ERR_OK ? approve_all(a, &wish) : e);
}

enum err cmd_reject(void *ctx, const struct args_list *words)
{
    return run_decide(ctx, words, VERB_REJECT);
}

enum err cmd_cancel(void *ctx, const struct args_list *words)
{
    return run_decide(ctx, words, VERB_CANCEL);
}
