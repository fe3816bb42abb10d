/* SPDX-License-Identifier: Apache-2.0
 *
 * core: the bank's rules as functions of (transaction, verified statement, now). No socket, no
 * thread, no clock. Called by the committer inside one store transaction, and by the model tests.
 *
 * A core_* function decides before it writes: a refusal leaves only its log entry or count, so one
 * transaction may hold many requests. Its return value is ERR_OK when it decided, whatever the
 * decision (see the answer); anything else means that the transaction must be rolled back and
 * everybody in it gets that error.
 */
#ifndef BANKD_CORE_CORE_H
#define BANKD_CORE_CORE_H

#include "bankd/core/terms.h"
#include "base/buf.h"
#include "base/err.h"
#include "order/merkle.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/radar.h"
#include "order/role.h"
#include "order/statement.h"
#include "order/status.h"
#include "order/waits.h"
#include "verifier/verifier.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct core;
struct core_page;

typedef enum err (*core_random_fn)(void *ctx, uint8_t *out, size_t len);

struct core_options {
    struct core_terms terms;
    const char *bank;
    core_random_fn random; /* salts, challenges */
    void *random_ctx;
    int64_t session_idle_us; /* 0: 5 minutes */
    int64_t session_max_us;  /* 0: 12 hours */
};

/* Loads enrolled keys, policies and the log head from the store, which must outlive the core.
 * BANK_MISMATCH when the log belongs to another bank. */
MUST_CHECK enum err core_open(struct store *store, const struct core_options *options,
                              struct core **out);
void core_close(struct core *c);
/* Other terms for what comes; between two batches. What was decided stays so. */
void core_set_terms(struct core *c, const struct core_terms *terms);

/* --- lookups for the verify workers: thread-safe, entries never go away before core_close --- */
struct verify_keys core_keys(struct core *c);
/* Every policy that any account ever had, by its digest. */
struct verify_policies core_policies(struct core *c);

/* --- the batch --- */
struct core_time {
    int64_t now_us;  /* store_now(): the bank's time */
    int64_t mono_us; /* the same moment on the monotonic clock */
};
/* Begins the transaction and judges the clock (freshness rule 2). CLOCK_INSANE: the transaction is
 * open, but core_commit refuses it, and those to come even when the clock is right again, until
 * core_clock_accept, before which nothing may be written in its batch. What goes by a statement, or
 * tells the keeper before the commit (core_enrolment_admit, core_key_set, core_key_suspend), fails
 * with CLOCK_INSANE at once, as does core_due. After any other error no transaction is open. A read
 * may write, too (an order past its time ends when looked at): a batch is always committed. */
MUST_CHECK enum err core_begin(struct core *c, const struct core_time *t);
/* Writes the head; afterwards core_head is durable. CLOCK_INSANE: nothing of the batch is left.
 * After another failure it is unknown whether it was committed: core_rollback asks the store. */
MUST_CHECK enum err core_commit(struct core *c);
void core_rollback(struct core *c); /* core_head is what the store has */

/* Who asks. SESSION is the thumbprint of the TLS client key, "" without. An operator is the peer on
 * the Unix socket, the console ("uid 0 (root)"), who has every role, or whom core_operator or
 * core_act found; OPERATOR_NAME is NULL for anybody else. */
struct core_caller {
    const char *address; /* where he is, as far as it tells callers apart; NULL or "": not known */
    const char *session;
    int64_t certified_until_us; /* SESSION's key has a certificate of the bank's so long; 0: none */
    const char *operator_name;
    role_set roles; /* of an operator */
    bool console;
    int64_t act; /* the entry of what he signed for this call; 0: nothing */
};

struct core_answer {
    enum err err;        /* ERR_OK, or the refusal's name */
    int http;            /* 200, 201, or the error's status */
    struct buf body;     /* JSON; the answer or a problem document (RFC 9457) */
    uint64_t needs_size; /* the answer may go out when a checkpoint covers this many entries */
};
void core_answer_free(struct core_answer *a);

/* --- operators --- */
/* Finds the operator whose session it is, for reading: he needs one of the roles NEEDED. Without a
 * name afterwards the answer is a refusal, or the caller is none and OTHERS may ask, too. */
struct core_operator {
    char name[HOLDER_MAX + 1];
    role_set roles;
    int64_t act; /* its entry; 0: he only reads */
};
MUST_CHECK enum err core_operator(struct core *c, const struct core_caller *who, role_set needed,
                                  bool others, struct core_operator *as, struct core_answer *out);
/* Whether an operator asks, over a session of his own; says nothing of his roles. */
MUST_CHECK enum err core_is_operators(struct core *c, const struct core_caller *who, bool *out);
/* Does by RUN what an operator signed for, once he is found to be AS: with one of the roles NEEDED,
 * a session of his own, and a fresh ACT, which is entered first. The same act again gets its first
 * answer, unless that was BUSY or NOT_FOUND. */
typedef enum err (*core_run_fn)(void *ctx, const struct core_operator *as, struct core_answer *out);
MUST_CHECK enum err core_act(struct core *c, const struct core_caller *who,
                             const struct verified *act, role_set needed, core_run_fn run,
                             void *ctx, struct core_answer *out);
/* Whether the console may act: CONSOLE_CLOSED as the answer once anybody ever had the role
 * security, unless the bank opened it (struct core_terms). */
MUST_CHECK enum err core_console(struct core *c, const struct core_caller *who,
                                 struct core_answer *out);
MUST_CHECK enum err core_operator_add(struct core *c, const struct core_caller *who,
                                      const char *operator_id, const char *name,
                                      const uint8_t *spki, size_t spki_len,
                                      struct core_answer *out);
/* The requests to be enrolled that wait. */
MUST_CHECK enum err core_enrolments(struct core *c, const struct core_caller *who,
                                    const struct core_page *page, struct core_answer *out);
/* The statements of those who vouch for one. */
MUST_CHECK enum err core_sponsorships(struct core *c, const struct core_caller *who,
                                      const char *enrolment, struct core_answer *out);
/* Certificates for the keys of a request to be enrolled, by whoever holds the bank's root key. */
struct core_certificates {
    unsigned missing; /* operators who must admit it besides; until then the rest is empty */
    struct buf sign, authenticate, root;          /* DER; of a key that there is none, empty */
    int64_t sign_until_us, authenticate_until_us; /* when they end */
};
/* STATEMENT is the request, ACT what the operator signed. The caller frees *OUT, also after a
 * failure. */
struct core_certifier {
    enum err (*certify)(void *ctx, const char *statement, const char *act,
                        struct core_certificates *out);
    void *ctx;
    const char *act; /* the operator's; NULL: the console's, which signs nothing */
};
/* Of one that waits, otherwise ENROLMENT_OVER: its keys become HOLDER's. NAME and THUMBPRINT are
 * what the person's letter says (LETTER_MISMATCH). HOLDER is somebody new (BANK_HOLDER_EXISTS), or
 * with ANOTHER somebody who is there (HOLDER_UNKNOWN). HOLDER_MISMATCH when the request is somebody
 * else's who is there; another key of who is there: FOUR_EYES, unless his own sponsors it. An act
 * that is signed brings certificates, or is not enough yet and the request waits on; the console's
 * brings none. */
struct core_admission {
    const char *holder, *name, *thumbprint;
    struct core_certifier by;
    bool another;
};
MUST_CHECK enum err core_enrolment_admit(struct core *c, const struct core_caller *who,
                                         const char *name, const struct core_admission *in,
                                         struct core_answer *out);
MUST_CHECK enum err core_enrolment_refuse(struct core *c, const struct core_caller *who,
                                          const char *name, const char *note,
                                          struct core_answer *out);
/* Of an application for an account that waits, otherwise APPLICATION_OVER: opens ACCOUNT as all its
 * holders signed it, each by a key that is good now, otherwise APPLICATION_UNSIGNED. */
MUST_CHECK enum err core_application_admit(struct core *c, const struct core_caller *who,
                                           const char *name, const char *account,
                                           struct core_answer *out);
MUST_CHECK enum err core_application_refuse(struct core *c, const struct core_caller *who,
                                            const char *name, const char *reason,
                                            struct core_answer *out);
/* All the roles that he has from then on; LAST_OF_ROLE when he has a good key and nobody else with
 * one has a role that he loses. */
MUST_CHECK enum err core_operator_roles(struct core *c, const struct core_caller *who,
                                        const char *operator_id, role_set roles, const char *note,
                                        struct core_answer *out);

/* --- holders --- */
MUST_CHECK enum err core_challenge(struct core *c, const char *thumbprint, bool for_login,
                                   struct core_answer *out);
MUST_CHECK enum err core_login(struct core *c, const struct core_caller *who,
                               const struct verified *login, struct core_answer *out);
MUST_CHECK enum err core_logout(struct core *c, const struct core_caller *who,
                                struct core_answer *out);
/* The order and its bytes are those that the decision was verified against. */
struct core_document {
    const struct order *order;
    const void *bytes;
    size_t len;
    const char *payee_check; /* what was found out about the payee, or "" (order/flag.h) */
};
MUST_CHECK enum err core_decide(struct core *c, const struct core_caller *who,
                                const struct verified *decision,
                                const struct core_document *document, struct core_answer *out);
/* The word of a terminal, over a terminal's session, that hands in a cash order: a deposit is
 * settled by it, a withdrawal waits for the holders. */
MUST_CHECK enum err core_cash(struct core *c, const struct core_caller *who,
                              const struct verified *statement,
                              const struct core_document *document, struct core_answer *out);
/* A word on a new policy of an account, which the bank counts until both quorums stand. TO is what
 * the statement was verified against. */
MUST_CHECK enum err core_policy_decide(struct core *c, const struct core_caller *who,
                                       const struct verified *statement, const struct policy *to,
                                       struct core_answer *out);
/* A word on an application for an account, which waits until all its holders signed it and an
 * operator opens the account. SAID is what the statement was verified against. */
MUST_CHECK enum err core_apply(struct core *c, const struct core_caller *who,
                               const struct verified *statement, const struct application *said,
                               struct core_answer *out);
/* Those that wait: of a holder those that name him. */
MUST_CHECK enum err core_applications(struct core *c, const struct core_caller *who,
                                      const struct core_page *page, struct core_answer *out);
/* By its NAME, the digest in hexadecimal digits: NOT_FOUND, also when it does not name the caller.
 */
MUST_CHECK enum err core_application(struct core *c, const struct core_caller *who,
                                     const char *name, struct core_answer *out);
/* A holder's delegation, or its end. */
MUST_CHECK enum err core_delegate(struct core *c, const struct core_caller *who,
                                  const struct verified *statement, struct core_answer *out);
/* A holder's word that he knows whoever asks to be enrolled. NOT_FOUND, ENROLMENT_OVER,
 * SPONSORSHIP_MISMATCH when the request says otherwise, ALREADY_SPONSORED, SPONSORS_TOO_MANY. */
MUST_CHECK enum err core_sponsor(struct core *c, const struct core_caller *who,
                                 const struct verified *statement, struct core_answer *out);
/* A key gives its place to a new one of the same person, over a session of his: what the old one
 * signed stands, and it signs no more. The session goes on as the new key's, the old key's others
 * end. KEY_TAKEN, ROTATIONS_TOO_MANY. */
MUST_CHECK enum err core_rotate(struct core *c, const struct core_caller *who,
                                const struct verified *statement, struct core_answer *out);
/* A request to be enrolled, by anybody: it waits for an operator. */
MUST_CHECK enum err core_enrol(struct core *c, const struct core_caller *who,
                               const struct verified *statement, struct core_answer *out);
/* What became of it, for whoever knows its NAME (docs/FORMAT.md section 8.6): NOT_FOUND. */
MUST_CHECK enum err core_enrolment(struct core *c, const struct core_caller *who, const char *name,
                                   struct core_answer *out);
/* A request under a key of the caller's own (Idempotency-Key), and the digest of what it asks for.
 * Found: *AGAIN, and OUT is the first answer, or IDEMPOTENCY_KEY_REUSED when it asked for something
 * else. Kept for a day, but of one caller only the newest 1,000. */
struct core_once {
    const char *key;
    uint8_t request[DIGEST_LEN];
};
MUST_CHECK enum err core_once_find(struct core *c, const struct core_caller *who,
                                   const struct core_once *once, bool *again,
                                   struct core_answer *out);
/* In the transaction of what was answered. */
MUST_CHECK enum err core_once_keep(struct core *c, const struct core_caller *who,
                                   const struct core_once *once, const struct core_answer *a);
/* A request that failed before it was verified: counted, one entry per reason and minute. The
 * problem document gets the current policy when E is POLICY_STALE and ACCOUNT is the caller's. */
MUST_CHECK enum err core_refuse(struct core *c, const struct core_caller *who, enum err e,
                                const char *account, struct core_answer *out);

/* For what the server itself answers (bank keys, checkpoint): http 200 and no body when the caller
 * has a session or is an operator. */
MUST_CHECK enum err core_admit(struct core *c, const struct core_caller *who,
                               struct core_answer *out);

/* Does what time demands of at most MAX orders and new policies, whoever's: those that expired,
 * whose waiting clause opened or whose day came. *MORE: some are left. */
MUST_CHECK enum err core_due(struct core *c, unsigned max, bool *more);

/* Notices of orders that are about to expire, or to miss the bank's cut-off, when it is time to
 * look for them. A transaction of its own: nothing else waits for what fails here. */
void core_remind(struct core *c, const struct core_time *t);

/* --- events: entries of the log to follow (order/event.def) --- */
struct core_events {
    int64_t after;  /* the newest one that the caller has seen; below 0: none, he begins at UNTIL */
    int64_t until;  /* the newest entry that a checkpoint covers */
    unsigned limit; /* events */
    unsigned span;  /* entries to look through */
    /* Who asks, and the newest entry that he has seen now. */
    char who[HOLDER_MAX + 64];
    int64_t reached;
};
/* As text/event-stream, what concerns the caller between the two, at most LIMIT events and not
 * beyond the next SPAN entries; asking is using the session. EVENTS_GONE when what came after AFTER
 * can no longer all be followed, or AFTER is none of the bank's. */
MUST_CHECK enum err core_events(struct core *c, const struct core_caller *who,
                                struct core_events *events, struct core_answer *out);

/* --- notices: news for people where they asked to be told --- */
#define CORE_CONTACT_ADDRESS_MAX 500
#define CORE_CONTACT_CODE_LEN 8
struct core_contact {
    const char *email, *webhook, *language; /* "": there not */
};
/* The caller's own, instead of what there was; an address that is new to the bank once its code was
 * said. CONTACT_CHANGES_TOO_MANY. */
MUST_CHECK enum err core_contact_set(struct core *c, const struct core_caller *who,
                                     const struct core_contact *to, struct core_answer *out);
/* CONTACT_CODE_WRONG. */
MUST_CHECK enum err core_contact_confirm(struct core *c, const struct core_caller *who,
                                         const char *code, struct core_answer *out);
MUST_CHECK enum err core_contact(struct core *c, const struct core_caller *who,
                                 struct core_answer *out);
/* Those that wait or are dead: given up, until somebody has them tried again. */
MUST_CHECK enum err core_notices(struct core *c, const struct core_caller *who,
                                 const struct core_page *page, struct core_answer *out);
MUST_CHECK enum err core_notice_retry(struct core *c, const struct core_caller *who,
                                      const char *number, const char *note,
                                      struct core_answer *out);
/* The courier says what became of those that it had, and gets those that are due. */
enum core_outcome { CORE_CARRIED, CORE_FAILED, CORE_UNWANTED };
struct core_carried {
    const char *notice, *error;
    enum core_outcome outcome;
    unsigned jitter; /* makes the next try up to a quarter later */
};
MUST_CHECK enum err core_courier(struct core *c, const struct core_carried *carried, size_t count,
                                 struct core_answer *out);

/* --- reading; a holder sees his own accounts, an operator all --- */
struct core_page {
    const char *cursor; /* "" for the first page */
    unsigned limit;     /* 1..200; 0 means 50 */
};
MUST_CHECK enum err core_operators(struct core *c, const struct core_caller *who,
                                   const struct core_page *page, struct core_answer *out);
MUST_CHECK enum err core_accounts(struct core *c, const struct core_caller *who,
                                  const struct core_page *page, struct core_answer *out);
MUST_CHECK enum err core_account(struct core *c, const struct core_caller *who, const char *account,
                                 struct core_answer *out);
MUST_CHECK enum err core_account_policy(struct core *c, const struct core_caller *who,
                                        const char *account, struct core_answer *out);
/* Those in force and to come. */
MUST_CHECK enum err core_delegations(struct core *c, const struct core_caller *who,
                                     const char *account, struct core_answer *out);
/* Days since 1970, UTC, both included; 0: open on that side. PERIOD_INVALID when they cross. */
struct core_period {
    int32_t from_day, to_day;
};
/* Newest first. */
MUST_CHECK enum err core_movements(struct core *c, const struct core_caller *who,
                                   const char *account, const struct core_period *period,
                                   const struct core_page *page, struct core_answer *out);
/* Oldest first, between the balances before and after the period; LEDGER_CONTRADICTION when they do
 * not lead from one to the other. What moves between two pages belongs to neither. */
MUST_CHECK enum err core_account_statement(struct core *c, const struct core_caller *who,
                                           const char *account, const struct core_period *period,
                                           const struct core_page *page, struct core_answer *out);
/* What went out, summed by month and category. A page is of a number of movements (PAGE's limit is
 * not used): the sums of several pages belong together. */
MUST_CHECK enum err core_expenses(struct core *c, const struct core_caller *who,
                                  const char *account, const struct core_period *period,
                                  const struct core_page *page, struct core_answer *out);
MUST_CHECK enum err core_categories(struct core *c, const struct core_caller *who,
                                    const char *account, const struct core_page *page,
                                    struct core_answer *out);
/* ACCOUNT NULL: every account (operator). */
MUST_CHECK enum err core_orders(struct core *c, const struct core_caller *who, const char *account,
                                const struct core_page *page, struct core_answer *out);
/* The orders that wait for the caller's own word, whoever's accounts they are of, with what is
 * known of their payees. So many are looked at for a page; it may have fewer, even none, and go on.
 */
MUST_CHECK enum err core_waiting_orders(struct core *c, const struct core_caller *who,
                                        const struct core_page *page, struct core_answer *out);
MUST_CHECK enum err core_order(struct core *c, const struct core_caller *who, const char *account,
                               const char *id, struct core_answer *out);
/* What the keeper signed: the bank's keys and the newest note, to whose size the proofs lead. */
struct core_signed {
    const char *bank_keys;
    const char *rollovers; /* a canonical JSON array */
    const char *checkpoint;
    uint64_t size;
};
MUST_CHECK enum err core_evidence(struct core *c, const struct core_caller *who,
                                  const char *account, const char *id, const struct core_signed *by,
                                  struct core_answer *out);

/* --- categories: what a holder of the account says his movements are; "" takes it back --- */
#define CORE_CATEGORY_RULES_MAX 1000 /* of one account */
MUST_CHECK enum err core_category_rule(struct core *c, const struct core_caller *who,
                                       const char *account, const char *payee, const char *category,
                                       struct core_answer *out);
/* MOVEMENT is its number as text; NOT_FOUND when it is not one of the account. */
MUST_CHECK enum err core_movement_category(struct core *c, const struct core_caller *who,
                                           const char *account, const char *movement,
                                           const char *category, struct core_answer *out);

/* --- operator --- */
MUST_CHECK enum err core_holder_add(struct core *c, const struct core_caller *who,
                                    const char *holder, const char *name, const uint8_t *spki,
                                    size_t spki_len, struct core_answer *out);
/* The bank's own terminals: they hand cash orders in, and stand in no policy. */
MUST_CHECK enum err core_terminal_add(struct core *c, const struct core_caller *who,
                                      const char *terminal, const char *name, const uint8_t *spki,
                                      size_t spki_len, struct core_answer *out);
MUST_CHECK enum err core_terminals(struct core *c, const struct core_caller *who,
                                   const struct core_page *page, struct core_answer *out);
/* The caller's own key, over a session of his with whichever of them, but by a certificate only one
 * of the same card (LOGIN_REQUIRED); LAST_OF_ROLE when nobody else would be left who makes
 * operators. With it go those that took its place, and the certificates of their cards. */
MUST_CHECK enum err core_key_suspend(struct core *c, const struct core_caller *who,
                                     const char *thumbprint, const char *note,
                                     struct core_answer *out);
/* A key that is suspended or revoked, and with it those that took its place one after the other,
 * signs nothing, and what it signed counts no more until it is active again; a revoked one never is
 * (KEY_REVOKED). Active again, it signs anew: its floor is now; one that was retired is so again,
 * and stays it (KEY_RETIRED). STATUS is "active", "suspended" or "revoked" (DOC_MEMBER_INVALID);
 * NOTE says why. KEY_UNKNOWN when THUMBPRINT is none of the holder's, or terminal's. */
MUST_CHECK enum err core_key_set(struct core *c, const struct core_caller *who, const char *holder,
                                 const char *thumbprint, const char *status, const char *note,
                                 struct core_answer *out);
MUST_CHECK enum err core_holders(struct core *c, const struct core_caller *who,
                                 const struct core_page *page, struct core_answer *out);
/* An account and its first policy. The bank adds its own name, the currency where there are
 * amounts, the time and the version; PEOPLE may stand in any order. */
struct core_account_terms {
    const char *account, *currency, *title;
    const struct policy_person *people;
    size_t count;
    /* Canonical JSON arrays; "": all must approve, no limits, no deputies. */
    const char *rules, *limits, *deputies;
    bool single; /* each order is signed by itself */
};
MUST_CHECK enum err core_account_open(struct core *c, const struct core_caller *who,
                                      const struct core_account_terms *terms,
                                      struct core_answer *out);
MUST_CHECK enum err core_fund(struct core *c, const struct core_caller *who, const char *account,
                              const char *amount, const char *currency, struct core_answer *out);
/* Blocked: no order takes anything out of the account, what its day comes for ends with AC06;
 * rejections, cancels and credits go on. Closed is for ever, and only without money and open
 * orders: ACCOUNT_NOT_EMPTY. NOTE says why, for the log. */
enum core_account_act { CORE_ACCOUNT_BLOCK, CORE_ACCOUNT_UNBLOCK, CORE_ACCOUNT_CLOSE };
MUST_CHECK enum err core_account_state(struct core *c, const struct core_caller *who,
                                       const char *account, enum core_account_act act,
                                       const char *note, struct core_answer *out);

/* An operator's word on an order: NOTE says why, for the log. ENTRY is the newest entry about the
 * order as he saw it, 0 where he does not say: ITEM_CHANGED when there is a newer one. ITEM_CLAIMED
 * when another operator works on it. */
struct core_word {
    const char *account, *id, *note;
    int64_t entry;
};
/* Of an order that waits for the bank, otherwise ORDER_NOT_HELD: lets it go on, or ends it with
 * DS04. */
MUST_CHECK enum err core_order_release(struct core *c, const struct core_caller *who,
                                       const struct core_word *word, struct core_answer *out);
MUST_CHECK enum err core_order_refuse(struct core *c, const struct core_caller *who,
                                      const struct core_word *word, struct core_answer *out);
/* Keeps a payment back that is not paid yet, until it is released: NOT_HOLDABLE. */
MUST_CHECK enum err core_order_hold(struct core *c, const struct core_caller *who,
                                    const struct core_word *word, struct core_answer *out);
#define CORE_ITEM_MAX 96 /* bytes of an item's name */
/* Whose work an item of the queue is from now on; OPERATOR_ID "": nobody's, NULL: the caller's.
 * ITEM is "order:IBAN/ID", "credit:17", "policy:DIGEST", "enrolment:ENROLMENT" or
 * "application:DIGEST" (NOT_FOUND unless it waits). What is nobody's an operator takes for himself
 * (ITEM_NOT_CLAIMED otherwise), what is his he gives away; what is another's (ITEM_CLAIMED) only
 * who has the role security. HOLDER_UNKNOWN when OPERATOR_ID does not work the queue. */
MUST_CHECK enum err core_claim(struct core *c, const struct core_caller *who, const char *item,
                               const char *operator_id, const char *note, struct core_answer *out);
/* What operators note about an item, for each other and the log. */
MUST_CHECK enum err core_comment(struct core *c, const struct core_caller *who, const char *item,
                                 const char *text, struct core_answer *out);
/* What waits: orders, credits in suspense, new policies and requests to be enrolled, those first
 * that wait longest; ANY: for whomever. What moves between two pages is on a later one. */
MUST_CHECK enum err core_queue(struct core *c, const struct core_caller *who, enum waits waiting,
                               const struct core_page *page, struct core_answer *out);
/* Orders that were paid to another bank and wait there, at ACSP. */
MUST_CHECK enum err core_outbox(struct core *c, const struct core_caller *who,
                                const struct core_page *page, struct core_answer *out);
/* Of one that is in the outbox, otherwise ORDER_NOT_SENT: the other bank has it, or sent it back
 * for a REASON (ISO code; REASON_INVALID for one that is not another bank's to give). */
MUST_CHECK enum err core_order_confirm(struct core *c, const struct core_caller *who,
                                       const struct core_word *word, struct core_answer *out);
MUST_CHECK enum err core_order_return(struct core *c, const struct core_caller *who,
                                      const struct core_word *word, const char *reason,
                                      struct core_answer *out);

/* What came from another bank. An account that is not here, is closed or has another currency
 * leaves it in suspense. CREDIT_EXISTS for a REFERENCE that came before. */
struct core_credit {
    const char *reference; /* the sender's, 1..35 characters */
    const char *account, *amount, *currency;
    const char *debtor_account, *debtor_name, *description; /* "" where not given */
};
MUST_CHECK enum err core_credit(struct core *c, const struct core_caller *who,
                                const struct core_credit *in, struct core_answer *out);
MUST_CHECK enum err core_suspense(struct core *c, const struct core_caller *who,
                                  const struct core_page *page, struct core_answer *out);
/* Of a credit in suspense, otherwise NOT_FOUND; CREDIT is its number as text. */
MUST_CHECK enum err core_credit_assign(struct core *c, const struct core_caller *who,
                                       const char *credit, const char *account, const char *note,
                                       struct core_answer *out);
MUST_CHECK enum err core_credit_return(struct core *c, const struct core_caller *who,
                                       const char *credit, const char *note,
                                       struct core_answer *out);
/* Takes a wrong booking back by an entry of its own: a funding, a credit or an assignment, once
 * (MOVEMENT_REVERSED); what orders did is theirs (NOT_REVERSIBLE). FUNDS_INSUFFICIENT. A blocked
 * account, too: the money was never its own. */
MUST_CHECK enum err core_reverse(struct core *c, const struct core_caller *who, const char *account,
                                 const char *movement, const char *note, struct core_answer *out);
MUST_CHECK enum err core_clock_accept(struct core *c, const struct core_caller *who,
                                      const char *note, struct core_answer *out);
/* Whether the books agree with themselves; what differs is in the answer, by check, count and the
 * first account or order. Reads every table: for a quiet hour, no batch goes on meanwhile. */
MUST_CHECK enum err core_reconcile(struct core *c, const struct core_caller *who,
                                   struct core_answer *out);
MUST_CHECK enum err core_log_entries(struct core *c, const struct core_caller *who, uint64_t from,
                                     unsigned limit, struct core_answer *out);

/* --- what waits, for whoever watches the bank: also while the clock is insane --- */
#define CORE_WAITING_FIRST STATUS_ACTC
#define CORE_WAITING_LAST STATUS_ACSP
struct core_waiting {
    struct {
        int64_t count;
        int64_t oldest_us; /* for so long nobody said a word on it, nor its day came */
    } orders[CORE_WAITING_LAST - CORE_WAITING_FIRST +
             1];                   /* sent to another bank: since it was paid */
    int64_t notices, dead_notices; /* that wait, or were given up */
    int64_t notice_oldest_us;      /* for so long the one that waits longest has been due */
    int64_t suspense;              /* credits that found no account */
    int64_t sessions;
};
MUST_CHECK enum err core_waiting(struct core *c, struct core_waiting *out);

/* --- what is to come (order/radar.h) --- */
/* What of the bank's own ends, and how long before that it is told; 0: as far ahead as all. */
struct core_radar_end {
    const char *what;
    int64_t until_us, ahead_us;
};
/* A page of accounts, an operator's or a holder's: what was found is listed, most have nothing. */
MUST_CHECK enum err core_radar(struct core *c, const struct core_caller *who,
                               const struct core_page *page, const struct core_radar_end *ends,
                               size_t end_count, struct core_answer *out);
/* Goes on counting where it stopped, for at most 200 accounts. *WHOLE: FOUND is of all of them, and
 * it begins anew. Zeroed at first, and after a failure. */
struct core_radar_sweep {
    int64_t cursor;
    int64_t found[RADAR_COUNT]; /* without the bank's own */
};
MUST_CHECK enum err core_radar_sweep(struct core *c, struct core_radar_sweep *sweep, bool *whole);

/* --- the log, for the committer --- */
struct core_head {
    uint64_t size;
    struct merkle_hash root;
};
/* The head as of the last commit. */
void core_head(const struct core *c, struct core_head *out);
/* Proof from an earlier size of this log to the committed head; empty from 0 or from the head
 * itself. LOG_ROLLED_BACK from a larger size. PROOF has room for MERKLE_PROOF_MAX. */
MUST_CHECK enum err core_head_proof(struct core *c, uint64_t from_size, struct merkle_hash *proof,
                                    size_t *count);
/* The first entry of a new log (bank keys), inside a transaction; LOG_ROLLED_BACK when the log is
 * not empty. Until then nothing else can be entered. */
MUST_CHECK enum err core_log_start(struct core *c, const char *bank_keys);
/* TELL of each key of an operator's that counts no more, in the order in which they came: ROTATION
 * is the statement by which another took its place, whatever became of it since; NULL of one that
 * is suspended or revoked. It ends with the first failure. */
typedef enum err (*core_gone_fn)(void *ctx, const char *thumbprint, const char *rotation);
MUST_CHECK enum err core_gone(struct core *c, core_gone_fn tell, void *ctx);
/* How many of CHAIN, the keeper's rollovers of the root key, the log knows. KEEPER_STATE when the
 * log knows more, ROLLOVER_FORK when it knows others. */
MUST_CHECK enum err core_rollovers(struct core *c, const struct verify_rollovers *chain,
                                   size_t *known);
/* Enters the next one, the NUMBERth from 0, inside a transaction. */
MUST_CHECK enum err core_rollover(struct core *c, size_t number, const struct js *rollover,
                                  const uint8_t digest[static DIGEST_LEN]);
/* Stores the newest checkpoint's NOTE, of a log of SIZE entries, inside a transaction. */
MUST_CHECK enum err core_checkpoint_store(struct core *c, const char *note, uint64_t size);

#endif
