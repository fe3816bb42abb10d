/* SPDX-License-Identifier: Apache-2.0
 *
 * disk: where a test of the store's files is: a directory of its own, with SQLite's writes in the
 * test's hands. Fails the running cmocka test when anything is missing.
 */
#ifndef TESTS_BANKD_DISK_H
#define TESTS_BANKD_DISK_H

#include <stdint.h>
#include <sys/types.h>

/* As pwrite. */
typedef ssize_t disk_write_fn(int fd, const void *bytes, size_t len, off_t at);

/* For cmocka's setup of a group: makes the directory, goes there and has SQLite write by WRITE. */
int disk_enter(disk_write_fn *write);
/* Removes the directory, which must be empty. */
int disk_leave(void **state);

/* By SQLite alone, without the store: bank.db is whole. How many holders it has, and the entry of
 * the first, 0 where there is none. */
int64_t disk_holders(int64_t *entry);

#endif
