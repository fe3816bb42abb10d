/* SPDX-License-Identifier: Apache-2.0
 *
 * page: the parts of a list that a caller asks for. A cursor is the number of the row behind which
 * the page begins, or several numbers by which the list is sorted. Private to bankd/core.
 */
#ifndef BANKD_CORE_PAGE_H
#define BANKD_CORE_PAGE_H

#include "bankd/core/core.h"
#include "bankd/store/store.h"
#include "order/doc.h"

#define PAGE_MAX 200u

struct page {
    int64_t cursor; /* FIRST when the caller gave none */
    unsigned limit; /* 1..PAGE_MAX */
};

/* USAGE for another cursor or limit than core.h says. */
MUST_CHECK enum err page_read(const struct core_page *asked, int64_t first, struct page *out);

/* A cursor of COUNT numbers, as in "1764090912000000.1.17"; all 0 for none. USAGE for another. */
MUST_CHECK enum err page_numbers(const char *cursor, int64_t *out, size_t count);
/* Sets "next" to such a cursor. */
void page_next_numbers(const int64_t *last, size_t count, struct doc *out);

/* Sets "next" when the page is full, so that there may be more behind LAST. */
void page_next(const struct page *p, size_t count, int64_t last, struct doc *out);

/* Makes BODY an object with the list NAME, onto which PUSH puts each row of Q, and with "next",
 * which goes by Q's first column. Q is done. BODY is for doc_free, also after a failure. */
typedef enum err (*page_push_fn)(struct core *c, const struct store_query *q, struct doc *list);
MUST_CHECK enum err page_rows(struct core *c, const struct page *p, struct store_query *q,
                              page_push_fn push, const char *name, struct doc *body);

/* All of a public function: such a page for operators. WHICH has :after and :limit. */
struct page_list {
    enum store_statement which;
    page_push_fn push;
    const char *name;
    const char *kind; /* WHICH has :kind, too; or NULL */
};
MUST_CHECK enum err page_for_operators(struct core *c, const struct core_caller *who,
                                       const struct core_page *asked, const struct page_list *list,
                                       struct core_answer *out);

#endif
