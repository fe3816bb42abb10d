/* SPDX-License-Identifier: Apache-2.0
 *
 * page: memory that both ends of a connection to the helper see. There each signature of a question
 * stands from the moment the module made it, so that several can go in one answer and none is lost
 * when the next one crashes the helper or hangs. The asking end makes it and believes nothing in
 * it; neither end can make it smaller under the other. Private to token/.
 */
#ifndef TOKEN_PAGE_H
#define TOKEN_PAGE_H

#include "base/err.h"
#include "token/token.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;

/* An empty one, and in *FD what the other end maps, for the caller to close. NO_MEMORY. */
MUST_CHECK enum err page_make(struct page **out, int *fd);
/* What page_make made; it does not need FD any more. ERR_USAGE: FD is none such, or *OUT not NULL.
 */
MUST_CHECK enum err page_map(int fd, struct page **out);
/* Not the other end's. NULL: nothing. */
void page_unmap(struct page *p);

/* For the asking end, before a question. Does nothing for NULL, as what follows. */
void page_clear(struct page *p);
/* For the helper: the next signature, of at most TOKEN_SIG_MAX bytes; past TOKEN_AT_ONCE there is
 * no room, and nothing happens. */
void page_add(struct page *p, const uint8_t *sig, size_t len);
/* The signature at I, copied; false: there is none, or P is NULL. */
bool page_get(const struct page *p, size_t i, uint8_t sig[static TOKEN_SIG_MAX], size_t *len);

#endif
