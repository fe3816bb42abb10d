/* SPDX-License-Identifier: Apache-2.0
 *
 * gather: the system's files for SQLite, which writes its log in many small pieces, one behind the
 * other: for each page 24 bytes and the page. Here they are gathered and written in one piece, at
 * the latest when SQLite asks for anything else: a sync, a read, a size. So what is on the disk
 * after a sync is the same, and a failure comes no later than the sync. Private to the store.
 *
 * For one connection: others see what was written once it was synced, as SQLite with
 * synchronous = FULL tells them of nothing before.
 */
#ifndef BANKD_STORE_GATHER_H
#define BANKD_STORE_GATHER_H

/* The name for sqlite3_open_v2; NULL: the system has no files. Any number of times. */
const char *gather_vfs(void);

#endif
