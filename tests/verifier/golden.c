/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/verifier/golden.h"

#include "base/file.h"
#include "base/text.h"
#include "order/key.h"
#include "tests/base/unit.h"
#include <stdio.h>
#include <string.h>

struct buf golden_read(const char *name)
{
    char path[512];
    struct buf out = {0};

    snprintf(path, sizeof path, GOLDEN_DIR "/%s", name);
    if (file_read(path, (size_t)1 << 20, &out) != ERR_OK)
        fail_msg("cannot read %s", path);
    return out;
}

struct policy *golden_policy(const char *name)
{
    struct buf bytes = golden_read(name);
    struct policy *p = NULL;

    assert_ok(policy_parse(bytes.data, bytes.len, &p));
    buf_free(&bytes);
    return p;
}

const char *golden_digest(const char *name)
{
    static char value[65];
    struct buf file = golden_read("digests.txt");
    char *state = NULL;

    value[0] = 0;
    for (char *line = strtok_r((char *)file.data, "\n", &state); line;
         line = strtok_r(NULL, "\n", &state)) {
        size_t len = strlen(name);

        if (strncmp(line, name, len) == 0 && line[len] == ' ')
            snprintf(value, sizeof value, "%s", line + len + 1);
    }
    buf_free(&file);
    assert_int_not_equal(value[0], 0);
    return value;
}

struct golden_keys golden_keys_load(void)
{
    struct golden_keys keys = {{NULL}};
    struct buf file = golden_read("keys.ndjson");
    char *state = NULL;
    size_t count = 0;

    for (char *line = strtok_r((char *)file.data, "\n", &state); line && count < 2;
         line = strtok_r(NULL, "\n", &state)) {
        static const char prefix[] = "{\"spki\":\"";
        const char *text = line + sizeof prefix - 1;
        struct buf der = {0};

        assert_ok(text_unb64url(text, strlen(text) - 2, &der));
        assert_ok(key_from_spki(der.data, der.len, &keys.key[count++]));
        buf_free(&der);
    }
    assert_int_equal(count, 2);
    buf_free(&file);
    return keys;
}

void golden_keys_free(struct golden_keys *keys)
{
    key_free(keys->key[0]);
    key_free(keys->key[1]);
}

static const struct key *find(void *ctx, const char *thumbprint)
{
    const struct golden_keys *keys = ctx;

    for (size_t i = 0; i < 2; i++) {
        if (strcmp(key_thumbprint(keys->key[i]), thumbprint) == 0)
            return keys->key[i];
    }
    return NULL;
}

struct verify_keys golden_keys_lookup(const struct golden_keys *keys)
{
    return (struct verify_keys){find, (void *)(uintptr_t)keys};
}

void golden_table(const char *file, size_t min, golden_row_fn row, void *ctx)
{
    struct buf text = golden_read(file);
    char *state = NULL;
    size_t count = 0;

    for (char *line = strtok_r((char *)text.data, "\n", &state); line;
         line = strtok_r(NULL, "\n", &state)) {
        char *words = NULL, *error = strtok_r(line, " ", &words);
        const char *name = strtok_r(NULL, " ", &words);
        const char *rest = strtok_r(NULL, "", &words);
        enum err expected = strcmp(error, "OK") == 0 ? ERR_OK : err_from_name(error, strlen(error));

        row(expected, name, rest ? rest : "", ctx);
        count++;
    }
    assert_true(count >= min);
    buf_free(&text);
}

/* --- what is forged --- */

struct forged {
    const char *prefix;
    golden_verify_fn verify;
    void *ctx;
    size_t tried;
};

static void try_row(enum err expected, const char *name, const char *text, void *ctx)
{
    struct forged *f = ctx;
    struct verified *v = NULL;

    if (strncmp(name, f->prefix, strlen(f->prefix)) != 0)
        return;
    f->tried++;
    enum err got = f->verify(f->ctx, text, &v);
    if (got != expected)
        print_error("%s: %s\n", name, err_name(got));
    assert_err(got, expected);
    assert_true((v != NULL) == (expected == ERR_OK));
    verified_free(v);
}

void golden_forged(const char *file, const char *prefix, size_t min, golden_verify_fn verify,
                   void *ctx)
{
    struct forged f = {prefix, verify, ctx, 0};

    golden_table(file, min, try_row, &f);
    assert_true(f.tried >= min);
}

void golden_changed(const char *file, golden_verify_fn verify, void *ctx)
{
    struct buf text = golden_read(file);

    for (size_t i = 0; i < text.len; i++) {
        struct verified *v = NULL;
        uint8_t was = text.data[i];

        text.data[i] = was == 'A' ? 'B' : 'A';
        if (verify(ctx, buf_str(&text), &v) == ERR_OK)
            fail_msg("changed at %zu", i);
        text.data[i] = was;
    }
    buf_free(&text);
}
