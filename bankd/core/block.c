/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator blocks an account, opens it again, or closes it for ever.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/eyes.h"
#include "bankd/core/ledger.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"

/* What another bank may send back has a place to go to. */
static enum err check_closing(struct core *c, const struct ledger_account *a)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_OUTBOX_OF);
    bool on_its_way = false;

    store_bind_int(q, ":account", a->id);
    enum err e = store_step(q, &on_its_way);
    store_done(q);
    if (e)
        return e;
    return on_its_way || a->booked != 0 || a->reserved != 0 ? ERR_ACCOUNT_NOT_EMPTY : ERR_OK;
}

static enum err check(struct core *c, const struct ledger_account *a, enum ledger_state to)
{
    if (a->state == LEDGER_CLOSED)
        return ERR_ACCOUNT_CLOSED;
    return to == LEDGER_CLOSED ? check_closing(c, a) : ERR_OK;
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
    enum err e = ledger_entry(c, a, &body);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_STATE);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":state", ledger_state_name(a->state));
    return store_run(q);
}

static enum err check_eyes(struct core *c, const struct core_caller *who, enum core_account_act act,
                           const struct ledger_account *a)
{
    char object[LEDGER_OBJECT_MAX];

    ledger_object(a->account, object);
    return act == CORE_ACCOUNT_UNBLOCK ? eyes_check(c, who, EYES_UNBLOCKED, object) : ERR_OK;
}

static enum err note_eyes(struct core *c, const struct core_caller *who, enum core_account_act act,
                          const struct ledger_account *a)
{
    char object[LEDGER_OBJECT_MAX];

    ledger_object(a->account, object);
    return act == CORE_ACCOUNT_BLOCK ? eyes_note(c, who, EYES_BLOCKED, object) : ERR_OK;
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
    enum err e = session_operator_note(who, note);
    if (!e)
        e = ledger_find(c, account, &a);
    if (!e)
        e = reading_catch_up(c, &a);
    if (!e)
        e = check(c, &a, states[act]);
    if (!e)
        e = check_eyes(c, who, act, &a);
    if (e)
        return answer_refuse(c, who, e, out);
    a.state = states[act];
    e = write_state(c, &a, who->operator_name, note);
    if (!e)
        e = note_eyes(c, who, act, &a);
    if (!e)
        e = view_account(c, &a, &body);
    return e ? e : answer_doc(c, 200, &body, out);
}
