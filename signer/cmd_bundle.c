/* SPDX-License-Identifier: Apache-2.0
 *
 * carry, merge: bundles for a machine without a network, and back.
 */
#include "app/app.h"
#include "base/text.h"
#include "order/json.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include "signer/waiting.h"
#include <string.h>

static const char *opt_carry_output, *opt_merge_output;
static struct args_list opt_for;
static bool opt_all;

const struct args_option cmd_carry_options[3] = {
    {"all-waiting", 0, ARGS_FLAG, NULL,
     "all that waits for your word; with --account of that one alone", &opt_all},
    {"for", 0, ARGS_LIST, "THUMBPRINT",
     "a key that is to sign; may be given many times; default: your token's", &opt_for},
    {"output", 'o', ARGS_TEXT, "FILE",
     "the bundle; one that is there grows; default: standard output", &opt_carry_output},
};
const struct args_option cmd_merge_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE",
     "where to write; one that is there grows; default: standard output", &opt_merge_output},
};

static void tell(const struct bundle *b)
{
    size_t orders = b->sets[BUNDLE_ORDERS].count, decisions = b->sets[BUNDLE_DECISIONS].count;
    fprintf(stderr, "The bundle has %zu order%s and %zu decision%s.\n", orders,
            orders == 1 ? "" : "s", decisions, decisions == 1 ? "" : "s");
}

/* --- carry --- */

static enum err add_named(struct app *a, const struct args_list *words, struct bundle *b)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++) {
        struct subject s;
        e = subject_load(a, words->item[i], NULL, &s);
        if (e == ERR_OK)
            e = bundle_add_order(b, &s.bytes, s.policy);
        if (e != ERR_OK && a->message[0] == '\0')
            (void)app_fail(a, e, "%s", words->item[i]);
        subject_free(&s);
    }
    return e;
}

static enum err add_waiting(struct app *a, const char *account, struct bundle *b)
{
    struct waiting_list l = {.account = account};
    enum err e = waiting_ask(a, &l);
    for (size_t i = 0; e == ERR_OK && i < l.count; i++) {
        const struct subject *s = &l.orders[i].subject;
        e = bundle_add_order(b, &s->bytes, s->policy);
        if (e != ERR_OK)
            (void)app_fail(a, e, "order %s", s->order.id);
    }
    waiting_free(&l);
    return e;
}

static enum err read_time(const struct js *answer, const char *name, int64_t *out)
{
    size_t len = 0;
    const char *text = js_text(js_get(answer, name), &len);
    return text != NULL && text_parse_time(text, len, out) == ERR_OK ? ERR_OK : ERR_UNAVAILABLE;
}

static enum err add_challenge(struct app *a, const char *thumbprint, struct bundle *b)
{
    struct bundle_challenge c = {.issued_us = 0};
    struct js *answer = NULL;
    if (forms_thumbprint(thumbprint, strlen(thumbprint)) != ERR_OK)
        return app_fail(a, ERR_USAGE, "%s is no thumbprint; it has 43 characters", thumbprint);
    enum err e = app_challenge(a, thumbprint, &answer);
    if (e == ERR_OK)
        e = read_time(answer, "issued", &c.issued_us);
    if (e == ERR_OK)
        e = read_time(answer, "expires", &c.expires_us);
    if (e == ERR_OK) {
        (void)snprintf(c.thumbprint, sizeof c.thumbprint, "%s", thumbprint);
        (void)snprintf(c.challenge, sizeof c.challenge, "%s", js_member_text(answer, "challenge"));
        e = bundle_add_challenge(b, &c);
    }
    if (e == ERR_OK) {
        char until[TEXT_TIME_LEN + 1];
        text_time(c.expires_us, until);
        fprintf(stderr, "The key %s can sign until %s.\n", thumbprint, until);
    }
    js_free(answer);
    return e;
}

static enum err add_challenges(struct app *a, struct bundle *b)
{
    enum err e = ERR_OK;
    if (opt_for.count == 0) {
        e = app_open_key(a, "find your key");
        return e == ERR_OK ? add_challenge(a, key_thumbprint(a->public_key), b) : e;
    }
    for (size_t i = 0; e == ERR_OK && i < opt_for.count; i++)
        e = add_challenge(a, opt_for.item[i], b);
    return e;
}

static enum err carry(struct app *a, const struct args_list *words, const char *account)
{
    struct bundle b = {.bank = ""};
    const char *bank = NULL;
    enum err e = app_need(a, a->bank, "bank", &bank);
    (void)snprintf(b.bank, sizeof b.bank, "%s", bank != NULL ? bank : "");
    if (e == ERR_OK)
        e = bundle_file_grow(a, opt_carry_output, &b);
    if (e == ERR_OK)
        e = add_named(a, words, &b);
    if (e == ERR_OK && opt_all)
        e = add_waiting(a, account, &b);
    if (e == ERR_OK && b.sets[BUNDLE_ORDERS].count == 0)
        e = app_fail(a, ERR_NOT_FOUND, "there is no order to carry");
    if (e == ERR_OK)
        e = add_challenges(a, &b);
    if (e == ERR_OK)
        e = bundle_file_write(a, opt_carry_output, &b);
    if (e == ERR_OK)
        tell(&b);
    bundle_free(&b);
    return e;
}

enum err cmd_carry(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    const bool of_account = a->account != NULL; /* asked for, not the settings' */
    enum err e = app_configure(a);
    return e == ERR_OK ? carry(a, words, of_account ? a->account : NULL) : e;
}

/* --- merge --- */

static enum err merge(struct app *a, const struct args_list *words)
{
    struct bundle all;
    enum err e = bundle_file_read(a, words->item[0], &all);
    for (size_t i = 1; e == ERR_OK && i < words->count; i++) {
        struct bundle one;
        e = bundle_file_read(a, words->item[i], &one);
        if (e == ERR_OK && (e = bundle_merge(&all, &one)) != ERR_OK)
            (void)app_fail(a, e, "%s, against those before it", words->item[i]);
        bundle_free(&one);
    }
    if (e == ERR_OK)
        e = bundle_file_grow(a, opt_merge_output, &all);
    if (e == ERR_OK)
        e = bundle_file_write(a, opt_merge_output, &all);
    if (e == ERR_OK)
        tell(&all);
    bundle_free(&all);
    return e;
}

enum err cmd_merge(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? merge(a, words) : e;
}
