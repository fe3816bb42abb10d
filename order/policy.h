/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: who must approve an account's orders (docs/FORMAT.md section 8). Version 1 knows the
 * envelope and the rule "all". A policy that nobody can satisfy does not load.
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

struct policy; /* immutable, shared between threads */

MUST_CHECK enum err policy_parse(const void *bytes, size_t len, struct policy **out);
MUST_CHECK enum err policy_from_js(const struct js *value, struct policy **out);
void policy_free(struct policy *p); /* NULL-safe */

const char *policy_bank(const struct policy *p);
const char *policy_account(const struct policy *p);
const char *policy_title(const struct policy *p);
int64_t policy_version(const struct policy *p);
const uint8_t *policy_digest(const struct policy *p); /* DIGEST_LEN bytes */
const char *policy_bytes(const struct policy *p, size_t *len);
bool policy_valid_at(const struct policy *p, int64_t time_us);

bool policy_may_submit(const struct policy *p, const char *holder);  /* any holder */
bool policy_may_approve(const struct policy *p, const char *holder); /* any class but T */
size_t policy_holder_count(const struct policy *p);
const char *policy_holder(const struct policy *p, size_t i);

/* Votes that count: each names a holder once; the caller has checked keys and signatures. A holder
 * named twice, or who may not approve, is not counted. */
struct policy_vote {
    const char *holder;
    bool approves; /* false: rejects */
};
struct policy_verdict {
    unsigned required; /* approvals needed */
    unsigned given;    /* distinct people who approved */
    bool reached;      /* the quorum stands */
    bool unreachable;  /* it can no longer be reached, because somebody said no */
};
void policy_judge(const struct policy *p, const struct policy_vote *votes, size_t count,
                  struct policy_verdict *out);

/* Writes the default policy (all holders, class A, rule all) as a document. HOLDERS are sorted. */
MUST_CHECK enum err policy_make_all(const char *bank, const char *account, const char *title,
                                    int64_t version, int64_t valid_from_us,
                                    const char *const *holders, size_t count, struct buf *out);

#endif
