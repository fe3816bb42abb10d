/* SPDX-License-Identifier: Apache-2.0 */
#include "order/terminal.h"

#include "order/doc.h"
#include "order/json.h"
#include "order/order.h"
#include <string.h>

static enum err read_terminal(const struct js *value, void *into)
{
    struct terminal *out = into;
    struct statement_members head;
    const struct js *account, *order, *order_digest, *terminal;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("order", true, &order),
        MEMBER_TEXT("orderDigest", true, &order_digest),
        MEMBER_TEXT("terminal", true, &terminal),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = member_text(order, forms_order_id, out->order, sizeof out->order);
    if (e == ERR_OK)
        e = member_digest(order_digest, out->order_digest);
    return e == ERR_OK ? member_text(terminal, forms_holder, out->terminal, sizeof out->terminal)
                       : e;
}

enum err terminal_parse(const void *payload, size_t len, struct terminal *out)
{
    return statement_parse(payload, len, read_terminal, out, sizeof *out);
}

enum err terminal_make(const struct order *order, const struct statement *head, struct buf *out)
{
    struct statement own = *head;
    struct doc doc = {0};
    enum err e;

    if (order->kind == ORDER_PAYMENT)
        return ERR_DOC_TYPE;
    memcpy(own.bank, order->bank, sizeof own.bank);
    doc_object(&doc);
    statement_head_write(&own, &doc);
    doc_text(&doc, "account", order->account);
    doc_text(&doc, "order", order->id);
    doc_digest(&doc, "orderDigest", order->digest);
    doc_text(&doc, "terminal", order->terminal);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
