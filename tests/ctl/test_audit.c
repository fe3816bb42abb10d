/* SPDX-License-Identifier: Apache-2.0
 *
 * The log in log.json was written by make_log.py.
 */
#include "bankd/ctl/audit.h"
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <string.h>

#define SIZE 11u

static struct buf text;
static struct js *file;
static const struct js *entries;

static int load(void **state)
{
    (void)state;
    assert_ok(file_read("tests/ctl/log.json", 65536, &text));
    assert_ok(js_parse(text.data, text.len, &file));
    entries = js_get(file, "entries");
    return js_count(entries) == SIZE ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    js_free(file);
    buf_free(&text);
    return 0;
}

static struct checkpoint checkpoint_of(uint64_t size)
{
    struct checkpoint c = {.size = size};
    size_t len = 0;
    const char *hex = js_text(js_at(js_get(file, "roots"), (size_t)size - 1), &len);
    assert_ok(text_unhex(hex, len, c.root.b, sizeof c.root.b));
    return c;
}

/* A may have been used before. */
static enum err start(struct audit *a, const struct checkpoint *newest,
                      const struct checkpoint *kept)
{
    audit_free(a);
    return audit_start(a, newest, kept);
}

/* The entries from FIRST up to END, of which OTHER (unless SIZE) is replaced by REPLACEMENT. */
static enum err audit_range(struct audit *a, size_t end, size_t other, const struct js *replacement)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < end; i++)
        e = audit_entry(a, i == other ? replacement : js_at(entries, i));
    return e;
}

static void test_whole(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE; size++) {
        for (uint64_t kept_size = 0; kept_size <= size; kept_size++) {
            struct checkpoint newest = checkpoint_of(size), kept = {.size = 0};
            struct audit a = {.where = ""};
            if (kept_size > 0)
                kept = checkpoint_of(kept_size);
            assert_ok(start(&a, &newest, kept_size > 0 ? &kept : NULL));
            assert_int_equal(audit_wanted(&a), size);
            assert_ok(audit_range(&a, size, SIZE, NULL));
            assert_int_equal(audit_wanted(&a), 0);
            assert_ok(audit_finish(&a));
            audit_free(&a);
        }
    }
}

/* Row 20: with one kept checkpoint, every kind of forgery is found. */
static void threat_20_entries(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE);
    struct audit a = {.where = ""};
    for (size_t at = 0; at < SIZE; at++) {
        assert_ok(start(&a, &newest, NULL)); /* dropped, or swapped with the next one */
        assert_err(audit_range(&a, SIZE, at, js_at(entries, (at + 1) % SIZE)), ERR_PROOF_INVALID);
        assert_ok(start(&a, &newest, NULL)); /* cut off behind it */
        assert_ok(audit_range(&a, at, SIZE, NULL));
        assert_err(audit_finish(&a), ERR_PROOF_INVALID);
        assert_true(strlen(a.where) > 0);
    }
    audit_free(&a);
}

static void threat_20_other_branch(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE), kept = checkpoint_of(4);
    struct audit a = {.where = ""};
    kept.root.b[31] ^= 1;
    assert_ok(start(&a, &newest, &kept));
    assert_err(audit_range(&a, SIZE, SIZE, NULL), ERR_PROOF_INVALID);
    newest.root.b[0] ^= 0x80;
    assert_ok(start(&a, &newest, NULL));
    assert_ok(audit_range(&a, SIZE, SIZE, NULL));
    assert_err(audit_finish(&a), ERR_PROOF_INVALID);
    newest = checkpoint_of(4);
    kept = checkpoint_of(5); /* an older database put back */
    assert_err(start(&a, &newest, &kept), ERR_PROOF_INVALID);
    audit_free(&a);
}

/* Every byte of an entry's text, flipped in one bit: never accepted up to the root. */
static void threat_20_flipped(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE);
    struct buf entry = {.len = 0};
    assert_ok(js_canon(js_at(entries, 5), &entry));
    for (size_t i = 0; i < entry.len; i++) {
        struct js *forged = NULL;
        struct audit a = {.where = ""};
        entry.data[i] ^= 1;
        if (js_parse(entry.data, entry.len, &forged) == ERR_OK) {
            assert_ok(start(&a, &newest, NULL));
            enum err e = audit_range(&a, SIZE, 5, forged);
            assert_true(e != ERR_OK || audit_finish(&a) != ERR_OK);
        }
        js_free(forged);
        entry.data[i] ^= 1;
        audit_free(&a);
    }
    buf_free(&entry);
}

/* What was done twice from the same state, or undone unseen. */
static void threat_20_fork(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE);
    struct audit a = {.where = ""};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(start(&a, &newest, NULL));
        assert_err(audit_range(&a, 5, 4, js_at(js_get(file, "forked"), i)),
                   ERR_EVIDENCE_CONTRADICTION);
        assert_non_null(strstr(a.where, i ? "follows none" : "follows the same"));
    }
    audit_free(&a);
}

static void test_forms(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE);
    static const struct {
        const char *entry;
        enum err expected;
    } bad[] = {
        {"[]", ERR_DOC_MEMBER_INVALID},
        {"{\"body\":{},\"leaf\":{}}", ERR_DOC_MEMBER_MISSING},
        {"{\"body\":{},\"leaf\":{},\"salt\":\"AAAA\",\"x\":1}", ERR_DOC_MEMBER_UNKNOWN},
        {"{\"body\":1,\"leaf\":{},\"salt\":\"AAAA\"}", ERR_DOC_MEMBER_INVALID},
        {"{\"body\":{},\"leaf\":{},\"salt\":\"AAAA\"}", ERR_DOC_MEMBER_INVALID},
        {"{\"body\":{},\"leaf\":{},\"salt\":\"A\"}", ERR_BASE64_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct js *entry = NULL;
        struct audit a = {.where = ""};
        assert_ok(start(&a, &newest, NULL));
        assert_ok(js_parse(bad[i].entry, strlen(bad[i].entry), &entry));
        assert_err(audit_entry(&a, entry), bad[i].expected);
        js_free(entry);
        audit_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(threat_20_entries),
        cmocka_unit_test(threat_20_other_branch),
        cmocka_unit_test(threat_20_flipped),
        cmocka_unit_test(threat_20_fork),
        cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
