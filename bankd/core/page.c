/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/page.h"

#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50u

enum err page_read(const struct core_page *asked, int64_t first, struct page *out)
{
    uint64_t cursor = 0;

    *out = (struct page){.cursor = first, .limit = asked->limit ? asked->limit : LIMIT_DEFAULT};
    if (out->limit > PAGE_MAX)
        return ERR_USAGE;
    if (!asked->cursor[0])
        return ERR_OK;
    enum err e = text_parse_u64(asked->cursor, strlen(asked->cursor), INT64_MAX, &cursor);
    out->cursor = (int64_t)cursor;
    return e;
}

void page_next(const struct page *p, size_t count, int64_t last, struct doc *out)
{
    char text[24];

    if (count < p->limit)
        return;
    snprintf(text, sizeof text, "%" PRId64, last);
    doc_text(out, "next", text);
}
