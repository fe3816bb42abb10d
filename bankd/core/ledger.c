/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/ledger.h"

#include "order/amount.h"
#include <stdio.h>
#include <string.h>

#define BANK_ACCOUNT_MAX sizeof "bank:EUR"

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

enum err ledger_read(const struct store_query *q, struct ledger_account *out)
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

static enum err read_one(struct store_query *q, enum err missing, struct ledger_account *out)
{
    bool found = false;

    *out = (struct ledger_account){0};
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? ledger_read(q, out) : missing;
    store_done(q);
    return e;
}

static enum err find(struct core *c, const char *account, bool customer, struct ledger_account *out)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_FIND);

    store_bind_text(q, ":account", account);
    store_bind_int(q, ":customer", customer);
    return read_one(q, ERR_ACCOUNT_UNKNOWN, out);
}

enum err ledger_find(struct core *c, const char *account, struct ledger_account *out)
{
    return find(c, account, true, out);
}

enum err ledger_by_id(struct core *c, int64_t id, struct ledger_account *out)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_BY_ID);

    store_bind_int(q, ":id", id);
    return read_one(q, ERR_STORE_FAILED, out);
}

void ledger_object(const char *account, char out[static LEDGER_OBJECT_MAX])
{
    snprintf(out, LEDGER_OBJECT_MAX, "account:%s", account);
}

int64_t ledger_available(const struct ledger_account *a)
{
    return a->booked - a->reserved; /* neither leaves 18 digits */
}

/* --- money --- */

static enum err write_money(struct core *c, const struct ledger_account *a)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_MONEY);

    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":booked", a->booked);
    store_bind_int(q, ":reserved", a->reserved);
    return store_run(q);
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

static enum err add_movement(struct core *c, int64_t orders, int64_t *movement)
{
    struct store_query *q = store_query(c->store, STORE_MOVEMENT_ADD);

    store_bind_int(q, ":time", c->now_us);
    if (orders)
        store_bind_int(q, ":orders", orders);
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

/* The two sides of every movement are written here and nowhere else. */
static enum err move(struct core *c, struct ledger_account *from, struct ledger_account *to,
                     int64_t amount, int64_t orders, int64_t *movement)
{
    enum err e = add_movement(c, orders, movement);
    if (!e)
        e = post(c, from, *movement, -amount);
    if (!e)
        e = post(c, to, *movement, amount);
    return e;
}

/* A sum that does not fit cannot happen (ledger_fund holds the total), so it is no refusal. */
enum err ledger_settle(struct core *c, struct ledger_account *debtor,
                       struct ledger_account *creditor, int64_t amount, int64_t orders,
                       int64_t *movement)
{
    *movement = 0;
    if (amount <= 0 || debtor->reserved < amount || debtor->booked < amount ||
        debtor->id == creditor->id)
        return ERR_INTERNAL;
    debtor->reserved -= amount;
    enum err e = move(c, debtor, creditor, amount, orders, movement);
    return e == ERR_AMOUNT_TOO_LARGE ? ERR_INTERNAL : e;
}

enum err ledger_spent(struct core *c, const struct ledger_account *a, int64_t since_us,
                      int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_SPENT_SINCE);
    bool found = false;

    *out = 0;
    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":since", since_us);
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? ERR_OK : ERR_STORE_FAILED;
    if (!e)
        *out = store_int(q, 0);
    store_done(q);
    return e;
}

static enum err make_bank_account(struct core *c, const char *name, const char *currency)
{
    struct store_query *q = store_query(c->store, STORE_ACCOUNT_ADD);

    store_bind_text(q, ":account", name);
    store_bind_int(q, ":customer", false);
    store_bind_text(q, ":currency", currency);
    return store_run(q);
}

enum err ledger_fund(struct core *c, struct ledger_account *a, int64_t amount, int64_t *movement)
{
    char name[BANK_ACCOUNT_MAX];
    struct ledger_account bank;
    int64_t total = 0;

    *movement = 0;
    if (amount <= 0)
        return ERR_INTERNAL;
    snprintf(name, sizeof name, "bank:%.3s", a->currency);
    enum err e = find(c, name, false, &bank);
    if (e == ERR_ACCOUNT_UNKNOWN) {
        e = make_bank_account(c, name, a->currency);
        if (!e)
            e = find(c, name, false, &bank);
    }
    if (!e) /* decided before anything moves */
        e = amount_sub(bank.booked, amount, &total);
    return e ? e : move(c, &bank, a, amount, 0, movement);
}
