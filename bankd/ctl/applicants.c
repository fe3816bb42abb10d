/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/applicants.h"

#include "app/app.h"
#include "bankd/ctl/words.h"
#include <stdio.h>
#include <string.h>

static enum err check(const void *ctx, const struct words_input *word)
{
    struct verified *verified = NULL;
    const struct verify_application_input in = {.bank = word->bank,
                                                .application = ctx,
                                                .jws = word->jws,
                                                .jws_len = word->jws_len,
                                                .keys = word->keys};
    enum err e = verify_application(&in, &verified);
    if (e == ERR_OK && verified_application(verified)->verb != APPLICATION_APPLY)
        e = ERR_APPLICATION_MISMATCH;
    verified_free(verified);
    return e;
}

enum err applicants_judge(struct ctl *ctl, const struct application *said, struct js *told)
{
    return words_judge(ctl, js_get(told, "decisions"), check, said, "decisions", told);
}

/* By a word that is proved, and by a key that the bank says counts. */
static bool has_signed(const struct js *told, const char *holder)
{
    const struct js *words = js_get(told, "decisions");
    for (size_t i = 0; i < js_count(words); i++) {
        const struct js *one = js_at(words, i);
        if (words_proved(one) && js_bool(js_get(one, "counts")) &&
            strcmp(js_member_text(one, "holder"), holder) == 0)
            return true;
    }
    return false;
}

static void print_words(const struct js *words, FILE *f)
{
    fprintf(f, "%-14s", "Signed");
    for (size_t i = 0; i < js_count(words); i++) {
        const struct js *one = js_at(words, i);
        fputs(i > 0 ? ", " : "", f);
        app_print_safe(f, js_member_text(one, "holder"));
        if (!words_proved(one))
            fprintf(f, " (NOT PROVED: %s)", js_member_text(one, "verdict"));
        else if (!js_bool(js_get(one, "counts")))
            fputs(" (by a key that counts no more)", f);
    }
    fputc('\n', f);
}

void applicants_print(const struct application *said, const struct js *told, FILE *f)
{
    size_t missing = 0;
    print_words(js_get(told, "decisions"), f);
    for (size_t i = 0; i < policy_holder_count(said->policy); i++) {
        const char *holder = policy_holder(said->policy, i);
        if (!has_signed(told, holder))
            fprintf(f, missing++ > 0 ? ", %s" : "Missing       %s", holder);
    }
    if (missing > 0)
        fputc('\n', f);
}

enum err applicants_check(struct ctl *ctl, const struct application *said, const struct js *told)
{
    for (size_t i = 0; i < policy_holder_count(said->policy); i++) {
        const char *holder = policy_holder(said->policy, i);
        if (!has_signed(told, holder))
            return ctl_fail(ctl, ERR_APPLICATION_UNSIGNED, "no proven signature of %s", holder);
    }
    return ERR_OK;
}
