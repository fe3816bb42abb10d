/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: the only file that reads a clock. Logic takes the time as an argument.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_us(void);  /* wall clock, microseconds since 1970 UTC */
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC, microseconds; counts from an arbitrary point */
int64_t clock_boot_us(void); /* CLOCK_BOOTTIME: the same, and a machine that sleeps ages */

#endif
