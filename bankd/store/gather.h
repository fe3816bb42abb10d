/* SPDX-License-Identifier: Apache-2.0
 *
 * gather: the system's files for SQLite, which writes its log in many small pieces, one behind the
 * other, for each page 24 bytes and the page, and by a checkpoint the pages by which a database
 * grew. Here they are gathered and written in one piece, at the latest when SQLite asks for
 * anything else of the file: a sync, a read, a size. Private to the store.
 *
 * Whatever cannot be written is known to SQLite while it still looks:
 * - With synchronous = FULL and cache_spill = OFF a commit writes the log and syncs it in one call.
 *   So outside of it nothing is gathered, a failure is the commit's own, and others, whom SQLite
 *   tells of nothing before the sync, find it written.
 * - A checkpoint writes pages in their order and looks at each write, so the database's last page
 *   ends what is gathered. Where somebody still reads what was before, that page may be left out
 *   and SQLite looks no more: then the process ends, as by a crash in the middle of a checkpoint,
 *   which loses nothing. It takes a system that fails just then.
 */
#ifndef BANKD_STORE_GATHER_H
#define BANKD_STORE_GATHER_H

/* The name for sqlite3_open_v2; NULL: the system has no files. Any number of times. */
const char *gather_vfs(void);

#endif
