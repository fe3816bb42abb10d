/* SPDX-License-Identifier: Apache-2.0
 *
 * What is read can be written, and names the same token again.
 */
#include "tests/fuzz/fuzz.h"
#include "token/uri.h"

static size_t collect(const struct token_uri *uri, struct token_uri_part *parts)
{
    size_t count = 0;
    for (int attr = 0; attr < TOKEN_URI_ATTRS; attr++) {
        size_t len = 0;
        const char *value = token_uri_get(uri, (enum token_uri_attr)attr, &len);
        if (value != NULL)
            parts[count++] = (struct token_uri_part){(enum token_uri_attr)attr, value, len};
    }
    return count;
}

static void check(const struct token_uri *uri)
{
    struct token_uri_part parts[TOKEN_URI_ATTRS], again[TOKEN_URI_ATTRS];
    struct buf text = {0};
    struct token_uri *other = NULL;
    size_t count = collect(uri, parts);
    fuzz_must(token_uri_write(parts, count, &text) == ERR_OK, "what was read can be written");
    fuzz_must(token_uri_parse(buf_str(&text), &other) == ERR_OK, "and read again");
    fuzz_must(collect(other, again) == count, "with as many attributes");
    for (size_t i = 0; i < count; i++)
        fuzz_must(parts[i].attr == again[i].attr &&
                      fuzz_same(parts[i].bytes, parts[i].len, again[i].bytes, again[i].len),
                  "of the same values");
    token_uri_free(other);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = malloc(len + 1);
    struct token_uri *uri = NULL;
    fuzz_must(text != NULL, "there is memory");
    memcpy(text, data, len);
    text[len] = '\0';
    if (token_uri_parse(text, &uri) == ERR_OK)
        check(uri);
    else
        fuzz_must(uri == NULL, "a refusal gives nothing");
    token_uri_free(uri);
    free(text);
    return 0;
}
