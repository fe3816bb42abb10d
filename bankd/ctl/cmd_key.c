/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "app/letter.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/keys.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define LETTER_NAME "bank-letter"
#define ROLLOVER_DAYS 90 /* of overlap, unless it is said */

/* {"expires":…,"issued":…,"new":thumbprint,"old":thumbprint} */
static enum err push_rollover(const struct rollover *r, struct js *array)
{
    char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1];
    struct js *o = NULL;
    text_time(r->head.issued_us, from);
    text_time(r->head.expires_us, to);
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "issued", from);
    if (e == ERR_OK)
        e = js_set_text(o, "expires", to);
    if (e == ERR_OK)
        e = js_set_text(o, "new", key_thumbprint(r->new_root));
    if (e == ERR_OK)
        e = js_set_text(o, "old", key_thumbprint(r->old_root));
    if (e == ERR_OK)
        return js_push(array, o);
    js_free(o);
    return e;
}

static enum err set_rollovers(const struct keys *k, struct js *object)
{
    struct js *array = NULL;
    enum err e = js_array_new(&array);
    for (size_t i = 0; e == ERR_OK && i < verify_rollovers_count(k->chain); i++)
        e = push_rollover(verify_rollovers_at(k->chain, i), array);
    if (e == ERR_OK)
        return js_set(object, "rollovers", array);
    js_free(array);
    return e;
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
        e = set_rollovers(k, o);
    if (e == ERR_OK)
        e = app_print_json(o);
    js_free(o);
    return e;
}

/* The newest first. */
static void print_rollovers(const struct keys *k)
{
    char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1];
    int64_t now_us = clock_now_us();
    for (size_t i = verify_rollovers_count(k->chain); i > 0; i--) {
        const struct rollover *r = verify_rollovers_at(k->chain, i - 1);
        text_time(r->head.issued_us, from);
        text_time(r->head.expires_us, to);
        printf("Before     %s\n           replaced %s; clients %s it until %s\n",
               key_thumbprint(r->old_root), from,
               r->head.expires_us > now_us ? "come from" : "came from", to);
    }
}

static void print_plain(const struct keys *k)
{
    char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1], grouped[LETTER_GROUPED_LEN + 1];
    text_time(k->stated.head.issued_us, from);
    text_time(k->stated.head.expires_us, to);
    letter_group(k->pin, grouped);
    printf("Bank       %s\nPin        %s\n           %s\nLog key    %s\nStated     %s to %s\n",
           k->stated.head.bank, grouped, k->pin, key_thumbprint(k->log), from, to);
    print_rollovers(k);
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
    if (forms_url(url, strlen(url)) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "--public-url is https://HOST:PORT, not %s", url);
    (void)snprintf(letter.bank, sizeof letter.bank, "%s", k->stated.head.bank);
    (void)snprintf(letter.bank_key, sizeof letter.bank_key, "%s", k->pin);
    (void)snprintf(letter.url, sizeof letter.url, "%s", url);
    enum err e = letter_bank_write(&letter, clock_now_us(), ctl->letter, LETTER_NAME);
    if (e != ERR_OK)
        return ctl_fail(ctl, e, "%s/" LETTER_NAME ", for %s", ctl->letter, url);
    fprintf(stderr, "Wrote the bank's letter: %s/" LETTER_NAME ".txt and .png.\n", ctl->letter);
    return ERR_OK;
}

/* As the bank gives them out, for countersign-verify --rollovers. */
static enum err save(struct ctl *ctl, const struct keys *k)
{
    struct buf text = BUF_INIT(CLIENT_ANSWER_MAX);
    enum err e = js_canon(k->rolled, &text);
    if (e == ERR_OK)
        e = buf_add_byte(&text, '\n');
    if (e == ERR_OK)
        e = file_write(ctl->save, text.data, text.len, 0644);
    buf_free(&text);
    return e == ERR_OK ? e : ctl_fail(ctl, e, "%s", ctl->save);
}

enum err cmd_key_show(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct keys k;
    (void)words;
    enum err e = keys_fetch(ctl, &k);
    if (e != ERR_OK)
        return e;
    if (ctl->letter != NULL)
        e = write_letter(ctl, &k);
    if (e == ERR_OK && ctl->save != NULL)
        e = save(ctl, &k);
    if (e == ERR_OK && ctl->json) /* last: a failure is told as JSON, too */
        e = print_json(&k);
    else if (e == ERR_OK)
        print_plain(&k);
    keys_free(&k);
    return e;
}

/* --- another root key --- */

static enum err take_days(struct ctl *ctl, int64_t *out)
{
    const char *text = ctl->overlap_days;
    uint64_t days = ROLLOVER_DAYS;
    enum err e =
        text != NULL ? text_parse_u64(text, strlen(text), REQUEST_OVERLAP_DAYS_MAX, &days) : ERR_OK;
    *out = (int64_t)days;
    return e == ERR_OK && days > 0
               ? e
               : ctl_fail(ctl, ERR_USAGE, "--overlap-days: 1 to %d", REQUEST_OVERLAP_DAYS_MAX);
}

static enum err confirm(struct ctl *ctl)
{
    enum err e = app_confirm(&app_main, "Replace the bank's root key, which every letter names?");
    return e == ERR_OK ? e : ctl_fail(ctl, e, "%s", app_main.message);
}

/* What there is to do now. */
static enum err print_rolled(struct ctl *ctl, int64_t missing)
{
    struct keys k;
    enum err e = keys_fetch(ctl, &k);
    if (e != ERR_OK)
        return e;
    printf("Root key   %s\n", k.pin);
    print_rollovers(&k);
    if (missing > 0)
        printf("It is replaced when %lld more operator(s) ask for the same.\n", (long long)missing);
    else
        puts("New letters have the new pin. Keep the rollovers: bankctl key show --save FILE");
    keys_free(&k);
    return ERR_OK;
}

enum err cmd_key_rollover(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_rollover r;
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    (void)words;
    enum err e = take_days(ctl, &r.overlap_days);
    if (e == ERR_OK)
        e = confirm(ctl);
    if (e == ERR_OK)
        e = request_rollover_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_ROLLOVER, NULL, &body, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        e = print_rolled(ctl, js_int(js_get(answer, "missing")));
    js_free(answer);
    buf_free(&body);
    return e;
}
