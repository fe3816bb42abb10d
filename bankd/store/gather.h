/* SPDX-License-Identifier: Apache-2.0
 *
 * gather: the system's files for SQLite, which writes its log in many small pieces, one behind the
 * other, for each page 24 bytes and the page, and the pages of a checkpoint one by one. Here those
 * of the log, and of a checkpoint by which the database grows, are gathered and written in few, at
 * the latest when SQLite asks for anything else of the file's bytes: a sync, a read, a size.
 * Private to the store.
 *
 * With synchronous = FULL and cache_spill = OFF a commit writes the log and syncs it in one call.
 * So outside of it nothing is gathered, a failure is the commit's own, and others, whom SQLite
 * tells of nothing before the sync, find it written.
 *
 * A checkpoint writes pages in their order, SQLite looks at what each write says, and that of the
 * database's last page is not kept back. Where somebody still reads what was before, or the
 * checkpoint failed already, that page does not come, and SQLite looks no more when the rest is
 * written. If the system fails just then, the process ends, as by a crash in the middle of a
 * checkpoint, which loses nothing.
 */
#ifndef BANKD_STORE_GATHER_H
#define BANKD_STORE_GATHER_H

/* The name for sqlite3_open_v2; NULL: the system has no files. Any number of times. */
const char *gather_vfs(void);

#endif
