/* SPDX-License-Identifier: Apache-2.0
 *
 * driver: what its files share, see driver.c.
 */
#ifndef TESTS_MODEL_DRIVER_H
#define TESTS_MODEL_DRIVER_H

#include "bankd/ctl/audit.h"
#include "order/act.h"
#include "order/application.h"
#include "order/json.h"
#include "order/policy.h"
#include "tests/bankd/world.h"

#include <sqlite3.h>

#define KEYS_MAX 64
#define NEWCOMERS_MAX 512

struct signer {
    char name[HOLDER_MAX + 1];
    struct person person;
};
struct handed {
    struct buf jws;
    struct world_order order;
    struct policy *policy; /* a word on this one; otherwise about the order */
    bool applies;          /* a word on this application */
    struct application application;
    struct world_order *many; /* the orders of a batch, and each one's place */
    struct batch_inclusion *places;
    size_t many_count;
    bool cash;                          /* a terminal's */
    char account[IBAN_MAX + 1];         /* a delegation, for this account */
    char act[ACT_PATH_MAX + 1];         /* an operator's, for this path */
    char request[ENROLMENT_ID_LEN + 1]; /* a sponsorship, of this one */
    bool rotates; /* a rotation, of the key OLD, by the path of the key PATH */
    size_t old, path;
    struct signer next; /* the new key, until the bank took it; no name: none, or it has */
};
/* Somebody who asked; his key is among those of holders once he JOINED. */
struct newcomer {
    struct signer signer;
    bool joined;
};
/* What the bank set for itself; "": nothing. */
struct driver_settings {
    char hold_above[64], hold_on[64], cutoff[64], bank_codes[64], four_eyes[8];
    int sponsors;
};
struct driver {
    struct world w;
    struct driver_settings settings;
    sqlite3 *db; /* beside the bank's own connection */
    struct signer keys[KEYS_MAX];
    size_t key_count;
    struct newcomer newcomers[NEWCOMERS_MAX];
    size_t newcomer_count;
    struct handed *handed; /* every statement, to be handed in again */
    size_t handed_count;
    struct audit log; /* as far as it was checked */
    int64_t movement; /* as far as movements were told */
};

/* Members of a command; "" for a text that is not there. */
const char *driver_text(const struct js *command, const char *name);
int64_t driver_number(const struct js *command, const char *name);
/* The member's number is a key's. */
struct signer *driver_key(struct driver *d, const struct js *command, const char *name);
/* The caller: a key's session, or the operator when there is no member SESSION. */
struct core_caller driver_caller(struct driver *d, const struct js *command);
/* A path in which @N stands for the thumbprint of key N. */
void driver_path(struct driver *d, const struct js *command, const char *name,
                 char out[static ACT_PATH_MAX + 1]);
/* A key for the command's name, on its curve. */
struct signer *driver_new_key(struct driver *d, const struct js *command);
/* What the command has its statement say; P: under which policy. */
struct world_says driver_says(const struct js *command, const struct policy *p);
struct handed *driver_new_handed(struct driver *d);
void driver_hand_in(struct driver *d, const struct js *command, const struct buf *jws,
                    const struct handed *about);
void driver_restart(struct driver *d);
void driver_answer_ok(void);
void driver_answer_err(enum err e);        /* the bank was not asked */
void driver_answer_core(struct driver *d); /* what the core answered last */

/* What operators with keys of their own do, driver_act.c. */
void driver_employ(struct driver *d, const struct js *command);
void driver_sign_act(struct driver *d, const struct js *command, struct buf *jws);
void driver_hand_in_act(struct driver *d, const struct person *carrier, const struct buf *jws,
                        const char *path);

/* Accounts that holders apply for, driver_application.c. */
void driver_apply(struct driver *d, const struct js *command);
void driver_admit_application(struct driver *d, const struct js *command);
void driver_refuse_application(struct driver *d, const struct js *command);
void driver_see_application(struct driver *d, const struct js *command);

/* One signature on many orders, driver_batch.c. */
void driver_batch(struct driver *d, const struct js *command);
void driver_one_of(struct driver *d, const struct js *command);
void driver_batch_free(struct handed *h);

/* Keys, driver_keys.c. */
void driver_key_suspend(struct driver *d, const struct js *command);
void driver_rotate(struct driver *d, const struct js *command);
/* H was handed in over the session of the key CARRIER, and the bank answered. */
void driver_rotated(struct driver *d, struct handed *h, size_t carrier);

/* Requests to be enrolled, driver_newcomers.c. */
void driver_ask(struct driver *d, const struct js *command);
void driver_sponsor(struct driver *d, const struct js *command);
void driver_admit(struct driver *d, const struct js *command);
void driver_refuse_request(struct driver *d, const struct js *command);
/* After an answer that may have admitted somebody. */
void driver_admitted(struct driver *d);

/* What the operator says at the console, driver_operator.c. */
void driver_settings(struct driver *d, const struct js *command);
void driver_key_set(struct driver *d, const struct js *command);
void driver_account(struct driver *d, const struct js *command);
void driver_account_state(struct driver *d, const struct js *command);
void driver_fund(struct driver *d, const struct js *command);
void driver_release(struct driver *d, const struct js *command);
void driver_refuse(struct driver *d, const struct js *command);
void driver_confirm(struct driver *d, const struct js *command);
void driver_return(struct driver *d, const struct js *command);
void driver_credit(struct driver *d, const struct js *command);
void driver_see_suspense(struct driver *d, const struct js *command);
void driver_assign(struct driver *d, const struct js *command);
void driver_give_back(struct driver *d, const struct js *command);
void driver_reverse(struct driver *d, const struct js *command);
void driver_reconcile(struct driver *d, const struct js *command);

#endif
