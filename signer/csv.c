/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/csv.h"
#include <stdbool.h>
#include <string.h>

/* What begins a formula; the wide forms are taken for the narrow ones in East Asian settings. */
static const char *const starts[] = {
    "=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20",
};

static bool starts_formula(const char *text)
{
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* -77.78, 100: nothing but a number, which no program runs. */
static bool is_amount(const char *text)
{
    text += *text == '-';
    size_t whole = digits(text);
    text += whole;
    if (whole > 0 && *text == '.' && digits(text + 1) > 0)
        text += 1 + digits(text + 1);
    return whole > 0 && *text == '\0';
}

/* Spaces before a formula do not stop every program, and where another separator begins a cell our
 * doubled quotes are an empty quoted text before it. */
static bool begins_cell(const char *text, const char *at)
{
    while (at > text && (at[-1] == ' ' || at[-1] == '"'))
        at--;
    return at == text || at[-1] == ';' || at[-1] == '\t';
}

static enum err add_defused(struct buf *out, const char *text)
{
    bool amount = is_amount(text);
    enum err e = ERR_OK;
    for (const char *at = text; e == ERR_OK && *at != '\0'; at++) {
        if (!amount && starts_formula(at) && begins_cell(text, at))
            e = buf_add_byte(out, '\'');
        if (e == ERR_OK && *at == '"')
            e = buf_add_byte(out, '"');
        if (e == ERR_OK)
            e = buf_add_byte(out, (uint8_t)*at);
    }
    return e;
}

static enum err add_cell(struct buf *out, const char *text)
{
    bool quoted = strpbrk(text, ",;\"\r\n\t") != NULL;
    enum err e = quoted ? buf_add_byte(out, '"') : ERR_OK;
    if (e == ERR_OK)
        e = add_defused(out, text);
    return e == ERR_OK && quoted ? buf_add_byte(out, '"') : e;
}

enum err csv_row(struct buf *out, const char *const *cells, size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (i > 0)
            e = buf_add_byte(out, ',');
        if (e == ERR_OK)
            e = add_cell(out, cells[i]);
    }
    return e == ERR_OK ? buf_add_str(out, "\r\n") : e;
}
