/* SPDX-License-Identifier: Apache-2.0
 *
 * The framing depends on the bytes, not on how they arrive: for every prefix it either waits, or
 * says what it says about the whole. Nothing is read past the end of a prefix.
 */
#include "bankd/server/http.h"
#include "tests/fuzz/fuzz.h"

#define PREFIXES 256u /* at most so many of one input: each is parsed anew */
#define BODY_MAX 512u

/* A copy that ends where the prefix does, so that a sanitizer sees a byte too many. */
static enum err parse_copy(const uint8_t *data, size_t len, size_t *used, size_t *body_len)
{
    struct http_request request;
    uint8_t *copy = malloc(len > 0 ? len : 1);
    fuzz_must(copy != NULL, "there is memory");
    memcpy(copy, data, len);
    enum err e = http_parse(copy, len, BODY_MAX, &request, used);
    if (e == ERR_OK && *used > 0) {
        fuzz_must(*used <= len && request.body_len <= BODY_MAX, "a request is within its bytes");
        fuzz_must(request.path_len > 0 && request.path[0] == '/', "a path begins with a slash");
        fuzz_must(request.need == 0 || request.need == *used, "the need is what was used");
        *body_len = request.body_len;
    }
    free(copy);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t used = 0, body = 0;
    enum err whole = parse_copy(data, len, &used, &body);
    size_t step = len / PREFIXES + 1;
    for (size_t part = 0; part < len; part += step) {
        size_t part_used = 0, part_body = 0;
        enum err e = parse_copy(data, part, &part_used, &part_body);
        if (e != ERR_OK)
            fuzz_must(e == whole, "what a prefix is refused for, the whole is refused for");
        else if (part_used > 0)
            fuzz_must(whole == ERR_OK && part_used == used && part_body == body,
                      "a complete request stays what it is");
        else
            fuzz_must(whole != ERR_OK || used == 0 || part < used, "a complete request is seen");
    }
    return 0;
}
