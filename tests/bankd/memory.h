/* SPDX-License-Identifier: Apache-2.0
 *
 * memory: lets one allocation fail: ours (the program is linked with the --wrap options of
 * tests/bankd/CMakeLists.txt), OpenSSL's, SQLite's or ICU's. One thread.
 */
#ifndef TESTS_BANKD_MEMORY_H
#define TESTS_BANKD_MEMORY_H

#include <stdbool.h>

/* First of all, before any of the libraries was used. */
void memory_wrap_libraries(void);

/* The allocation behind the next N ones fails, and no other. */
void memory_fail_after(long n);
/* From here on none fails; true when one did. */
bool memory_recover(void);
/* Whether one has failed since memory_fail_after. */
bool memory_failed(void);

#endif
