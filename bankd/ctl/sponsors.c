/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/sponsors.h"

#include "bankd/ctl/words.h"
#include <stdio.h>
#include <string.h>

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

static enum err check(const void *ctx, const struct words_input *word)
{
    const struct js *told = ctx;
    struct verified *verified = NULL;
    const struct verify_sponsorship_input in = {.bank = word->bank,
                                                .enrolment = js_member_text(told, "enrolment"),
                                                .jws = word->jws,
                                                .jws_len = word->jws_len,
                                                .keys = word->keys};
    enum err e = verify_sponsorship(&in, &verified);
    if (e == ERR_OK)
        e = check_said(told, word->word, verified_sponsorship(verified));
    verified_free(verified);
    return e;
}

enum err sponsors_add(struct ctl *ctl, struct js *told)
{
    const struct client_call call = {.route = ROUTE_SPONSORSHIPS,
                                     .param = {js_member_text(told, "enrolment")}};
    struct js *answer = NULL;
    enum err e = ctl_call(ctl, &call, &answer);
    if (e == ERR_OK)
        e = words_judge(ctl, js_get(answer, "sponsorships"), check, told, "sponsorships", told);
    if (e == ERR_OK && js_get(answer, "wantedKeys") != NULL)
        e = js_set_int(told, "wantedKeys", js_int(js_get(answer, "wantedKeys")));
    js_free(answer);
    return e;
}

void sponsors_word(const struct js *sponsorship, char out[static SPONSORS_WORD_MAX])
{
    (void)snprintf(out, SPONSORS_WORD_MAX, "%s%s", js_member_text(sponsorship, "holder"),
                   !words_proved(sponsorship)               ? ":NOT-PROVED"
                   : js_bool(js_get(sponsorship, "counts")) ? ""
                                                            : ":lapsed");
}
