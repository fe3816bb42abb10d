/* SPDX-License-Identifier: Apache-2.0
 *
 * qr: a text as a QR code (ISO/IEC 18004) in a PNG image, for letters.
 */
#ifndef APP_QR_H
#define APP_QR_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the image: black on white with the quiet zone that readers want. TOO_LARGE when the text
 * does not fit into a code. */
MUST_CHECK enum err qr_png(const char *text, struct buf *out);

#endif
