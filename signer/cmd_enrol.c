/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol: a stranger becomes a holder. First the bank is pinned from its letter; then keys on the
 * token, a request that they sign, and a letter by which the bank tells this request from a forged
 * one. What is kept until the bank has decided is the request's name, among the settings.
 */
#include "api/request.h"
#include "app/app.h"
#include "app/card.h"
#include "app/letter.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/text.h"
#include "signer/commands.h"
#include "signer/enrol_keys.h"
#include "signer/enrol_outcome.h"
#include "signer/token_view.h"
#include <string.h>
#include <unistd.h>

#define WAITS_US (INT64_C(30) * 24 * 3600 * TEXT_SECOND_US) /* the longest that a bank takes */
#define LETTER_NAME "enrolment-letter"

static const char *opt_name, *opt_holder, *opt_letter, *opt_bank_letter, *opt_curve;
static bool opt_finish, opt_status, opt_again, opt_renew;

const struct args_option cmd_enrol_options[9] = {
    {"name", 0, ARGS_TEXT, "TEXT", "your name, as the bank is to know you", &opt_name},
    {"holder", 0, ARGS_TEXT, "NAME", "who you are there already: new keys for the same person",
     &opt_holder},
    {"bank-letter", 0, ARGS_TEXT, "FILE", "the bank's letter, or what its QR code says",
     &opt_bank_letter},
    {"letter", 0, ARGS_TEXT, "DIR", "where your letter goes; default: here", &opt_letter},
    {"curve", 0, ARGS_TEXT, "CURVE", "of a signing key that is made: P-256 (default), P-384, P-521",
     &opt_curve},
    {"renew", 0, ARGS_FLAG, NULL, "ask for new certificates for the keys that you have there",
     &opt_renew},
    {"again", 0, ARGS_FLAG, NULL, "write the letter of the request that waits once more",
     &opt_again},
    {"status", 0, ARGS_FLAG, NULL, "say what became of the request", &opt_status},
    {"finish", 0, ARGS_FLAG, NULL, "when the bank has admitted you: store the certificates",
     &opt_finish},
};

/* --- the bank, by its letter --- */

static struct letter_bank bank_letter; /* the settings borrow from it */

static enum err read_bank_letter(struct app *a)
{
    struct buf text = BUF_INIT(LETTER_MAX);
    enum err e = file_read(opt_bank_letter, LETTER_MAX, &text);
    if (e == ERR_OK)
        e = letter_bank_read(buf_str(&text), text.len, &bank_letter);
    buf_free(&text);
    return e == ERR_OK ? e : app_fail(a, e, "%s", opt_bank_letter);
}

/* VALUE is an option or the setting CONF; all that is there must be one. */
static enum err agree(struct app *a, const char **value, const char *conf, const char *letter,
                      enum err otherwise)
{
    const char *known = conf != NULL ? conf : *value;
    if (known != NULL && strcmp(*value, known) != 0)
        return app_fail(a, otherwise, "given: %s; pinned before: %s", *value, known);
    if (known != NULL && letter[0] != '\0' && strcmp(letter, known) != 0)
        return app_fail(a, otherwise, "the letter says %s; known so far: %s", letter, known);
    if (known == NULL && letter[0] != '\0')
        *value = letter;
    return ERR_OK;
}

/* A thumbprint may be typed in the letter's groups. */
static void without_groups(struct app *a)
{
    static char joined[KEY_THUMBPRINT_LEN + 1];
    size_t len = 0;
    if (a->bank_key == NULL)
        return;
    for (const char *at = a->bank_key; *at != '\0'; at++) {
        if (*at == ' ')
            continue;
        if (len == KEY_THUMBPRINT_LEN)
            return; /* no thumbprint: refused as it stands */
        joined[len++] = *at;
    }
    joined[len] = '\0';
    a->bank_key = joined;
}

/* A bank that is pinned stays pinned: nothing here replaces its name or its key. */
static enum err pin_bank(struct app *a)
{
    enum err e = opt_bank_letter != NULL ? read_bank_letter(a) : ERR_OK;
    without_groups(a);
    if (e == ERR_OK)
        e = agree(a, &a->bank, a->conf_bank, bank_letter.bank, ERR_BANK_MISMATCH);
    if (e == ERR_OK)
        e = agree(a, &a->bank_key, a->conf_bank_key, bank_letter.bank_key, ERR_BANK_KEY_CHANGED);
    if (e == ERR_OK && bank_letter.url[0] != '\0' && (a->url == NULL || a->url == a->conf_url))
        a->url = bank_letter.url;
    return e;
}

/* Whether who answers is the pinned bank, before anything is made for it. */
static enum err knock(struct app *a)
{
    struct client_call call = {.route = ROUTE_HEALTH};
    struct js *answer = NULL;
    enum err e = app_call_open(a, &call, &answer);
    js_free(answer);
    return e;
}

/* --- a request that was made before --- */

/* One that waits is not followed by another; one that is over is. */
static enum err look_back(struct app *a)
{
    struct js *answer = NULL;
    if (a->enrolment == NULL)
        return ERR_OK;
    enum err e = enrol_outcome_fetch(a, &answer);
    if (e == ERR_OK)
        e = enrol_outcome_judge(a, answer);
    js_free(answer);
    if (e == ERR_OK)
        return app_fail(a, ERR_USAGE, "the bank has admitted you: countersign enrol --finish");
    if (e != ERR_ENROLMENT_REFUSED && e != ERR_ENROLMENT_EXPIRED && e != ERR_NOT_FOUND)
        return e;
    fprintf(stderr, "The earlier request is over (%s); this is a new one.\n", err_name(e));
    a->message[0] = '\0';
    return ERR_OK;
}

/* --- a new request --- */

struct request {
    const char *name, *holder, *dir;
    enum token_curve curve;
    struct enrol_keys keys;
    struct statement head;
    const char *key;     /* thumbprint of the one that signs */
    struct buf jws, uri; /* what it signed, and its own name */
    char id[ENROLMENT_ID_LEN + 1];
};

static enum err take_dir(struct app *a, struct request *r)
{
    r->dir = opt_letter != NULL ? opt_letter : ".";
    return access(r->dir, W_OK | X_OK) == 0
               ? ERR_OK
               : app_fail(a, ERR_IO, "the letter cannot be written to %s", r->dir);
}

static enum err take_options(struct app *a, struct request *r)
{
    r->holder = opt_holder != NULL ? opt_holder : a->holder != NULL ? a->holder : "";
    if (opt_renew && r->holder[0] == '\0')
        return app_fail(a, ERR_SETTING_MISSING,
                        "holder: who is nobody at the bank has no certificate to renew");
    enum err e = app_need(a, opt_name != NULL ? opt_name : a->name, "name", &r->name);
    if (e == ERR_OK && utext_check(r->name, strlen(r->name), ENROLMENT_NAME_CHARS) != ERR_OK)
        e = app_fail(a, ERR_TEXT_INVALID, "--name");
    if (e == ERR_OK && r->holder[0] != '\0' && forms_holder(r->holder, strlen(r->holder)) != ERR_OK)
        e = app_fail(a, ERR_USAGE, "%s is no holder's name: a-z 0-9 . _ -", r->holder);
    if (e == ERR_OK)
        e = token_view_curve(a, opt_curve, &r->curve);
    return e == ERR_OK ? take_dir(a, r) : e;
}

/* What the PIN is asked for. */
static void show_plan(struct app *a, const struct request *r, const struct token_info *token)
{
    char grouped[LETTER_GROUPED_LEN + 1];
    letter_group(a->bank_key, grouped);
    fprintf(stderr, opt_renew ? "Ask %s for new certificates for %s" : "Ask %s to enrol %s",
            a->bank, r->name);
    if (r->holder[0] != '\0')
        fprintf(stderr, ", who is %s there", r->holder);
    fprintf(stderr,
            ".\nBank's key  %s\n            compare it with the bank's letter before you enter the "
            "PIN\nToken       ",
            grouped);
    app_print_safe(stderr, token->label);
    fputs(opt_renew ? "\nKeys        to sign and to authenticate, as they are there\n"
                    : "\nKeys        to sign, to authenticate and to derive; made there where they "
                      "are missing\n",
          stderr);
}

/* Before the PIN is asked for: a card that has RSA alone would waste it. */
static enum err open_token(struct app *a, struct request *r)
{
    struct token_info info;
    enum err e = app_open_token(a);
    if (e == ERR_OK)
        e = token_info_of(a->token, &info);
    if (e == ERR_OK && !info.ecdsa)
        e = app_fail(a, ERR_TOKEN_NO_EC, "%s has RSA only: what is signed here is ECDSA",
                     info.label);
    if (e == ERR_OK)
        e = knock(a);
    if (e == ERR_OK)
        show_plan(a, r, &info);
    return e;
}

static enum err make_statement(struct app *a, struct request *r)
{
    struct buf parts[KEY_USES] = {{0}}, payload = {0};
    enum err e = enrol_keys_requests(&r->keys, r->name, parts);
    if (e == ERR_OK)
        e = app_head(NULL, &r->head);
    if (e == ERR_OK) {
        r->head.expires_us = r->head.issued_us + WAITS_US;
        (void)snprintf(r->head.bank, sizeof r->head.bank, "%s", a->bank);
        e = enrolment_make(&r->head, r->holder, r->name, parts, &payload);
    }
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_ENROLMENT, &payload, &r->jws);
    if (e == ERR_OK)
        e = enrolment_id(buf_str(&r->jws), r->jws.len, r->id);
    for (size_t use = 0; use < KEY_USES; use++)
        buf_free(&parts[use]);
    buf_free(&payload);
    return e;
}

static enum err name_key(struct app *a, struct request *r)
{
    struct token_info info;
    enum err e = token_info_of(a->token, &info);
    return e == ERR_OK ? token_key_info_uri(&info, token_key_about(a->key), &r->uri) : e;
}

/* All that the token is needed for; once more from the start when it was pulled: keys that were
 * made are there then, and a request that is not whole is none. */
static enum err make(struct app *a, void *ctx)
{
    struct request *r = ctx;
    buf_clear(&r->jws);
    buf_clear(&r->uri);
    enum err e =
        app_log_in(a, opt_renew ? "sign this request" : "make the keys and sign this request");
    if (e != ERR_OK)
        return e;
    e = opt_renew ? enrol_keys_certified(a, &r->keys) : enrol_keys_open(a, r->curve, &r->keys);
    if (e == ERR_OK)
        e = make_statement(a, r);
    if (e == ERR_OK)
        e = name_key(a, r);
    if (e == ERR_OK)
        r->key = key_thumbprint(a->public_key);
    else
        enrol_keys_close(a, &r->keys);
    return e;
}

static enum err hand_in(struct app *a, struct request *r)
{
    struct buf body = BUF_INIT(JWS_MAX);
    struct js *answer = NULL;
    enum err e = request_statement_make(REQUEST_ENROLMENT, buf_str(&r->jws), &body);
    struct client_call call = {.route = ROUTE_ENROL, .body = body.data, .body_len = body.len};
    if (e == ERR_OK)
        e = app_call_open(a, &call, &answer);
    js_free(answer);
    buf_free(&body);
    return e;
}

/* From now on the bank is pinned, and the request known; the key in force stays the token's. */
static enum err keep(struct app *a, const struct request *r)
{
    const struct conf_change changes[] = {
        {"bank", a->bank},        {"bank_key", a->bank_key}, {"url", a->url},
        {"name", r->name},        {"enrolment", r->id},      {"enrolment_token", buf_str(&r->uri)},
        {"enrolment_key", r->key}};
    return app_write_settings(a, changes, sizeof changes / sizeof *changes);
}

static void fill_letter(const struct app *a, const struct request *r, struct letter_enrolment *out)
{
    (void)snprintf(out->bank, sizeof out->bank, "%s", a->bank);
    (void)snprintf(out->bank_key, sizeof out->bank_key, "%s", a->bank_key);
    (void)snprintf(out->key, sizeof out->key, "%s", r->key);
    (void)snprintf(out->name, sizeof out->name, "%s", r->name);
    (void)snprintf(out->enrolment, sizeof out->enrolment, "%s", r->id);
    (void)snprintf(out->holder, sizeof out->holder, "%s", r->holder);
    out->expires_us = r->head.expires_us;
}

static enum err write_letter(struct app *a, const struct request *r)
{
    struct letter_enrolment letter = {.bank = ""};
    fill_letter(a, r, &letter);
    enum err e = letter_enrolment_write(&letter, clock_now_us(), r->dir, LETTER_NAME);
    return e == ERR_OK ? e : app_fail(a, e, "%s/" LETTER_NAME, r->dir);
}

static enum err print_json(const struct request *r, const char *expires)
{
    char file[4096];
    struct doc d = {0};
    (void)snprintf(file, sizeof file, "%s/" LETTER_NAME, r->dir);
    doc_object(&d);
    doc_text(&d, "enrolment", r->id);
    doc_text(&d, "thumbprint", r->key);
    doc_text(&d, "status", "waiting");
    doc_text(&d, "expires", expires);
    doc_text(&d, "letter", file);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

static enum err print(struct app *a, const struct request *r)
{
    char expires[TEXT_TIME_LEN + 1], grouped[LETTER_GROUPED_LEN + 1];
    text_time(r->head.expires_us, expires);
    if (a->json)
        return print_json(r, expires);
    letter_group(r->key, grouped);
    printf("The request waits at %s until %s.\nYour key    %s\n", a->bank, expires, grouped);
    for (size_t use = KEY_USE_AUTHENTICATE; use < KEY_USES && !opt_again; use++) {
        if (r->keys.key[use] == NULL && !opt_renew)
            printf("Without     a key to %s, which this token does not have\n",
                   key_use_name((enum key_use)use));
    }
    printf("Letter      %s/" LETTER_NAME ".txt, and its QR code in .png\n"
           "Next        print both, bring them to the bank and sign there; then:\n"
           "            countersign enrol --finish\n",
           r->dir);
    return ERR_OK;
}

static enum err ask(struct app *a)
{
    struct request r = {.jws = BUF_INIT(JWS_MAX), .uri = BUF_INIT(TOKEN_URI_MAX)};
    enum err e = pin_bank(a);
    if (e == ERR_OK)
        e = take_options(a, &r);
    if (e == ERR_OK)
        e = look_back(a);
    if (e == ERR_OK)
        e = open_token(a, &r);
    if (e == ERR_OK)
        e = card_attend(a, make, &r);
    if (e == ERR_OK)
        e = hand_in(a, &r);
    if (e == ERR_OK)
        e = keep(a, &r);
    if (e == ERR_OK)
        e = write_letter(a, &r);
    if (e == ERR_OK)
        e = print(a, &r);
    enrol_keys_free(&r.keys);
    buf_free(&r.jws);
    buf_free(&r.uri);
    return e;
}

/* --- its letter, once more --- */

/* Of the bank's words only those that people read: key and request are as they were kept here. */
static enum err take_kept(struct app *a, const struct js *told, struct request *r)
{
    const char *expires = js_member_text(told, "expires");
    enum err e = app_need(a, a->enrolment_key, "enrolment_key", &r->key);
    if (e == ERR_OK)
        e = app_need(a, a->name, "name", &r->name);
    if (e == ERR_OK)
        e = take_dir(a, r);
    if (e != ERR_OK)
        return e;
    if (strcmp(js_member_text(told, "thumbprint"), r->key) != 0 ||
        strcmp(js_member_text(told, "name"), r->name) != 0)
        return app_fail(a, ERR_LETTER_MISMATCH, "the bank's request is of %s, %s",
                        js_member_text(told, "name"), js_member_text(told, "thumbprint"));
    r->holder = js_member_text(told, "wanted");
    if (r->holder[0] != '\0' && forms_holder(r->holder, strlen(r->holder)) != ERR_OK)
        return app_fail(a, ERR_UNAVAILABLE, "the bank's answer says a holder who is none");
    (void)snprintf(r->id, sizeof r->id, "%s", a->enrolment);
    return text_parse_time(expires, strlen(expires), &r->head.expires_us);
}

static enum err again(struct app *a)
{
    struct request r = {.name = NULL};
    struct js *told = NULL;
    enum err e = enrol_outcome_fetch(a, &told);
    if (e == ERR_OK)
        e = enrol_outcome_judge(a, told);
    if (e == ERR_OK)
        e = app_fail(a, ERR_USAGE, "the bank has admitted you: countersign enrol --finish");
    else if (e == ERR_ENROLMENT_WAITING) {
        a->message[0] = '\0';
        e = take_kept(a, told, &r);
        if (e == ERR_OK)
            e = write_letter(a, &r);
        if (e == ERR_OK)
            e = print(a, &r);
    }
    js_free(told);
    return e;
}

/* --- what became of it --- */

static enum err follow(struct app *a)
{
    struct js *answer = NULL;
    enum err e = enrol_outcome_fetch(a, &answer);
    if (e == ERR_OK)
        e = enrol_outcome_judge(a, answer);
    if (e == ERR_OK && opt_finish)
        e = enrol_outcome_finish(a, answer, opt_letter != NULL ? opt_letter : ".");
    else if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        puts("The bank has admitted you. Next: countersign enrol --finish");
    js_free(answer);
    return e;
}

enum err cmd_enrol(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_FILE_NOT_FOUND) { /* --config names the file that is to be made */
        a->message[0] = '\0';
        e = ERR_OK;
    }
    if (e == ERR_OK)
        e = opt_finish || opt_status ? follow(a) : opt_again ? again(a) : ask(a);
    return e;
}
