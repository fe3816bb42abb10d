/* SPDX-License-Identifier: Apache-2.0
 *
 * A test's program runs the one case that CMOCKA_CASE names, and without it all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

__attribute__((constructor)) static void choose_case(void)
{
    const char *name = getenv("CMOCKA_CASE");

    if (name)
        cmocka_set_test_filter(name);
}
