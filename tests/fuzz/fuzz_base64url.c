/* SPDX-License-Identifier: Apache-2.0
 *
 * One spelling for every run of bytes, in base64url, base64 and hexadecimal.
 */
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

typedef enum err (*decode_fn)(const char *s, size_t len, struct buf *out);
typedef enum err (*encode_fn)(struct buf *out, const uint8_t *bytes, size_t len);

static void check(const uint8_t *data, size_t len, decode_fn decode, encode_fn encode)
{
    struct buf bytes = {0}, text = {0};
    if (decode((const char *)data, len, &bytes) == ERR_OK) {
        fuzz_must(encode(&text, bytes.data, bytes.len) == ERR_OK, "bytes can be written");
        fuzz_must(fuzz_same(data, len, text.data, text.len), "there is one spelling");
    } else {
        fuzz_must(bytes.len == 0, "a refusal appends nothing");
    }
    buf_clear(&bytes);
    buf_clear(&text);
    fuzz_must(encode(&text, data, len) == ERR_OK, "any bytes can be written");
    fuzz_must(decode(buf_str(&text), text.len, &bytes) == ERR_OK, "what was written can be read");
    fuzz_must(fuzz_same(data, len, bytes.data, bytes.len), "and gives the same bytes");
    buf_free(&bytes);
    buf_free(&text);
}

static void check_hex(const uint8_t *data, size_t len)
{
    char text[2 * 64 + 1];
    uint8_t bytes[64];
    if (len > sizeof bytes)
        return;
    text_hex(data, len, text);
    fuzz_must(text_unhex(text, 2 * len, bytes, len) == ERR_OK, "hexadecimal can be read");
    fuzz_must(fuzz_same(data, len, bytes, len), "and gives the same bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check(data, len, text_unb64url, text_b64url_add);
    check(data, len, text_unb64, text_b64_add);
    struct buf bytes = {0};
    fuzz_must(text_check_b64url((const char *)data, len) ==
                  text_unb64url((const char *)data, len, &bytes),
              "what is judged well can be read");
    buf_free(&bytes);
    check_hex(data, len);
    return 0;
}
