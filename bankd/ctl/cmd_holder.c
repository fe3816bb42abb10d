/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "app/outcome.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "base/file.h"
#include "order/key.h"
#include "order/key_status.h"
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)16384) /* bytes */
#define PEM_NAME "PUBLIC KEY"    /* RFC 7468 section 13: SubjectPublicKeyInfo */

/* The bytes inside a PEM file; not whether they are a key: the bank refuses others by name. */
static enum err decode_pem(const struct buf *text, struct buf *der)
{
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long len = 0;
    enum err e = ERR_KEY_INVALID;
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    if (bio == NULL)
        return ERR_NO_MEMORY;
    if (PEM_read_bio(bio, &name, &header, &bytes, &len) == 1 && strcmp(name, PEM_NAME) == 0)
        e = buf_add(der, bytes, (size_t)len);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    BIO_free(bio);
    return e;
}

static enum err read_spki(struct ctl *ctl, struct request_holder *out)
{
    struct buf file = BUF_INIT(FILE_MAX), pem_der = BUF_INIT(FILE_MAX);
    const struct buf *der = &file;
    enum err e = file_read(ctl->spki, FILE_MAX, &file);
    if (e == ERR_OK && strncmp(buf_str(&file), "-----BEGIN ", 11) == 0) {
        e = decode_pem(&file, &pem_der);
        der = &pem_der;
    }
    if (e == ERR_OK && der->len > sizeof out->spki)
        e = ERR_KEY_INVALID;
    if (e == ERR_OK) {
        memcpy(out->spki, der->data, der->len);
        out->spki_len = der->len;
    } else {
        e = ctl_fail(ctl, e, "%s", ctl->spki);
    }
    buf_free(&file);
    buf_free(&pem_der);
    return e;
}

/* What the two kinds of enrolment differ in. */
struct enrolment {
    const char *is;
    enum route add;
    enum err (*make)(const struct request_holder *in, struct buf *out);
};

/* The thumbprint is computed here, from the file: what the enrolment letter must say. */
static enum err print_added(const struct enrolment *kind, const struct request_holder *r)
{
    struct key *key = NULL;
    enum err e = key_from_spki(r->spki, r->spki_len, &key);
    if (e == ERR_OK)
        printf("%s (%s) is %s with the %s key\n%s\n", r->holder, r->name, kind->is,
               key_alg_name(key_algorithm(key)), key_thumbprint(key));
    key_free(key);
    return e;
}

static enum err enrol(struct ctl *ctl, const struct enrolment *kind)
{
    struct request_holder r = {.spki_len = 0};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    enum err e = ctl_take(ctl, "id", ctl->id, r.holder, sizeof r.holder);
    if (e == ERR_OK)
        e = ctl_take(ctl, "name", ctl->name, r.name, sizeof r.name);
    if (e == ERR_OK)
        e = read_spki(ctl, &r);
    if (e == ERR_OK)
        e = kind->make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, kind->add, NULL, &body, &answer);
    if (e == ERR_OK)
        e = ctl->json ? app_print_json(answer) : print_added(kind, &r);
    if (e == ERR_OK && !ctl->json)
        outcome_print_keeper(answer);
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_holder_add(void *ctx, const struct args_list *words)
{
    static const struct enrolment kind = {"a holder", ROUTE_HOLDER_ADD, request_holder_make};
    (void)words;
    return enrol(ctx, &kind);
}

enum err cmd_terminal_add(void *ctx, const struct args_list *words)
{
    static const struct enrolment kind = {"a terminal", ROUTE_TERMINAL_ADD, request_terminal_make};
    (void)words;
    return enrol(ctx, &kind);
}

enum err cmd_operator_add(void *ctx, const struct args_list *words)
{
    static const struct enrolment kind = {"an operator", ROUTE_OPERATOR_ADD, request_operator_make};
    (void)words;
    return enrol(ctx, &kind);
}

enum err cmd_holder_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"HOLDER", "holder", false},
        {"NAME", "name", false},
        {"USE", "keys.use", false},
        {"KEY", "keys.status", false},
        {"THUMBPRINT", "keys.thumbprint", false},
    };
    const struct client_call call = {.route = ROUTE_HOLDERS};
    (void)words;
    return ctl_show_list(ctx, &call, "holders", columns, sizeof columns / sizeof columns[0]);
}

enum err cmd_terminal_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"TERMINAL", "terminal", false},
        {"NAME", "name", false},
        {"KEY", "keys.status", false},
        {"THUMBPRINT", "keys.thumbprint", false},
    };
    const struct client_call call = {.route = ROUTE_TERMINALS};
    (void)words;
    return ctl_show_list(ctx, &call, "terminals", columns, sizeof columns / sizeof columns[0]);
}

/* --- what becomes of a key --- */

/* Nothing else may stand in a path. */
static enum err take_names(struct ctl *ctl, const struct args_list *words, struct client_call *call)
{
    call->param[0] = words->item[0];
    call->param[1] = ctl->key;
    if (forms_holder(words->item[0], strlen(words->item[0])) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "%s is no holder's name", words->item[0]);
    if (forms_thumbprint(ctl->key, strlen(ctl->key)) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "--key %s: a thumbprint, as bankctl holder list shows",
                        ctl->key);
    return ERR_OK;
}

/* One that another took the place of is retired again, not active. */
static const char *told(const struct js *answer, const char *otherwise)
{
    const struct js *status = js_get(answer, "status");
    enum key_status s =
        js_type(status) == JS_TEXT ? key_status_from_name(js_text(status, NULL)) : KEY_STATUS_COUNT;
    return s == KEY_STATUS_COUNT ? otherwise : key_status_name(s);
}

static enum err set_key(struct ctl *ctl, const struct args_list *words, const char *status)
{
    struct client_call call = {.route = ROUTE_KEY_SET};
    struct request_key r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    enum err e = take_names(ctl, words, &call);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    snprintf(r.status, sizeof r.status, "%s", status);
    if (e == ERR_OK)
        e = request_key_make(&r, &body);
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK) {
        printf("The key %s of %s is %s\n", ctl->key, words->item[0], told(answer, status));
        outcome_print(answer);
    }
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_holder_suspend(void *ctx, const struct args_list *words)
{
    return set_key(ctx, words, "suspended");
}

enum err cmd_holder_resume(void *ctx, const struct args_list *words)
{
    return set_key(ctx, words, "active");
}

enum err cmd_holder_revoke(void *ctx, const struct args_list *words)
{
    return set_key(ctx, words, "revoked");
}
