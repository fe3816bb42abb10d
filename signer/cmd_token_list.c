/* SPDX-License-Identifier: Apache-2.0
 *
 * token list: every reader, every card and every token, with what each can do. --watch stays.
 */
#include "app/app.h"
#include "app/plugged.h"
#include "order/doc.h"
#include "signer/commands.h"
#include "signer/plugged_watch.h"
#include "signer/token_view.h"

static bool opt_watch;

const struct args_option cmd_token_list_options[1] = {
    {"watch", 'w', ARGS_FLAG, NULL, "stay and show what is plugged in and pulled", &opt_watch},
};

/* --- as JSON --- */

static void put_readers(struct doc *d, const struct plugged *p)
{
    struct doc array = {0};
    doc_array(&array);
    for (size_t i = 0; i < p->reader_count; i++) {
        const struct token_reader *r = &p->readers[i];
        struct doc one = {0};
        doc_object(&one);
        app_doc_safe(&one, "name", r->name);
        doc_bool(&one, "card", r->card);
        if (r->card) {
            doc_text(&one, "atr", r->atr);
            doc_bool(&one, "answers", !r->mute);
            doc_bool(&one, "known", plugged_known(p, r));
        }
        doc_push(&array, &one);
    }
    doc_put(d, "readers", &array);
}

static void put_tokens(struct doc *d, const struct plugged *p)
{
    struct doc array = {0};
    doc_array(&array);
    for (size_t i = 0; i < p->token_count; i++) {
        const struct plugged_token *t = &p->tokens[i];
        struct doc one = {0};
        token_view_doc(&t->info, t->unseen == ERR_OK ? &t->sight : NULL, &one);
        doc_push(&array, &one);
    }
    doc_put(d, "tokens", &array);
}

static void put_failed(struct doc *d, const struct plugged *p)
{
    struct doc array = {0};
    doc_array(&array);
    for (size_t m = 0; m < p->app->module_count; m++) {
        struct doc one = {0};
        if (plugged_why(p, m) == ERR_OK)
            continue;
        doc_object(&one);
        app_doc_safe(&one, "module", token_module_path(p->app->modules[m]));
        doc_text(&one, "error", err_name(plugged_why(p, m)));
        doc_push(&array, &one);
    }
    doc_put(d, "failed", &array);
}

static enum err print_json(const struct plugged *p)
{
    struct doc d = {0};
    doc_object(&d);
    doc_bool(&d, "pcscd", p->pcscd == ERR_OK);
    put_readers(&d, p);
    put_tokens(&d, p);
    put_failed(&d, p);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

/* --- the command --- */

/* The tokens of the others are shown by now: each that failed is a line, and the exit is its. */
static enum err fail(struct app *a, const struct plugged *p, enum err trouble)
{
    app_tell_modules(a);
    for (size_t m = 0; m < a->module_count; m++) {
        enum err why = plugged_why(p, m);
        if (why != ERR_OK && token_module_refusal(a->modules[m]) != why)
            app_say(stderr, "Module %s did not say which tokens it has (%s).",
                    token_module_path(a->modules[m]), err_name(why));
    }
    a->json = false; /* it is told there already */
    return app_fail(a, trouble, "the list is without what a module has that failed");
}

static enum err list(struct app *a)
{
    struct plugged p = {.app = a};
    enum err e = plugged_read(&p);
    enum err trouble = e == ERR_OK ? plugged_trouble(&p) : e;
    if (e == ERR_OK && opt_watch)
        e = plugged_watch(&p);
    else if (e == ERR_OK && p.pcscd != ERR_OK && p.token_count == 0 && trouble == ERR_OK)
        e = p.pcscd;
    else if (e == ERR_OK)
        e = a->json ? print_json(&p) : token_view_plugged(stdout, &p);
    if (e == ERR_OK && !opt_watch && trouble != ERR_OK)
        e = fail(a, &p, trouble);
    plugged_free(&p);
    return e;
}

enum err cmd_token_list(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? list(a) : e;
}
