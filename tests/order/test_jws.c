/* SPDX-License-Identifier: Apache-2.0
 * RFC 7520's examples run through tests/vectors. */
#include "base/text.h"
#include "order/json.h"
#include "order/jwk.h"
#include "order/jws.h"
#include "tests/base/unit.h"
#include "tests/order/soft_key.h"

#include <stdlib.h>
#include <string.h>

#define TYP "countersign-decision+jws"

static struct key *key_of(const char *jwk)
{
    struct js *json;
    struct key *k;

    assert_ok(js_parse(jwk, strlen(jwk), &json));
    assert_ok(jwk_parse(json, &k));
    js_free(json);
    return k;
}

static enum err verify(const char *text, const struct key *key, const char *payload)
{
    struct buf out = {0};
    enum err e;

    assert_ok(buf_add_str(&out, "kept:"));
    e = jws_verify(text, strlen(text), key, &out);
    assert_memory_equal(out.data, "kept:", 5);
    assert_string_equal(buf_str(&out) + 5, e == ERR_OK ? payload : "");
    buf_free(&out);
    return e;
}

/* --- RFC 7515 A.3 and A.4 --- */

#define A3_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define A3_HEADER "eyJhbGciOiJFUzI1NiJ9"
#define A3_PAYLOAD                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define A3_SIG                                                                                     \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A3_TEXT "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

#define A4_KEY                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":"                                                     \
    "\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5E"                                        \
    "OnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2T" \
    "h-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}"
#define A4_TEXT                                                                                    \
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-" \
    "mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwN"  \
    "rmxYbSW9ERBXukOXolLzeO_Jn"

#define A3_SIGNATURE "{\"protected\":\"" A3_HEADER "\",\"signature\":\"" A3_SIG "\"}"

static void test_rfc7515(void **state)
{
    struct key *a3 = key_of(A3_KEY), *a4 = key_of(A4_KEY);

    (void)state;
    assert_ok(verify(A3_HEADER "." A3_PAYLOAD "." A3_SIG, a3, A3_TEXT));
    assert_ok(verify("{\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER
                     "\",\"signature\":\"" A3_SIG "\"}",
                     a3, A3_TEXT));
    assert_ok(verify(" {\"payload\":\"" A3_PAYLOAD "\", \"signatures\":[" A3_SIGNATURE "]}", a3,
                     A3_TEXT));
    assert_ok(verify(A4_TEXT, a4, "Payload"));
    assert_err(verify(A4_TEXT, a3, ""), ERR_JWS_ALGORITHM);
    assert_err(verify(A3_HEADER "." A3_PAYLOAD "." A3_SIG, a4, ""), ERR_JWS_ALGORITHM);
    key_free(a3);
    key_free(a4);
}

static const struct {
    const char *text;
    enum err verdict;
} refused_forms[] = {
    {"", ERR_JWS_MALFORMED},
    {".", ERR_JWS_MALFORMED},
    {A3_HEADER "." A3_PAYLOAD, ERR_JWS_MALFORMED},
    {A3_HEADER "." A3_PAYLOAD "." A3_SIG ".", ERR_JWS_MALFORMED},
    {A3_HEADER "." A3_PAYLOAD "." A3_SIG "\n", ERR_BASE64_INVALID},
    {A3_HEADER "." A3_PAYLOAD "==." A3_SIG, ERR_BASE64_INVALID},
    {A3_HEADER "." A3_PAYLOAD "." A3_SIG "==", ERR_BASE64_INVALID},
    {A3_HEADER "=." A3_PAYLOAD "." A3_SIG, ERR_BASE64_INVALID},
    {"..", ERR_JSON_SYNTAX},
    {"." A3_PAYLOAD "." A3_SIG, ERR_JSON_SYNTAX},
    {A3_HEADER "." A3_PAYLOAD ".", ERR_SIGNATURE_INVALID},
    {A3_HEADER ".." A3_SIG, ERR_SIGNATURE_INVALID},
    {A3_HEADER "." A3_PAYLOAD "." A3_SIG A3_SIG, ERR_SIGNATURE_INVALID},
    {A3_HEADER "." A3_PAYLOAD "." A3_SIG "AAAA", ERR_SIGNATURE_INVALID},
    {A3_HEADER "." A3_PAYLOAD "AA." A3_SIG, ERR_SIGNATURE_INVALID},
    {"{", ERR_JSON_SYNTAX},
    {"{}", ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[]}", ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[" A3_SIGNATURE "," A3_SIGNATURE "]}",
     ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[1]}", ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"signature\":\"" A3_SIG "\",\"signatures\":[" A3_SIGNATURE
     "]}",
     ERR_JWS_MALFORMED},
    {"{\"header\":{},\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[" A3_SIGNATURE "]}",
     ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER "\",\"signatures\":[" A3_SIGNATURE
     "]}",
     ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"signature\":\"" A3_SIG "\"}", ERR_JWS_HEADER},
    {"{\"payload\":1,\"signatures\":[" A3_SIGNATURE "]}", ERR_JWS_MALFORMED},
    {"{\"signatures\":[" A3_SIGNATURE "]}", ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER "\"}", ERR_JWS_MALFORMED},
    {"{\"other\":1,\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[" A3_SIGNATURE "]}",
     ERR_JWS_MALFORMED},
    {"{\"payload\":\"" A3_PAYLOAD "\",\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[" A3_SIGNATURE
     "]}",
     ERR_JSON_DUPLICATE},
    {"{\"header\":{\"kid\":\"x\"},\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER
     "\",\"signature\":\"" A3_SIG "\"}",
     ERR_JWS_HEADER},
    {"{\"header\":{},\"payload\":\"" A3_PAYLOAD "\",\"protected\":\"" A3_HEADER
     "\",\"signature\":\"" A3_SIG "\"}",
     ERR_JWS_HEADER},
    {"{\"header\":{\"alg\":\"ES256\"},\"payload\":\"" A3_PAYLOAD "\",\"signature\":\"" A3_SIG "\"}",
     ERR_JWS_HEADER},
    {"{\"payload\":\"" A3_PAYLOAD
     "\",\"signatures\":[{\"header\":{\"alg\":\"ES256\"},\"signature\":\"" A3_SIG "\"}]}",
     ERR_JWS_HEADER},
};

static void test_forms_that_are_refused(void **state)
{
    struct key *key = key_of(A3_KEY);

    (void)state;
    for (size_t i = 0; i < sizeof refused_forms / sizeof *refused_forms; i++) {
        enum err e = verify(refused_forms[i].text, key, "");

        if (e != refused_forms[i].verdict)
            print_error("%s\n", refused_forms[i].text);
        assert_err(e, refused_forms[i].verdict);
    }
    key_free(key);
}

/* A compact JWS with any header, correctly signed by K. The caller frees it with buf_free. */
static struct buf seal(struct soft_key *k, const char *header, const char *payload)
{
    struct buf out = {0};
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t len;

    assert_ok(text_b64url_add(&out, (const uint8_t *)header, strlen(header)));
    assert_ok(buf_add_byte(&out, '.'));
    assert_ok(text_b64url_add(&out, (const uint8_t *)payload, strlen(payload)));
    assert_ok(jws_sign(soft_key_public(k), out.data, out.len, soft_key_sign, k, sig, &len));
    assert_ok(buf_add_byte(&out, '.'));
    assert_ok(text_b64url_add(&out, sig, len));
    return out;
}

/* The signature is good in every row: the header alone decides. */
static void test_headers(void **state)
{
    static const struct {
        const char *header;
        enum err verdict;
    } rows[] = {
        {"{\"alg\":\"ES256\"}", ERR_OK},
        {"{ \"typ\" : \"JWT\", \"alg\" : \"ES256\" }", ERR_OK},
        {"{\"alg\":\"ES256\",\"cty\":\"json\",\"kid\":\"k\",\"typ\":\"t\"}", ERR_OK},
        {"{}", ERR_JWS_HEADER},
        {"[]", ERR_JWS_HEADER},
        {"{\"typ\":\"JWT\"}", ERR_JWS_HEADER},
        {"{\"alg\":1}", ERR_JWS_HEADER},
        {"{\"alg\":null}", ERR_JWS_HEADER},
        {"{\"alg\":[\"ES256\"]}", ERR_JWS_HEADER},
        {"{\"alg\":\"none\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"None\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"HS256\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"RS256\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"PS512\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"ES256K\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"EdDSA\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"es256\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"ES384\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"ES512\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"b64\":true}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"crit\":[]}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"jku\":\"https://example.com/k\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"jwk\":" A3_KEY "}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"x5u\":\"https://example.com/c\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"x5c\":[]}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"x5t\":\"AA\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":7}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"Alg\":\"ES256\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", ERR_JSON_DUPLICATE},
        {"{\"alg\":\"none\",\"alg\":\"ES256\"}", ERR_JSON_DUPLICATE},
        {"{\"alg\":\"ES256\"", ERR_JSON_SYNTAX},
        {"{\"alg\":\"ES256\"}}", ERR_JSON_SYNTAX},
        {"\xef\xbb\xbf{\"alg\":\"ES256\"}", ERR_JSON_SYNTAX},
    };
    struct soft_key *k = soft_key_new(KEY_ES256);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf text = seal(k, rows[i].header, "payload");
        enum err e = verify(buf_str(&text), soft_key_public(k), "payload");

        if (e != rows[i].verdict)
            print_error("%s\n", rows[i].header);
        assert_err(e, rows[i].verdict);
        buf_free(&text);
    }
    soft_key_free(k);
}

static void test_long_header_texts(void **state)
{
    struct soft_key *k = soft_key_new(KEY_ES256);
    char header[400], text[JWS_HEADER_TEXT_MAX + 2];

    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        memset(text, 'x', sizeof text);
        text[JWS_HEADER_TEXT_MAX + over] = '\0';
        strcpy(header, "{\"alg\":\"ES256\",\"kid\":\"");
        strcat(strcat(header, text), "\"}");
        struct buf sealed = seal(k, header, "p");
        assert_err(verify(buf_str(&sealed), soft_key_public(k), "p"),
                   over ? ERR_JWS_HEADER : ERR_OK);
        buf_free(&sealed);
    }
    soft_key_free(k);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    char text[] = A3_HEADER "." A3_PAYLOAD "." A3_SIG;
    struct key *key = key_of(A3_KEY);

    (void)state;
    for (size_t i = 0; i < strlen(A3_HEADER "." A3_PAYLOAD "." A3_SIG); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct buf out = {0};

            text[i] = (char)(text[i] ^ (1 << bit));
            assert_true(jws_verify(text, sizeof text - 1, key, &out) != ERR_OK);
            assert_int_equal(out.len, 0);
            text[i] = (char)(text[i] ^ (1 << bit));
        }
    }
    assert_ok(verify(text, key, A3_TEXT));
    key_free(key);
}

static void test_length_is_limited(void **state)
{
    struct key *key = key_of(A3_KEY);
    char *text = malloc(JWS_MAX + 1);
    struct buf out = {0};

    (void)state;
    assert_non_null(text);
    memset(text, 'A', JWS_MAX + 1);
    assert_err(jws_verify(text, JWS_MAX + 1, key, &out), ERR_TOO_LARGE);
    assert_err(jws_verify(text, JWS_MAX, key, &out), ERR_JWS_MALFORMED);
    assert_err(jws_split(text, JWS_MAX + 1, &(struct jws_parts){0}), ERR_TOO_LARGE);
    free(text);
    key_free(key);
}

/* --- statements --- */

static enum err verify_statement(const char *text, const char *typ, const struct key *key)
{
    struct jws_parts parts;
    struct buf payload = {0};
    enum err e = jws_split(text, strlen(text), &parts);

    if (e == ERR_OK)
        e = jws_verify_statement(&parts, typ, key, &payload);
    assert_string_equal(buf_str(&payload), e == ERR_OK ? "{\"a\":1}" : "");
    buf_free(&payload);
    return e;
}

/* Made by the openssl command line and Python. */
static void test_golden_statement(void **state)
{
    static const char statement[] = "eyJhbGciOiJFUzI1NiIsImtpZCI6InpaMzUwYmVJaDFncnY2ckdxbER2Q2xsWE"
                                    "VIT2hHSkJzemxXeVZYdTFWWEEiLCJ0"
                                    "eXAiOiJjb3VudGVyc2lnbi1kZWNpc2lvbitqd3MifQ.eyJhIjoxfQ."
                                    "E8vzrHN4VtqaxeQ4t7NwIEYZfKwxsIS_3m4LqW"
                                    "m-xawZkff39gPm1_dBRFJahvQE-DNYHb2R8NrnY-8OARbmvA";
    struct key *key = key_of("{\"crv\":\"P-256\",\"kty\":\"EC\","
                             "\"x\":\"XdKO9X3-MFdcJIQgD3hZ7cCGhiRvQ0n1DGqGJImxYDs\","
                             "\"y\":\"HCahwdd3QFvpadqFTzWeCfL99QTz24rvSA7RJt77lCg\"}");

    (void)state;
    assert_ok(verify_statement(statement, TYP, key));
    assert_err(verify_statement(statement, "countersign-login+jws", key), ERR_JWS_TYPE);
    key_free(key);
}

static void test_made_statements_verify(void **state)
{
    (void)state;
    for (enum key_alg alg = KEY_ES256; alg <= KEY_ES512; alg++) {
        struct soft_key *k = soft_key_new(alg), *other = soft_key_new(alg);
        const struct key *key = soft_key_public(k);
        struct buf text = {0};
        struct jws_parts parts;

        assert_ok(jws_make(key, TYP, "{\"a\":1}", 7, soft_key_sign, k, &text));
        assert_ok(verify_statement(buf_str(&text), TYP, key));
        assert_ok(verify(buf_str(&text), key, "{\"a\":1}"));
        assert_ok(jws_split(buf_str(&text), text.len, &parts));
        assert_string_equal(parts.header.kid, key_thumbprint(key));
        assert_err(verify_statement(buf_str(&text), TYP, soft_key_public(other)), ERR_KEY_MISMATCH);
        buf_free(&text);
        soft_key_free(k);
        soft_key_free(other);
    }
}

static void test_a_signature_of_another_curve_is_not_handed_out(void **state)
{
    struct soft_key *k = soft_key_new(KEY_ES256), *other = soft_key_new(KEY_ES384);
    struct buf text = {0};

    (void)state;
    assert_err(jws_make(soft_key_public(k), TYP, "{}", 2, soft_key_sign, other, &text),
               ERR_SIGNATURE_INVALID);
    assert_int_equal(text.len, 0);
    soft_key_free(k);
    soft_key_free(other);
}

/* Signed correctly, each of them; %s is the key's thumbprint. */
static void test_statement_headers(void **state)
{
    static const struct {
        const char *header;
        enum err verdict;
    } rows[] = {
        {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_OK},
        {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"other\"}", ERR_JWS_TYPE},
        {"{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"Countersign-decision+jws\"}", ERR_JWS_TYPE},
        {"{\"alg\":\"ES384\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"none\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_ALGORITHM},
        {"{\"alg\":\"ES256\", \"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"kid\":\"%s\",\"alg\":\"ES256\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"\\u0045S256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}",
         ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"cty\":\"json\",\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"crit\":[],\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%s\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"kid\":\"%s\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"%sA\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"alice\",\"typ\":\"" TYP "\"}", ERR_JWS_HEADER},
        {"{\"alg\":\"ES256\",\"kid\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"typ\":\"" TYP
         "\"}",
         ERR_KEY_MISMATCH},
        {"not JSON", ERR_JWS_HEADER},
        {"", ERR_JWS_HEADER},
    };
    struct soft_key *k = soft_key_new(KEY_ES256);
    const struct key *key = soft_key_public(k);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *mark = strstr(rows[i].header, "%s");
        struct buf header = {0}, text;

        assert_ok(buf_add(&header, rows[i].header,
                          mark ? (size_t)(mark - rows[i].header) : strlen(rows[i].header)));
        if (mark)
            assert_ok(buf_add_str(&header, key_thumbprint(key)));
        if (mark)
            assert_ok(buf_add_str(&header, mark + 2));
        text = seal(k, buf_str(&header), "{\"a\":1}");
        enum err e = verify_statement(buf_str(&text), TYP, key);
        if (e != rows[i].verdict)
            print_error("%s\n", rows[i].header);
        assert_err(e, rows[i].verdict);
        buf_free(&header);
        buf_free(&text);
    }
    soft_key_free(k);
}

static void test_a_statement_is_compact(void **state)
{
    static const char *const texts[] = {
        "{\"payload\":\"" A3_PAYLOAD "\",\"signatures\":[" A3_SIGNATURE "]}", "", "..."};
    struct jws_parts parts;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_err(jws_split(texts[i], strlen(texts[i]), &parts), ERR_JWS_MALFORMED);
        assert_null(parts.signing_input);
    }
}

/* --- JWK --- */

#define XY                                                                                         \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

static void test_jwk(void **state)
{
    static const struct {
        const char *jwk;
        enum err verdict;
    } rows[] = {
        {"{\"kty\":\"EC\",\"crv\":\"P-256\"," XY, ERR_OK},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"ES256\","
         "\"key_ops\":[\"sign\",\"verify\"],\"ext\":true," XY,
         ERR_OK},
        {"[]", ERR_KEY_INVALID},
        {"{}", ERR_KEY_INVALID},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", ERR_KEY_ALGORITHM},
        {"{\"kty\":\"oct\",\"k\":\"AQAB\"}", ERR_KEY_ALGORITHM},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}", ERR_KEY_ALGORITHM},
        {"{\"kty\":\"ec\",\"crv\":\"P-256\"," XY, ERR_KEY_ALGORITHM},
        {"{\"kty\":\"EC\"," XY, ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\"," XY, ERR_KEY_CURVE},
        {"{\"kty\":\"EC\",\"crv\":\"P-384\"," XY, ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"AA\"," XY, ERR_OK},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES521\"," XY, ERR_KEY_ALGORITHM},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"alg\":\"ES256\"," XY, ERR_KEY_ALGORITHM},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"alg\":\"ES521\"," XY,
         ERR_KEY_INVALID}, /* x is short */
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\"," XY, ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"sign\"]," XY, ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":\"verify\"," XY, ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES512\"," XY, ERR_KEY_ALGORITHM},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":1," XY, ERR_KEY_ALGORITHM},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
         ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":1,\"y\":2}", ERR_KEY_INVALID},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\","
         "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
         ERR_KEY_NOT_ON_CURVE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct js *json;
        struct key *key;

        assert_ok(js_parse(rows[i].jwk, strlen(rows[i].jwk), &json));
        enum err e = jwk_parse(json, &key);
        if (e != rows[i].verdict)
            print_error("%s\n", rows[i].jwk);
        assert_err(e, rows[i].verdict);
        assert_true((key != NULL) == (e == ERR_OK));
        key_free(key);
        js_free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc7515),
        cmocka_unit_test(test_forms_that_are_refused),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_long_header_texts),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_length_is_limited),
        cmocka_unit_test(test_golden_statement),
        cmocka_unit_test(test_made_statements_verify),
        cmocka_unit_test(test_a_signature_of_another_curve_is_not_handed_out),
        cmocka_unit_test(test_statement_headers),
        cmocka_unit_test(test_a_statement_is_compact),
        cmocka_unit_test(test_jwk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
