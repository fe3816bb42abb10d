/* SPDX-License-Identifier: Apache-2.0
 *
 * pins: the operators that the keeper believes, whatever bankd says: the first by ceremony at the
 * keeper, later ones by acts of theirs (acts.h). With them, what must not be done twice: the acts
 * that were taken, and who asked for what where more than one must.
 *
 * One file in the state directory, `operators`, a canonical document that is replaced as a whole
 * before anything is signed on it. What it does not notice: an older copy put in its place.
 */
#ifndef BANKD_KEEPER_PINS_H
#define BANKD_KEEPER_PINS_H

#include "base/err.h"
#include "order/enrolment.h"
#include "order/key.h"
#include "order/role.h"
#include "verifier/verifier.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PINS_MAX 256u
#define PINS_ACTS_MAX 1024u
#define PINS_ADMISSIONS_MAX 1024u
#define PINS_SIGNERS_MAX 8u /* who must admit one request, at most */
#define PINS_CHANGES_MAX 64u
#define PINS_SUBJECT_MAX 200u

struct pin {
    char operator_id[HOLDER_MAX + 1];
    struct key *key; /* owned */
    role_set roles;
    /* At most one of these; none: it is suspended. No act brings back what is revoked or retired,
     * whose place another key took. */
    bool active, revoked, retired;
    char replaces[KEY_THUMBPRINT_LEN + 1]; /* whose place it took, or "" */
    int64_t changed_us;                    /* when the newest act about it was issued */
    /* What it signed before counts no more: it got or lost something then. */
    int64_t floor_us;
};

struct pin_act {
    char kid[KEY_THUMBPRINT_LEN + 1];
    char nonce[NONCE_LEN + 1];
    int64_t issued_us;
};

/* Different operators who asked for the same, and when each signed his word. */
struct pin_signers {
    char by[PINS_SIGNERS_MAX][HOLDER_MAX + 1];
    int64_t issued_us[PINS_SIGNERS_MAX]; /* of admissions */
    size_t count;
};

/* A request that somebody admitted: until its time is over, or the acts' that made it complete. As
 * long as it is not, there may be more than one of a request, and nobody signed two of them. */
struct pin_admission {
    char enrolment[ENROLMENT_ID_LEN + 1];
    char holder[HOLDER_MAX + 1];
    bool another; /* who is there already */
    bool complete;
    int64_t expires_us;
    struct pin_signers signers;
};

/* What would give an operator more than he has, until as many as must ask for it. */
struct pin_change {
    char subject[PINS_SUBJECT_MAX + 1]; /* "roles otto enrolment security" */
    int64_t expires_us;
    struct pin_signers signers;
};

/* Another root key for which more operators must ask. */
struct pin_rollover {
    int64_t overlap_days, expires_us;
    struct pin_signers signers; /* none: nobody asks */
};

struct pins {
    struct pin pin[PINS_MAX];
    size_t count;
    struct pin_act act[PINS_ACTS_MAX];
    size_t act_count;
    struct pin_admission admission[PINS_ADMISSIONS_MAX];
    size_t admission_count;
    struct pin_change change[PINS_CHANGES_MAX];
    size_t change_count;
    struct pin_rollover rollover;
    int64_t floor_us; /* acts issued before are forgotten, and taken no more */
};

/* None when DIR has no file yet; KEEPER_STATE when it is damaged. */
MUST_CHECK enum err pins_load(const char *dir, struct pins **out);
MUST_CHECK enum err pins_save(const char *dir, const struct pins *p);
void pins_free(struct pins *p); /* NULL-safe */

struct pin *pins_find(struct pins *p, const char *thumbprint); /* NULL when there is none */
struct verify_keys pins_keys(struct pins *p);
/* What PIN's key signed before NOW_US, by whole seconds, counts no more. */
void pins_raise(struct pin *pin, int64_t now_us);
/* What waits about an operator, but for the change BUT, and his own word on what waits, counts no
 * more. */
void pins_forget(struct pins *p, const char *operator_id, const char *but);
/* The same of one word. Returns whether anybody's is left. */
bool pins_unsign(struct pin_signers *s, const char *operator_id);
/* PIN, and those that took its place one after the other, count no more: for ever if REVOKED. Nor
 * does what waits about its operator, or by his word. */
void pins_take(struct pins *p, struct pin *pin, bool revoked, int64_t now_us);

/* Whether PIN, or one that took its place, still signs. */
bool pins_counts(struct pins *p, const struct pin *pin);
/* Whoever asked that one of these sign again is to ask anew. Returns whether somebody did. */
bool pins_stay(struct pins *p, const struct pin *pin);

/* As they were at BEFORE, a copy of them (by assignment), which owns nothing. */
void pins_go_back(struct pins *p, const struct pins *before);

/* Another operator, without roles, or his key anew: KEY_TAKEN for somebody else's, TOO_LARGE, what
 * key_from_spki says. */
MUST_CHECK enum err pins_add(struct pins *p, const char *operator_id, const uint8_t *spki,
                             size_t len, struct pin **out);

#endif
