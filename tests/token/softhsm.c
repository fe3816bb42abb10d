/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/token/softhsm.h"

#include "base/file.h"
#include "tests/base/unit.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *softhsm_path(void)
{
    const char *path = getenv("COUNTERSIGN_SOFTHSM");
    return path ? path : "/usr/lib/softhsm/libsofthsm2.so";
}

static void write_conf(const struct softhsm *h)
{
    char path[128], tokens[128];

    snprintf(tokens, sizeof tokens, "%s/tokens", h->dir);
    assert_int_equal(mkdir(tokens, 0700), 0);
    snprintf(path, sizeof path, "%s/softhsm2.conf", h->dir);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
}

static void make_dir(struct softhsm *h)
{
    *h = (struct softhsm){.dir = "/dev/shm/countersign-softhsm-XXXXXX"};
    assert_non_null(mkdtemp(h->dir));
    write_conf(h);
}

void softhsm_begin_with(struct softhsm *h, const char *module)
{
    make_dir(h);
    assert_ok(token_module_load(module, &h->module));
}

void softhsm_begin(struct softhsm *h)
{
    softhsm_begin_with(h, softhsm_path());
}

void softhsm_begin_faulty(struct softhsm *h, const char *module)
{
    make_dir(h);
    snprintf(h->control, sizeof h->control, "%s/control", h->dir);
    snprintf(h->trace, sizeof h->trace, "%s.trace", h->control);
    assert_int_equal(setenv("FAULT_MODULE", softhsm_path(), 1), 0);
    assert_int_equal(setenv("FAULT_CONTROL", h->control, 1), 0);
    assert_ok(token_module_load(module, &h->module)); /* a helper takes its environment here */
}

void softhsm_fault(const struct softhsm *h, const char *rules)
{
    assert_ok(file_write(h->control, rules, strlen(rules), 0600));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void softhsm_end(struct softhsm *h)
{
    token_module_unload(h->module);
    nftw(h->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    unsetenv("SOFTHSM2_CONF");
    unsetenv("FAULT_MODULE");
    unsetenv("FAULT_CONTROL");
}

int softhsm_setup(void **state)
{
    static struct softhsm h;

    softhsm_begin(&h);
    *state = &h;
    return 0;
}

int softhsm_setup_alice(void **state)
{
    struct token_info info;

    softhsm_setup(state);
    softhsm_init_token(*state, "alice", &info);
    return 0;
}

int softhsm_teardown(void **state)
{
    softhsm_end(*state);
    return 0;
}

struct token_pin *softhsm_pin(struct token_module *m, const char *text)
{
    struct token_pin *pin = NULL;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_true(dprintf(ends[1], "%s\n", text) > 0);
    close(ends[1]);
    assert_ok(token_pin_read(m, ends[0], &pin));
    close(ends[0]);
    return pin;
}

struct secret *softhsm_secret(void)
{
    struct secret *s = NULL;

    assert_ok(secret_new(&s));
    return s;
}

enum err softhsm_login(struct token *t, const char *text, bool last_try_allowed)
{
    struct token_pin *pin = softhsm_pin(token_module_of(t), text);
    enum err e = token_login(t, pin, last_try_allowed);

    token_pin_free(pin);
    return e;
}

struct token_uri *softhsm_uri(const char *text)
{
    struct token_uri *uri = NULL;

    assert_ok(token_uri_parse(text, &uri));
    return uri;
}

void softhsm_init_token(struct softhsm *h, const char *label, struct token_info *out)
{
    struct token_pin *so_pin = softhsm_pin(h->module, SOFTHSM_SO_PIN);
    struct token_pin *pin = softhsm_pin(h->module, SOFTHSM_PIN);

    assert_ok(token_init(h->module, label, so_pin, pin, out));
    token_pin_free(so_pin);
    token_pin_free(pin);
}

struct token *softhsm_open(struct softhsm *h, const char *label)
{
    char text[128];
    struct token *t = NULL;

    snprintf(text, sizeof text, "pkcs11:token=%s", label);
    struct token_uri *uri = softhsm_uri(text);
    assert_ok(token_open(h->module, uri, &t));
    assert_ok(softhsm_login(t, SOFTHSM_PIN, false));
    token_uri_free(uri);
    return t;
}
