/* SPDX-License-Identifier: Apache-2.0
 *
 * state: the last tree head that the keeper signed or was about to, in the one file whose loss or
 * rollback would let the bank show two histories. It belongs to one log key, is made once, by
 * --init, and is written and synced before a head is signed.
 *
 * The file holds two records of 4096 bytes, the newest head and the one before: a canonical
 * document
 * (`logKey` thumbprint, `root` 64 hexadecimal digits, `size`, `sum` SHA-256 of the three with
 * spaces between, `type` "keeper-state", `version` 1), spaces, LF. A new head overwrites the older
 * record, whose text fits one sector, so a crash leaves both whole; a record that is not was
 * damaged and nothing starts. What it does not notice: an older copy put in its place.
 */
#ifndef BANKD_KEEPER_STATE_H
#define BANKD_KEEPER_STATE_H

#include "bankd/keeper/msg.h"
#include "base/err.h"
#include "order/key.h"

struct state {
    char log_key[KEY_THUMBPRINT_LEN + 1];
    struct keeper_state head;
    unsigned record; /* where the file has it: 0 or 1 */
};

/* Takes the state directory for this process; two keepers on one state could sign two branches.
 * KEEPER_STATE when another process has it, when DIR cannot be opened, is another user's or open to
 * others than this one. It is released by closing *OUT, and by death. */
MUST_CHECK enum err state_lock(const char *dir, int *out);

/* KEEPER_STATE when the file is missing, not two whole records, or of two logs or branches. */
MUST_CHECK enum err state_load(const char *dir, struct state *out);

/* The first state: the empty tree. KEEPER_STATE when there is one already. */
MUST_CHECK enum err state_create(const char *dir, const char *log_key);

/* Writes S over the record that it was not read from, durably, and says where it is now. ERR_IO:
 * the file has the old head or both, and S is as it was. */
MUST_CHECK enum err state_save(const char *dir, struct state *s);

/* ERR_OK while DIR has no state file, KEEPER_STATE when it has one, readable or not. */
MUST_CHECK enum err state_absent(const char *dir);

#endif
