/* SPDX-License-Identifier: Apache-2.0
 *
 * keeper: what the keeper answers to bankd's questions (msg.h), as handlers of serve_loop.
 *
 * It signs checkpoints of one log, from recorded head to recorded head, certificates for TLS keys,
 * and those of people whom operators admitted that it knows itself (acts.h); it builds all that it
 * signs, and no question carries bytes or a hash to be signed. It does not judge what the log says,
 * nor when.
 */
#ifndef BANKD_KEEPER_KEEPER_H
#define BANKD_KEEPER_KEEPER_H

#include "bankd/keeper/hsm.h"
#include "base/err.h"
#include "token/serve.h"
#include <stdbool.h>
#include <stdint.h>

struct keeper_options {
    const char *bank;
    const char *state_dir; /* locked by the caller: state_lock */
    struct hsm *hsm;       /* outlives the keeper */
    unsigned admissions;   /* different operators who must admit a person */
    int person_days;       /* for so long his certificates are valid */
    int stop_fd;           /* an eventfd, written when the module has become unusable */
};

struct keeper;

/* Loads the state and the papers and holds them against the token's keys: KEEPER_STATE when they
 * do not belong together. The options' texts are borrowed. */
MUST_CHECK enum err keeper_open(const struct keeper_options *options, struct keeper **out);
void keeper_close(struct keeper *k); /* NULL-safe */

/* For serve_loop; the context is the struct keeper. Static storage. */
const struct serve_handler *keeper_handlers(size_t *count);

/* True once the module failed in a way that only a new process mends. */
bool keeper_unusable(const struct keeper *k);

const char *keeper_pin(const struct keeper *k);     /* thumbprint of the root key */
const char *keeper_log_key(const struct keeper *k); /* thumbprint of the log key */
uint64_t keeper_size(const struct keeper *k);       /* of the recorded tree */

#endif
