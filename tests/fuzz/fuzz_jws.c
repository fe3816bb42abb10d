/* SPDX-License-Identifier: Apache-2.0
 *
 * A JWS taken apart gives its bytes back; what the statement layer accepts, the lower one accepts;
 * a payload appears only with a valid signature, and then it is the one in the text. The key is
 * that of RFC 7515 A.3, which also signed statements among the seeds.
 */
#include "base/text.h"
#include "order/jws.h"
#include "order/statement.h"
#include "tests/fuzz/fuzz.h"

static const char x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

static const struct key *example_key(void)
{
    static struct key *key;
    uint8_t px[32], py[32];
    if (key == NULL)
        fuzz_must(text_unb64url_exact(x, sizeof x - 1, px, sizeof px) == ERR_OK &&
                      text_unb64url_exact(y, sizeof y - 1, py, sizeof py) == ERR_OK &&
                      key_from_xy(KEY_ES256, px, py, &key) == ERR_OK,
                  "the example key is a key");
    return key;
}

static void check_parts(const struct jws_parts *p, const char *text, size_t len)
{
    struct buf again = {0};
    fuzz_must(buf_add(&again, p->signing_input, p->signing_input_len) == ERR_OK &&
                  buf_add_byte(&again, '.') == ERR_OK &&
                  text_b64url_add(&again, p->sig, p->sig_len) == ERR_OK,
              "there is memory");
    /* A signature longer than any of ours is left out, and fails when it is verified. */
    fuzz_must(p->sig_len == 0 || fuzz_same(text, len, again.data, again.len),
              "the parts are the whole");
    fuzz_must(p->sig_len <= KEY_SIGNATURE_MAX, "a signature fits");
    fuzz_must(strlen(p->header.kid) == KEY_THUMBPRINT_LEN, "a kid is a thumbprint");
    buf_free(&again);
}

/* In compact form the payload stands between the points. */
static void check_payload(const char *text, size_t len, const struct buf *payload)
{
    struct buf encoded = {0};
    const char *first = memchr(text, '.', len);
    if (len == 0 || text[0] == '{' || first == NULL)
        return;
    fuzz_must(text_b64url_add(&encoded, payload->data, payload->len) == ERR_OK, "there is memory");
    size_t left = len - (size_t)(first + 1 - text);
    fuzz_must(left > encoded.len && first[1 + encoded.len] == '.' &&
                  fuzz_same(first + 1, encoded.len, encoded.data, encoded.len),
              "the payload is the one in the text");
    buf_free(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *text = (const char *)data;
    struct buf lower = {0}, upper = {0};
    struct jws_parts parts;
    enum err e = jws_verify(text, len, example_key(), &lower);
    if (e == ERR_OK)
        check_payload(text, len, &lower);
    fuzz_must(e == ERR_OK || lower.len == 0, "a refusal appends nothing");
    if (jws_split(text, len, &parts) == ERR_OK) {
        check_parts(&parts, text, len);
        if (jws_verify_statement(&parts, statement_typ(STATEMENT_DECISION), example_key(),
                                 &upper) == ERR_OK)
            fuzz_must(e == ERR_OK && fuzz_same(lower.data, lower.len, upper.data, upper.len),
                      "both layers agree");
    }
    buf_free(&lower);
    buf_free(&upper);
    return 0;
}
