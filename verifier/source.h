/* SPDX-License-Identifier: Apache-2.0
 *
 * source: the input files in order, as blocks: a whole document, or a run of whole NDJSON lines.
 * For one thread. A file that cannot be read is a block that says so.
 */
#ifndef VERIFIER_SOURCE_H
#define VERIFIER_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_files {
    const char *const *name; /* "-" is standard input */
    size_t count;
    bool ndjson;     /* all of them; otherwise those whose names end in .ndjson */
    size_t item_max; /* bytes of a document or line */
};

struct source_block {
    const char *file;
    uint64_t line;    /* of the first line; 0 for a whole document */
    enum err failure; /* instead of bytes: the file, or the line at LINE, cannot be taken */
    struct buf bytes;
};

struct source;

MUST_CHECK enum err source_open(const struct source_files *files, struct source **out);
/* False at the end of the last file. BLOCK's buffer is used again. */
bool source_next(struct source *s, struct source_block *block);
uint64_t source_total(const struct source *s); /* bytes of all files; 0 when not known */
uint64_t source_done(const struct source *s);  /* bytes read so far */
void source_close(struct source *s);           /* NULL-safe */

#endif
