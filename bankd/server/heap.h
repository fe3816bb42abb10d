/* SPDX-License-Identifier: Apache-2.0
 *
 * heap: huge pages for it. What one decision touches lies all over it, and in pages of 4 KiB nearly
 * each touch is a walk of the page tables, in a virtual machine of two.
 */
#ifndef BANKD_SERVER_HEAP_H
#define BANKD_SERVER_HEAP_H

/* The C library asks for them when it is told so as a program starts (GLIBC_TUNABLES, "Memory
 * Allocation Tunables" in its manual): so this runs the program again, with ARGV, in the same
 * process; which signals are blocked and ignored stays. Call it before anything is opened. It
 * returns where they are set already, by whomever, and where it cannot be done: for a program with
 * more rights than its caller, or started by its loader. Then it is only slower. */
void heap_prefer_huge_pages(char **argv);

#endif
