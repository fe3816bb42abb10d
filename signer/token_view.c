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
enum err token_view_text(struct js *o, const char *name, const char *text)
{
    char *tame = strdup(text);
    if (tame == NULL)
        return ERR_NO_MEMORY;
    text_tame(tame);
    enum err e = js_set_text(o, name, tame);
    free(tame);
    return e;
}

/* --- what it shows without its PIN --- */

static enum err add_curves(struct js *o, const struct token_sight *sight)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t i = 0; e == ERR_OK && i < sizeof curves / sizeof *curves; i++) {
        if (sight->curve[curves[i].curve])
            e = js_push_text(array, curves[i].name);
    }
    if (e == ERR_OK)
        return js_set(o, "curves", array);
    js_free(array);
    return e;
}

/* alwaysAuthenticate only where it is known. */
static enum err seen_key_js(const struct token_seen_key *k, struct js **out)
{
    char id[2 * TOKEN_ID_MAX + 1], ends[TEXT_TIME_LEN + 1];
    text_hex(k->key.id, k->key.id_len, id);
    enum err e = js_object_new(out);
    if (e == ERR_OK)
        e = js_set_text(*out, "id", id);
    if (e == ERR_OK)
        e = token_view_text(*out, "label", k->key.label);
    if (e == ERR_OK)
        e = js_set_text(*out, "curve", k->key.ec ? curve_word(k->key.curve) : "none");
    if (e == ERR_OK)
        e = js_set_bool(*out, "sign", k->key.sign);
    if (e == ERR_OK)
        e = js_set_bool(*out, "derive", k->key.derive);
    if (e == ERR_OK && k->private)
        e = js_set_bool(*out, "alwaysAuthenticate", k->key.always_authenticate);
    if (e == ERR_OK && k->certificate && k->ends_us != INT64_MAX) {
        text_time(k->ends_us, ends);
        e = js_set_text(*out, "certificateEnds", ends);
    }
    return e;
}

static enum err add_seen_keys(struct js *o, const struct token_sight *sight)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t i = 0; e == ERR_OK && i < sight->count; i++) {
        struct js *one = NULL;
        e = seen_key_js(&sight->keys[i], &one);
        if (e == ERR_OK)
            e = js_push(array, one);
        else
            js_free(one);
    }
    if (e == ERR_OK)
        return js_set(o, "keys", array);
    js_free(array);
    return e;
}

static enum err add_sight(struct js *o, const struct token_sight *sight)
{
    enum err e = add_curves(o, sight);
    if (e == ERR_OK)
        e = js_set_bool(o, "derive", sight->derive);
    if (e == ERR_OK)
        e = js_set_bool(o, "generate", sight->generate);
    return e == ERR_OK ? add_seen_keys(o, sight) : e;
}

enum err token_view_js(const struct token_info *t, const struct token_sight *sight, struct js **out)
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
        e = token_view_text(*out, pairs[i][0], pairs[i][1]);
    if (e == ERR_OK)
        e = js_set_bool(*out, "initialized", t->initialized);
    if (e == ERR_OK)
        e = js_set_bool(*out, "keypad", t->keypad);
    if (e == ERR_OK)
        e = js_set_bool(*out, "ecdsa", t->ecdsa);
    if (e == ERR_OK && sight != NULL)
        e = add_sight(*out, sight);
    buf_free(&uri);
    return e;
}

static void print_field(FILE *f, const char *name, const char *value)
{
    fprintf(f, "  %-11s", name);
    app_print_safe(f, value);
    fputc('\n', f);
}

static void print_seen_key(FILE *f, const struct token_seen_key *k)
{
    char id[2 * TOKEN_ID_MAX + 1], ends[TEXT_TIME_LEN + 1], line[512];
    text_hex(k->key.id, k->key.id_len, id);
    (void)snprintf(line, sizeof line, "%s %s: %s%s%s%s", id, k->key.label,
                   k->key.ec ? curve_word(k->key.curve) : "no elliptic curve, cannot sign here",
                   k->key.ec && k->key.sign ? ", signs" : "",
                   k->key.ec && k->key.derive ? ", derives" : "",
                   k->private && k->key.always_authenticate ? ", asks for the PIN each time" : "");
    print_field(f, "key", line);
    if (!k->certificate || k->ends_us == INT64_MAX)
        return;
    text_time(k->ends_us, ends);
    (void)snprintf(line, sizeof line, "its certificate ends %s", ends);
    print_field(f, "", line);
}

static void print_sight(FILE *f, const struct token_sight *sight)
{
    char line[128] = "";
    size_t len = 0;
    bool hidden = false;
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (sight->curve[curves[i].curve])
            len += (size_t)snprintf(line + len, sizeof line - len, "%s%s", len != 0 ? ", " : "",
                                    curves[i].name);
    }
    print_field(f, "curves", len != 0 ? line : "none");
    (void)snprintf(line, sizeof line, "%s%s%s", len != 0 ? "sign" : "not sign",
                   sight->derive ? ", derive" : "", sight->generate ? ", make keys" : "");
    print_field(f, "can", line);
    if (sight->count == 0)
        print_field(f, "keys", "none is seen without the PIN");
    for (size_t i = 0; i < sight->count; i++) {
        print_seen_key(f, &sight->keys[i]);
        hidden = hidden || !sight->keys[i].private;
    }
    if (hidden)
        print_field(f, "", "countersign token info says which asks for the PIN each time");
}

/* An RSA key has a choice of paddings and hashes; here a key has one algorithm and no choice. */
static const char rsa_only[] = "  This token signs with RSA keys only, if at all. It cannot sign "
                               "here: payments are signed with\n"
                               "  ECDSA on P-256, P-384 or P-521, where the key alone fixes the "
                               "algorithm. Ask your bank or the\n"
                               "  card's maker for a card with elliptic curve keys.\n";

enum err token_view_print(FILE *f, const struct token_info *t, const struct token_sight *sight)
{
    struct buf uri = BUF_INIT(4096);
    enum err e = token_info_uri(t, &uri);
    app_print_safe(f, t->initialized ? t->label : "(free, for countersign token init)");
    fputc('\n', f);
    print_field(f, "reader", t->slot);
    print_field(f, "module", t->module);
    if (e == ERR_OK && t->initialized) {
        print_field(f, "maker", t->manufacturer);
        print_field(f, "model", t->model);
        print_field(f, "serial", t->serial);
        print_field(f, "PIN", t->keypad ? "entered on the reader" : "entered here");
        print_field(f, "tries left", app_tries_left(t->tries));
        if (sight != NULL)
            print_sight(f, sight);
        print_field(f, "URI", buf_str(&uri));
    }
    if (e == ERR_OK && !t->ecdsa)
        fputs(rsa_only, f);
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
        e = token_view_text(*out, "label", k->label);
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
        print_field(stdout, "thumbprint", thumbprint);
    if (e == ERR_OK)
        print_field(stdout, "URI", buf_str(&uri));
    buf_free(&uri);
    return e;
}
