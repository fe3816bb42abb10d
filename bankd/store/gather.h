/* SPDX-License-Identifier: Apache-2.0
 *
 * gather: the system's files for SQLite, which writes its log in many small pieces, one behind the
 * other: for each page 24 bytes and the page. Here they are gathered and written in one piece, at
 * the latest when SQLite asks for anything else of the log: a sync, a read, a size. Only the log's:
 * nothing else is synced wherever a failure must be known. Private to the store.
 *
 * With synchronous = FULL and cache_spill = OFF a commit writes the log and syncs it in one call.
 * So outside of it nothing is gathered, a failure is the commit's own, and others, whom SQLite
 * tells of nothing before the sync, find it written.
 */
#ifndef BANKD_STORE_GATHER_H
#define BANKD_STORE_GATHER_H

/* The name for sqlite3_open_v2; NULL: the system has no files. Any number of times. */
const char *gather_vfs(void);

#endif
