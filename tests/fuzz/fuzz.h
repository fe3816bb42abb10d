/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz: what every target shares. A target is one file fuzz_NAME.c with libFuzzer's entry; the
 * ordinary build links it with main.c, which runs the corpus and its neighbours through it.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ends the program when the property named TEXT does not hold. */
static inline void fuzz_must(bool holds, const char *text)
{
    if (holds)
        return;
    fprintf(stderr, "property broken: %s\n", text);
    abort();
}

static inline bool fuzz_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

#endif
