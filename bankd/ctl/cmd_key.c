/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/keys.h"
#include "base/text.h"
#include <stdio.h>

#define GROUP 4u

static void print_groups(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++)
        printf("%s%c", i > 0 && i % GROUP == 0 ? " " : "", text[i]);
    putchar('\n');
}

static enum err print_json(const struct keys *k)
{
    struct js *o = NULL;
    size_t len;
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "bank", k->stated.head.bank);
    if (e == ERR_OK)
        e = js_set_text(o, "bankKey", k->pin);
    if (e == ERR_OK)
        e = js_set_text(o, "bankKeys", js_text(js_get(k->answer, "bankKeys"), &len));
    if (e == ERR_OK)
        e = js_set_text(o, "logKey", key_thumbprint(k->log));
    if (e == ERR_OK)
        e = ctl_print_json(o);
    js_free(o);
    return e;
}

static void print_plain(const struct keys *k)
{
    char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1];
    text_time(k->stated.head.issued_us, from);
    text_time(k->stated.head.expires_us, to);
    printf("Bank       %s\nPin        ", k->stated.head.bank);
    print_groups(k->pin);
    printf("           %s\nLog key    %s\nStated     %s to %s\n", k->pin, key_thumbprint(k->log),
           from, to);
    if (app_main.bank_key != NULL)
        puts("The pin is the one given with --bank-key.");
}

int cmd_key_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct keys k;
    (void)words;
    enum err e = keys_fetch(ctl, &k);
    if (e == ERR_OK && ctl->json)
        e = print_json(&k);
    else if (e == ERR_OK)
        print_plain(&k);
    if (e == ERR_OK)
        keys_free(&k);
    return ctl_end(ctl, e);
}
