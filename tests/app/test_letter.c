/* SPDX-License-Identifier: Apache-2.0
 * Letters as files: what people read, and what a program reads back. That the QR code says the same
 * is seen by zbarimg (tests/e2e/test_enrol.py). */
#include "app/letter.h"

#include "base/file.h"
#include "tests/base/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIN "CCLDIhDRLnkSA-cp3w_d37qJpF9-q4fLLExMGrUdWbc"
#define KEY "dMsh_W6VKIPkyuCNIAeoD6BEJecQRufKtndh3CwQq6c"
#define REQUEST "0123456789abcdefghijklmnopqrstuvwxyzABCDEFA"
#define CODE "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "\nurl https://b:1\n"
#define NOW_US INT64_C(1795622400000000) /* 2026-11-25 16:00 */

struct desk {
    char dir[64];
};

static int begin(void **state)
{
    static struct desk d;
    snprintf(d.dir, sizeof d.dir, "/tmp/countersign-letter-XXXXXX");
    assert_non_null(mkdtemp(d.dir));
    *state = &d;
    return 0;
}

static void path_of(const struct desk *d, const char *name, char out[static 96])
{
    snprintf(out, 96, "%s/%s", d->dir, name);
}

static int end(void **state)
{
    char path[96];
    path_of(*state, "l.txt", path);
    unlink(path);
    path_of(*state, "l.png", path);
    unlink(path);
    return rmdir(((struct desk *)*state)->dir);
}

static void read_file(const struct desk *d, const char *name, struct buf *out)
{
    char path[96];
    path_of(d, name, path);
    assert_ok(file_read(path, 65536, out));
}

/* Printable, at most 80 columns; CODE at the end may be longer. */
static void assert_page(const struct buf *text, const char *code)
{
    size_t column = 0;
    const char *at = buf_str(text), *tail = strstr(at, code);
    assert_non_null(tail);
    for (; at != tail; at++) {
        unsigned char c = (unsigned char)*at;
        assert_true(c == '\n' || (c >= ' ' && c != 0x7f));
        column = c == '\n' ? 0 : column + ((c & 0xc0) != 0x80);
        assert_in_range(column, 0, 80);
    }
}

static void bank_letter_comes_back(void **state)
{
    struct letter_bank l = {.bank_key = PIN}, again;
    struct buf text = {0}, png = {0};

    for (int longest = 0; longest < 2; longest++) {
        memset(l.url, 'u', longest ? URL_MAX : 20);
        memcpy(l.url, "https://", 8);
        memset(l.bank, 'b', longest ? BANK_MAX : 20);
        memcpy(l.bank, "bank.example/", 13);
        assert_ok(letter_bank_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"));
        buf_clear(&text);
        read_file(*state, "l.txt", &text);
        assert_page(&text, "countersign-bank-letter/1\n");
        assert_non_null(strstr(buf_str(&text), "CCLD IhDR LnkS A-cp 3w_d 37qJ pF9- q4fL LExM GrUd "
                                               "Wbc\n"));
        assert_non_null(strstr(buf_str(&text), "2026-11-25\n"));
        assert_ok(letter_bank_read(buf_str(&text), text.len, &again));
        assert_string_equal(again.bank, l.bank);
        assert_string_equal(again.bank_key, l.bank_key);
        assert_string_equal(again.url, l.url);
    }
    read_file(*state, "l.png", &png);
    assert_true(png.len > 100);
    assert_memory_equal(png.data, "\x89PNG", 4);
    buf_free(&text);
    buf_free(&png);
}

static void no_letter_is_guessed(void **state)
{
    static const char *const bad[] = {
        "",
        "countersign-bank-letter/1",
        "countersign-bank-letter/2\nbank b.example/test\nbank-key " PIN "\nurl https://b:1\n",
        " " CODE,
        "countersign-bank-letter/1\nbank b.example\nbank-key " PIN "\nurl https://b:1\n",
        "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "A\nurl https://b:1\n",
        "countersign-bank-letter/1\nbank b.example/test\nurl https://b:1\nbank-key " PIN "\n",
        "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "\nurl http://b:1\n",
        "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "\nurl https://\n",
        "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "\nurl https://b 1\n",
        "countersign-bank-letter/1\nbank b.example/test\nbank-key " PIN "\n",
    };
    struct letter_bank l;

    (void)state;
    assert_ok(letter_bank_read(CODE, strlen(CODE), &l));
    assert_ok(letter_bank_read(CODE, strlen(CODE) - 1, &l)); /* as a scanner may leave it */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(letter_bank_read(bad[i], strlen(bad[i]), &l), ERR_LETTER_INVALID);
}

static void enrolment_letter_says_all(void **state)
{
    struct letter_enrolment l = {.bank = "bank.example/test",
                                 .bank_key = PIN,
                                 .key = KEY,
                                 .enrolment = REQUEST,
                                 .name = "Jos\xc3\xa9 da Silva",
                                 .holder = "",
                                 .expires_us = NOW_US + INT64_C(86400000000)};
    struct buf text = {0};

    assert_ok(letter_enrolment_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"));
    read_file(*state, "l.txt", &text);
    assert_page(&text, "countersign-enrolment-letter/2\n");
    assert_non_null(strstr(buf_str(&text), "Name        Jos\xc3\xa9 da Silva\nDate "));
    assert_non_null(strstr(buf_str(&text), "Waits until 2026-11-26T16:00:00Z\n"));
    assert_non_null(strstr(buf_str(&text), "My key      dMsh _W6V KIPk "));
    assert_non_null(strstr(buf_str(&text), "Bank's key  CCLD IhDR LnkS "));
    assert_non_null(strstr(buf_str(&text), "\n\ncountersign-enrolment-letter/2\n"
                                           "bank bank.example/test\nbank-key " PIN "\nkey " KEY
                                           "\nname Jos\xc3\xa9 da Silva\nenrolment " REQUEST "\n"));
    snprintf(l.holder, sizeof l.holder, "jose");
    assert_ok(letter_enrolment_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"));
    buf_clear(&text);
    read_file(*state, "l.txt", &text);
    assert_non_null(strstr(buf_str(&text), "Known as    jose\n"));
    assert_err(letter_enrolment_write(&l, NOW_US, "/nowhere", "l"), ERR_IO);
    snprintf(l.holder, sizeof l.holder, "x\nMy key  AAAA");
    assert_err(letter_enrolment_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"),
               ERR_LETTER_INVALID);
    buf_free(&text);
}

/* Also with the longest name, whose code is the largest. */
static void enrolment_letter_comes_back(void **state)
{
    static const char first[] = "countersign-enrolment-letter/2\n";
    static const char *const bad[] = {
        "countersign-enrolment-letter/1\nbank b.example/test\nbank-key " PIN "\nkey " KEY
        "\nname N\nenrolment " REQUEST "\n",
        "countersign-enrolment-letter/2\nbank b.example/test\nbank-key " PIN "\nkey " KEY
        "\nenrolment " REQUEST "\n",
        "countersign-enrolment-letter/2\nbank b.example/test\nbank-key " PIN "\nkey " KEY
        "A\nname N\nenrolment " REQUEST "\n",
        "countersign-enrolment-letter/2\nbank b.example/test\nbank-key " PIN "\nkey " KEY
        "\nname N\xe2\x80\xae\nenrolment " REQUEST "\n",
        CODE,
    };
    struct letter_enrolment l = {.bank = "bank.example/test",
                                 .bank_key = PIN,
                                 .key = KEY,
                                 .enrolment = REQUEST,
                                 .expires_us = NOW_US},
                            again;
    struct buf text = {0};

    for (size_t i = 0; i < ENROLMENT_NAME_CHARS; i++)
        memcpy(l.name + 4 * i, "\xf0\xa0\x80\x8b", 4); /* a letter of four bytes */
    assert_ok(letter_enrolment_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"));
    read_file(*state, "l.txt", &text);
    assert_ok(letter_enrolment_read(buf_str(&text), text.len, &again));
    assert_string_equal(again.bank, l.bank);
    assert_string_equal(again.bank_key, PIN);
    assert_string_equal(again.key, KEY);
    assert_string_equal(again.name, l.name);
    assert_string_equal(again.enrolment, REQUEST);
    const char *code = strstr(buf_str(&text), first);
    assert_ok(letter_enrolment_read(code, strlen(code) - 1, &again));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(letter_enrolment_read(bad[i], strlen(bad[i]), &again), ERR_LETTER_INVALID);
    l.name[0] = '\n';
    assert_err(letter_enrolment_write(&l, NOW_US, ((struct desk *)*state)->dir, "l"),
               ERR_LETTER_INVALID);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bank_letter_comes_back, begin, end),
        cmocka_unit_test(no_letter_is_guessed),
        cmocka_unit_test_setup_teardown(enrolment_letter_says_all, begin, end),
        cmocka_unit_test_setup_teardown(enrolment_letter_comes_back, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
