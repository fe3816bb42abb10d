/* SPDX-License-Identifier: Apache-2.0
 *
 * acts: what the keeper makes of an operator's act that bankd passes on. It judges for itself: the
 * signature under a key that it pinned, the signer's role, the time by its own clock. It reads an
 * act by the same tables as the bank (api/).
 *
 * The caller writes PINS before anything is signed or answered, and after a failure puts them back.
 * The same act again has the same outcome, and changes nothing; how many more must ask it says as
 * it is then.
 */
#ifndef BANKD_KEEPER_ACTS_H
#define BANKD_KEEPER_ACTS_H

#include "bankd/keeper/pins.h"
#include "verifier/verifier.h"

struct acts_judge {
    struct pins *pins;
    const char *bank;
    int64_t now_us;
    unsigned needed; /* different operators who must admit a request, replace the root key, or give
                        an operator more than he has */
};

/* By the clock, as an act must be fresh: ISSUED_TOO_OLD, ISSUED_IN_FUTURE, STATEMENT_EXPIRED. */
MUST_CHECK enum err acts_check_time(const struct acts_judge *j, const struct statement *head);

/* For the log of the program. */
struct acts_taken {
    char operator_id[HOLDER_MAX + 1]; /* who signed it */
    char path[ACT_PATH_MAX + 1];      /* what it asks for */
    bool again;                       /* it was taken before */
    bool nothing;                     /* it is about nobody whom the keeper knows */
    unsigned missing;                 /* operators who must ask for it besides, to give anything */
};

/* An operator is added, gets his roles, or his key is suspended, resumed or revoked; of another
 * act or another's key nothing comes. What takes away counts at once; what gives, when as many
 * operators asked for the same. KEEPER_UNPINNED, OPERATOR_UNPINNED, KEY_INACTIVE, ROLE_REQUIRED,
 * KEY_FLOOR, ISSUED_TOO_OLD, ISSUED_IN_FUTURE, STATEMENT_EXPIRED.
 * ISSUED_TOO_OLD is also what would give back what an act issued later took away. BUSY when too
 * many of his acts are fresh, or too much waits, unless it only takes away (taken.h). */
MUST_CHECK enum err acts_change(const struct acts_judge *j, const char *jws, size_t len,
                                struct acts_taken *out);

/* Another root key for the bank is asked for. Unlike the others, it is refused when it is sent
 * again, NONCE_REUSED: it would be one rollover more. Another overlap than the one that others
 * asked for begins anew. Also ACT_MISMATCH, BUSY. */
struct acts_rollover {
    int64_t overlap_days;
    unsigned missing; /* operators who must ask for it besides */
};
MUST_CHECK enum err acts_rollover(const struct acts_judge *j, const char *jws, size_t len,
                                  struct acts_rollover *out);

struct acts_admission {
    struct verified *request; /* the caller's to free, also after a failure */
    char enrolment[ENROLMENT_ID_LEN + 1];
    char holder[HOLDER_MAX + 1];
    bool another;     /* that is somebody who is there already */
    unsigned missing; /* operators who must admit it besides */
    struct acts_taken by;
};
/* STATEMENT is a request to be enrolled, ACT an operator's admission of it. Also LETTER_MISMATCH,
 * ADMISSION_MISMATCH, ACT_MISMATCH, BUSY and what verify_enrolment says. */
MUST_CHECK enum err acts_admit(const struct acts_judge *j, const char *statement,
                               size_t statement_len, const char *act, size_t act_len,
                               struct acts_admission *out);

#endif
