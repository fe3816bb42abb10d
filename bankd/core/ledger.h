/* SPDX-License-Identifier: Apache-2.0
 *
 * ledger: accounts and the only code that moves money. Double entry: the postings of a movement sum
 * to zero; the bank's own accounts are the other side of what comes from outside and so may run
 * below zero. Customers' accounts never have less booked than is reserved. Money is minor units,
 * checked in C. Private to bankd/core.
 */
#ifndef BANKD_CORE_LEDGER_H
#define BANKD_CORE_LEDGER_H

#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/iban.h"
#include "order/key.h"
#include "order/order.h"
#include <stdbool.h>
#include <stdint.h>

#define LEDGER_OBJECT_MAX (sizeof "account:" + IBAN_MAX) /* "account:IBAN" and its NUL */

enum ledger_state { LEDGER_OPEN, LEDGER_BLOCKED, LEDGER_CLOSED };
const char *ledger_state_name(enum ledger_state s); /* "open", "blocked", "closed" */

struct ledger_account {
    int64_t id;
    char account[IBAN_MAX + 1];
    char currency[ORDER_CURRENCY_LEN + 1];
    int64_t booked, reserved;
    int64_t entry;  /* newest entry about the account, or NO_ENTRY */
    int64_t policy; /* row of the current policy; 0: the bank's own account */
    uint8_t policy_digest[DIGEST_LEN];
    enum ledger_state state;
};

/* A customer's account; ACCOUNT_UNKNOWN. */
MUST_CHECK enum err ledger_find(struct core *c, const char *account, struct ledger_account *out);
MUST_CHECK enum err ledger_by_id(struct core *c, int64_t id, struct ledger_account *out);
/* One of the bank's own, "bank:EUR". It has no row (id 0) before money first moves to or from it,
 * or ledger_make_own. */
enum ledger_own {
    LEDGER_BANK,       /* what the bank has outside */
    LEDGER_CASH,       /* what it has in its terminals */
    LEDGER_SETTLEMENT, /* what it owes to other banks: paid, and not confirmed yet */
    LEDGER_SUSPENSE,   /* what came in for no account that is here */
};
MUST_CHECK enum err ledger_own(struct core *c, enum ledger_own which, const char *currency,
                               struct ledger_account *out);
MUST_CHECK enum err ledger_make_own(struct core *c, struct ledger_account *a);
bool ledger_is_own(const struct ledger_account *a);
/* Whether so much more can come in, from other banks or as cash: all that is here in the currency
 * fits, so that whatever moves inside does, too. AMOUNT_TOO_LARGE; ledger_move asks it as well. */
MUST_CHECK enum err ledger_room(struct core *c, const char *currency, int64_t amount);
void ledger_object(const char *account, char out[static LEDGER_OBJECT_MAX]);
/* Adds BODY, which is about the account, to the log, and frees it. */
MUST_CHECK enum err ledger_entry(struct core *c, struct ledger_account *a, struct doc *body);

/* An amount of the account's currency, above zero. */
MUST_CHECK enum err ledger_read_amount(const struct ledger_account *a, const char *amount,
                                       const char *currency, int64_t *out);

int64_t ledger_available(const struct ledger_account *a);

/* Holds AMOUNT of what is available: FUNDS_INSUFFICIENT, and nothing changed. */
MUST_CHECK enum err ledger_reserve(struct core *c, struct ledger_account *a, int64_t amount);
MUST_CHECK enum err ledger_release(struct core *c, struct ledger_account *a, int64_t amount);

/* Books AMOUNT from one account to another. A customer pays with what is available:
 * FUNDS_INSUFFICIENT; AMOUNT_TOO_LARGE when a balance would no longer fit. Nothing moved, then. */
enum ledger_kind {
    LEDGER_FUNDING,      /* the bank's operator paid in */
    LEDGER_PAYMENT,      /* an order's, once an order */
    LEDGER_DEPOSIT,      /* cash, once an order */
    LEDGER_WITHDRAWAL,   /* cash, once an order */
    LEDGER_CONFIRMATION, /* the other bank has it, once an order */
    LEDGER_RETURN,       /* the other bank sent it back, once an order */
    LEDGER_CREDIT,       /* came from another bank */
    LEDGER_ASSIGNMENT,   /* out of suspense to an account */
    LEDGER_GIVEN_BACK,   /* out of suspense to the bank that it came from */
    LEDGER_REVERSAL,     /* takes another movement back, once a movement */
    LEDGER_KINDS
};
const char *ledger_kind_name(enum ledger_kind k);
enum ledger_kind ledger_kind_from_name(const char *name); /* LEDGER_KINDS: none */
struct ledger_move {
    enum ledger_kind kind;
    struct ledger_account *from, *to;
    int64_t amount;
    int64_t orders, credit; /* rows of what made it; 0: none */
    int64_t reverses;       /* a movement; 0: none */
};
MUST_CHECK enum err ledger_move(struct core *c, const struct ledger_move *m, int64_t *movement);
/* Whether it would, for who has something else to write first; its rows do not matter. */
MUST_CHECK enum err ledger_may_move(struct core *c, const struct ledger_move *m);
/* ledger_move with what is reserved in FROM. */
MUST_CHECK enum err ledger_settle(struct core *c, const struct ledger_move *m, int64_t *movement);

/* What was booked out of a customer's account from the beginning of a day on, by the bank's time,
 * but for what was taken back: AMOUNT_MINOR_MAX where it is more. */
MUST_CHECK enum err ledger_spent(struct core *c, const struct ledger_account *a, int32_t since_day,
                                 int64_t *out);

#endif
