/* SPDX-License-Identifier: Apache-2.0 */
#include "app/qr.h"

#include <errno.h>
#include <png.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define QUIET 4u /* modules around the code, by the standard */
#define UTF_8 26 /* an ECI designator */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define PLAIN "\033[0m"
#define SCALE 6u /* pixels of a module: a sheet of paper takes them, a telephone reads them */

/* The modules, magnified, one byte a pixel. */
static uint8_t *draw(const QRcode *code, size_t side)
{
    uint8_t *pixels = malloc(side * side);
    if (pixels == NULL)
        return NULL;
    memset(pixels, 0xff, side * side);
    size_t width = (size_t)code->width;
    for (size_t y = 0; y < width * SCALE; y++) {
        uint8_t *row = pixels + (y + QUIET * SCALE) * side + QUIET * SCALE;
        for (size_t x = 0; x < width * SCALE; x++)
            row[x] = code->data[y / SCALE * width + x / SCALE] & 1 ? 0x00 : 0xff;
    }
    return pixels;
}

/* Twice, since the first call says how long the file is. */
static enum err compress(const uint8_t *pixels, size_t side, struct buf *out)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_GRAY};
    png_alloc_size_t len = 0;
    uint8_t *file = NULL;
    bool good = png_image_write_to_memory(&image, NULL, &len, 0, pixels, 0, NULL) != 0;
    if (good)
        file = malloc(len);
    good = file != NULL && png_image_write_to_memory(&image, file, &len, 0, pixels, 0, NULL) != 0;
    enum err e = good ? buf_add(out, file, len) : ERR_NO_MEMORY;
    free(file);
    png_image_free(&image);
    return e;
}

/* What the dense mode has. */
static bool is_alphanumeric(const char *text)
{
    static const char characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    return strspn(text, characters) == strlen(text);
}

/* Bytes are said to be UTF-8 (ECI 26): scanners guess otherwise, and some guess wrong. */
static QRcode *encode(const char *text)
{
    bool dense = is_alphanumeric(text);
    QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
    QRcode *code = NULL;
    if (input != NULL && (dense || QRinput_appendECIheader(input, UTF_8) == 0) &&
        QRinput_append(input, dense ? QR_MODE_AN : QR_MODE_8, (int)strlen(text),
                       (const unsigned char *)text) == 0)
        code = QRcode_encodeInput(input);
    int number = errno;
    QRinput_free(input);
    errno = number;
    return code;
}

static enum err failure(void)
{
    return errno == ERANGE ? ERR_TOO_LARGE : ERR_NO_MEMORY;
}

enum err qr_png(const char *text, struct buf *out)
{
    QRcode *code = encode(text);
    if (code == NULL)
        return failure();
    size_t side = ((size_t)code->width + 2 * QUIET) * SCALE;
    uint8_t *pixels = draw(code, side);
    enum err e = pixels != NULL ? compress(pixels, side, out) : ERR_NO_MEMORY;
    free(pixels);
    QRcode_free(code);
    return e;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && (code->data[y * code->width + x] & 1) != 0;
}

enum err qr_lines(const char *text, struct buf *out)
{
    static const char *const halves[] = {" ", "\u2584", "\u2580", "\u2588"};
    const int quiet = (int)QUIET;
    QRcode *code = encode(text);
    enum err e = code != NULL ? ERR_OK : failure();
    for (int y = -quiet; e == ERR_OK && y < code->width + quiet; y += 2) {
        e = buf_add_str(out, BLACK_ON_WHITE);
        for (int x = -quiet; e == ERR_OK && x < code->width + quiet; x++)
            e = buf_add_str(out, halves[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
        if (e == ERR_OK)
            e = buf_add_str(out, PLAIN "\n");
    }
    QRcode_free(code);
    return e;
}
