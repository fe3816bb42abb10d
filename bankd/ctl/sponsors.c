/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/sponsors.h"

#include "base/text.h"
#include "verifier/verifier.h"
#include <stdio.h>
#include <string.h>

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct key *key = ctx;
    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

/* It is about this request, its key and its name, and of this account. */
static enum err check_said(const struct js *told, const struct js *one,
                           const struct sponsorship *said)
{
    return strcmp(said->key, js_member_text(told, "thumbprint")) == 0 &&
                   strcmp(said->name, js_member_text(told, "name")) == 0 &&
                   strcmp(said->account, js_member_text(one, "account")) == 0
               ? ERR_OK
               : ERR_SPONSORSHIP_MISMATCH;
}

static enum err verify(const char *bank, const struct js *told, const struct js *one,
                       const struct key *key)
{
    struct verified *verified = NULL;
    const char *jws = js_member_text(one, "statement");
    const struct verify_sponsorship_input in = {.bank = bank,
                                                .enrolment = js_member_text(told, "enrolment"),
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .keys = {find_key, (void *)(uintptr_t)key}};
    enum err e = verify_sponsorship(&in, &verified);
    if (e == ERR_OK)
        e = check_said(told, one, verified_sponsorship(verified));
    verified_free(verified);
    return e;
}

static enum err judge(const char *bank, const struct js *told, const struct js *one)
{
    const char *text = js_member_text(one, "spki");
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    struct key *key = NULL;
    enum err e = text_unb64url(text, strlen(text), &spki);
    if (e == ERR_OK)
        e = key_from_spki(spki.data, spki.len, &key);
    if (e == ERR_OK)
        e = verify(bank, told, one, key);
    key_free(key);
    buf_free(&spki);
    return e;
}

/* WORDS with what bankctl makes of each. */
static enum err judge_all(const char *bank, const struct js *told, const struct js *words,
                          struct js **list)
{
    enum err e = js_array_new(list);
    for (size_t i = 0; e == ERR_OK && i < js_count(words); i++) {
        struct js *one = NULL;
        e = js_copy(js_at(words, i), &one);
        if (e == ERR_OK)
            e = js_set_text(one, "verdict", err_name(judge(bank, told, one)));
        if (e == ERR_OK)
            e = js_push(*list, one);
        else
            js_free(one);
    }
    return e;
}

enum err sponsors_add(struct ctl *ctl, struct js *told)
{
    const struct client_call health = {.route = ROUTE_HEALTH};
    const struct client_call call = {.route = ROUTE_SPONSORSHIPS,
                                     .param = {js_member_text(told, "enrolment")}};
    struct js *at_home = NULL, *answer = NULL, *list = NULL;
    enum err e = ctl_call(ctl, &call, &answer);
    if (e == ERR_OK)
        e = ctl_call(ctl, &health, &at_home);
    if (e == ERR_OK)
        e = judge_all(js_member_text(at_home, "bank"), told, js_get(answer, "sponsorships"), &list);
    if (e == ERR_OK) {
        e = js_set(told, "sponsorships", list);
        list = NULL; /* taken over, also on failure */
    }
    if (e == ERR_OK && js_get(answer, "wantedKeys") != NULL)
        e = js_set_int(told, "wantedKeys", js_int(js_get(answer, "wantedKeys")));
    js_free(list);
    js_free(answer);
    js_free(at_home);
    return e;
}

void sponsors_word(const struct js *sponsorship, char out[static SPONSORS_WORD_MAX])
{
    bool proved = strcmp(js_member_text(sponsorship, "verdict"), err_name(ERR_OK)) == 0;
    (void)snprintf(out, SPONSORS_WORD_MAX, "%s%s", js_member_text(sponsorship, "holder"),
                   !proved                                  ? ":NOT-PROVED"
                   : js_bool(js_get(sponsorship, "counts")) ? ""
                                                            : ":lapsed");
}
