/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "order/doc.h"
#include "signer/commands.h"
#include "signer/doctor.h"
#include "signer/token_view.h"

static void print_one(const struct found *f)
{
    const struct finding_info *info = finding_info(f->finding);
    if (f->about[0] != '\0') {
        app_print_safe(stdout, f->about);
        fputs(": ", stdout);
    }
    printf("%s (%s)\n  ", info->words, info->name);
    app_print_safe(stdout, buf_str(&f->remedy));
    fputc('\n', stdout);
}

static void print(const struct doctor *d)
{
    size_t tokens = 0;
    for (size_t i = 0; i < d->count; i++)
        print_one(&d->found[i]);
    for (size_t i = 0; i < d->plugged.token_count; i++)
        tokens += d->plugged.tokens[i].info.initialized ? 1 : 0;
    if (d->count == 0)
        printf("All is well, as far as it is seen without a PIN: %zu token(s), %s.\n", tokens,
               d->clock_compared ? "and this clock agrees with the bank's"
                                 : "no bank to compare the clock with");
}

static enum err print_json(const struct doctor *d)
{
    struct doc all = {0}, array = {0};
    doc_array(&array);
    for (size_t i = 0; i < d->count; i++) {
        const struct finding_info *info = finding_info(d->found[i].finding);
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "finding", info->name);
        app_doc_safe(&one, "about", d->found[i].about);
        doc_text(&one, "words", info->words);
        app_doc_safe(&one, "remedy", buf_str(&d->found[i].remedy));
        doc_push(&array, &one);
    }
    doc_object(&all);
    doc_bool(&all, "well", d->count == 0);
    doc_bool(&all, "clockCompared", d->clock_compared);
    doc_put(&all, "findings", &array);
    enum err e = app_print_doc(&all);
    doc_free(&all);
    return e;
}

/* The worst of them. */
static int exit_of(const struct doctor *d)
{
    int worst = EXIT_DONE;
    for (size_t i = 0; i < d->count; i++) {
        int one = finding_info(d->found[i].finding)->exit;
        worst = one > worst ? one : worst;
    }
    return worst;
}

enum err cmd_token_doctor(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    struct doctor d = {.app = a};
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = doctor_look(&d);
    if (e == ERR_OK && a->json)
        e = print_json(&d);
    else if (e == ERR_OK)
        print(&d);
    a->found = exit_of(&d);
    doctor_free(&d);
    return e;
}
