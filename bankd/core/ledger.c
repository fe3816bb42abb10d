/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/ledger.h"

#include "bankd/core/entries.h"
#include "base/text.h"
#include "order/amount.h"
#include <stdio.h>
#include <string.h>

/* --- accounts --- */

static const char *const states[] = {
    [LEDGER_OPEN] = "open", [LEDGER_BLOCKED] = "blocked", [LEDGER_CLOSED] = "closed"};

const char *ledger_state_name(enum ledger_state s)
{
    return states[s];
}

/* Whatever is not known is as good as closed. */
static enum ledger_state read_state(const char *name)
{
    if (strcmp(name, states[LEDGER_OPEN]) == 0)
        return LEDGER_OPEN;
    return strcmp(name, states[LEDGER_BLOCKED]) == 0 ? LEDGER_BLOCKED : LEDGER_CLOSED;
}

/* The present row of an ACCOUNT_* query. */
static enum err read_row(const struct store_query *q, struct ledger_account *out)
{
    out->id = store_int(q, 0);
    out->booked = store_int(q, 3);
    out->reserved = store_int(q, 4);
    out->entry = store_is_null(q, 5) ? NO_ENTRY : store_int(q, 5);
    out->policy = store_int(q, 6);
    out->state = read_state(store_text(q, 8));
    enum err e = store_copy_text(q, 1, out->account, sizeof out->account);
    if (!e)
        e = store_copy_text(q, 2, out->currency, sizeof out->currency);
    if (!e && !store_is_null(q, 7))
        e = store_copy_blob(q, 7, out->policy_digest, DIGEST_LEN);
    return e;
}

static void keep(struct core *c, const struct ledger_account *a)
{
    const struct rows_source row = {ROWS_OF_ACCOUNTS, a->id};

    rows_keep(c->rows, ROWS_ACCOUNT, a->account, a,
              (const struct rows_source[ROWS_SOURCES]){row, row, row});
}

static enum err read_one(struct core *c, struct store_query *q, enum err missing,
                         struct ledger_account *out)
{
    bool found = false;

    *out = (struct ledger_account){0};
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? read_row(q, out) : missing;
    store_done(q);
    if (!e)
        keep(c, out);
    return e;
}

static enum err find(struct core *c, const char *account, bool customer, struct ledger_account *out)
{
    if (rows_find(c->rows, ROWS_ACCOUNT, account, out) && ledger_is_own(out) != customer)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_FIND);
    store_bind_text(q, ":account", account);
    store_bind_int(q, ":customer", customer);
    return read_one(c, q, ERR_ACCOUNT_UNKNOWN, out);
}

enum err ledger_find(struct core *c, const char *account, struct ledger_account *out)
{
    return find(c, account, true, out);
}

enum err ledger_by_id(struct core *c, int64_t id, struct ledger_account *out)
{
    if (rows_find_id(c->rows, ROWS_ACCOUNT, id, out))
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_BY_ID);
    store_bind_int(q, ":id", id);
    return read_one(c, q, ERR_STORE_FAILED, out);
}

/* --- the bank's own --- */

static const char *const own_names[] = {[LEDGER_BANK] = "bank",
                                        [LEDGER_CASH] = "cash",
                                        [LEDGER_SETTLEMENT] = "settlement",
                                        [LEDGER_SUSPENSE] = "suspense"};

enum err ledger_own(struct core *c, enum ledger_own which, const char *currency,
                    struct ledger_account *out)
{
    char name[IBAN_MAX + 1];

    snprintf(name, sizeof name, "%s:%.3s", own_names[which], currency);
    enum err e = find(c, name, false, out);
    if (e != ERR_ACCOUNT_UNKNOWN)
        return e;
    *out = (struct ledger_account){.entry = NO_ENTRY, .state = LEDGER_OPEN};
    memcpy(out->account, name, sizeof name);
    snprintf(out->currency, sizeof out->currency, "%s", currency);
    return ERR_OK;
}

enum err ledger_make_own(struct core *c, struct ledger_account *a)
{
    if (a->id)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ADD);
    store_bind_text(q, ":account", a->account);
    store_bind_int(q, ":customer", false);
    store_bind_text(q, ":currency", a->currency);
    enum err e = store_run(q);
    a->id = store_last_id(c->store);
    return e;
}

/* The doors through which money comes in; it is missing there. */
static const enum ledger_own doors[] = {LEDGER_BANK, LEDGER_CASH};
#define DOORS (sizeof doors / sizeof *doors)

static bool is_door(const struct ledger_account *a)
{
    size_t len = strcspn(a->account, ":"), i = 0;

    while (i < DOORS && (strlen(own_names[doors[i]]) != len ||
                         strncmp(own_names[doors[i]], a->account, len) != 0))
        i++;
    return ledger_is_own(a) && i < DOORS;
}

enum err ledger_room(struct core *c, const char *currency, int64_t amount)
{
    int64_t missing = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < DOORS; i++) {
        struct ledger_account own;
        e = ledger_own(c, doors[i], currency, &own);
        if (!e)
            e = amount_add(missing, own.booked, &missing);
    }
    return e ? e : amount_sub(missing, amount, &missing);
}

bool ledger_is_own(const struct ledger_account *a)
{
    return a->policy == 0;
}

void ledger_object(const char *account, char out[static LEDGER_OBJECT_MAX])
{
    snprintf(out, LEDGER_OBJECT_MAX, "account:%s", account);
}

enum err ledger_entry(struct core *c, struct ledger_account *a, struct doc *body)
{
    enum err e = entries_add(c, body, &a->entry);

    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ENTRY);
    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":entry", a->entry);
    return store_run(q);
}

int64_t ledger_available(const struct ledger_account *a)
{
    return a->booked - a->reserved; /* neither leaves 18 digits */
}

/* --- money --- */

/* What the store had of the account before is kept on with its money as it is now: of all else A
 * may be an older copy. */
static enum err write_money(struct core *c, const struct ledger_account *a)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_MONEY);
    struct ledger_account row;
    bool kept = rows_find_id(c->rows, ROWS_ACCOUNT, a->id, &row);

    store_bind_int(q, ":booked", a->booked);
    store_bind_int(q, ":reserved", a->reserved);
    store_bind_int(q, ":id", a->id);
    enum err e = store_run(q);
    if (!e && kept) {
        row.booked = a->booked;
        row.reserved = a->reserved;
        keep(c, &row);
    }
    return e;
}

enum err ledger_reserve(struct core *c, struct ledger_account *a, int64_t amount)
{
    if (amount <= 0)
        return ERR_INTERNAL;
    if (ledger_available(a) < amount)
        return ERR_FUNDS_INSUFFICIENT;
    a->reserved += amount;
    return write_money(c, a);
}

enum err ledger_release(struct core *c, struct ledger_account *a, int64_t amount)
{
    if (amount <= 0 || a->reserved < amount)
        return ERR_INTERNAL;
    a->reserved -= amount;
    return write_money(c, a);
}

static const char *const kinds[] = {
    [LEDGER_FUNDING] = "funding",
    [LEDGER_PAYMENT] = "payment",
    [LEDGER_DEPOSIT] = "deposit",
    [LEDGER_WITHDRAWAL] = "withdrawal",
    [LEDGER_CONFIRMATION] = "confirmation",
    [LEDGER_RETURN] = "return",
    [LEDGER_CREDIT] = "credit",
    [LEDGER_ASSIGNMENT] = "assignment",
    [LEDGER_GIVEN_BACK] = "given-back",
    [LEDGER_REVERSAL] = "reversal",
};

const char *ledger_kind_name(enum ledger_kind k)
{
    return kinds[k];
}

enum ledger_kind ledger_kind_from_name(const char *name)
{
    size_t k = 0;

    while (k < LEDGER_KINDS && strcmp(kinds[k], name) != 0)
        k++;
    return (enum ledger_kind)k;
}

static void bind_row(struct store_query *q, const char *name, int64_t row)
{
    if (row)
        store_bind_int(q, name, row);
}

enum err ledger_read_amount(const struct ledger_account *a, const char *amount,
                            const char *currency, int64_t *out)
{
    *out = 0;
    if (strcmp(a->currency, currency) != 0)
        return ERR_CURRENCY_MISMATCH;
    enum err e = amount_parse(amount, strlen(amount), currency, out);
    return !e && *out == 0 ? ERR_AMOUNT_ZERO : e;
}

static enum err add_movement(struct core *c, const struct ledger_move *m, int64_t *movement)
{
    struct store_query *q = store_query(c->store, STORE_MOVEMENT_ADD);

    store_bind_int(q, ":time", c->now_us);
    store_bind_text(q, ":kind", ledger_kind_name(m->kind));
    bind_row(q, ":orders", m->orders);
    bind_row(q, ":credit", m->credit);
    bind_row(q, ":reverses", m->reverses);
    enum err e = store_run(q);
    *movement = store_last_id(c->store);
    return e;
}

/* Books one side of a movement: the account's row and its posting. */
static enum err post(struct core *c, struct ledger_account *a, int64_t movement, int64_t amount)
{
    enum err e = amount_add(a->booked, amount, &a->booked);
    if (!e)
        e = write_money(c, a);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_POSTING_ADD);
    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":movement", movement);
    store_bind_int(q, ":amount", amount);
    store_bind_int(q, ":balance", a->booked);
    return store_run(q);
}

static enum err note_spent(struct core *c, const struct ledger_move *m)
{
    if (ledger_is_own(m->from) || m->kind == LEDGER_REVERSAL)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_SPENDING_ADD);
    store_bind_int(q, ":account", m->from->id);
    store_bind_int(q, ":day", text_day_of(c->now_us));
    store_bind_int(q, ":amount", m->amount);
    store_bind_int(q, ":most", AMOUNT_MINOR_MAX);
    return store_run(q);
}

/* The two sides of every movement are written here and nowhere else. */
static enum err book(struct core *c, const struct ledger_move *m, int64_t *movement)
{
    enum err e = ledger_make_own(c, m->from);
    if (!e)
        e = ledger_make_own(c, m->to);
    if (!e)
        e = add_movement(c, m, movement);
    if (!e)
        e = post(c, m->from, *movement, -m->amount);
    if (!e)
        e = post(c, m->to, *movement, m->amount);
    return e ? e : note_spent(c, m);
}

/* What can be said before anything moves. */
static enum err check_move(const struct ledger_move *m)
{
    int64_t after = 0;

    if (m->amount <= 0 || strcmp(m->from->account, m->to->account) == 0 ||
        strcmp(m->from->currency, m->to->currency) != 0)
        return ERR_INTERNAL;
    enum err e = amount_sub(m->from->booked, m->amount, &after);
    return e ? e : amount_add(m->to->booked, m->amount, &after);
}

enum err ledger_may_move(struct core *c, const struct ledger_move *m)
{
    enum err e = check_move(m);

    if (!e && !ledger_is_own(m->from) && ledger_available(m->from) < m->amount)
        e = ERR_FUNDS_INSUFFICIENT;
    if (!e && is_door(m->from))
        e = ledger_room(c, m->from->currency, m->amount);
    return e;
}

enum err ledger_move(struct core *c, const struct ledger_move *m, int64_t *movement)
{
    enum err e = ledger_may_move(c, m);

    *movement = 0;
    return e ? e : book(c, m, movement);
}

/* A sum that does not fit cannot happen here (it is no more than what once came in), so it is no
 * refusal. */
enum err ledger_settle(struct core *c, const struct ledger_move *m, int64_t *movement)
{
    enum err e = check_move(m);

    *movement = 0;
    if (e || m->from->reserved < m->amount || m->from->booked < m->amount)
        return ERR_INTERNAL;
    m->from->reserved -= m->amount;
    return book(c, m, movement);
}

enum err ledger_spent(struct core *c, const struct ledger_account *a, int32_t since_day,
                      int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_SPENT_SINCE);
    bool found = false;

    *out = 0;
    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":day", since_day);
    enum err e = store_step(q, &found);
    while (!e && found) {
        if (amount_add(*out, store_int(q, 0), out))
            *out = AMOUNT_MINOR_MAX;
        e = store_step(q, &found);
    }
    store_done(q);
    return e;
}
