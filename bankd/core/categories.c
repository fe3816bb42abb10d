/* SPDX-License-Identifier: Apache-2.0
 *
 * What holders say their movements are: by payee, and of one movement. No money moves by it and no
 * signature is asked for, but each change is an entry about the account. What changes nothing
 * leaves none.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/movements.h"
#include "bankd/core/reading.h"
#include "base/text.h"
#include "order/forms.h"
#include "order/iban.h"
#include <string.h>

/* What is said, of a payee or else of a movement. */
struct word {
    const char *payee; /* NULL: of MOVEMENT */
    int64_t movement;
    const char *category; /* "": nothing any more */
};

/* --- both --- */

static struct store_query *query(struct core *c, const struct ledger_account *a,
                                 const struct word *w, enum store_statement of_payee,
                                 enum store_statement of_movement)
{
    struct store_query *q = store_query(c->store, w->payee ? of_payee : of_movement);

    store_bind_int(q, ":account", a->id);
    if (w->payee)
        store_bind_text(q, ":payee", w->payee);
    else
        store_bind_int(q, ":movement", w->movement);
    return q;
}

/* What there was; NOT_FOUND: the account has no such movement. */
struct before {
    bool found;   /* something was said; always so of a movement */
    bool changes; /* and it was something else */
};
static enum err compare(struct core *c, const struct ledger_account *a, const struct word *w,
                        struct before *out)
{
    struct store_query *q = query(c, a, w, STORE_CATEGORY_RULE_FIND, STORE_MOVEMENT_CATEGORY_FIND);

    *out = (struct before){0};
    enum err e = store_step(q, &out->found);
    if (!e && !out->found && !w->payee)
        e = ERR_NOT_FOUND;
    if (!e)
        out->changes = strcmp(out->found ? store_text(q, 0) : "", w->category) != 0;
    store_done(q);
    return e;
}

static enum err write(struct core *c, const struct ledger_account *a, const struct word *w)
{
    struct store_query *q;

    if (!w->category[0])
        return store_run(query(c, a, w, STORE_CATEGORY_RULE_DROP, STORE_MOVEMENT_CATEGORY_DROP));
    q = query(c, a, w, STORE_CATEGORY_RULE_SET, STORE_MOVEMENT_CATEGORY_SET);
    store_bind_text(q, ":category", w->category);
    return store_run(q);
}

static enum err add_entry(struct core *c, const struct ledger_account *a, const char *holder,
                          const struct word *w)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    ledger_object(a->account, object);
    entries_body(&body, "category", object, a->entry);
    doc_text(&body, "holder", holder);
    doc_text_optional(&body, "category", w->category);
    if (w->payee)
        doc_text(&body, "payee", w->payee);
    else
        doc_int(&body, "movement", w->movement);
    enum err e = entries_add(c, &body, &entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ENTRY);
    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

static enum err check_room(struct core *c, const struct ledger_account *a)
{
    struct store_query *q = store_query(c->store, STORE_CATEGORY_RULE_COUNT);
    bool found = false;

    store_bind_int(q, ":account", a->id);
    enum err e = store_step(q, &found);
    if (!e && (!found || store_int(q, 0) >= CORE_CATEGORY_RULES_MAX))
        e = ERR_CATEGORY_RULES_FULL;
    store_done(q);
    return e;
}

/* The account's holders have the word; that of an operator is none. */
static enum err say(struct core *c, const struct core_caller *who, const char *account,
                    const struct word *w, struct ledger_account *a)
{
    struct session_viewer viewer;
    struct before before = {0};

    enum err e = reading_open(c, who, account, &viewer, a);
    if (!e && viewer.is_operator)
        e = ERR_ROLE_REQUIRED;
    if (!e && w->category[0])
        e = forms_category(w->category, strlen(w->category));
    if (!e && w->payee)
        e = iban_check(w->payee, strlen(w->payee));
    if (!e)
        e = compare(c, a, w, &before);
    if (!e && !before.found && before.changes)
        e = check_room(c, a);
    if (!e && before.changes)
        e = write(c, a, w);
    return !e && before.changes ? add_entry(c, a, viewer.holder_name, w) : e;
}

/* --- by payee --- */

static void write_rule(const char *payee, const char *category, struct doc *out)
{
    doc_object(out);
    doc_text(out, "payee", payee);
    doc_text_optional(out, "category", category);
}

enum err core_category_rule(struct core *c, const struct core_caller *who, const char *account,
                            const char *payee, const char *category, struct core_answer *out)
{
    const struct word w = {.payee = payee, .category = category};
    struct ledger_account a;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = say(c, who, account, &w, &a);
    if (!e)
        write_rule(payee, category, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

static enum err list_rules(struct core *c, const struct ledger_account *a, const char *after,
                           unsigned limit, struct doc *body)
{
    struct store_query *q = store_query(c->store, STORE_CATEGORY_RULE_PAGE);
    struct doc list = {0};
    char last[IBAN_MAX + 1] = "";
    size_t count = 0;
    bool row = false;

    doc_object(body);
    doc_array(&list);
    store_bind_int(q, ":account", a->id);
    store_bind_text(q, ":after", after);
    store_bind_int(q, ":limit", limit);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        write_rule(store_text(q, 0), store_text(q, 1), &one);
        doc_push(&list, &one);
        count++;
        e = store_copy_text(q, 0, last, sizeof last);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    if (count == limit)
        doc_text(body, "next", last);
    doc_put(body, "categories", &list);
    return e;
}

/* A cursor is the payee behind which the page begins. */
enum err core_categories(struct core *c, const struct core_caller *who, const char *account,
                         const struct core_page *asked, struct core_answer *out)
{
    const struct core_page limit = {.cursor = "", .limit = asked->limit};
    struct ledger_account a;
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = page_read(&limit, 0, &page);
    if (!e && asked->cursor[0] && iban_check(asked->cursor, strlen(asked->cursor)))
        e = ERR_USAGE;
    if (!e)
        e = list_rules(c, &a, asked->cursor, page.limit, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

/* --- of one movement --- */

static enum err ignore(void *ctx, const struct movements_row *row)
{
    (void)ctx;
    (void)row;
    return ERR_OK;
}

/* The movement as the list shows it now. */
static enum err show(struct core *c, const struct ledger_account *a, int64_t movement,
                     struct doc *body)
{
    const struct movements_walk walk = {.range = {movement, movement}, .limit = 1, .each = ignore};
    struct doc list = {0};

    doc_object(body);
    doc_array(&list);
    enum err e = movements_list(c, a, &walk, &list);
    doc_text(body, "currency", a->currency);
    doc_put(body, "movements", &list);
    return e;
}

enum err core_movement_category(struct core *c, const struct core_caller *who, const char *account,
                                const char *movement, const char *category, struct core_answer *out)
{
    uint64_t number = 0;
    struct ledger_account a;
    struct doc body = {0};

    *out = (struct core_answer){0};
    /* No movement has the number 0. */
    if (text_parse_u64(movement, strlen(movement), INT64_MAX, &number))
        number = 0;
    const struct word w = {.movement = (int64_t)number, .category = category};
    enum err e = say(c, who, account, &w, &a);
    if (!e)
        e = show(c, &a, w.movement, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
