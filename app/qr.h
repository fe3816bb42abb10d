/* SPDX-License-Identifier: Apache-2.0
 *
 * qr: a text as a QR code (ISO/IEC 18004), in a PNG image or in characters for a terminal. A text
 * of the standard's 45 characters (digits, capitals, some signs) takes a third less room.
 */
#ifndef APP_QR_H
#define APP_QR_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the image: black on white with the quiet zone that readers want. TOO_LARGE when the text
 * does not fit into a code. */
MUST_CHECK enum err qr_png(const char *text, struct buf *out);
/* Appends the same as lines of UTF-8, two rows of modules each, in black and white whatever the
 * terminal's colours are. */
MUST_CHECK enum err qr_lines(const char *text, struct buf *out);

#endif
