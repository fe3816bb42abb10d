/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/token_view.h"
#include "app/app.h"
#include "base/text.h"
#include "order/json.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum token_curve curve;
} curves[] = {{"P-256", TOKEN_P256}, {"P-384", TOKEN_P384}, {"P-521", TOKEN_P521}};

/* "unusable" for any other. */
static const char *curve_word(enum token_curve curve)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].curve == curve)
            return curves[i].name;
    }
    return "unusable";
}

enum err token_view_curve(struct app *a, const char *word, enum token_curve *out)
{
    const char *name = word != NULL ? word : "P-256";
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (strcmp(curves[i].name, name) == 0) {
            *out = curves[i].curve;
            return ERR_OK;
        }
    }
    return app_fail(a, ERR_USAGE, "--curve is P-256, P-384 or P-521, not %s", name);
}

/* A token's text may be in any encoding, and JSON is UTF-8; the URI has its bytes. */
static enum err set_token_text(struct js *o, const char *name, const char *text)
{
    char *tame = strdup(text);
    if (tame == NULL)
        return ERR_NO_MEMORY;
    text_tame(tame);
    enum err e = js_set_text(o, name, tame);
    free(tame);
    return e;
}

enum err token_view_js(const struct token_info *t, struct js **out)
{
    struct buf uri = BUF_INIT(4096);
    enum err e = js_object_new(out);
    if (e == ERR_OK)
        e = token_info_uri(t, &uri);
    const char *pairs[][2] = {{"label", t->label},    {"manufacturer", t->manufacturer},
                              {"model", t->model},    {"serial", t->serial},
                              {"reader", t->slot},    {"module", t->module},
                              {"uri", buf_str(&uri)}, {"tries", token_tries_name(t->tries)}};
    for (size_t i = 0; e == ERR_OK && i < sizeof pairs / sizeof *pairs; i++)
        e = set_token_text(*out, pairs[i][0], pairs[i][1]);
    if (e == ERR_OK)
        e = js_set_bool(*out, "initialized", t->initialized);
    if (e == ERR_OK)
        e = js_set_bool(*out, "keypad", t->keypad);
    if (e == ERR_OK)
        e = js_set_bool(*out, "ecdsa", t->ecdsa);
    buf_free(&uri);
    return e;
}

static void print_field(const char *name, const char *value)
{
    printf("  %-11s", name);
    app_print_safe(stdout, value);
    fputc('\n', stdout);
}

/* An RSA key has a choice of paddings and hashes; here a key has one algorithm and no choice. */
static const char rsa_only[] = "  This token signs with RSA keys only, if at all. It cannot sign "
                               "here: payments are signed with\n"
                               "  ECDSA on P-256, P-384 or P-521, where the key alone fixes the "
                               "algorithm. Ask your bank or the\n"
                               "  card's maker for a card with elliptic curve keys.";

enum err token_view_print(const struct token_info *t)
{
    struct buf uri = BUF_INIT(4096);
    enum err e = token_info_uri(t, &uri);
    app_print_safe(stdout, t->initialized ? t->label : "(free, for countersign token init)");
    fputc('\n', stdout);
    print_field("reader", t->slot);
    print_field("module", t->module);
    if (e == ERR_OK && t->initialized) {
        print_field("maker", t->manufacturer);
        print_field("model", t->model);
        print_field("serial", t->serial);
        print_field("PIN", t->keypad ? "entered on the reader" : "entered here");
        print_field("tries left", app_tries_left(t->tries));
        print_field("URI", buf_str(&uri));
    }
    if (e == ERR_OK && !t->ecdsa)
        puts(rsa_only);
    buf_free(&uri);
    return e;
}

enum err token_view_key_js(const struct token_info *token, const struct token_key_info *k,
                           const char *thumbprint, struct js **out)
{
    struct buf uri = BUF_INIT(4096);
    enum err e = js_object_new(out);
    if (e == ERR_OK)
        e = token_key_info_uri(token, k, &uri);
    if (e == ERR_OK)
        e = set_token_text(*out, "label", k->label);
    if (e == ERR_OK)
        e = js_set_text(*out, "curve", curve_word(k->curve));
    if (e == ERR_OK)
        e = js_set_text(*out, "uri", buf_str(&uri));
    if (e == ERR_OK)
        e = js_set_bool(*out, "sign", k->sign);
    if (e == ERR_OK)
        e = js_set_bool(*out, "derive", k->derive);
    if (e == ERR_OK)
        e = js_set_bool(*out, "alwaysAuthenticate", k->always_authenticate);
    if (e == ERR_OK && thumbprint != NULL)
        e = js_set_text(*out, "thumbprint", thumbprint);
    buf_free(&uri);
    return e;
}

enum err token_view_key_print(const struct token_info *token, const struct token_key_info *k,
                              const char *thumbprint)
{
    struct buf uri = BUF_INIT(4096);
    enum err e = token_key_info_uri(token, k, &uri);
    app_print_safe(stdout, k->label);
    if (k->ec)
        printf("  %s%s%s%s\n", curve_word(k->curve), k->sign ? ", signs" : "",
               k->derive ? ", derives" : "",
               k->always_authenticate ? ", asks for the PIN each time" : "");
    else
        puts("  no elliptic curve key, so it cannot sign here: that takes P-256, P-384 or P-521");
    if (thumbprint != NULL)
        print_field("thumbprint", thumbprint);
    if (e == ERR_OK)
        print_field("URI", buf_str(&uri));
    buf_free(&uri);
    return e;
}
