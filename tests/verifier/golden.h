/* SPDX-License-Identifier: Apache-2.0
 *
 * golden: the files that make_golden.py wrote, and the people in them.
 */
#ifndef TESTS_VERIFIER_GOLDEN_H
#define TESTS_VERIFIER_GOLDEN_H

#include "base/buf.h"
#include "verifier/verifier.h"

/* The file's bytes, as a fresh buffer; a missing file fails the test. */
struct buf golden_read(const char *name);

/* The policy in a file, for policy_free. */
struct policy *golden_policy(const char *name);

/* The value behind NAME in digests.txt; static storage, good until the next call. */
const char *golden_digest(const char *name);

/* Alice's and Bob's keys, from keys.ndjson. */
struct golden_keys {
    struct key *key[2];
};
struct golden_keys golden_keys_load(void);
void golden_keys_free(struct golden_keys *keys);
struct verify_keys golden_keys_lookup(const struct golden_keys *keys);

/* Calls ROW for every line "ERROR NAME[ REST]" of a file; at least MIN lines. */
typedef void (*golden_row_fn)(enum err expected, const char *name, const char *rest, void *ctx);
void golden_table(const char *file, size_t min, golden_row_fn row, void *ctx);

/* Has every line "ERROR NAME TEXT" of a file verified whose NAME begins with PREFIX, at least MIN
 * of them: each must give its ERROR, or pass where that is OK. */
typedef enum err (*golden_verify_fn)(void *ctx, const char *text, struct verified **out);
void golden_forged(const char *file, const char *prefix, size_t min, golden_verify_fn verify,
                   void *ctx);
/* The text in a file, with any one character changed, does not pass. */
void golden_changed(const char *file, golden_verify_fn verify, void *ctx);

#endif
