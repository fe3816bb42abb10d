/* SPDX-License-Identifier: Apache-2.0
 *
 * world: a bank in a directory of its own, on a real database, with people whose keys are in
 * software; its time stands still unless a test moves it. Every call is one committed transaction.
 * A failure of the world itself ends the test.
 */
#ifndef TESTS_BANKD_WORLD_H
#define TESTS_BANKD_WORLD_H

#include "bankd/core/core.h"
#include "bankd/store/store.h"
#include "order/batch.h"
#include "order/decision.h"
#include "order/enrolment.h"
#include "order/jws.h"
#include "order/key.h"
#include <stdbool.h>
#include <stdint.h>

#define WORLD_BANK "demobank.example/test"
#define WORLD_ALICE_ACCOUNT "PT50000201231234567890154"
#define WORLD_SHOP_ACCOUNT "DE89370400440532013000"
#define WORLD_SECOND INT64_C(1000000)

struct person {
    const char *name;
    struct evp_pkey_st *secret;
    struct key *key;
    char session[KEY_THUMBPRINT_LEN + 1];
};

struct world {
    /* What bankd.conf says; NULL: nothing; counts at the next restart. */
    const char *hold_above, *hold_on, *cutoff, *bank_codes, *four_eyes;
    int64_t sponsors;
    const char *payee_check; /* what was found out about the payees of new orders; NULL: nothing */
    char dir[64], path[96];
    struct store *store;
    struct core *core;
    struct sqlite3 *look; /* for whoever looks past it; NULL: nobody did */
    struct core_time time;
    struct person root, log; /* the bank's own keys */
    struct buf bank_keys;
    struct person alice, bob, carol;
    struct core_answer answer; /* of the last call */
    unsigned serial;           /* makes nonces and ids differ */
    bool in_batch;             /* between world_batch and world_batch_end */
    bool contradicts;          /* the test wrote rows by which the log contradicts itself */
};

/* An empty bank at 2026-11-23T09:00:00Z, a Monday; log started, no people. */
void world_open(struct world *w);
void world_open_in(struct world *w, const char *parent); /* its directory's; in memory otherwise */
void world_close(struct world *w);
void world_restart(struct world *w);
/* An account and its policy; a holder is "bob", of class A, or "bob:B". RULES, LIMITS and
 * DEPUTIES are JSON arrays or NULL. Returns what the bank answered. */
struct world_account {
    const char *account, *currency; /* NULL: EUR */
    const char *const *holders;
    size_t count;
    const char *rules, *limits, *deputies;
    bool single; /* each order is signed by itself */
};
enum err world_open_account(struct world *w, const struct world_account *in);
/* Alice (P-256) and Bob (P-521) with a joint account, Carol (P-384) with the shop's; 100.00 EUR in
 * the joint account; all three logged in. */
void world_populate(struct world *w);

void world_key(struct person *p, const char *name, const char *curve);
void world_person_free(struct person *p);
void world_enrol(struct world *w, struct person *p);
void world_login(struct world *w, struct person *p);
void world_account(struct world *w, const char *account, const char *first, const char *second);
void world_fund(struct world *w, const char *account, const char *amount);
void world_later(struct world *w, int64_t seconds); /* both clocks */

/* Begin and commit around a call; `world_begin(w); e = core_...; world_end(w, e);` */
void world_begin(struct world *w);
void world_end(struct world *w, enum err e);
/* Several calls in one transaction: in between, world_begin and world_end begin and commit nothing.
 */
void world_batch(struct world *w);
void world_batch_end(struct world *w);

struct world_order {
    struct order order;
    struct buf bytes;
};
/* AMOUNT EUR from Alice's and Bob's account to the shop, today, valid for an hour. */
void world_order(struct world *w, const char *amount, struct world_order *out);
void world_order_free(struct world_order *o);
/* An order from a draft document with some members changed: DRAFT is JSON without the members that
 * order_complete fills. */
void world_order_from(struct world *w, const char *draft, struct world_order *out);

/* What the next statement says; zero members mean the ordinary: now, five minutes, a fresh nonce.
 */
struct world_says {
    int64_t issued_us, expires_us;
    const char *nonce, *challenge;
    const struct policy *policy; /* NULL: the account's current one */
};
/* What a signer reads before he signs: the account's current policy. */
const struct policy *world_policy_of(struct world *w, const char *account);
/* One that the core knows: SQL gives its digest in hexadecimal digits. */
const struct policy *world_policy_by(struct world *w, const char *sql);
/* The members that every statement has. */
void world_head(struct world *w, const struct world_says *says, struct statement *head);
/* PAYLOAD as a statement of KIND by that person, in JWS alone. */
void world_sign_statement(const struct person *by, enum statement_kind kind,
                          const struct buf *payload, struct buf *jws);
/* The signed statement. */
void world_sign(struct world *w, const struct person *signer, const struct world_order *o,
                enum verb verb, const struct world_says *says, struct buf *jws);
/* Hands it in over CALLER's session; the result's error, "OK" for success. */
const char *world_hand_in(struct world *w, const struct person *caller, const struct buf *jws,
                          const struct world_order *o);
/* Both in one, over the signer's own session. */
const char *world_decide(struct world *w, const struct person *signer, const struct world_order *o,
                         enum verb verb);

/* Many orders by one signature (world_many.c): what is signed is what they are, but for what LIE
 * has that is not zero. PLACES gets each one's place. */
void world_sign_many(struct world *w, const struct person *signer, const struct world_order *orders,
                     size_t count, const struct batch *lie, const struct world_says *says,
                     struct buf *jws, struct batch_inclusion *places);
/* One of them, over CALLER's session. */
const char *world_hand_in_place(struct world *w, const struct person *caller, const struct buf *jws,
                                const struct world_order *o, const struct batch_inclusion *place);

/* Enrols a terminal and logs it in. */
void world_terminal(struct world *w, struct person *p);
/* AMOUNT EUR into or out of Alice's and Bob's account at till-1, valid for an hour. */
void world_cash(struct world *w, enum order_kind kind, const char *amount, struct world_order *out);
/* The terminal's statement; handing it in over CALLER's session; both over the signer's own. */
void world_sign_cash(struct world *w, const struct person *signer, const struct world_order *o,
                     const struct world_says *says, struct buf *jws);
const char *world_hand_in_cash(struct world *w, const struct person *caller, const struct buf *jws,
                               const struct world_order *o);
const char *world_cash_in(struct world *w, const struct person *signer,
                          const struct world_order *o);

/* A policy of the account from now on; PEOPLE and RULES are the insides of the JSON arrays. */
struct policy *world_policy(struct world *w, const char *account, int64_t version,
                            const char *people, const char *rules);
/* A word on a new policy that replaces the one in force, and handing it in. */
void world_sign_policy(struct world *w, const struct person *signer, const struct policy *to,
                       enum verb verb, struct buf *jws);
/* The same as SAYS says, whose policy is the one to be replaced. */
void world_sign_policy_as(struct world *w, const struct person *signer, const struct policy *to,
                          enum verb verb, const struct world_says *says, struct buf *jws);
const char *world_hand_in_policy(struct world *w, const struct person *caller,
                                 const struct buf *jws, const struct policy *to);
const char *world_policy_decide(struct world *w, const struct person *signer,
                                const struct policy *to, enum verb verb);

/* A word on an application for an account, and handing it in over CALLER's session. */
void world_sign_application(struct world *w, const struct person *signer,
                            const struct application *a, enum application_verb verb,
                            const struct world_says *says, struct buf *jws);
const char *world_hand_in_application(struct world *w, const struct person *caller,
                                      const struct buf *jws, const struct application *a);

/* Who stands for the signer; zero members mean the ordinary: withdraw, Alice's account, EUR, from
 * now, for a day, under the account's current policy. */
struct world_gift {
    const char *deputy, *account, *currency;
    int64_t amount_minor, from_us, until_us;
    const struct policy *policy;
};
void world_sign_delegation(struct world *w, const struct person *signer,
                           const struct world_gift *gift, const struct world_says *says,
                           struct buf *jws);
const char *world_hand_in_delegation(struct world *w, const struct person *caller,
                                     const struct buf *jws, const char *account);
/* Both in one, over the signer's own session. */
const char *world_delegate(struct world *w, const struct person *signer,
                           const struct world_gift *gift);

/* A second active key for HOLDER, past the bank, which is started anew. */
void world_second_key(struct world *w, const char *holder, struct person *second);
/* OLD gives its place to NEXT, which proves itself. */
void world_sign_rotation(struct world *w, const struct person *old, const struct person *next,
                         const struct world_says *says, struct buf *jws);
/* By the path of OLD, over CALLER's session. */
const char *world_hand_in_rotation(struct world *w, const struct person *caller,
                                   const struct person *old, const struct buf *jws);
/* Both in one, over OLD's own session, which NEXT has then. */
const char *world_rotate(struct world *w, const struct person *old, struct person *next);

/* P asks to be enrolled, as WANTED unless that is "". NAME gets what the bank calls the request. */
void world_sign_request(struct world *w, struct person *p, const char *wanted,
                        const struct world_says *says, struct buf *jws);
const char *world_hand_in_request(struct world *w, const struct core_caller *caller,
                                  const struct buf *jws, char name[static ENROLMENT_ID_LEN + 1]);
/* "waiting", to whoever asks. */
const char *world_request_status(struct world *w, const char *name);
/* What a keeper could say to an admission: world_keeper_says, a core_certifier's, with this as its
 * context. */
struct world_keeper {
    unsigned missing, asked;
    enum err err;
};
enum err world_keeper_says(void *ctx, const char *statement, const char *act,
                           struct core_certificates *out);
/* Both in one, by a stranger, for so many DAYS. */
const char *world_ask(struct world *w, struct person *p, const char *wanted, int64_t days,
                      char name[static ENROLMENT_ID_LEN + 1]);
/* A holder's word on it; members that are NULL: Alice's account, the newcomer's own name. */
struct world_word {
    const char *request, *account, *name;
    const struct person *newcomer;
};
void world_sign_sponsorship(struct world *w, const struct person *sponsor,
                            const struct world_word *word, const struct world_says *says,
                            struct buf *jws);
const char *world_hand_in_sponsorship(struct world *w, const struct person *caller,
                                      const char *request, const struct buf *jws);
/* Both in one, over the sponsor's own session. */
const char *world_sponsor(struct world *w, const struct person *sponsor,
                          const struct world_word *word);

/* What the bank's operator calls with. */
extern const struct core_caller world_operator;

/* The text of a member of the last answer; NULL when absent. */
const char *world_text(struct world *w, const char *member);
/* One column of one row, as text, read past the store: "" for NULL. */
const char *world_sql(struct world *w, const char *sql);
void world_execute(struct world *w, const char *sql);
const char *world_balance(struct world *w, const char *account); /* "booked/reserved" */

/* The log's own statement of the present head by the bank's log key. */
void world_checkpoint(struct world *w, struct buf *note);

/* What must hold after everything: every posting sums to zero, balances are their sums, what is
 * reserved is what open orders want, the log verifies from first to last. */
void world_check(struct world *w);
/* Only the log, as bankctl does it, from where AUDIT ends, which goes on to the whole. */
struct audit;
void world_check_log(struct world *w, struct audit *audit);

/* jws_sign_fn; CTX is a struct person. */
enum err world_sign_hash(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                         size_t sig_cap, size_t *sig_len);

/* What the verifier says to the evidence that WHO gets about the order. */
enum err world_evidence(struct world *w, const struct person *who, const struct world_order *o,
                        struct verify_report *report);

/* --- what many tests do (world_scene.c) --- */
/* A test's beginning, with *STATE a world that is open and populated, and its end, with
 * world_check. */
int world_enter(void **state);
int world_leave(void **state);
void world_login_all(struct world *w); /* Alice, Bob, Carol */
/* An operator with P's key, or without a key that anybody has; and what he may from now on. */
void world_operator_add(struct world *w, const struct person *p, role_set roles);
void world_employ(struct world *w, const char *name, role_set roles);
void world_give_roles(struct world *w, const char *name, role_set roles);
/* SIGNER's act at PATH, "as told". */
void world_sign_act(struct world *w, const struct person *signer, const char *path,
                    struct buf *jws);
void world_open_funded(struct world *w, const struct world_account *in, const char *amount);
/* AMOUNT EUR from ACCOUNT to the shop; MORE are members of its draft, each with its comma. */
void world_order_on(struct world *w, const char *account, const char *amount, const char *more,
                    struct world_order *out);
/* Alice and Bob; then it has STATUS. */
void world_both_approve(struct world *w, const struct world_order *o, const char *status);
bool world_look(struct world *w, unsigned max); /* core_due; whether some are left */
const char *world_newest(struct world *w); /* the newest order's status and reason, as "RJCTAM04" */
/* WHO's evidence is believed and says STATUS. */
struct verify_report world_proves(struct world *w, const struct person *who,
                                  const struct world_order *o, const char *status);
/* The operator accepts a clock that the bank does not believe. */
void world_accept_clock(struct world *w);

#endif
