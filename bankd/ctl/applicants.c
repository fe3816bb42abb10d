/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/applicants.h"

#include "app/app.h"
#include "base/text.h"
#include "verifier/verifier.h"
#include <stdio.h>
#include <string.h>

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct key *key = ctx;
    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

static enum err verify(const char *bank, const struct application *said, const struct js *one,
                       const struct key *key)
{
    struct verified *verified = NULL;
    const char *jws = js_member_text(one, "statement");
    const struct verify_application_input in = {.bank = bank,
                                                .application = said,
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .keys = {find_key, (void *)(uintptr_t)key}};
    enum err e = verify_application(&in, &verified);
    if (e == ERR_OK && verified_application(verified)->verb != APPLICATION_APPLY)
        e = ERR_APPLICATION_MISMATCH;
    verified_free(verified);
    return e;
}

static enum err judge(const char *bank, const struct application *said, const struct js *one)
{
    const char *text = js_member_text(one, "spki");
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    struct key *key = NULL;
    enum err e = text_unb64url(text, strlen(text), &spki);
    if (e == ERR_OK)
        e = key_from_spki(spki.data, spki.len, &key);
    if (e == ERR_OK)
        e = verify(bank, said, one, key);
    key_free(key);
    buf_free(&spki);
    return e;
}

static enum err judge_all(const char *bank, const struct application *said, const struct js *words,
                          struct js **list)
{
    enum err e = js_array_new(list);
    for (size_t i = 0; e == ERR_OK && i < js_count(words); i++) {
        struct js *one = NULL;
        e = js_copy(js_at(words, i), &one);
        if (e == ERR_OK)
            e = js_set_text(one, "verdict", err_name(judge(bank, said, one)));
        if (e == ERR_OK)
            e = js_push(*list, one);
        else
            js_free(one);
    }
    return e;
}

enum err applicants_judge(struct ctl *ctl, const struct application *said, struct js *told)
{
    const struct client_call health = {.route = ROUTE_HEALTH};
    struct js *at_home = NULL, *list = NULL;
    enum err e = ctl_call(ctl, &health, &at_home);
    if (e == ERR_OK)
        e = judge_all(js_member_text(at_home, "bank"), said, js_get(told, "decisions"), &list);
    if (e == ERR_OK) {
        e = js_set(told, "decisions", list);
        list = NULL; /* taken over, also on failure */
    }
    js_free(list);
    js_free(at_home);
    return e;
}

static bool is_proved(const struct js *word)
{
    return strcmp(js_member_text(word, "verdict"), err_name(ERR_OK)) == 0;
}

/* By a word that is proved, and by a key that the bank says counts. */
static bool has_signed(const struct js *told, const char *holder)
{
    const struct js *words = js_get(told, "decisions");
    for (size_t i = 0; i < js_count(words); i++) {
        const struct js *one = js_at(words, i);
        if (is_proved(one) && js_bool(js_get(one, "counts")) &&
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
        if (!is_proved(one))
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
