/* SPDX-License-Identifier: Apache-2.0
 *
 * The log in log.json was written by make_log.py.
 */
#include "bankd/ctl/audit.h"
#include "base/file.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/entry.h"
#include "order/json.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>

#define SIZE 11u
#define TIME_US (INT64_C(1795341600) * 1000000)

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

/* A log with one lie in it, which the bank signed for. The honest entries behind it only make sure
 * that the first contradiction is told. */
static enum err audit_lie(struct audit *a, const struct js *lie, bool bank_signed)
{
    struct checkpoint newest = checkpoint_of(SIZE);
    size_t len = 0;
    const char *hex = js_text(js_get(lie, "root"), &len);

    if (bank_signed)
        assert_ok(text_unhex(hex, len, newest.root.b, sizeof newest.root.b));
    assert_ok(start(a, &newest, NULL));
    enum err e = audit_range(a, SIZE, (size_t)js_int(js_get(lie, "index")), js_get(lie, "entry"));
    return e == ERR_OK ? audit_finish(a) : e;
}

/* The lies of which the audit says WHICH; there are so many. */
static void refuse_all(const char *which, size_t count, enum err expected)
{
    const struct js *lies = js_get(file, "forged");
    struct audit a = {.where = ""};
    char where[64];

    for (size_t i = 0; i < js_count(lies); i++) {
        const struct js *lie = js_at(lies, i);
        if (strcmp(js_member_text(lie, "says"), which) != 0)
            continue;
        count--;
        assert_err(audit_lie(&a, lie, true), expected);
        (void)snprintf(where, sizeof where, "entry %d: ", (int)js_int(js_get(lie, "index")));
        assert_memory_equal(a.where, where, strlen(where));
        assert_non_null(strstr(a.where, which));
        if (expected == ERR_EVIDENCE_CONTRADICTION) /* somebody else's lie */
            assert_err(audit_lie(&a, lie, false), ERR_PROOF_INVALID);
    }
    assert_int_equal(count, 0);
    audit_free(&a);
}

static void threat_20_told_twice(void **state)
{
    (void)state;
    refuse_all("began before", 2, ERR_EVIDENCE_CONTRADICTION);
}

static void threat_20_fork(void **state)
{
    (void)state;
    refuse_all("does not follow", 8, ERR_EVIDENCE_CONTRADICTION);
    refuse_all("about nothing", 1, ERR_DOC_MEMBER_INVALID);
}

static void threat_20_dated_back(void **state)
{
    (void)state;
    refuse_all("its time is before", 3, ERR_EVIDENCE_CONTRADICTION);
}

/* The ninth entry takes the time back, and says why. */
static void test_clock_put_back(void **state)
{
    (void)state;
    struct checkpoint newest = checkpoint_of(SIZE);
    struct audit a = {.where = ""};
    assert_ok(start(&a, &newest, NULL));
    assert_ok(audit_range(&a, 8, SIZE, NULL));
    assert_int_equal(a.put_back, 0);
    audit_free(&a);
    assert_ok(start(&a, &newest, NULL));
    assert_ok(audit_range(&a, SIZE, SIZE, NULL));
    assert_int_equal(a.put_back, 1);
    assert_int_equal(a.put_back_at, 8);
    audit_free(&a);
}

/* Entry INDEX about ORDER, behind PREVIOUS unless that is negative. */
static enum err add_entry(struct audit *a, uint64_t index, unsigned order, int64_t previous)
{
    static const uint8_t salt[ENTRY_SALT_LEN] = {1};
    struct buf canonical = BUF_INIT(1024), leaf = BUF_INIT(1024);
    struct doc body = {0}, one = {0};
    struct entry_leaf made;
    struct js *entry = NULL;
    char object[32];

    (void)snprintf(object, sizeof object, "order:%u", order);
    doc_object(&body);
    doc_text(&body, "object", object);
    if (previous >= 0)
        doc_int(&body, "previous", previous);
    assert_ok(doc_canon(&body, &canonical));
    assert_ok(entry_make(index, TIME_US, salt, canonical.data, canonical.len, &made));
    assert_ok(entry_leaf_write(index, TIME_US, made.commitment, &leaf));
    doc_object(&one);
    doc_put(&one, "body", &body);
    doc_canonical(&one, "leaf", leaf.data, leaf.len);
    doc_bytes(&one, "salt", salt, sizeof salt);
    buf_clear(&canonical);
    assert_ok(doc_canon(&one, &canonical));
    assert_ok(js_parse(canonical.data, canonical.len, &entry));
    enum err e = audit_entry(a, entry);
    js_free(entry);
    doc_free(&one);
    buf_free(&leaf);
    buf_free(&canonical);
    return e;
}

/* None of many objects is forgotten while their table grows. */
static void test_many_objects(void **state)
{
    (void)state;
    enum { ORDERS = 3000 };
    const struct checkpoint newest = {.size = 3 * ORDERS};
    struct audit a = {.where = ""};
    assert_ok(audit_start(&a, &newest, NULL));
    for (unsigned i = 0; i < 2 * ORDERS; i++)
        assert_ok(add_entry(&a, i, i % ORDERS, (int64_t)i - ORDERS));
    assert_string_equal(a.contradiction, "");
    for (unsigned i = 0; i < ORDERS; i++) {
        a.contradiction[0] = 0;
        assert_ok(add_entry(&a, 2 * ORDERS + i, i, -1));
        assert_non_null(strstr(a.contradiction, "began before"));
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
        cmocka_unit_test(threat_20_told_twice),
        cmocka_unit_test(threat_20_fork),
        cmocka_unit_test(threat_20_dated_back),
        cmocka_unit_test(test_clock_put_back),
        cmocka_unit_test(test_many_objects),
        cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
