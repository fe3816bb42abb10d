/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/words.h"

#include "base/text.h"
#include "order/member.h"
#include <string.h>

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct key *key = ctx;
    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

static enum err judge(const char *bank, const struct js *word, words_fn *check, const void *ctx)
{
    const char *text = js_member_text(word, "spki");
    struct words_input in = {.bank = bank, .word = word, .jws = js_member_text(word, "statement")};
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    struct key *key = NULL;
    enum err e = text_unb64url(text, strlen(text), &spki);
    if (e == ERR_OK)
        e = key_from_spki(spki.data, spki.len, &key);
    if (e == ERR_OK) {
        in.jws_len = strlen(in.jws);
        in.keys = (struct verify_keys){find_key, key};
        e = check(ctx, &in);
    }
    key_free(key);
    buf_free(&spki);
    return e;
}

static enum err judge_all(const char *bank, const struct js *words, words_fn *check,
                          const void *ctx, struct js **list)
{
    enum err e = js_array_new(list);
    for (size_t i = 0; e == ERR_OK && i < js_count(words); i++) {
        struct js *one = NULL;
        e = js_copy(js_at(words, i), &one);
        if (e == ERR_OK)
            e = js_set_text(one, "verdict", err_name(judge(bank, one, check, ctx)));
        if (e == ERR_OK)
            e = js_push(*list, one);
        else
            js_free(one);
    }
    return e;
}

/* Asked for once, however many lists there are. */
static enum err name_bank(struct ctl *ctl)
{
    const struct client_call health = {.route = ROUTE_HEALTH};
    struct js *at_home = NULL;
    if (ctl->bank[0] != '\0')
        return ERR_OK;
    enum err e = ctl_call(ctl, &health, &at_home);
    if (e == ERR_OK)
        e = member_text(js_get(at_home, "bank"), forms_bank, ctl->bank, sizeof ctl->bank);
    js_free(at_home);
    return e;
}

enum err words_judge(struct ctl *ctl, const struct js *words, words_fn *check, const void *ctx,
                     const char *name, struct js *told)
{
    struct js *list = NULL;
    enum err e = name_bank(ctl);
    if (e == ERR_OK)
        e = judge_all(ctl->bank, words, check, ctx, &list);
    if (e == ERR_OK) {
        e = js_set(told, name, list);
        list = NULL; /* taken over, also on failure */
    }
    js_free(list);
    return e;
}

bool words_proved(const struct js *word)
{
    return strcmp(js_member_text(word, "verdict"), err_name(ERR_OK)) == 0;
}
