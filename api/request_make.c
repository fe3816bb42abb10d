/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/member.h"

/* One {name, text} pair a member; the object stands in OUT, or nothing does. */
struct pair {
    const char *name, *text;
};

static enum err object_of(const struct pair *pairs, size_t count, struct js **out)
{
    enum err e = js_object_new(out);

    for (size_t i = 0; i < count && !e; i++)
        e = js_set_text(*out, pairs[i].name, pairs[i].text);
    return e;
}

static enum err make_texts(const struct pair *pairs, size_t count, struct buf *out)
{
    struct js *body = NULL;
    enum err e = object_of(pairs, count, &body);

    if (!e)
        e = js_canon(body, out);
    js_free(body);
    return e;
}

enum err request_challenge_make(const struct request_challenge *in, struct buf *out)
{
    const struct pair pairs[] = {
        {"for", in->for_login ? "login" : "decision"},
        {"thumbprint", in->thumbprint},
    };
    return make_texts(pairs, 2, out);
}

enum err request_statement_make(const char *member, const char *jws, struct buf *out)
{
    const struct pair pairs[] = {{member, jws}};
    return make_texts(pairs, 1, out);
}

static enum err make_about_order(const struct pair *statement, const void *order_bytes,
                                 size_t order_len, struct buf *out)
{
    struct js *body = NULL, *order = NULL;
    enum err e = object_of(statement, 1, &body);

    if (!e)
        e = js_parse(order_bytes, order_len, &order);
    if (!e)
        e = js_set(body, "order", order);
    if (!e)
        e = js_canon(body, out);
    js_free(body);
    return e;
}

enum err request_decide_make(const char *jws, const void *order_bytes, size_t order_len,
                             struct buf *out)
{
    return make_about_order(&(struct pair){"decision", jws}, order_bytes, order_len, out);
}

enum err request_batch_make(const char *jws, const struct batch_inclusion *inclusion,
                            const struct buf *order, struct buf *out)
{
    struct doc body = {0}, place = {0};

    batch_inclusion_write(inclusion, &place);
    doc_object(&body);
    doc_text(&body, "decision", jws);
    doc_put(&body, "inclusion", &place);
    doc_canonical(&body, "order", order->data, order->len);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_cash_make(const char *jws, const void *order_bytes, size_t order_len,
                           struct buf *out)
{
    return make_about_order(&(struct pair){"statement", jws}, order_bytes, order_len, out);
}

enum err request_policy_make(const char *jws, const struct policy *to, struct buf *out)
{
    struct doc body = {0};
    size_t len = 0;
    const char *bytes = policy_bytes(to, &len);

    doc_object(&body);
    doc_text(&body, "decision", jws);
    doc_canonical(&body, "policy", bytes, len);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

static enum err make_enrolment(const char *kind, const struct request_holder *in, struct buf *out)
{
    const struct pair pairs[] = {{kind, in->holder}, {"name", in->name}};
    struct js *body = NULL;
    enum err e = object_of(pairs, 2, &body);

    if (!e)
        e = member_set_bytes(body, "spki", in->spki, in->spki_len);
    if (!e)
        e = js_canon(body, out);
    js_free(body);
    return e;
}

enum err request_holder_make(const struct request_holder *in, struct buf *out)
{
    return make_enrolment("holder", in, out);
}

enum err request_terminal_make(const struct request_holder *in, struct buf *out)
{
    return make_enrolment("terminal", in, out);
}

enum err request_operator_make(const struct request_holder *in, struct buf *out)
{
    return make_enrolment("operator", in, out);
}

enum err request_roles_make(const struct request_roles *in, struct buf *out)
{
    struct doc body = {0}, list = {0};

    doc_object(&body);
    doc_text(&body, "note", in->note);
    doc_array(&list);
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if (in->roles & ROLE_BIT(r))
            doc_push_text(&list, role_name((enum role)r));
    }
    doc_put(&body, "roles", &list);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_rollover_make(const struct request_rollover *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_int(&body, "overlapDays", in->overlap_days);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

static void write_person(const struct policy_person *in, struct doc *list)
{
    const char class[] = {in->class, 0};
    struct doc one = {0};

    if (in->class == 'A') {
        doc_push_text(list, in->id);
        return;
    }
    doc_object(&one);
    doc_text(&one, "class", class);
    doc_text(&one, "id", in->id);
    doc_push(list, &one);
}

enum err request_account_make(const struct request_account *in, struct buf *out)
{
    struct doc body = {0}, people = {0};

    doc_array(&people);
    for (size_t i = 0; i < in->count; i++)
        write_person(&in->people[i], &people);
    doc_object(&body);
    doc_text(&body, "account", in->account);
    doc_text(&body, "currency", in->currency);
    doc_put(&body, "holders", &people);
    if (in->limits.len)
        doc_canonical(&body, "limits", in->limits.data, in->limits.len);
    if (in->deputies.len)
        doc_canonical(&body, "deputies", in->deputies.data, in->deputies.len);
    doc_text_optional(&body, "signatures", in->single ? POLICY_SINGLE : "");
    if (in->rules.len)
        doc_canonical(&body, "rules", in->rules.data, in->rules.len);
    doc_text(&body, "title", in->title);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_fund_make(const struct request_fund *in, struct buf *out)
{
    const struct pair pairs[] = {{"amount", in->amount}, {"currency", in->currency}};
    return make_texts(pairs, 2, out);
}

enum err request_category_make(const struct request_category *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_text_optional(&body, "category", in->category);
    doc_text_optional(&body, "payee", in->payee);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_note_make(const struct request_note *in, struct buf *out)
{
    const struct pair pairs[] = {{"note", in->note}};
    return make_texts(pairs, 1, out);
}

/* REASON "": none. */
static enum err make_word(int64_t entry, const char *note, const char *reason, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    if (entry)
        doc_int(&body, "entry", entry);
    doc_text(&body, "note", note);
    doc_text_optional(&body, "reason", reason);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_word_make(const struct request_word *in, struct buf *out)
{
    return make_word(in->entry, in->note, "", out);
}

enum err request_admission_make(const struct request_admission *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    if (in->another)
        doc_bool(&body, "another", true);
    doc_text(&body, "holder", in->holder);
    doc_text(&body, "name", in->name);
    doc_text(&body, "thumbprint", in->thumbprint);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_return_make(const struct request_return *in, struct buf *out)
{
    return make_word(in->entry, in->note, in->reason, out);
}

enum err request_claim_make(const struct request_claim *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_text(&body, "item", in->item);
    doc_text(&body, "note", in->note);
    doc_text_optional(&body, "operator", in->operator_id);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_comment_make(const struct request_comment *in, struct buf *out)
{
    const struct pair pairs[] = {{"item", in->item}, {"text", in->text}};
    return make_texts(pairs, 2, out);
}

enum err request_credit_make(const struct request_credit *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_text(&body, "account", in->account);
    doc_text(&body, "amount", in->amount);
    doc_text(&body, "currency", in->currency);
    doc_text_optional(&body, "debtorAccount", in->debtor_account);
    doc_text(&body, "debtorName", in->debtor_name);
    doc_text_optional(&body, "description", in->description);
    doc_text(&body, "reference", in->reference);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_assign_make(const struct request_assign *in, struct buf *out)
{
    const struct pair pairs[] = {{"account", in->account}, {"note", in->note}};
    return make_texts(pairs, 2, out);
}

enum err request_key_make(const struct request_key *in, struct buf *out)
{
    const struct pair pairs[] = {{"note", in->note}, {"status", in->status}};
    return make_texts(pairs, 2, out);
}
