/* SPDX-License-Identifier: Apache-2.0
 *
 * What holders and operators see of the applications for accounts.
 */
#include "bankd/core/application_view.h"

#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"
#include <string.h>

/* --- one --- */

static void put_missing(const struct application_row *a, const char *name, struct doc *out)
{
    const char *missing[POLICY_HOLDERS_MAX];
    size_t count = application_row_missing(a, missing);
    struct doc list = {0};

    doc_array(&list);
    for (size_t i = 0; i < count; i++)
        doc_push_text(&list, missing[i]);
    doc_put(out, name, &list);
}

/* WHOLE: as it was signed, and by which key, so that whoever asks can see for himself. */
static void push_word(const struct store_query *q, bool whole, struct doc *list)
{
    struct doc one = {0};

    doc_object(&one);
    doc_bool(&one, "counts", store_int(q, 1) != 0);
    doc_text(&one, "decision", application_verb_name(APPLICATION_APPLY));
    doc_text(&one, "holder", store_text(q, 0));
    doc_time(&one, "received", store_int(q, 2));
    if (whole) {
        size_t len = 0;
        const void *spki = store_blob(q, 4, &len);
        doc_bytes(&one, "spki", spki, len);
        doc_text(&one, "statement", store_text(q, 3));
    }
    doc_push(list, &one);
}

static enum err put_words(struct core *c, const struct application_row *a, bool whole,
                          struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_WORDS);
    struct doc list = {0};
    bool row = false;

    doc_array(&list);
    store_bind_int(q, ":application", a->id);
    enum err e = store_step(q, &row);
    while (!e && row) {
        push_word(q, whole, &list);
        e = store_step(q, &row);
    }
    store_done(q);
    doc_put(out, "decisions", &list);
    return e;
}

static enum err describe(struct core *c, const struct application_row *a, bool whole,
                         struct doc *out)
{
    doc_object(out);
    doc_text_optional(out, "account", a->account);
    doc_text(out, "application", a->name);
    doc_text(out, "currency", a->currency);
    doc_time(out, "expires", a->expires_us);
    put_missing(a, "missing", out);
    doc_text_optional(out, "note", a->reason);
    doc_time(out, "received", a->received_us);
    doc_text(out, "status", a->state);
    doc_text(out, "title", a->title);
    return put_words(c, a, whole, out);
}

enum err application_view_describe(struct core *c, const struct application_row *a, struct doc *out)
{
    return describe(c, a, false, out);
}

static enum err put_document(struct core *c, const struct application_row *a, struct doc *out)
{
    struct application said;
    enum err e = application_row_document(c, a, &said);

    if (!e)
        doc_canonical(out, "document", said.bytes.data, said.bytes.len);
    application_free(&said);
    return e;
}

enum err application_view_answer(struct core *c, const struct core_caller *who, enum err e,
                                 int http, const struct application_row *a, struct core_answer *out)
{
    char item[APPLICATION_OBJECT_MAX];
    struct doc body = {0};

    if (!e)
        e = describe(c, a, true, &body);
    if (!e)
        e = put_document(c, a, &body);
    application_row_object(a->name, item);
    return e == ERR_ITEM_CLAIMED ? claim_refuse(c, who, item, e, out)
                                 : answer_finish(c, who, e, http, &body, out);
}

enum err application_view_waits(struct core *c, int64_t id, struct doc *out)
{
    char item[APPLICATION_OBJECT_MAX];
    struct application_row a;

    enum err e = application_row_by_id(c, id, &a);
    if (e)
        return e;
    put_missing(&a, "canDecide", out);
    doc_text(out, "currency", a.currency);
    doc_time(out, "expires", a.expires_us);
    doc_text(out, "id", a.name);
    doc_text(out, "title", a.title);
    e = put_words(c, &a, false, out);
    application_row_object(a.name, item);
    return e ? e : claim_view(c, item, out);
}

enum err core_application(struct core *c, const struct core_caller *who, const char *name,
                          struct core_answer *out)
{
    struct application_row a = {.id = 0};
    struct session_viewer viewer;

    *out = (struct core_answer){0};
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = application_row_find(c, name, &a);
    if (!e && !viewer.is_operator && !application_row_names(&a, viewer.holder_name))
        e = ERR_NOT_FOUND;
    return application_view_answer(c, who, e, 200, &a, out);
}

/* --- many --- */

static enum err push(struct core *c, const struct store_query *q, struct doc *list)
{
    struct doc one = {0};
    struct application_row a;

    enum err e = application_row_read(c, q, &a);
    if (!e)
        e = describe(c, &a, false, &one);
    if (e)
        doc_free(&one);
    else
        doc_push(list, &one);
    return e;
}

enum err core_applications(struct core *c, const struct core_caller *who,
                           const struct core_page *asked, struct core_answer *out)
{
    struct session_viewer viewer;
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = page_read(asked, 0, &page);
    if (!e) {
        struct store_query *q = store_query(c->store, STORE_APPLICATION_PAGE);
        store_bind_int(q, ":after", page.cursor);
        store_bind_int(q, ":all", viewer.is_operator);
        store_bind_int(q, ":holder", viewer.holder);
        store_bind_int(q, ":limit", page.limit);
        e = page_rows(c, &page, q, push, "applications", &body);
    }
    return answer_finish(c, who, e, 200, &body, out);
}
