/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: who must approve what an account does (docs/FORMAT.md section 8). Rules are asked in
 * their order and the first that covers a case decides it. A policy with a rule that nobody can
 * satisfy, that is never asked or that names somebody unknown does not load; policy_advice.h says
 * which and why.
 *
 * What it does not judge: keys, signatures, time (but for waiting clauses) and sums over several
 * orders - limits are only told.
 */
#ifndef ORDER_POLICY_H
#define ORDER_POLICY_H

#include "base/buf.h"
#include "base/err.h"
#include "order/forms.h"
#include "order/iban.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js;

#define POLICY_MAX 16384u /* bytes */
#define POLICY_HOLDERS_MAX 64u
#define POLICY_TITLE_BYTES 280
#define POLICY_SINGLE "single"                                /* of the member `signatures` */
#define POLICY_CHANGE_LIFE_US (INT64_C(30) * 86400 * 1000000) /* how long a new one may wait */

struct policy; /* immutable, shared between threads */

/* POLICY_INVALID for what the rules say, otherwise the name that section 1 gives to a form; of a
 * VALUE that is not there (NULL) DOC_MEMBER_MISSING. */
MUST_CHECK enum err policy_parse(const void *bytes, size_t len, struct policy **out);
MUST_CHECK enum err policy_from_js(const struct js *value, struct policy **out);
void policy_free(struct policy *p); /* NULL-safe */

const char *policy_bank(const struct policy *p);
const char *policy_account(const struct policy *p);
const char *policy_currency(const struct policy *p); /* of its amounts; "" when it has none */
const char *policy_title(const struct policy *p);
int64_t policy_version(const struct policy *p);
const uint8_t *policy_digest(const struct policy *p); /* DIGEST_LEN bytes */
const char *policy_bytes(const struct policy *p, size_t *len);
bool policy_valid_at(const struct policy *p, int64_t time_us);
int64_t policy_valid_from(const struct policy *p);
int64_t policy_valid_until(const struct policy *p); /* INT64_MAX: for ever */
bool policy_wants_single(const struct policy *p);   /* each order signed by itself: no batch */

bool policy_may_submit(const struct policy *p, const char *holder);  /* any holder */
bool policy_may_approve(const struct policy *p, const char *holder); /* any class but T */
size_t policy_holder_count(const struct policy *p);
const char *policy_holder(const struct policy *p, size_t i);
char policy_holder_class(const struct policy *p, size_t i); /* A, B, E, T; 0 past the end */

/* The most that may leave the account in a calendar day or month (UTC); -1 without a limit. */
enum policy_period { POLICY_DAY, POLICY_MONTH };
int64_t policy_limit(const struct policy *p, enum policy_period period);

/* Whether PRINCIPAL, who may approve, may let DEPUTY, whom the policy lists, stand for him. */
bool policy_lets_delegate(const struct policy *p, const char *principal, const char *deputy);

/* DEPUTY may take PRINCIPAL's place in payments up to the amount. */
struct policy_delegation {
    const char *principal, *deputy;
    int64_t amount_minor;
};

/* What is to be decided. */
enum policy_subject { POLICY_PAYMENT, POLICY_CASH, POLICY_CHANGE };
struct policy_case {
    enum policy_subject subject;
    int64_t amount_minor; /* in the account's currency; payments and cash */
    const char *payee;    /* the creditor's account; payments */
    int64_t waited_us;    /* since the case was opened, see policy_waited: waiting clauses */
    const struct policy_delegation *delegations; /* in force now, at most one a principal */
    size_t delegation_count;
};

/* Whether HOLDER may stand for somebody in the case. */
bool policy_is_deputy(const struct policy *p, const struct policy_case *c, const char *holder);

/* How long a case waited: between whole seconds, which is all that a log tells, and never below
 * zero, wherever the clock went. */
int64_t policy_waited(int64_t since_us, int64_t now_us);
/* The first moment at which it has waited so long. */
int64_t policy_opens(int64_t since_us, int64_t wait_us);

/* Votes that count: each names a holder once; the caller has checked keys and signatures. A holder
 * named twice is not counted. A person takes one place: his own, or that of a principal who has not
 * voted himself. */
struct policy_vote {
    const char *holder;
    bool approves; /* false: rejects */
};
struct policy_verdict {
    bool covered;      /* a rule is for this case; otherwise nobody can approve it */
    unsigned required; /* people whom the nearest way to a quorum takes */
    unsigned given;    /* of them, distinct people who approved */
    bool approved;     /* somebody has approved, be it of use or not */
    bool reached;      /* a quorum stands */
    bool unreachable;  /* none can be reached any more */
};
void policy_judge(const struct policy *p, const struct policy_case *c,
                  const struct policy_vote *votes, size_t count, struct policy_verdict *out);

/* The least wait, longer than the case's, after which a way to a quorum opens; -1 when none does.
 */
int64_t policy_next_opening(const struct policy *p, const struct policy_case *c);

/* Appends its holders, deputies, limits and rules, as they are shown to whoever signs it. */
MUST_CHECK enum err policy_display_terms(const struct policy *p, struct buf *out);

/* What a policy is made of. */
struct policy_person {
    char id[HOLDER_MAX + 1];
    char class; /* A, B, E, T */
};
struct policy_terms {
    const char *bank, *account, *title;
    const char *currency; /* of the account */
    int64_t version, valid_from_us;
    const struct policy_person *people; /* sorted by id */
    size_t count;
    /* Canonical JSON arrays; "": all for all, no limits, no deputies. */
    const char *rules, *limits, *deputies;
    bool single; /* each order is signed by itself */
};
/* "bob", of class A, or "bob:B", as people write them; USAGE for another form. Whether there is
 * such a class is for the reader of the policy to say. */
MUST_CHECK enum err policy_person_read(const char *text, struct policy_person *out);
void policy_people_sort(struct policy_person *people, size_t count);
/* {"deputies":[...],"limits":[...],"rules":[...],"signatures":"single"}, each may be absent:
 * appends the canonical arrays of a policy's terms, nothing for what is absent. DOC_MEMBER_UNKNOWN,
 * DOC_MEMBER_INVALID. */
MUST_CHECK enum err policy_terms_read(const struct js *value, struct buf *rules, struct buf *limits,
                                      struct buf *deputies, bool *single);
/* The member `signatures`: "single", or NULL for none; DOC_MEMBER_INVALID. */
MUST_CHECK enum err policy_signatures_read(const struct js *value, bool *single);

/* Appends the document, whether it loads or not. */
MUST_CHECK enum err policy_write(const struct policy_terms *in, struct buf *out);
/* Appends the document; what policy_parse says of it. */
MUST_CHECK enum err policy_make(const struct policy_terms *in, struct buf *out);

#endif
