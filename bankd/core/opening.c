/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of an application for an account: an operator opens the account as all its holders
 * signed it, or refuses.
 */
#include "bankd/core/accounts.h"
#include "bankd/core/application_view.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/freshness.h"
#include "bankd/core/session.h"
#include "base/text.h"
#include <string.h>

/* Which no other operator works on. */
static enum err find_waiting(struct core *c, const struct core_caller *who, const char *name,
                             struct application_row *out)
{
    char item[APPLICATION_OBJECT_MAX];
    enum err e = application_row_find(c, name, out);

    if (!e && !application_row_waits(out))
        e = ERR_APPLICATION_OVER;
    if (e)
        return e;
    application_row_object(name, item);
    return claim_check(c, who, item);
}

/* What the store has is proven anew before an account is opened by it: that the document is the one
 * that the application has its name of, whom it names, */
static enum err prove_document(const struct application_row *a, const struct application *said)
{
    char name[APPLICATION_NAME_LEN + 1];

    text_hex(said->digest, DIGEST_LEN, name);
    bool same = strcmp(name, a->name) == 0 && policy_holder_count(said->policy) == a->people_count;

    for (size_t i = 0; same && i < a->people_count; i++)
        same = application_row_names(a, policy_holder(said->policy, i));
    return same ? ERR_OK : ERR_STORE_FAILED;
}

/* and what each said by that very key of his, which the row that Q stands on has. */
static enum err prove_word(struct core *c, const struct application *said,
                           const struct store_query *q)
{
    const char *jws = store_text(q, 3);
    const struct verify_application_input in = {.bank = c->bank,
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .application = said,
                                                .keys = core_keys(c)};
    struct verified *word = NULL;

    enum err e = verify_application(&in, &word);
    if (!e && (verified_application(word)->verb != APPLICATION_APPLY ||
               strcmp(verified_signer(word), store_text(q, 5)) != 0))
        e = ERR_STORE_FAILED;
    verified_free(word);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

/* Each of its holders said it, by a key that is good now. */
static enum err check_signed(struct core *c, const struct application_row *a,
                             const struct application *said)
{
    const char *missing[POLICY_HOLDERS_MAX];
    struct store_query *q;
    bool row = false;

    enum err e = prove_document(a, said);
    if (e)
        return e;
    if (application_row_missing(a, missing) > 0)
        return ERR_APPLICATION_UNSIGNED;
    q = store_query(c->store, STORE_APPLICATION_WORDS);
    store_bind_int(q, ":application", a->id);
    e = store_step(q, &row);
    while (!e && row) {
        e = prove_word(c, said, q);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err admit(struct core *c, const struct core_caller *who, struct application_row *a,
                      const char *account)
{
    const struct application_row_end how = {
        .state = "admitted", .who = who, .reason = "", .account = account};
    struct application said;
    struct accounts_new in = {
        .account = account, .currency = said.currency, .application = a->name};
    struct doc opened = {0};

    enum err e = application_row_document(c, a, &said);
    if (!e)
        e = check_signed(c, a, &said);
    if (!e)
        e = accounts_check(c, account, said.currency);
    if (!e)
        e = application_policy(&said, account, freshness_floor_at(c->now_us), &in.policy);
    if (!e)
        e = accounts_open(c, who, &in, &opened);
    doc_free(&opened);
    application_free(&said);
    return e ? e : application_row_end(c, a, &how); /* right behind it, as evidence demands */
}

enum err core_application_admit(struct core *c, const struct core_caller *who, const char *name,
                                const char *account, struct core_answer *out)
{
    struct application_row a = {.id = 0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = admit(c, who, &a, account);
    return application_view_answer(c, who, e, 201, &a, out);
}

enum err core_application_refuse(struct core *c, const struct core_caller *who, const char *name,
                                 const char *reason, struct core_answer *out)
{
    const struct application_row_end how = {
        .state = "refused", .who = who, .reason = reason, .account = ""};
    struct application_row a = {.id = 0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, reason);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = application_row_end(c, &a, &how);
    return application_view_answer(c, who, e, 200, &a, out);
}
