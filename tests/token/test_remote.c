/* SPDX-License-Identifier: Apache-2.0
 * Modules that crash, hang, scribble over memory or start programs in their helper: the caller gets
 * an error by name, no signature, and goes on with another helper. */
#include "token/token.h"

#include "base/clock.h"
#include "tests/base/unit.h"
#include "tests/token/keys.h"
#include "tests/token/softhsm.h"
#include "token/both.h"
#include "token/remote.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

struct desk {
    struct softhsm h;
    struct token *t;
    struct token_key *k;
    char mark[96]; /* the file that a program which the module started leaves behind */
};

static void open_key(struct desk *d)
{
    d->t = softhsm_open(&d->h, "alice");
    d->k = keys_find(d->t, "pkcs11:", TOKEN_USE_SIGN);
}

static void close_key(struct desk *d)
{
    token_key_free(d->k);
    token_close(d->t);
}

static int begin(void **state)
{
    static struct desk d;
    struct token_info info;

    setenv("EVIL_MODULE", softhsm_path(), 1);
    unsetenv("EVIL");
    softhsm_begin_with(&d.h, EVIL);
    snprintf(d.mark, sizeof d.mark, "%s/mark", d.h.dir);
    setenv("EVIL_MARK", d.mark, 1);
    softhsm_init_token(&d.h, "alice", &info);
    d.t = softhsm_open(&d.h, "alice");
    keys_generate(d.t, TOKEN_USE_SIGN, TOKEN_P256, "sign", 1);
    token_close(d.t);
    *state = &d;
    return 0;
}

static int end(void **state)
{
    struct desk *d = *state;

    softhsm_end(&d->h);
    /* No helper outlives its module, and none is left unburied. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

/* A new helper, whose module does what WORD says. */
static void become(struct desk *d, const char *word)
{
    token_module_unload(d->h.module);
    if (word)
        setenv("EVIL", word, 1);
    else
        unsetenv("EVIL");
    assert_ok(token_module_load(EVIL, &d->h.module));
}

/* Nothing is handed out with an error. */
static enum err sign(const struct desk *d)
{
    uint8_t hash[32] = {1}, sig[TOKEN_SIG_MAX] = {0}, none[TOKEN_SIG_MAX] = {0};
    size_t len = 1;

    enum err e = token_sign(d->k, hash, sizeof hash, sig, sizeof sig, &len);
    if (e) {
        assert_int_equal(len, 0);
        assert_memory_equal(sig, none, sizeof sig);
    }
    return e;
}

/* What was opened in the helper that is gone says so; the next open has another one. */
static void goes_on(struct desk *d)
{
    struct token_info info;
    struct token_pin *pin = NULL;

    assert_err(sign(d), ERR_TOKEN_CRASHED);
    assert_err(token_info_of(d->t, &info), ERR_TOKEN_CRASHED);
    assert_err(token_logout(d->t), ERR_TOKEN_CRASHED);
    unsetenv("EVIL");
    pin = softhsm_pin(d->h.module, SOFTHSM_PIN);                  /* starts one */
    assert_err(token_login(d->t, pin, false), ERR_TOKEN_CRASHED); /* of before */
    token_pin_free(pin);
    close_key(d);
    open_key(d);
    assert_ok(sign(d));
}

static void threat_14_a_crash_takes_nothing_along(void **state)
{
    static const char *const words[] = {"abort", "exec", "fork", "scribble"};
    struct desk *d = *state;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        become(d, words[i]);
        open_key(d);
        assert_err(sign(d), ERR_TOKEN_CRASHED);
        goes_on(d);
        close_key(d);
    }
    assert_int_equal(access(d->mark, F_OK), -1);
}

static void threat_14_a_hang_ends_at_the_deadline(void **state)
{
    struct desk *d = *state;

    become(d, "spin");
    open_key(d);
    token_remote_deadline(1);
    int64_t before = clock_mono_us();
    assert_err(sign(d), ERR_TOKEN_HANGS);
    int64_t took = clock_mono_us() - before;
    assert_true(took >= SECOND && took < 20 * SECOND);
    token_remote_deadline(TOKEN_DEADLINE_S);
    goes_on(d);
    close_key(d);
}

/* Nor is anybody waiting for a helper that does not end, though its socket is closed. */
static void threat_14_a_helper_that_does_not_end_is_ended(void **state)
{
    struct desk *d = *state;

    become(d, "deaf");
    open_key(d);
    close_key(d);
    (void)alarm(60); /* this would wait for ever */
    become(d, NULL);
    (void)alarm(0);
    open_key(d);
    assert_ok(sign(d));
    close_key(d);
}

/* Signatures that do not verify, or have no possible length, stay here; the helper lives. */
static void threat_14_wrong_signatures_stay_here(void **state)
{
    static const char *const words[] = {"flip", "long"};
    struct desk *d = *state;
    struct token_info info;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        become(d, words[i]);
        open_key(d);
        assert_err(sign(d), ERR_TOKEN_BAD_SIGNATURE);
        assert_ok(token_info_of(d->t, &info));
        close_key(d);
    }
}

/* The list of what ends it holds before the module's first instruction. */
static void cannot_act_on_being_loaded(void **state)
{
    struct desk *d = *state;
    struct token_module *m = NULL;

    setenv("EVIL", "exec-on-load", 1);
    assert_err(token_module_load(EVIL, &m), ERR_TOKEN_CRASHED);
    assert_null(m);
    assert_int_equal(access(d->mark, F_OK), -1);
    unsetenv("EVIL");
    open_key(d); /* the other module's helper never noticed */
    assert_ok(sign(d));
    close_key(d);
}

static bool always(void)
{
    return true;
}

/* By all of a program's: another look at the same file, too. Who did not wait for it knows nothing
 * of it, and asks again. */
static void one_of_several_that_hangs_is_waited_for_once(void **state)
{
    static const struct token_source source = {.path = EVIL};
    struct token_info *infos = NULL;
    struct token_module *m = NULL;
    size_t count = 0;

    (void)state;
    setenv("EVIL", "hang-on-load", 1);
    assert_ok(token_module_load_one_of(&source, &m));
    token_remote_give_up(always);
    assert_err(token_list(m, &infos, &count), ERR_TOKEN_HANGS);
    token_remote_give_up(NULL);
    unsetenv("EVIL");
    assert_ok(token_list(m, &infos, &count));
    free(infos);
    token_module_unload(m);

    setenv("EVIL", "hang-on-load", 1);
    token_remote_deadline(1);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(token_module_load_one_of(&source, &m));
        int64_t before = clock_mono_us();
        assert_err(token_list(m, &infos, &count), ERR_TOKEN_MODULE);
        assert_err(token_list(m, &infos, &count), ERR_TOKEN_MODULE);
        assert_err(token_module_refusal(m), ERR_TOKEN_HANGS);
        assert_true((clock_mono_us() - before >= SECOND) == (i == 0));
        token_module_unload(m);
    }
    token_remote_deadline(TOKEN_DEADLINE_S);
    unsetenv("EVIL");
}

static void *sign_once(void *arg)
{
    static const char good[] = "good";
    return sign(arg) ? NULL : (void *)(uintptr_t)good;
}

static void two_sessions_sign_at_once(void **state)
{
    struct desk *d = *state;
    pthread_t other;
    void *good = NULL;

    become(d, "meet");
    open_key(d);
    assert_int_equal(pthread_create(&other, NULL, sign_once, d), 0);
    assert_ok(sign(d));
    pthread_join(other, &good);
    assert_non_null(good);
    close_key(d);
}

/* A PIN of one helper is none for another. */
static void pins_are_for_one_helper(void **state)
{
    struct desk *d = *state;
    struct token_module *other = NULL;
    bool same = true;

    assert_ok(token_module_load(EVIL, &other));
    struct token_pin *here = softhsm_pin(d->h.module, SOFTHSM_PIN);
    struct token_pin *again = softhsm_pin(d->h.module, SOFTHSM_PIN);
    struct token_pin *longer = softhsm_pin(d->h.module, SOFTHSM_PIN "7");
    struct token_pin *there = softhsm_pin(other, SOFTHSM_PIN);

    assert_ok(token_pin_same(here, again, &same));
    assert_true(same);
    assert_ok(token_pin_same(here, longer, &same));
    assert_false(same);
    assert_err(token_pin_same(here, there, &same), ERR_TOKEN_CRASHED);
    open_key(d);
    assert_err(token_login(d->t, there, false), ERR_TOKEN_CRASHED);
    assert_ok(sign(d));
    close_key(d);
    token_pin_free(here);
    token_pin_free(again);
    token_pin_free(longer);
    token_pin_free(there);
    token_module_unload(other);
}

/* Descriptors are used up, so that no pinentry can be spoken to: what it would have taken from the
 * caller stays as it is. */
static void nothing_is_put_back_that_was_not_taken(void **state)
{
    const struct token_ask ask = {.program = "/bin/false", .prompt = "PIN:"};
    struct desk *d = *state;
    struct rlimit before, none;
    struct sigaction action, own = {.sa_handler = SIG_IGN};
    struct token_pin *pin = NULL;

    int in = dup(STDIN_FILENO);
    assert_true(in >= 0);
    assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(sigaction(SIGINT, &own, &action), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err e = token_pin_ask(d->h.module, &ask, &pin);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_err(e, ERR_IO);
    assert_null(pin);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    assert_int_equal(sigaction(SIGINT, &action, &own), 0);
    assert_true(own.sa_handler == SIG_IGN);
    close(in);
}

enum { MANY = 2 * TOKEN_AT_ONCE + 3, HASH = 32, SIG = 64 };

struct pile {
    uint8_t sigs[MANY * SIG];
    size_t count, most; /* no more than MOST are taken */
};

static enum err pile_up(void *ctx, const uint8_t *sig)
{
    struct pile *p = ctx;

    if (p->count == p->most)
        return ERR_IO;
    memcpy(p->sigs + p->count++ * SIG, sig, SIG);
    return ERR_OK;
}

/* The first COUNT of MANY, and each is for its hash. */
static void sign_many(const struct desk *d, enum err expected, size_t most, size_t count)
{
    static uint8_t hashes[MANY * HASH];
    static struct pile p;

    p = (struct pile){.most = most};
    for (size_t i = 0; i < MANY; i++)
        hashes[i * HASH] = (uint8_t)i;
    assert_err(token_sign_many(d->k, hashes, MANY, pile_up, &p), expected);
    assert_int_equal(p.count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(keys_verifies(d->k, hashes + i * HASH, HASH, p.sigs + i * SIG, SIG));
}

/* More than the helper takes at once; as many as are wanted; and what was made before one goes
 * wrong. */
static void signs_many(void **state)
{
    struct desk *d = *state;

    open_key(d);
    sign_many(d, ERR_OK, MANY, MANY);
    sign_many(d, ERR_IO, 5, 5);
    sign_many(d, ERR_OK, MANY, MANY); /* nothing of the one before comes in between */
    close_key(d);
    become(d, "flip");
    open_key(d);
    sign_many(d, ERR_TOKEN_BAD_SIGNATURE, MANY, 0);
    close_key(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(threat_14_a_crash_takes_nothing_along, begin, end),
        cmocka_unit_test_setup_teardown(threat_14_a_hang_ends_at_the_deadline, begin, end),
        cmocka_unit_test_setup_teardown(threat_14_a_helper_that_does_not_end_is_ended, begin, end),
        cmocka_unit_test_setup_teardown(threat_14_wrong_signatures_stay_here, begin, end),
        cmocka_unit_test_setup_teardown(cannot_act_on_being_loaded, begin, end),
        cmocka_unit_test_setup_teardown(one_of_several_that_hangs_is_waited_for_once, begin, end),
        cmocka_unit_test_setup_teardown(two_sessions_sign_at_once, begin, end),
        cmocka_unit_test_setup_teardown(pins_are_for_one_helper, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_put_back_that_was_not_taken, begin, end),
        cmocka_unit_test_setup_teardown(signs_many, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
