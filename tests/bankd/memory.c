/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/memory.h"

#include "tests/base/unit.h"
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unicode/uclean.h>

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *p, size_t len);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *p, size_t len);
char *__wrap_strdup(const char *text);

static long left = -1; /* allocations until the one that fails; below zero: none */
static bool failed;

static bool fails(void)
{
    if (left < 0 || left-- > 0)
        return false;
    failed = true;
    return true;
}

void memory_fail_after(long n)
{
    failed = false;
    left = n;
}

bool memory_recover(void)
{
    left = -1;
    return failed;
}

bool memory_failed(void)
{
    return failed;
}

/* --- ours --- */

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return fails() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    return fails() ? NULL : __real_realloc(p, len);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* --- the libraries' --- */

static void *ssl_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_malloc(len);
}

static void *ssl_realloc(void *p, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_realloc(p, len);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

static void *icu_malloc(const void *context, size_t len)
{
    (void)context;
    return __wrap_malloc(len);
}

static void *icu_realloc(const void *context, void *p, size_t len)
{
    (void)context;
    return __wrap_realloc(p, len);
}

static void icu_free(const void *context, void *p)
{
    (void)context;
    free(p);
}

static sqlite3_mem_methods sqlite_real;

static void *sqlite_malloc(int len)
{
    return fails() ? NULL : sqlite_real.xMalloc(len);
}

static void *sqlite_realloc(void *p, int len)
{
    return fails() ? NULL : sqlite_real.xRealloc(p, len);
}

void memory_wrap_libraries(void)
{
    UErrorCode code = U_ZERO_ERROR;

    u_setMemoryFunctions(NULL, icu_malloc, icu_realloc, icu_free, &code);
    assert_true(U_SUCCESS(code));
    assert_int_equal(CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free), 1);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_real), SQLITE_OK);
    sqlite3_mem_methods mine = sqlite_real;
    mine.xMalloc = sqlite_malloc;
    mine.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &mine), SQLITE_OK);
}
