/* SPDX-License-Identifier: Apache-2.0
 *
 * answers: what the helper does for each question of token/wire.def, by token.h as the module's own
 * process has it.
 */
#ifndef TOKEN_HELPER_ANSWERS_H
#define TOKEN_HELPER_ANSWERS_H

#include "token/page.h"
#include "token/serve.h"

/* One connection's state, the context of its loop. */
struct answers {
    int given;         /* the descriptor that came with the question, or -1 */
    struct page *page; /* NULL: none came */
};

const struct serve_handler *answers_table(size_t *count);
/* For serve_loop_given. */
void answers_given(void *ctx, int fd);

#endif
