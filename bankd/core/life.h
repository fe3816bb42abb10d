/* SPDX-License-Identifier: Apache-2.0
 *
 * life: an order's row, its decisions, and the way it goes through the table of order/status.h:
 * what a set of votes makes of it, expiry, settlement. Private to bankd/core.
 */
#ifndef BANKD_CORE_LIFE_H
#define BANKD_CORE_LIFE_H

#include "bankd/core/delegate.h"
#include "bankd/core/ledger.h"
#include "bankd/core/state.h"
#include "order/decision.h"
#include "order/flag.h"
#include "order/key_status.h"
#include "order/policy.h"
#include "order/status.h"
#include <stdbool.h>
#include <stdint.h>

#define LIFE_OBJECT_MAX (sizeof "order:" + IBAN_MAX + 1 + ORDER_ID_LEN)
#define LIFE_DECISIONS_MAX (2 * POLICY_HOLDERS_MAX) /* a submit and a vote each */

struct life_order {
    int64_t id;      /* row; 0: not in the store */
    int64_t account; /* row */
    enum ledger_kind kind;
    char order_id[ORDER_ID_LEN + 1];
    uint8_t digest[DIGEST_LEN];
    int64_t policy; /* row of the one it entered under */
    uint8_t policy_digest[DIGEST_LEN];
    int64_t creditor;                      /* row: the other side, of cash the bank's own */
    char payee[IBAN_MAX + 1];              /* "" of cash */
    char payee_name[ORDER_TEXT_BYTES + 1]; /* of cash "" */
    char payee_check[PAYEE_CHECK_LEN + 1]; /* "": not checked */
    flag_set held;                         /* why it waits for the operator, or did */
    int64_t amount;
    enum status status;
    char reason[5];
    int32_t date_days;
    int64_t expires_us, executed_us, ended_us;
    int64_t due_us;     /* when the bank looks at it again */
    bool released;      /* by the operator */
    int64_t matured_us; /* when a waiting clause accepted it, or 0 */
    int64_t entry;      /* newest entry about the order, or NO_ENTRY */
};

/* Steps and finishes an ORDER_* query of one row. */
MUST_CHECK enum err life_read_one(struct store_query *q, bool *found, struct life_order *out);
/* The same of at most MAX rows. */
MUST_CHECK enum err life_read_all(struct store_query *q, size_t max, struct life_order *rows,
                                  size_t *count);
/* NOT_FOUND. */
MUST_CHECK enum err life_find(struct core *c, int64_t account, const char *order_id,
                              struct life_order *out);
/* Runs a statement that writes O's row and no other. */
MUST_CHECK enum err life_write(struct core *c, struct store_query *q, const struct life_order *o);
/* Writes what changes: status, reason, times and newest entry. */
MUST_CHECK enum err life_save(struct core *c, const struct life_order *o);

/* "order:IBAN/ID" */
void life_object(const char *account, const char *order_id, char out[static LIFE_OBJECT_MAX]);

/* One decision that the bank took. */
struct life_made {
    char holder[HOLDER_MAX + 1];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    enum verb verb;
    enum key_status key_status; /* now */
    bool key_counts;            /* the key's status lets the decision stand */
    int64_t issued_us, received_us;
    char passed[40]; /* codes, with a space between */
    int64_t entry;
    int64_t batch; /* the entry of the batch that it came by, or NO_ENTRY */
};
struct life_decisions {
    struct life_made made[LIFE_DECISIONS_MAX];
    size_t count;
};
MUST_CHECK enum err life_decisions(struct core *c, int64_t orders, struct life_decisions *out);
/* True when HOLDER made a decision of V's kind. */
bool life_decided(const struct life_decisions *all, const char *holder, enum verb v);

/* An order, what was decided on it, and under what it is judged. */
struct life_case {
    const struct life_order *row;
    const struct life_decisions *decisions;
    const struct policy *pinned;  /* the one it entered under */
    const struct policy *current; /* the account's */
    const struct delegations *delegations;
    int64_t now_us;
};
/* What the policies are asked. */
struct policy_case life_policy_case(const struct life_case *in);
/* What the votes amount to now: a quorum must stand under both policies, and one that either
 * refuses is out of reach. A vote whose key is suspended or revoked does not count, and
 * nothing is reached while any decision's key is. */
void life_judge(const struct life_case *in, struct policy_verdict *out);

/* The codes through which a decision takes an order that is at FROM. INTERNAL when the table does
 * not allow them. */
#define LIFE_STEPS_MAX 6
struct life_path {
    enum status step[LIFE_STEPS_MAX];
    size_t count;
};
MUST_CHECK enum err life_path_after(enum status from, enum verb verb,
                                    const struct policy_verdict *verdict, struct life_path *out);
/* Where the path ends; FROM when it is empty. */
enum status life_path_end(const struct life_path *path, enum status from);

/* Whether the order's amount is reserved in its account. */
bool life_reserves(enum status s);

/* Ends an order by the bank's own hand, as RJCT, and frees what it held. Updates A. */
struct life_end {
    const char *reason;           /* ISO code */
    const struct core_caller *by; /* NULL: the bank by itself */
    const char *note;             /* of whose it is */
};
MUST_CHECK enum err life_end(struct core *c, struct ledger_account *a, const struct life_end *end,
                             struct life_order *o);
MUST_CHECK enum err life_close(struct core *c, struct ledger_account *a, const char *reason,
                               struct life_order *o);

/* --- what time does --- */
/* When the bank must look at the order again, though nobody decides: when it expires, a waiting
 * clause opens, a delegation begins or its day comes. */
int64_t life_due(const struct life_case *in);
/* What waits for decisions may have all that it needs by a new policy or delegation, or get it at
 * another time: every such order of the account is due now. */
MUST_CHECK enum err life_look_again(struct core *c, int64_t account);
/* An order that is at ACCP: since now, so that the bank's cut-off counts, or since before. On its
 * day it is judged once more and executed (the money moves: ACSP, and ACSC unless it goes to
 * another bank; the settlement's entry lists the decisions considered), or ended with its reason;
 * until then nothing happens. Saves O, which is IN's row. Updates A. */
enum life_since { LIFE_SINCE_NOW, LIFE_SINCE_BEFORE };
MUST_CHECK enum err life_execute(struct core *c, struct ledger_account *a,
                                 const struct life_case *in, enum life_since since,
                                 struct life_order *o);
/* The same for a row of the store, accepted before, with its decisions and policies as they are
 * now. */
MUST_CHECK enum err life_execute_stored(struct core *c, struct ledger_account *a,
                                        struct life_order *o);
/* Does to every open order of the account what is due by now. Updates A. BUSY: the batch did as
 * much of it as one may; what is done stays, and the next time goes on. Nothing of the account is
 * judged or shown before all is done. */
MUST_CHECK enum err life_catch_up(struct core *c, struct ledger_account *a);
/* The same for one order of any account; *FOUND is false when none was due. */
MUST_CHECK enum err life_catch_up_one(struct core *c, bool *found);

#endif
