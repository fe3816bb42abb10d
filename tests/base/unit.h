/* SPDX-License-Identifier: Apache-2.0
 *
 * unit: cmocka with what it needs to be included, and errors compared by name, so that a failed
 * test says "JWS_TYPE" and not a number.
 */
#ifndef TESTS_BASE_UNIT_H
#define TESTS_BASE_UNIT_H

#include "base/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_err(expression, expected)                                                           \
    assert_string_equal(err_name(expression), err_name(expected))
#define assert_ok(expression) assert_err(expression, ERR_OK)

#endif
