/* SPDX-License-Identifier: Apache-2.0
 *
 * session: who is asking. Sessions are rows of the store; they end when they are idle, too old, or
 * when the key that logged in is no longer active. Private to bankd/core.
 */
#ifndef BANKD_CORE_SESSION_H
#define BANKD_CORE_SESSION_H

#include "bankd/core/freshness.h"
#include "bankd/core/people.h"
#include "bankd/core/state.h"
#include "order/policy.h"
#include <stdbool.h>

struct session_viewer {
    bool is_operator; /* sees every account */
    int64_t holder;
    char holder_name[HOLDER_MAX + 1];
    enum people_kind kind;
    int64_t card; /* by a certificate: the signing key that it came with; 0: he logged in */
};
/* A session that was begun by a login, as the store has it. */
struct session_begun {
    int64_t started_us, seen_us;
    bool key_active; /* the one that logged in */
    struct session_viewer viewer;
};
/* The operator or the session's holder; SESSION_REQUIRED. */
MUST_CHECK enum err session_viewer(struct core *c, const struct core_caller *who,
                                   struct session_viewer *out);
/* ROLE_REQUIRED unless the caller is the operator. */
MUST_CHECK enum err session_operator(const struct core_caller *who);
/* The same, and TEXT_INVALID unless NOTE, why he does it, can stand in the log. */
MUST_CHECK enum err session_operator_note(const struct core_caller *who, const char *note);

/* Whether the viewer stands in the account's current policy, or sees all. */
bool session_may_see(const struct session_viewer *v, const struct policy *current);

/* What the bank knows of a statement's challenge. */
MUST_CHECK enum err session_challenge(struct core *c, const struct statement *head,
                                      const struct people_key *key, bool for_login,
                                      struct freshness_challenge *out);

#endif
