/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: what is wrong with readers, tokens and the clock, from what can be seen without a PIN.
 */
#ifndef SIGNER_DOCTOR_H
#define SIGNER_DOCTOR_H

#include "app/app.h"
#include "app/plugged.h"
#include <stddef.h>
#include <stdint.h>

enum finding {
#define X(name, exit, words, remedy) FINDING_##name,
#include "signer/finding.def"
#undef X
    FINDING_COUNT
};

struct finding_info {
    const char *name;
    int exit; /* enum exit_code */
    const char *words, *remedy;
};
const struct finding_info *finding_info(enum finding f);

#define FINDINGS_MAX 64

struct found {
    enum finding finding;
    char about[160];   /* the reader's or token's own name: escape before printing */
    struct buf remedy; /* the command */
};
struct doctor {
    struct app *app;
    int64_t now_us;
    struct plugged plugged;
    bool clock_compared;
    struct found found[FINDINGS_MAX];
    size_t count;
};

/* Looks at all there is; D is all zero but for APP, and for doctor_free, also after a failure. */
MUST_CHECK enum err doctor_look(struct doctor *d);
void doctor_free(struct doctor *d);

#endif
