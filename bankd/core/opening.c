/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of an application for an account: its holders and operators look at it, an operator
 * opens the account as all its holders signed it, or refuses.
 */
#include "bankd/core/accounts.h"
#include "bankd/core/answer.h"
#include "bankd/core/application_row.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/freshness.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"
#include <string.h>

/* --- looking --- */

static enum err push(struct core *c, const struct store_query *q, struct doc *list, int64_t *last)
{
    struct doc one = {0};
    struct application_row a;

    enum err e = application_read(q, &a);
    if (!e)
        e = application_read_words(c, &a);
    if (!e) {
        application_describe(&a, &one);
        doc_push(list, &one);
        *last = a.id;
    }
    application_row_free(&a);
    return e;
}

enum err core_applications(struct core *c, const struct core_caller *who,
                           const struct core_page *asked, struct core_answer *out)
{
    struct session_viewer viewer;
    struct page page;
    struct doc body = {0}, list = {0};
    size_t count = 0;
    int64_t last = 0;
    bool row = false;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = page_read(asked, 0, &page);
    if (e)
        return answer_refuse(c, who, e, out);
    doc_object(&body);
    doc_array(&list);
    struct store_query *q = store_query(c->store, STORE_APPLICATION_PAGE);
    store_bind_int(q, ":after", page.cursor);
    store_bind_int(q, ":all", viewer.is_operator);
    store_bind_int(q, ":holder", viewer.holder);
    store_bind_int(q, ":limit", page.limit);
    e = store_step(q, &row);
    for (; !e && row; count++) {
        e = push(c, q, &list, &last);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    page_next(&page, count, last, &body);
    doc_put(&body, "applications", &list);
    return answer_finish(c, who, e, 200, &body, out);
}

enum err core_application(struct core *c, const struct core_caller *who, const char *name,
                          struct core_answer *out)
{
    struct application_row a = {.id = 0};
    struct session_viewer viewer;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = application_find(c, name, &a);
    if (!e && !session_may_see(&viewer, a.said.policy))
        e = ERR_NOT_FOUND;
    e = application_answer(c, who, e, 200, &a, out);
    application_row_free(&a);
    return e;
}

/* --- the operator's word --- */

/* Which no other operator works on. */
static enum err find_waiting(struct core *c, const struct core_caller *who, const char *name,
                             struct application_row *out)
{
    char item[APPLICATION_OBJECT_MAX];
    enum err e = application_find(c, name, out);

    if (!e && !application_row_waits(out))
        e = ERR_APPLICATION_OVER;
    if (e)
        return e;
    application_object(name, item);
    return claim_check(c, who, item);
}

/* What the store has is proven anew before an account is opened by it. */
static enum err prove_word(struct core *c, const struct application_row *a, const char *jws)
{
    const struct verify_application_input in = {.bank = c->bank,
                                                .jws = jws,
                                                .jws_len = strlen(jws),
                                                .application = &a->said,
                                                .keys = core_keys(c)};
    struct verified *word = NULL;

    enum err e = verify_application(&in, &word);
    if (!e && verified_application(word)->verb != APPLICATION_APPLY)
        e = ERR_STORE_FAILED;
    verified_free(word);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

/* Each of its holders said it, by a key that is good now. */
static enum err check_signed(struct core *c, const struct application_row *a)
{
    struct store_query *q;
    bool row = false;

    if (!application_row_complete(a))
        return ERR_APPLICATION_UNSIGNED;
    q = store_query(c->store, STORE_APPLICATION_WORDS);
    store_bind_int(q, ":application", a->id);
    enum err e = store_step(q, &row);
    while (!e && row) {
        e = prove_word(c, a, store_text(q, 3));
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err admit(struct core *c, const struct core_caller *who, struct application_row *a,
                      const char *account)
{
    const struct application_end how = {
        .state = "admitted", .who = who, .reason = "", .account = account};
    struct accounts_new in = {
        .account = account, .currency = a->said.currency, .application = a->name};
    struct doc opened = {0};

    enum err e = check_signed(c, a);
    if (!e)
        e = accounts_check(c, account, a->said.currency);
    if (!e)
        e = application_policy(&a->said, account, freshness_floor_at(c->now_us), &in.policy);
    if (!e)
        e = accounts_open(c, who, &in, &opened);
    doc_free(&opened);
    return e ? e : application_end(c, a, &how);
}

enum err core_application_admit(struct core *c, const struct core_caller *who, const char *name,
                                const char *account, struct core_answer *out)
{
    struct application_row a = {.id = 0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = admit(c, who, &a, account);
    e = application_answer(c, who, e, 201, &a, out);
    application_row_free(&a);
    return e;
}

enum err core_application_refuse(struct core *c, const struct core_caller *who, const char *name,
                                 const char *reason, struct core_answer *out)
{
    const struct application_end how = {
        .state = "refused", .who = who, .reason = reason, .account = ""};
    struct application_row a = {.id = 0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(who, reason);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = application_end(c, &a, &how);
    e = application_answer(c, who, e, 200, &a, out);
    application_row_free(&a);
    return e;
}
