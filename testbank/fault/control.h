/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_FAULT_CONTROL_H
#define COUNTERSIGN_TESTS_FAULT_CONTROL_H

/*
 * The control file of the fault module: what shall go wrong. $FAULT_CONTROL names it; without it,
 * or while it does not exist, nothing goes wrong. It is read again on every call, so a test can
 * fault a running program. One rule a line, # begins a comment:
 *
 *     C_Sign 5 0x32      the 5th call from now returns CKR_DEVICE_REMOVED and gives nothing
 *     C_Sign * 0x30      every call does
 *     C_Login 1 hang     the next call blocks until the file changes, then goes on
 *     C_Sign 2 flip      the 2nd call gives a wrong signature (C_Sign only)
 *     C_Sign 3 crash     the 3rd call aborts the process
 *     keypad 123456      the PIN is entered at the reader: this one ...
 *     keypad cancel      ... or the holder presses "cancel"
 *     keypad 123456 7890 the same, and the second where a new PIN is asked for
 *     officer 1          so many tries the security officer's PIN has left, as the token says
 *     tries 3            the user PIN locks after three wrong ones
 *     trace              every call is written down
 *
 * "Now" is when a process first sees these bytes: calls are counted anew whenever the content
 * changes (a comment is enough). A call that asks for a size is a call too. Where two rules meet
 * one call, the first of them counts. Replace the file by rename, so that no call sees half of it.
 * A rule that is not understood aborts the process: a fault that never happens would pass for one
 * survived.
 *
 * Wrong PINs are remembered in a file beside it, $FAULT_CONTROL.failures, as a real token would
 * across processes; unlink it to have the token unlocked. The count is the module's, not a
 * token's: put one token behind it. With "trace" each call adds a line to $FAULT_CONTROL.trace, its
 * name and what it answered ("C_Login 0xa0"), or "hang" or "crash" before it does that.
 */

#include <stdbool.h>

#define CONTROL_PIN_MAX 63

enum control_effect { CONTROL_FORWARD, CONTROL_FAIL, CONTROL_FLIP };

/*
 * Counts a call of this function and says what becomes of it: *rv is what to return for
 * CONTROL_FAIL and CKR_OK otherwise. "hang" and "crash" happen inside.
 */
enum control_effect control_call(const char *function, unsigned long *rv);

/* To be told of every answer; gives it back. */
unsigned long control_answer(const char *function, unsigned long rv);

/* Whether the reader has a keypad, and what is typed there; empty is "cancel". */
bool control_keypad(char pin[static CONTROL_PIN_MAX + 1]);

/* What is typed there as a new PIN. */
void control_keypad_new(char pin[static CONTROL_PIN_MAX + 1]);

/* Whether the token says how many tries the officer's PIN has left. */
bool control_officer(unsigned *left);

/* Whether the PIN can lock, and how many tries are left. */
bool control_tries(unsigned *max, unsigned *left);

/* Remembers a right or a wrong PIN. Nothing happens where the PIN cannot lock. */
void control_note_pin(bool right);

#endif
