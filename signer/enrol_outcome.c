/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/enrol_outcome.h"

#include "app/card.h"
#include "app/repin.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/forms.h"
#include "signer/enrol_keys.h"
#include "signer/issued.h"
#include <limits.h>
#include <string.h>

#define CERTIFICATE_MAX ((size_t)8192) /* bytes of DER */
#define HOUR_US (INT64_C(3600) * TEXT_SECOND_US)
#define CERTIFICATES (KEY_USE_AUTHENTICATE + 1) /* keys that get one */

enum err enrol_outcome_fetch(struct app *a, struct js **answer)
{
    struct client_call call = {.route = ROUTE_ENROLMENT, .param = {a->enrolment}};
    *answer = NULL;
    if (a->enrolment == NULL)
        return app_fail(a, ERR_SETTING_MISSING,
                        "no request was made here: countersign enrol first");
    if (forms_thumbprint(a->enrolment, strlen(a->enrolment)) != ERR_OK)
        return app_fail(a, ERR_CONFIG_INVALID, "enrolment is no request's name");
    return app_call_open(a, &call, answer);
}

static enum err say_waiting(struct app *a, const char *expires)
{
    int64_t until_us = 0;
    if (text_parse_time(expires, strlen(expires), &until_us) != ERR_OK)
        return app_fail(a, ERR_UNAVAILABLE, "the bank's answer says no time");
    long long hours = (until_us - clock_now_us()) / HOUR_US;
    return app_fail(a, ERR_ENROLMENT_WAITING, "until %s: %lld day(s) and %lld hour(s) more",
                    expires, hours > 0 ? hours / 24 : 0, hours > 0 ? hours % 24 : 0);
}

enum err enrol_outcome_judge(struct app *a, const struct js *answer)
{
    const char *status = js_member_text(answer, "status");
    if (strcmp(status, "admitted") == 0)
        return ERR_OK;
    if (strcmp(status, "waiting") == 0)
        return say_waiting(a, js_member_text(answer, "expires"));
    if (strcmp(status, "refused") == 0)
        return app_fail(a, ERR_ENROLMENT_REFUSED, "the bank says: %s",
                        js_member_text(answer, "note"));
    if (strcmp(status, "expired") == 0)
        return app_fail(a, ERR_ENROLMENT_EXPIRED, "it waited until %s",
                        js_member_text(answer, "expires"));
    return app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no status that is known here");
}

/* --- the end of an admitted one --- */

struct ending {
    struct app *a;
    const char *holder, *dir;
    struct buf certificate[CERTIFICATES], root;
    struct enrol_keys keys;
    enum err stored[CERTIFICATES];     /* on the token, or why it is in FILE */
    char file[CERTIFICATES][PATH_MAX]; /* "" where there is none */
};

/* An empty buffer where the bank issued none, as after an admission at its console. */
static enum err take_der(struct app *a, const struct js *value, struct buf *out)
{
    size_t len = 0;
    const char *text = js_text(value, &len);
    if (text == NULL)
        return ERR_OK;
    enum err e = text_unb64url(text, len, out);
    return e == ERR_OK ? e : app_fail(a, e, "the bank's certificate");
}

static enum err take_answer(struct ending *end, const struct js *answer)
{
    const struct js *certificates = js_get(answer, "certificates");
    end->holder = js_member_text(answer, "holder");
    if (forms_holder(end->holder, strlen(end->holder)) != ERR_OK)
        return app_fail(end->a, ERR_UNAVAILABLE, "the bank's answer does not say who you are");
    enum err e = take_der(end->a, js_get(answer, "root"), &end->root);
    for (size_t use = 0; e == ERR_OK && use < CERTIFICATES; use++)
        e = take_der(end->a, js_get(certificates, key_use_name((enum key_use)use)),
                     &end->certificate[use]);
    return e;
}

/* It was issued under the root key that is pinned here or, where that replaced one since, under
 * that one. */
static enum err check_root(struct ending *end, const char **why)
{
    char root[KEY_THUMBPRINT_LEN + 1];
    enum err e = issued_root(&end->root, root, why);
    if (e == ERR_OK)
        e = repin_from(end->a, root);
    if (e == ERR_KEY_MISMATCH) {
        *why = "the root certificate is not of the bank's key that is pinned here";
        e = ERR_CERTIFICATE_MISMATCH;
    }
    return e;
}

/* All of them before one is stored. */
static enum err check(struct ending *end)
{
    const char *why = "";
    struct issued_to to = {.bank = end->a->bank, .holder = end->holder};
    enum err e = app_need(end->a, end->a->name, "name", &to.name);
    if (e == ERR_OK)
        e = check_root(end, &why);
    for (size_t use = 0; e == ERR_OK && use < CERTIFICATES; use++) {
        if (end->certificate[use].len == 0)
            continue;
        to.key = end->keys.public[use];
        why = "it is of a key that the token does not have";
        e = to.key != NULL ? issued_check(&end->certificate[use], &end->root, &to, &why)
                           : ERR_CERTIFICATE_MISMATCH;
    }
    return e == ERR_CERTIFICATE_MISMATCH ? app_fail(end->a, e, "%s", why) : e;
}

static enum err write_pem(struct ending *end, enum key_use use)
{
    struct buf pem = BUF_INIT(2 * CERTIFICATE_MAX);
    (void)snprintf(end->file[use], sizeof end->file[use], "%s/enrolment-%s.pem", end->dir,
                   key_use_name(use));
    enum err e = issued_pem(&end->certificate[use], &pem);
    if (e == ERR_OK)
        e = file_write(end->file[use], pem.data, pem.len, 0644);
    buf_free(&pem);
    return e == ERR_OK ? e : app_fail(end->a, e, "%s", end->file[use]);
}

/* Whatever a card answers that does not take it, the certificate is not lost; one that was pulled
 * has not answered. */
static enum err store(struct ending *end)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < CERTIFICATES; i++) {
        const struct buf *der = &end->certificate[i];
        if (der->len == 0)
            continue;
        end->stored[i] = token_key_store_certificate(end->keys.key[i], der->data, der->len);
        if (end->stored[i] == ERR_TOKEN_REMOVED || end->stored[i] == ERR_TOKEN_NOT_FOUND)
            e = end->stored[i];
        else if (end->stored[i] != ERR_OK)
            e = write_pem(end, (enum key_use)i);
    }
    return e;
}

/* Again when the token was pulled: what is stored already is replaced by itself. */
static enum err check_and_store(struct app *a, void *ctx)
{
    struct ending *end = ctx;
    enum err e = app_log_in(a, "store your certificates");
    if (e == ERR_OK)
        e = enrol_keys_find(a, &end->keys);
    if (e == ERR_OK)
        e = check(end);
    if (e == ERR_OK)
        e = store(end);
    if (e != ERR_OK)
        enrol_keys_close(a, &end->keys);
    return e;
}

static enum err certify(struct ending *end)
{
    struct app *a = end->a;
    if (end->certificate[KEY_USE_SIGN].len == 0 && end->certificate[KEY_USE_AUTHENTICATE].len == 0)
        return ERR_OK;
    enum err e = app_open_token(a);
    return e == ERR_OK ? card_attend(a, check_and_store, end) : e;
}

static void print(const struct ending *end)
{
    printf("You are %s at %s.\n", end->holder, end->a->bank);
    for (size_t use = 0; use < CERTIFICATES; use++) {
        const char *name = key_use_name((enum key_use)use);
        if (end->certificate[use].len == 0)
            continue;
        if (end->stored[use] == ERR_OK)
            printf("The certificate of the key to %s is on the token.\n", name);
        else if (end->stored[use] == ERR_TOKEN_CERTIFICATE)
            printf("The token has another issuer's certificate for the key to %s, which stays; the "
                   "bank's is in %s.\n",
                   name, end->file[use]);
        else
            printf(
                "The token takes no certificate, as many cards; that of the key to %s is in %s.\n",
                name, end->file[use]);
    }
    puts("Next: countersign login, and countersign accounts once the bank has opened one for you.");
}

static enum err print_json(const struct ending *end)
{
    struct doc d = {0}, certificates = {0};
    doc_object(&certificates);
    for (size_t use = 0; use < CERTIFICATES; use++) {
        if (end->certificate[use].len != 0)
            doc_text(&certificates, key_use_name((enum key_use)use),
                     end->file[use][0] == '\0' ? "token" : end->file[use]);
    }
    doc_object(&d);
    doc_text(&d, "holder", end->holder);
    doc_put(&d, "certificates", &certificates);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

enum err enrol_outcome_finish(struct app *a, const struct js *answer, const char *dir)
{
    struct ending end = {.a = a, .dir = dir};
    if (a->enrolment_token != NULL && a->token_uri == a->conf_token)
        a->token_uri = a->enrolment_token;
    enum err e = take_answer(&end, answer);
    if (e == ERR_OK)
        e = certify(&end);
    const struct conf_change changes[] = {{"holder", end.holder},
                                          {"token", a->token_uri},
                                          {"enrolment", NULL},
                                          {"enrolment_token", NULL},
                                          {"enrolment_key", NULL}};
    if (e == ERR_OK)
        e = app_write_settings(a, changes, sizeof changes / sizeof *changes);
    if (e == ERR_OK && a->json)
        e = print_json(&end);
    else if (e == ERR_OK)
        print(&end);
    enrol_keys_free(&end.keys);
    for (size_t use = 0; use < CERTIFICATES; use++)
        buf_free(&end.certificate[use]);
    buf_free(&end.root);
    return e;
}
