/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/letter.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/keys.h"
#include "base/clock.h"
#include "base/text.h"
#include <stdio.h>

#define LETTER_NAME "bank-letter"

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
    char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1], grouped[LETTER_GROUPED_LEN + 1];
    text_time(k->stated.head.issued_us, from);
    text_time(k->stated.head.expires_us, to);
    letter_group(k->pin, grouped);
    printf("Bank       %s\nPin        %s\n           %s\nLog key    %s\nStated     %s to %s\n",
           k->stated.head.bank, grouped, k->pin, key_thumbprint(k->log), from, to);
    if (app_main.bank_key != NULL)
        puts("The pin is the one given with --bank-key.");
}

/* Over the console bankd's own address is not known, nor is it what holders call it by. */
static enum err write_letter(struct ctl *ctl, const struct keys *k)
{
    struct letter_bank letter;
    const char *url = ctl->public_url != NULL ? ctl->public_url : app_main.url;
    if (url == NULL)
        return ctl_fail(ctl, ERR_USAGE, "say by --public-url where holders reach the bank");
    (void)snprintf(letter.bank, sizeof letter.bank, "%s", k->stated.head.bank);
    (void)snprintf(letter.bank_key, sizeof letter.bank_key, "%s", k->pin);
    (void)snprintf(letter.url, sizeof letter.url, "%s", url);
    enum err e = letter_bank_write(&letter, clock_now_us(), ctl->letter, LETTER_NAME);
    if (e != ERR_OK)
        return ctl_fail(ctl, e, "%s/" LETTER_NAME ", for %s", ctl->letter, url);
    fprintf(stderr, "Wrote the bank's letter: %s/" LETTER_NAME ".txt and .png.\n", ctl->letter);
    return ERR_OK;
}

int cmd_key_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct keys k;
    (void)words;
    enum err e = keys_fetch(ctl, &k);
    if (e != ERR_OK)
        return ctl_end(ctl, e);
    if (ctl->json)
        e = print_json(&k);
    else
        print_plain(&k);
    if (e == ERR_OK && ctl->letter != NULL)
        e = write_letter(ctl, &k);
    keys_free(&k);
    return ctl_end(ctl, e);
}
