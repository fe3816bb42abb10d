/* SPDX-License-Identifier: Apache-2.0
 * Tokens as wholes: finding, PINs, sessions. Each test has a SoftHSM2 directory of its own. */
#include "token/token.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <stdlib.h>
#include <string.h>

static void loads_only_modules(void **state)
{
    struct token_module *m = (struct token_module *)1;

    (void)state;
    assert_err(token_module_load("/nowhere/module.so", &m), ERR_TOKEN_MODULE);
    assert_null(m);
    assert_err(token_module_load("/lib/x86_64-linux-gnu/libc.so.6", &m), ERR_TOKEN_MODULE);
}

static void found_by(struct softhsm *h, const struct token_info *made, const char *reader)
{
    struct buf text = BUF_INIT(0);
    struct token *t = NULL;
    struct token_info again;

    assert_ok(token_info_uri(made, reader, &text));
    struct token_uri *uri = softhsm_uri(buf_str(&text));
    const char *slot = token_uri_get(uri, TOKEN_URI_SLOT, NULL);
    assert_string_equal(slot ? slot : "", reader);
    assert_ok(token_open(h->module, uri, &t));
    assert_ok(token_info_of(t, &again));
    assert_string_equal(again.serial, made->serial);
    token_close(t);
    token_uri_free(uri);
    buf_free(&text);
}

static void lists_what_it_made(void **state)
{
    struct softhsm *h = *state;
    struct token_info made, *all = NULL;
    size_t count = 0, found = 0;

    softhsm_init_token(h, "alice", &made);
    assert_string_equal(made.label, "alice");
    assert_true(made.initialized && made.login_required && !made.keypad);
    assert_int_equal(made.tries, TOKEN_TRIES_OK);
    assert_string_equal(made.module, softhsm_path());
    assert_true(strlen(made.serial) > 0 && strlen(made.slot) > 0);

    assert_ok(token_list(h->module, &all, &count));
    for (size_t i = 0; i < count; i++)
        found += all[i].initialized && strcmp(all[i].serial, made.serial) == 0;
    assert_int_equal(found, 1);
    free(all);

    /* Its own URI finds it, with its reader and without. */
    found_by(h, &made, "");
    found_by(h, &made, made.slot);
}

static void finds_one_or_none(void **state)
{
    struct softhsm *h = *state;
    struct token_info first, second;
    struct token *t = NULL;
    char text[64];

    softhsm_init_token(h, "twin", &first);
    softhsm_init_token(h, "twin", &second);
    struct token_uri *twin = softhsm_uri("pkcs11:token=twin");
    struct token_uri *nobody = softhsm_uri("pkcs11:token=nobody");
    assert_err(token_open(h->module, twin, &t), ERR_TOKEN_AMBIGUOUS);
    assert_err(token_open(h->module, nobody, &t), ERR_TOKEN_NOT_FOUND);
    assert_null(t);

    strcpy(text, "pkcs11:token=twin;serial=");
    strcat(text, second.serial);
    struct token_uri *exact = softhsm_uri(text);
    assert_ok(token_open(h->module, exact, &t));
    token_close(t);
    token_uri_free(twin);
    token_uri_free(nobody);
    token_uri_free(exact);
}

static void init_checks_first(void **state)
{
    struct softhsm *h = *state;
    struct token_pin *so_pin = softhsm_pin(h->module, SOFTHSM_SO_PIN),
                     *bad = softhsm_pin(h->module, "1");
    struct token_pin *pin = softhsm_pin(h->module, SOFTHSM_PIN);
    struct token_info info, *all = NULL;
    size_t count = 0;

    assert_err(token_init(h->module, "", so_pin, pin, &info), ERR_USAGE);
    assert_err(token_init(h->module, "123456789012345678901234567890123", so_pin, pin, &info),
               ERR_USAGE);
    assert_err(token_init(h->module, "x", so_pin, bad, &info), ERR_PIN_INVALID);
    assert_ok(token_list(h->module, &all, &count));
    for (size_t i = 0; i < count; i++)
        assert_false(all[i].initialized); /* no half-made token */
    free(all);
    token_pin_free(so_pin);
    token_pin_free(bad);
    token_pin_free(pin);
}

static void wrong_pin_is_wrong_always(void **state)
{
    struct softhsm *h = *state;
    struct token_pin *right = softhsm_pin(h->module, SOFTHSM_PIN),
                     *wrong = softhsm_pin(h->module, "654321");
    struct token_info info;
    struct token_key *k = NULL;

    softhsm_init_token(h, "alice", &info);
    struct token *t = softhsm_open(h, "alice"); /* logs in */
    assert_ok(token_generate(t, TOKEN_USE_SIGN, TOKEN_P256, "sign", (const uint8_t *)"\x01", 1));
    assert_err(token_login(t, wrong, false), ERR_PIN_WRONG); /* although logged in before */
    assert_err(token_key_find(t, NULL, TOKEN_USE_SIGN, &k), ERR_PIN_REQUIRED);
    assert_err(token_login(t, NULL, false), ERR_PIN_REQUIRED); /* no keypad */
    assert_ok(token_login(t, right, false));
    assert_ok(token_key_find(t, NULL, TOKEN_USE_SIGN, &k));
    token_key_free(k);
    assert_ok(token_logout(t));
    assert_ok(token_logout(t));
    assert_err(token_key_find(t, NULL, TOKEN_USE_SIGN, &k), ERR_PIN_REQUIRED);
    token_close(t);
    token_pin_free(right);
    token_pin_free(wrong);
}

/* Somebody else in this process is logged in: the token says so to any PIN. */
static void another_login_vouches_for_no_pin(void **state)
{
    struct softhsm *h = *state;
    struct token_pin *right = softhsm_pin(h->module, SOFTHSM_PIN),
                     *wrong = softhsm_pin(h->module, "654321");
    struct token_uri *uri = softhsm_uri("pkcs11:token=alice");
    struct token_info info;
    struct token *other = NULL;

    softhsm_init_token(h, "alice", &info);
    struct token *t = softhsm_open(h, "alice"); /* logs in */
    assert_ok(token_open(h->module, uri, &other));
    assert_err(token_login(other, wrong, false), ERR_PIN_WRONG);
    assert_ok(token_login(t, right, false));
    assert_ok(token_login(other, right, false));
    token_close(other);
    token_close(t);
    token_uri_free(uri);
    token_pin_free(right);
    token_pin_free(wrong);
}

static void changes_the_pin(void **state)
{
    struct softhsm *h = *state;
    struct token_pin *old = softhsm_pin(h->module, SOFTHSM_PIN),
                     *fresh = softhsm_pin(h->module, "246813");
    struct token_pin *tiny = softhsm_pin(h->module, "1");
    struct token_info info;

    softhsm_init_token(h, "alice", &info);
    struct token *t = softhsm_open(h, "alice");
    assert_err(token_change_pin(t, fresh, old, false), ERR_PIN_WRONG);
    assert_err(token_change_pin(t, old, tiny, false), ERR_PIN_INVALID);
    assert_err(token_change_pin(t, old, NULL, false), ERR_PIN_REQUIRED);
    assert_ok(token_change_pin(t, old, fresh, false));
    assert_err(token_login(t, old, false), ERR_PIN_WRONG);
    assert_ok(token_login(t, fresh, false));
    token_close(t);
    token_pin_free(old);
    token_pin_free(fresh);
    token_pin_free(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_only_modules),
        cmocka_unit_test_setup_teardown(lists_what_it_made, softhsm_setup, softhsm_teardown),
        cmocka_unit_test_setup_teardown(finds_one_or_none, softhsm_setup, softhsm_teardown),
        cmocka_unit_test_setup_teardown(init_checks_first, softhsm_setup, softhsm_teardown),
        cmocka_unit_test_setup_teardown(wrong_pin_is_wrong_always, softhsm_setup, softhsm_teardown),
        cmocka_unit_test_setup_teardown(another_login_vouches_for_no_pin, softhsm_setup,
                                        softhsm_teardown),
        cmocka_unit_test_setup_teardown(changes_the_pin, softhsm_setup, softhsm_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
