/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/key.h"
#include "tests/base/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HEX_MAX 512 /* bytes */

struct bytes {
    uint8_t b[HEX_MAX];
    size_t len;
};

static struct bytes unhex(const char *hex)
{
    struct bytes out = {.len = strlen(hex) / 2};

    assert_true(out.len <= HEX_MAX);
    assert_ok(text_unhex(hex, strlen(hex), out.b, out.len));
    return out;
}

/* --- RFC 6979 A.2.5, A.2.6, A.2.7: the key of each curve and its signatures with its own hash ---
 */

static const struct vector {
    enum key_alg alg;
    const char *x, *y;
    const char *sample; /* R||S over "sample" */
    const char *order;  /* n */
} rfc6979[] = {
    {KEY_ES256, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
     "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
     "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
     "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
     "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"},
    {KEY_ES384,
     "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
     "DEF8F0EA9055866064A254515480BC13",
     "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
     "288B231C3AE0D4FE7344FD2533264720",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
     "81A648152E44ACF96E36DD1E80FABE46"
     "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
     "A329C145786E679E7B82C71A38628AC8",
     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
     "581A0DB248B0A77AECEC196ACCC52973"},
    {KEY_ES512,
     "01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD"
     "371123D46E45DB6B5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F50"
     "23A4",
     "00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A"
     "28A0DB25741B5B34A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFD"
     "FCF5",
     "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F"
     "174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E3"
     "77FA"
     "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF"
     "282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4"
     "A67A",
     "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
     "FFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E9138"
     "6409"},
};

#define CURVES (sizeof rfc6979 / sizeof *rfc6979)

static struct key *key_of(const struct vector *v)
{
    struct bytes x = unhex(v->x), y = unhex(v->y);
    struct key *k;

    assert_int_equal(2 * x.len, key_alg_signature_len(v->alg));
    assert_ok(key_from_xy(v->alg, x.b, y.b, &k));
    assert_int_equal(key_algorithm(k), v->alg);
    return k;
}

static void test_published_signatures_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        struct bytes sig = unhex(rfc6979[i].sample);
        struct key *k = key_of(&rfc6979[i]);

        assert_ok(key_verify(k, "sample", 6, sig.b, sig.len));
        assert_err(key_verify(k, "samplf", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        assert_err(key_verify(k, "sample", 5, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        assert_err(key_verify(k, "sample", 6, sig.b, sig.len - 1), ERR_SIGNATURE_INVALID);
        assert_err(key_verify(k, "sample", 6, sig.b, sig.len + 1), ERR_SIGNATURE_INVALID);
        assert_err(key_verify(k, "sample", 6, sig.b, 0), ERR_SIGNATURE_INVALID);
        key_free(k);
    }
}

static void test_every_flipped_bit_is_refused(void **state)
{
    struct bytes sig = unhex(rfc6979[0].sample);
    struct key *k = key_of(&rfc6979[0]);

    (void)state;
    for (size_t bit = 0; bit < 8 * sig.len; bit++) {
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_ok(key_verify(k, "sample", 6, sig.b, sig.len));
    key_free(k);
}

/* OUT = n - s, or n + s mod 2^bits where PLUS. */
static void combine(const struct bytes *n, const uint8_t *s, int plus, uint8_t *out)
{
    int carry = 0;

    for (size_t i = n->len; i-- > 0;) {
        int sum = n->b[i] + (plus ? s[i] : -s[i]) + carry;

        out[i] = (uint8_t)(sum & 0xff);
        carry = sum < 0 ? -1 : sum >> 8;
    }
}

/* FIPS 186-5 6.4.2 step 1: r and s in 1..n-1. */
static void test_range_of_r_and_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        struct bytes good = unhex(rfc6979[i].sample), n = unhex(rfc6979[i].order), sig;
        struct key *k = key_of(&rfc6979[i]);
        size_t half = n.len;

        for (size_t at = 0; at <= half; at += half) {
            sig = good;
            memset(sig.b + at, 0, half);
            assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
            memcpy(sig.b + at, n.b, half);
            assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
            memset(sig.b + at, 0xff, half);
            assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        }
        sig = good;
        memset(sig.b, 0, sig.len);
        assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        /* s + n is the same number modulo n, and still refused. */
        sig = good;
        combine(&n, good.b + half, 1, sig.b + half);
        assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
        /* The twin that the header speaks of. */
        combine(&n, good.b + half, 0, sig.b + half);
        assert_ok(key_verify(k, "sample", 6, sig.b, sig.len));
        key_free(k);
    }
}

/* A holder can choose r so that the computed point is infinity: r = -hash / d. By Python, with the
 * private key of RFC 6979 A.2.5 and "sample". It is a bad signature, not a fault of the machine. */
static void test_point_at_infinity(void **state)
{
    struct bytes sig = unhex("28815b9a52dcc43d91fe0e07a91bb000f5f475306723ba5e6392aee8be90ee9c"
                             "000000000000000000000000000000000000000000000000000000000012d687");
    struct key *k = key_of(&rfc6979[0]);

    (void)state;
    assert_err(key_verify(k, "sample", 6, sig.b, sig.len), ERR_SIGNATURE_INVALID);
    key_free(k);
}

/* By Python's hashlib and base64. */
static void test_thumbprint(void **state)
{
    static const char *const golden[] = {"DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0",
                                         "l2tfkSzhekdOr24I18E1O_-49AlK14MTo7OxJMS7-HI",
                                         "YEV1EIv9vYLGY_GThCEOLkeymqP0eeXUU7MmlJhqgGA"};

    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        struct key *k = key_of(&rfc6979[i]), *again;
        size_t len;
        const uint8_t *spki = key_spki(k, &len);

        assert_string_equal(key_thumbprint(k), golden[i]);
        assert_ok(key_from_spki(spki, len, &again));
        assert_string_equal(key_thumbprint(again), golden[i]);
        key_free(again);
        key_free(k);
    }
}

/* --- SPKI; the keys were made by the openssl command line --- */

#define P256 "3059301306072a8648ce3d020106082a8648ce3d030107034200"
#define P256_X "acae4d439a78ec8fdce7ba4a01d4c6a041325bd612052682864b7d01bdbccfbf"
#define P256_Y "c45ddc3a0544a92e2bb847f455ed11918a31623a6c7b9214774d0c1eee0d5c66"

static const struct {
    const char *what, *hex;
    enum err verdict;
} spkis[] = {
    {"uncompressed", P256 "04" P256_X P256_Y, ERR_OK},
    {"compressed", "3039301306072a8648ce3d020106082a8648ce3d03010703220002" P256_X,
     ERR_KEY_COMPRESSED},
    {"hybrid", P256 "06" P256_X P256_Y, ERR_KEY_INVALID},
    {"infinity",
     "3019301306072a8648ce3d020106082a8648ce3d030107030200"
     "00",
     ERR_KEY_INVALID},
    {"infinity, padded", P256 "00" P256_X P256_Y, ERR_KEY_INVALID},
    {"off the curve",
     P256 "04" P256_X "c45ddc3a0544a92e2bb847f455ed11918a31623a6c7b9214774d0c1eee0d5c67",
     ERR_KEY_NOT_ON_CURVE},
    {"x above p",
     P256 "04"
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" P256_Y,
     ERR_KEY_NOT_ON_CURVE},
    {"origin",
     P256 "04"
          "0000000000000000000000000000000000000000000000000000000000000000"
          "0000000000000000000000000000000000000000000000000000000000000000",
     ERR_KEY_NOT_ON_CURVE},
    {"trailing byte", P256 "04" P256_X P256_Y "00", ERR_KEY_INVALID},
    {"truncated", P256 "04" P256_X, ERR_KEY_INVALID},
    {"long length form",
     "308159301306072a8648ce3d020106082a8648ce3d030107034200"
     "04" P256_X P256_Y,
     ERR_KEY_INVALID},
    {"unused bits",
     "3059301306072a8648ce3d020106082a8648ce3d030107034201"
     "04" P256_X P256_Y,
     ERR_KEY_INVALID},
    {"no parameters",
     "304f300906072a8648ce3d0201034200"
     "04" P256_X P256_Y,
     ERR_KEY_CURVE},
    {"P-384 named, P-256 point",
     "3056301006072a8648ce3d020106052b81040022034200"
     "04" P256_X P256_Y,
     ERR_KEY_INVALID},
    {"empty", "", ERR_KEY_INVALID},
    {"one byte", "30", ERR_KEY_INVALID},
    {"a length past the end", "3084ffffffff", ERR_KEY_INVALID},
    {"secp256k1",
     "3056301006072a8648ce3d020106052b8104000a03420004b0c598517b445357ed3910d35d48c3eb"
     "93f5cbcfe2fae0fbe75305da609051df846ee668fff0c1f9f0d725a464e1cc83acc109d228425e07419f3677cc9bd"
     "e"
     "eb",
     ERR_KEY_CURVE},
    {"brainpoolP256r1",
     "305a301406072a8648ce3d020106092b2403030208010107034200047d223d744114e65172"
     "6d68c6cadeb214364557e94c43a91e827af9b3f458ca704864bfe9035f44df8dcc95924afdcebdd01875a043f5853"
     "6"
     "9679c505e1d3e6f1",
     ERR_KEY_CURVE},
    {"P-224",
     "304e301006072a8648ce3d020106052b81040021033a000441b517c291000ed4c58cbb507044b1b0b1b3"
     "b5cebf91ffe2597527b8e37c0b9e3f61b2c891055757b8c6f91f3a09306a5032b0d69fde94b9",
     ERR_KEY_CURVE},
    {"SM2",
     "3059301306072a8648ce3d020106082a811ccf5501822d034200043949c742fea1a2f28078e54f10f86b3f"
     "7add999d3d93528a12457dc43ca183936894293f19bfea5574ef70a4c0b4da58242bfef5435137247ff3bc9702942"
     "3"
     "18",
     ERR_KEY_CURVE},
    {"P-256 spelled out",
     "3082014b3082010306072a8648ce3d02013081f7020101302c06072a8648ce3d01010221"
     "00ffffffff00000001000000000000000000000000ffffffffffffffffffffffff305b0420ffffffff00000001000"
     "0"
     "00000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b"
     "0"
     "f63bce3c3e27d2604b031500c49d360886e704936a6678e1139d26b7819f7e900441046b17d1f2e12c4247f8bce6e"
     "5"
     "63a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb64"
     "0"
     "6837bf51f5022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc6325510201010342000"
     "4"
     "192f59a19da97e83bf7e4d6767672dbbeb4915dd971bd63e9e21eccf042a5860d3fb9ee64cbe798281b9ab8141557"
     "4"
     "96c358268d7cfefff1235abe10effbb1b5",
     ERR_KEY_CURVE},
    {"RSA",
     "30819f300d06092a864886f70d010101050003818d0030818902818100cc6972afa8df78f3c8e067eacace"
     "8cfcab6aa95c3235c9605d26d824c30ba20ce1bee16bd0d3cd956cb5a5d50e7d8325a3c0b3ec7759d4a2882245928"
     "8"
     "2a805cdc6bcb01d13df739c3472f0ab2893df1ad8940c2916ded2d936f7844effd16a59a54cb3471fd8139813e6f8"
     "c"
     "af98bee2b7858bf1dffa4fe291056b7591da70610203010001",
     ERR_KEY_ALGORITHM},
    {"Ed25519",
     "302a300506032b6570032100a4c1cdbdcbfebbda8dd31295003d6ba51a8a229babf3cdbf8fc73de1e3"
     "d33bd9",
     ERR_KEY_ALGORITHM},
    {"Ed25519 longer than it says",
     "3029300506032b6570032100a4c1cdbdcbfebbda8dd31295003d6ba51a8a229babf3cdbf8fc73de1e3d33bd9",
     ERR_KEY_INVALID},
    {"X25519",
     "302a300506032b656e032100d027d1705380f5319d54c09a3b86716dd6de79ad454a1d571446564f645"
     "1c113",
     ERR_KEY_ALGORITHM},
};

static void test_spki(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spkis / sizeof *spkis; i++) {
        struct bytes der = unhex(spkis[i].hex);
        /* An exact copy, so that the sanitizer sees a read past the end. */
        uint8_t *copy = malloc(der.len ? der.len : 1);
        struct key *k;

        assert_non_null(copy);
        memcpy(copy, der.b, der.len);
        enum err e = key_from_spki(copy, der.len, &k);
        if (e != spkis[i].verdict)
            print_error("%s\n", spkis[i].what);
        assert_err(e, spkis[i].verdict);
        assert_true((k != NULL) == (e == ERR_OK));
        key_free(k);
        free(copy);
    }
}

/* --- DER signatures --- */

static void test_der_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < CURVES; i++) {
        struct bytes sig = unhex(rfc6979[i].sample);
        enum key_alg alg = rfc6979[i].alg;
        uint8_t back[KEY_SIGNATURE_MAX];
        struct buf der = {0};
        size_t len;

        assert_ok(key_sig_to_der(alg, sig.b, sig.len, &der));
        assert_ok(key_sig_from_der(alg, der.data, der.len, back, &len));
        assert_int_equal(len, sig.len);
        assert_memory_equal(back, sig.b, len);
        assert_err(key_sig_from_der(alg, der.data, der.len - 1, back, &len), ERR_SIGNATURE_INVALID);
        assert_ok(buf_add_byte(&der, 0));
        assert_err(key_sig_from_der(alg, der.data, der.len, back, &len), ERR_SIGNATURE_INVALID);
        assert_int_equal(len, 0);
        assert_err(key_sig_to_der(alg, sig.b, sig.len - 1, &der), ERR_SIGNATURE_INVALID);
        buf_free(&der);
    }
}

static void test_der_signatures_in_one_spelling(void **state)
{
    static const char *const refused[] = {
        "",
        "3006020101",             /* cut off */
        "30060201010201ff",       /* negative */
        "3007020101020200ff00",   /* trailing byte */
        "300702020001020101",     /* a zero too many */
        "308106020101020101",     /* long length form */
        "30800201010201010000",   /* indefinite length */
        "3009020101020101020101", /* a third integer */
        "30260221010000000000000000000000000000000000000000000000000000000000000000020101",
    };
    uint8_t sig[KEY_SIGNATURE_MAX];
    struct bytes one = unhex("3006020101020101");
    size_t len;

    (void)state;
    assert_ok(key_sig_from_der(KEY_ES256, one.b, one.len, sig, &len));
    assert_int_equal(len, 64);
    assert_int_equal(sig[31], 1);
    assert_int_equal(sig[63], 1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct bytes der = unhex(refused[i]);

        assert_err(key_sig_from_der(KEY_ES256, der.b, der.len, sig, &len), ERR_SIGNATURE_INVALID);
    }
}

/* --- hashes, names, threads --- */

/* FIPS 180-4, "abc". */
static void test_hashes(void **state)
{
    static const struct {
        enum key_alg alg;
        const char *hex;
    } rows[] = {
        {KEY_ES256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {KEY_ES384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                    "8086072ba1e7cc2358baeca134c825a7"},
        {KEY_ES512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    uint8_t hash[KEY_HASH_MAX], digest[DIGEST_LEN], joined[DIGEST_LEN];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes want = unhex(rows[i].hex);

        assert_ok(key_hash(rows[i].alg, "abc", 3, hash, &len));
        assert_int_equal(len, want.len);
        assert_memory_equal(hash, want.b, len);
    }
    assert_ok(key_digest_joined("a", 1, "bc", 2, joined));
    assert_ok(key_digest("abc", 3, digest));
    assert_memory_equal(joined, digest, DIGEST_LEN);
    assert_memory_equal(digest, unhex(rows[0].hex).b, DIGEST_LEN);
    assert_err(key_hash(KEY_ALG_NONE, "abc", 3, hash, &len), ERR_INTERNAL);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(key_alg_from_name("ES256", 5), KEY_ES256);
    assert_int_equal(key_alg_from_name("ES512", 5), KEY_ES512);
    assert_int_equal(key_alg_from_name("ES256K", 6), KEY_ALG_NONE);
    assert_int_equal(key_alg_from_name("es256", 5), KEY_ALG_NONE);
    assert_int_equal(key_alg_from_name("none", 4), KEY_ALG_NONE);
    assert_int_equal(key_alg_from_name("ES25", 4), KEY_ALG_NONE);
    assert_int_equal(key_alg_from_name("", 0), KEY_ALG_NONE);
    assert_int_equal(key_alg_from_curve("P-384", 5), KEY_ES384);
    assert_int_equal(key_alg_from_curve("secp256k1", 9), KEY_ALG_NONE);
    assert_string_equal(key_alg_name(KEY_ES384), "ES384");
    assert_string_equal(key_alg_name(KEY_ALG_NONE), "none");
}

static void *verify_often(void *key)
{
    struct bytes sig = unhex(rfc6979[0].sample);
    size_t good = 0;

    for (int i = 0; i < 200; i++) {
        sig.b[5] ^= (uint8_t)(i % 2); /* every second pair of rounds is damaged */
        good += key_verify(key, "sample", 6, sig.b, sig.len) == ERR_OK;
    }
    return good == 100 ? key : NULL;
}

static void test_threads_share_a_key(void **state)
{
    struct key *k = key_of(&rfc6979[0]);
    pthread_t threads[4];
    void *result;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, k), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    key_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_signatures_verify),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_range_of_r_and_s),
        cmocka_unit_test(test_point_at_infinity),
        cmocka_unit_test(test_thumbprint),
        cmocka_unit_test(test_spki),
        cmocka_unit_test(test_der_signatures),
        cmocka_unit_test(test_der_signatures_in_one_spelling),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_threads_share_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
