/* SPDX-License-Identifier: Apache-2.0
 *
 * words: what people signed about a request or an application, proved here and not taken from the
 * bank: each word comes with its statement and the key that the bank says it is of.
 */
#ifndef BANKD_CTL_WORDS_H
#define BANKD_CTL_WORDS_H

#include "bankd/ctl/ctl.h"
#include "verifier/verifier.h"
#include <stdbool.h>

struct words_input {
    const char *bank;
    const struct js *word;
    const char *jws;
    size_t jws_len;
    struct verify_keys keys; /* the word's own */
};
/* Whether the statement is that word. */
typedef enum err words_fn(const void *ctx, const struct words_input *in);

/* Member NAME of TOLD becomes WORDS, each with a `verdict`: OK, or why it is not proved. */
MUST_CHECK enum err words_judge(struct ctl *ctl, const struct js *words, words_fn *check,
                                const void *ctx, const char *name, struct js *told);
bool words_proved(const struct js *word);

#endif
