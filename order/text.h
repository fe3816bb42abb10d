/* SPDX-License-Identifier: Apache-2.0
 *
 * text: what may stand in a name or a description: one line of NFC, code points from the table in
 * docs/FORMAT.md. The one file that includes ICU. (base/text.h has encodings; this has Unicode.)
 */
#ifndef ORDER_TEXT_H
#define ORDER_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

/* 1..MAX_CHARS code points, NFC, no leading, trailing or doubled space, no control, format, bidi,
 * zero-width, private, surrogate, noncharacter, unassigned (Unicode of the table) or line
 * separator characters: TEXT_INVALID. HTML and look-alikes pass. */
MUST_CHECK enum err utext_check(const char *text, size_t len, size_t max_chars);

/* True when the text mixes scripts or looks like Latin but is not (ICU uspoof): a warning for
 * people, never part of what is signed. */
bool utext_suspicious(const char *text, size_t len);

/* Appends what the text looks like to people, as UTF-8: its UTS 39 skeleton (ICU uspoof) without
 * case, spaces and punctuation. Texts that are easily taken for each other give the same, either BY
 * SHAPE, where a capital is what it looks like (I is l, a Cyrillic capital is Latin), or otherwise,
 * where it is its small letter: who compares must do both. It may differ from one ICU to the next,
 * so it is nothing to sign or show. TEXT_INVALID, NO_MEMORY. */
MUST_CHECK enum err utext_skeleton(const char *text, size_t len, bool by_shape, struct buf *out);

/* Loads ICU's tables. ICU remembers for ever that it failed for want of memory, so a program that
 * is to outlive that loads them when it starts. NO_MEMORY. */
MUST_CHECK enum err utext_load(void);

#endif
