/* SPDX-License-Identifier: Apache-2.0
 *
 * token list: every reader, every card and every token, with what each can do. --watch stays.
 */
#include "app/app.h"
#include "app/plugged.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/plugged_watch.h"
#include "signer/token_view.h"

static bool opt_watch;

const struct args_option cmd_token_list_options[1] = {
    {"watch", 'w', ARGS_FLAG, NULL, "stay and show what is plugged in and pulled", &opt_watch},
};

/* --- for people --- */

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

enum err token_list_print(FILE *f, const struct plugged *p)
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

/* --- as JSON --- */

static enum err reader_js(const struct plugged *p, const struct token_reader *r, struct js **out)
{
    enum err e = js_object_new(out);
    if (e == ERR_OK)
        e = token_view_text(*out, "name", r->name);
    if (e == ERR_OK)
        e = js_set_bool(*out, "card", r->card);
    if (e == ERR_OK && r->card)
        e = js_set_text(*out, "atr", r->atr);
    if (e == ERR_OK && r->card)
        e = js_set_bool(*out, "answers", !r->mute);
    if (e == ERR_OK && r->card)
        e = js_set_bool(*out, "known", plugged_known(p, r));
    return e;
}

static enum err add_readers(struct js *o, const struct plugged *p)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t i = 0; e == ERR_OK && i < p->reader_count; i++) {
        struct js *one = NULL;
        e = reader_js(p, &p->readers[i], &one);
        if (e == ERR_OK)
            e = js_push(array, one);
        else
            js_free(one);
    }
    if (e == ERR_OK)
        return js_set(o, "readers", array);
    js_free(array);
    return e;
}

static enum err add_tokens(struct js *o, const struct plugged *p)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t i = 0; e == ERR_OK && i < p->token_count; i++) {
        const struct plugged_token *t = &p->tokens[i];
        struct js *one = NULL;
        e = token_view_js(&t->info, t->unseen == ERR_OK ? &t->sight : NULL, &one);
        if (e == ERR_OK)
            e = js_push(array, one);
        else
            js_free(one);
    }
    if (e == ERR_OK)
        return js_set(o, "tokens", array);
    js_free(array);
    return e;
}

static enum err add_failed(struct js *o, const struct plugged *p)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t m = 0; e == ERR_OK && m < p->app->module_count; m++) {
        struct js *one = NULL;
        if (plugged_why(p, m) == ERR_OK)
            continue;
        e = js_object_new(&one);
        if (e == ERR_OK)
            e = token_view_text(one, "module", token_module_path(p->app->modules[m]));
        if (e == ERR_OK)
            e = js_set_text(one, "error", err_name(plugged_why(p, m)));
        if (e == ERR_OK)
            e = js_push(array, one);
        else
            js_free(one);
    }
    if (e == ERR_OK)
        return js_set(o, "failed", array);
    js_free(array);
    return e;
}

static enum err print_json(const struct plugged *p)
{
    struct js *o = NULL;
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_bool(o, "pcscd", p->pcscd == ERR_OK);
    if (e == ERR_OK)
        e = add_readers(o, p);
    if (e == ERR_OK)
        e = add_tokens(o, p);
    if (e == ERR_OK)
        e = add_failed(o, p);
    if (e == ERR_OK)
        e = app_print_json(o);
    js_free(o);
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
        e = a->json ? print_json(&p) : token_list_print(stdout, &p);
    if (e == ERR_OK && !opt_watch && trouble != ERR_OK)
        e = fail(a, &p, trouble);
    plugged_free(&p);
    return e;
}

int cmd_token_list(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return app_finish(a, e == ERR_OK ? list(a) : e);
}
