/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/token_view.h"
#include "app/app.h"
#include "base/text.h"
#include "order/doc.h"
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

/* --- what it shows without its PIN --- */

static void put_curves(struct doc *d, const struct token_sight *sight)
{
    struct doc array = {0};
    doc_array(&array);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (sight->curve[curves[i].curve])
            doc_push_text(&array, curves[i].name);
    }
    doc_put(d, "curves", &array);
}

/* alwaysAuthenticate only where it is known. */
static void push_seen_key(struct doc *array, const struct token_seen_key *k)
{
    char id[2 * TOKEN_ID_MAX + 1];
    struct doc one = {0};
    text_hex(k->key.id, k->key.id_len, id);
    doc_object(&one);
    doc_text(&one, "id", id);
    app_doc_safe(&one, "label", k->key.label);
    doc_text(&one, "curve", k->key.ec ? curve_word(k->key.curve) : "none");
    doc_bool(&one, "sign", k->key.sign);
    doc_bool(&one, "derive", k->key.derive);
    if (k->private)
        doc_bool(&one, "alwaysAuthenticate", k->key.always_authenticate);
    if (k->certificate && k->ends_us != INT64_MAX)
        doc_time(&one, "certificateEnds", k->ends_us);
    doc_push(array, &one);
}

static void put_sight(struct doc *d, const struct token_sight *sight)
{
    struct doc keys = {0};
    put_curves(d, sight);
    doc_bool(d, "derive", sight->derive);
    doc_bool(d, "generate", sight->generate);
    doc_array(&keys);
    for (size_t i = 0; i < sight->count; i++)
        push_seen_key(&keys, &sight->keys[i]);
    doc_put(d, "keys", &keys);
}

/* E: whether URI was made; frees it. */
static void put_uri(struct doc *d, enum err e, struct buf *uri)
{
    doc_text(d, "uri", buf_str(uri));
    if (e != ERR_OK)
        doc_fail(d, e);
    buf_free(uri);
}

void token_view_doc(const struct token_info *t, const struct token_sight *sight, struct doc *out)
{
    const char *const pairs[][2] = {{"label", t->label}, {"manufacturer", t->manufacturer},
                                    {"model", t->model}, {"serial", t->serial},
                                    {"reader", t->slot}, {"module", t->module}};
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    doc_object(out);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        app_doc_safe(out, pairs[i][0], pairs[i][1]);
    put_uri(out, token_info_uri(t, "", &uri), &uri);
    doc_text(out, "tries", token_tries_name(t->tries));
    doc_bool(out, "initialized", t->initialized);
    doc_bool(out, "keypad", t->keypad);
    doc_bool(out, "ecdsa", t->ecdsa);
    if (sight != NULL)
        put_sight(out, sight);
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
    enum err e = token_info_uri(t, "", &uri);
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

void token_view_key_doc(const struct token_info *token, const struct token_key_info *k,
                        const char *thumbprint, struct doc *out)
{
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    doc_object(out);
    app_doc_safe(out, "label", k->label);
    doc_text(out, "curve", curve_word(k->curve));
    put_uri(out, token_key_info_uri(token, k, &uri), &uri);
    doc_bool(out, "sign", k->sign);
    doc_bool(out, "derive", k->derive);
    doc_bool(out, "alwaysAuthenticate", k->always_authenticate);
    if (thumbprint != NULL)
        doc_text(out, "thumbprint", thumbprint);
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

static const char no_pcscd[] = "pcscd does not answer: readers and their cards are not seen.\n"
                               "  systemctl enable --now pcscd.socket starts it\n";
static const char hanging_pcscd[] = "pcscd hangs: it takes connections and answers nothing, so "
                                    "readers and their cards are not seen.\n"
                                    "  systemctl restart pcscd.service starts it anew\n";

static void print_reader(FILE *f, const struct plugged *p, const struct token_reader *r)
{
    const char *what = "no card";
    if (r->card)
        what = r->mute               ? "a card that does not answer: is it the right way round?"
               : plugged_known(p, r) ? "a card"
                                     : "a card that no module here knows";
    fputs("reader  ", f);
    app_print_safe(f, r->name);
    fprintf(f, ": %s\n", what);
}

enum err token_view_plugged(FILE *f, const struct plugged *p)
{
    enum err e = ERR_OK;
    if (p->pcscd == ERR_TOKEN_PCSCD_HANGS)
        fputs(hanging_pcscd, f);
    else if (p->pcscd != ERR_OK)
        fputs(no_pcscd, f);
    else if (p->reader_count == 0)
        fputs("No reader is plugged in.\n", f);
    for (size_t i = 0; i < p->reader_count; i++)
        print_reader(f, p, &p->readers[i]);
    if (p->token_count == 0)
        fputs("No token is plugged in.\n", f);
    for (size_t i = 0; e == ERR_OK && i < p->token_count; i++) {
        const struct plugged_token *t = &p->tokens[i];
        fputc('\n', f);
        e = token_view_print(f, &t->info, t->unseen == ERR_OK ? &t->sight : NULL);
        if (t->unseen != ERR_OK)
            fprintf(f, "  it could not be looked at: %s\n", err_name(t->unseen));
    }
    return e;
}
