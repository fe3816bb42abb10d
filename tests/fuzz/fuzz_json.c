/* SPDX-License-Identifier: Apache-2.0
 *
 * What is read has a canonical form; that form reads back to itself; and exactly the bytes that are
 * their own canonical form pass as a document.
 */
#include "order/json.h"
#include "tests/fuzz/fuzz.h"

static void check_value(const struct js *value, const uint8_t *data, size_t len, bool canonical)
{
    struct buf once = {0}, twice = {0};
    struct js *again = NULL;
    fuzz_must(js_canon(value, &once) == ERR_OK, "what was read can be written");
    fuzz_must(canonical == fuzz_same(data, len, once.data, once.len),
              "a document is its own canonical form");
    fuzz_must(js_parse_canonical(once.data, once.len, &again) == ERR_OK,
              "the canonical form is a document");
    fuzz_must(js_canon(again, &twice) == ERR_OK &&
                  fuzz_same(once.data, once.len, twice.data, twice.len),
              "the canonical form is a fixed point");
    js_free(again);
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct js *value = NULL, *document = NULL;
    enum err strict = js_parse_canonical(data, len, &document);
    if (js_parse(data, len, &value) == ERR_OK)
        check_value(value, data, len, strict == ERR_OK);
    else
        fuzz_must(strict != ERR_OK, "a document is JSON");
    fuzz_must((document != NULL) == (strict == ERR_OK), "a refusal gives nothing");
    js_free(value);
    js_free(document);
    return 0;
}
