/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines that a scanner may have read: a document comes of them only when it is whole, and it can be
 * cut and joined again.
 */
#include "app/parts.h"
#include "tests/fuzz/fuzz.h"

/* Whatever was joined, cut in another way, comes back. */
static void check_again(const struct buf *document)
{
    struct buf again = BUF_INIT(0);
    struct parts p = {.at = NULL};
    size_t count = 0;
    fuzz_must(parts_count(document->len, PARTS_BYTES_MAX, &count) == ERR_OK, "it can be cut");
    for (size_t i = count; i > 0; i--) {
        struct buf text = BUF_INIT(PARTS_TEXT_MAX);
        fuzz_must(parts_make(document, PARTS_BYTES_MAX, i, &text) == ERR_OK, "into parts");
        fuzz_must(parts_take(&p, buf_str(&text), text.len) == ERR_OK, "which are parts");
        buf_free(&text);
    }
    fuzz_must(parts_join(&p, &again) == ERR_OK &&
                  fuzz_same(document->data, document->len, again.data, again.len),
              "of the same document");
    parts_free(&p);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buf document = BUF_INIT(0);
    struct parts p = {.at = NULL};
    const char *at = (const char *)data, *end = at + len;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line_end != NULL ? line_end : end;
        size_t had = p.have;
        enum err e = parts_take(&p, at, (size_t)(stop - at));
        fuzz_must(e == ERR_OK || p.have == had, "what is refused adds nothing");
        at = stop + 1;
    }
    fuzz_must(p.have <= p.total && p.total <= PARTS_MAX, "no more parts than there are");
    if (parts_join(&p, &document) == ERR_OK)
        check_again(&document);
    parts_free(&p);
    buf_free(&document);
    return 0;
}
