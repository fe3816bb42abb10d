/* SPDX-License-Identifier: Apache-2.0
 *
 * subject: the order that a command is about, with the policy it would be decided under. An order
 * comes from a file or, by its id, from the bank; the policy from a file or the bank.
 */
#ifndef SIGNER_SUBJECT_H
#define SIGNER_SUBJECT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/decision.h"
#include "order/jws.h"
#include "order/order.h"
#include "order/policy.h"
#include <stdio.h>

struct app;
struct js;

struct subject {
    struct order order;
    struct buf bytes; /* the order document */
    struct policy *policy;
};

/* WORD is a file's path or an order id. What people typed is canonicalised here, before anybody
 * sees it. POLICY_FILE NULL: ask the bank. An order that is at the bank is decided under the policy
 * that it entered under. */
MUST_CHECK enum err subject_load(struct app *a, const char *word, const char *policy_file,
                                 struct subject *out);
/* An order of ACCOUNT (NULL: SETTING_MISSING) and the policy it is decided under, both as the bank
 * has them now. *TOLD: all that the bank says of the order, for js_free; NULL on failure before it
 * was told. */
MUST_CHECK enum err subject_ask(struct app *a, const char *account, const char *id,
                                struct subject *out, struct js **told);
void subject_free(struct subject *s);
/* E with the message WHERE, and the member that F names. */
enum err subject_blame(struct app *a, enum err e, const char *where, const struct order_fault *f);

/* A policy document, of whatever account. */
MUST_CHECK enum err subject_policy_file(struct app *a, const char *path, struct policy **out);
/* The policy of ACCOUNT as the bank has it now. */
MUST_CHECK enum err subject_policy(struct app *a, const char *account, struct policy **out);
/* It must be of the bank and the account of the settings. */
MUST_CHECK enum err subject_check_policy(struct app *a, const struct policy *p);
/* The currency of the account of the settings, as the bank tells it. */
MUST_CHECK enum err subject_currency(struct app *a, char out[static 4]);

/* Bank and account of order and policy, and the settings' bank, are the same. */
MUST_CHECK enum err subject_check_pair(struct app *a, const struct subject *s);

/* Appends who must approve the order by its policy, as lines. */
MUST_CHECK enum err subject_approvers(const struct subject *s, struct buf *out);
/* Prints what is going to be signed, once E says that it is whole; IO when it cannot be read. Frees
 * TEXT. */
MUST_CHECK enum err subject_print(enum err e, struct buf *text, FILE *f);
/* Prints the text that VERB signs to F, and warnings around it, never inside. */
MUST_CHECK enum err subject_show(const struct subject *s, enum verb verb, FILE *f);

/* Signs: {"decision":JWS,"order":{...}}, the form that send and countersign-verify take.
 * CHALLENGE may be NULL. */
#define DECISION_BODY_MAX (ORDER_MAX + JWS_MAX + 256u) /* bytes */
MUST_CHECK enum err subject_sign(struct app *a, const struct subject *s, enum verb verb,
                                 const char *challenge, struct buf *body);
/* COUNT of them, at most TOKEN_AT_ONCE, each to EACH as soon as it is signed. The first that fails
 * ends it. Not for a token that was pulled: that is its caller's. */
typedef enum err (*subject_body_fn)(void *ctx, const struct subject *s, const struct buf *body);
MUST_CHECK enum err subject_sign_many(struct app *a, const struct subject *const *subjects,
                                      size_t count, enum verb verb, const char *challenge,
                                      subject_body_fn each, void *ctx);

#endif
