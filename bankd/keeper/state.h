/* SPDX-License-Identifier: Apache-2.0
 *
 * state: the last tree head that the keeper signed or was about to, in the one file whose loss or
 * rollback would let the bank show two histories. It belongs to one log key, is made once, by
 * --init, and is written and synced before a head is signed.
 *
 * The file is a canonical document: `logKey` thumbprint, `root` 64 hexadecimal digits, `size`,
 * `type` "keeper-state", `version` 1. What it does not notice: an older copy put in its place.
 */
#ifndef BANKD_KEEPER_STATE_H
#define BANKD_KEEPER_STATE_H

#include "bankd/keeper/msg.h"
#include "base/err.h"
#include "order/key.h"

struct state {
    char log_key[KEY_THUMBPRINT_LEN + 1];
    struct keeper_state head;
};

/* Takes the state directory for this process; two keepers on one state could sign two branches.
 * KEEPER_STATE when another process has it, when DIR cannot be opened, is another user's or open to
 * others than this one. It is released by closing *OUT, and by death. */
MUST_CHECK enum err state_lock(const char *dir, int *out);

/* KEEPER_STATE when the file is missing or anything but a state. */
MUST_CHECK enum err state_load(const char *dir, struct state *out);

/* The first state: the empty tree. KEEPER_STATE when there is one already. */
MUST_CHECK enum err state_create(const char *dir, const char *log_key);

/* Replaces the file, durably. ERR_IO: the old or the new state stands. */
MUST_CHECK enum err state_save(const char *dir, const struct state *s);

/* ERR_OK while DIR has no state file, KEEPER_STATE when it has one, readable or not. */
MUST_CHECK enum err state_absent(const char *dir);

#endif
