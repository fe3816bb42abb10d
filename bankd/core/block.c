/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator blocks an account, opens it again, or closes it for ever.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/ledger.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include "order/text.h"
#include <string.h>

#define NOTE_CHARS 140

static enum err check(const struct ledger_account *a, enum ledger_state to)
{
    if (a->state == LEDGER_CLOSED)
        return ERR_ACCOUNT_CLOSED;
    return to == LEDGER_CLOSED && (a->booked != 0 || a->reserved != 0) ? ERR_ACCOUNT_NOT_EMPTY
                                                                       : ERR_OK;
}

static enum err write_state(struct core *c, struct ledger_account *a, const char *operator_name,
                            const char *note)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};

    ledger_object(a->account, object);
    entries_body(&body, "account-state", object, a->entry);
    doc_text(&body, "state", ledger_state_name(a->state));
    doc_text(&body, "operator", operator_name);
    doc_text(&body, "note", note);
    enum err e = entries_add(c, &body, &a->entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ENTRY);
    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":entry", a->entry);
    e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_ACCOUNT_STATE);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":state", ledger_state_name(a->state));
    return store_run(q);
}

enum err core_account_state(struct core *c, const struct core_caller *who, const char *account,
                            enum core_account_act act, const char *note, struct core_answer *out)
{
    static const enum ledger_state states[] = {[CORE_ACCOUNT_BLOCK] = LEDGER_BLOCKED,
                                               [CORE_ACCOUNT_UNBLOCK] = LEDGER_OPEN,
                                               [CORE_ACCOUNT_CLOSE] = LEDGER_CLOSED};
    struct ledger_account a;
    struct doc body = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = utext_check(note, strlen(note), NOTE_CHARS);
    if (!e)
        e = ledger_find(c, account, &a);
    if (!e)
        e = reading_catch_up(c, &a);
    if (!e)
        e = check(&a, states[act]);
    if (e)
        return answer_refuse(c, who, e, out);
    a.state = states[act];
    e = write_state(c, &a, who->operator_name, note);
    if (!e)
        e = view_account(c, &a, &body);
    return e ? e : answer_doc(c, 200, &body, out);
}
