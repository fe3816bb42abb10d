/* SPDX-License-Identifier: Apache-2.0 */
#include "order/iban.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_LEN 4 /* country and check digits stand before the BBAN */
#define BIC_SHORT 8
#define BIC_LONG 11
#define REFERENCE_MIN 5
#define REFERENCE_MAX 25

struct country {
    char code[3];
    char structure[12];
};

static const struct country countries[] = {
#define X(code, structure) {code, structure},
#include "order/iban_table.def"
#undef X
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool all_alphanumeric(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) && !is_upper(text[i]))
            return false;
    }
    return true;
}

static int compare_code(const void *code, const void *row)
{
    return memcmp(code, ((const struct country *)row)->code, 2);
}

static bool in_class(char class, char c)
{
    return (class != 'a' && is_digit(c)) || (class != 'n' && is_upper(c));
}

/* STRUCTURE such as "a4n6c8" describes the LEN characters of BBAN from the first to the last. */
static bool has_structure(const char *structure, const char *bban, size_t len)
{
    size_t at = 0;

    while (*structure) {
        char class = *structure++;
        size_t run = 0;

        while (is_digit(*structure))
            run = run * 10 + (size_t)(*structure++ - '0');
        if (run > len - at)
            return false;
        for (size_t end = at + run; at < end; at++) {
            if (!in_class(class, bban[at]))
                return false;
        }
    }
    return at == len;
}

static unsigned mod97_add(unsigned rest, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_digit(text[i]))
            rest = (rest * 10 + (unsigned)(text[i] - '0')) % 97;
        else
            rest = (rest * 100 + (unsigned)(text[i] - 'A') + 10) % 97;
    }
    return rest;
}

/* ISO/IEC 7064 MOD 97-10 over the text with its first four characters moved to the end. The check
 * digits 00, 01 and 99 are congruent to real ones, but no issuer computes them. */
static bool check_digits_match(const char *text, size_t len)
{
    int check = (text[2] - '0') * 10 + (text[3] - '0');

    return check >= 2 && check <= 98 &&
           mod97_add(mod97_add(0, text + HEAD_LEN, len - HEAD_LEN), text, HEAD_LEN) == 1;
}

enum err iban_check(const char *text, size_t len)
{
    const struct country *row;

    if (len <= HEAD_LEN || len > IBAN_MAX || !is_digit(text[2]) || !is_digit(text[3]))
        return ERR_IBAN_INVALID;
    row = bsearch(text, countries, sizeof countries / sizeof countries[0], sizeof countries[0],
                  compare_code);
    if (!row || !has_structure(row->structure, text + HEAD_LEN, len - HEAD_LEN))
        return ERR_IBAN_INVALID;
    return check_digits_match(text, len) ? ERR_OK : ERR_IBAN_CHECK_DIGITS;
}

void iban_grouped(const char *text, char out[static IBAN_GROUPED_MAX + 1])
{
    size_t at = 0;

    for (size_t i = 0; i < IBAN_MAX && text[i]; i++) {
        if (i > 0 && i % 4 == 0)
            out[at++] = ' ';
        out[at++] = text[i];
    }
    out[at] = '\0';
}

/* ISO 9362 as pain.001.001.09 has it: [A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})? */
enum err iban_check_bic(const char *text, size_t len)
{
    if ((len != BIC_SHORT && len != BIC_LONG) || !all_alphanumeric(text, len) ||
        !is_upper(text[4]) || !is_upper(text[5]))
        return ERR_BIC_INVALID;
    return ERR_OK;
}

/* ISO 11649: "RF", two check digits, 1 to 21 characters; lower case is not the electronic form. */
enum err iban_check_reference(const char *text, size_t len)
{
    if (len < REFERENCE_MIN || len > REFERENCE_MAX || memcmp(text, "RF", 2) != 0 ||
        !is_digit(text[2]) || !is_digit(text[3]) || !all_alphanumeric(text, len))
        return ERR_REFERENCE_INVALID;
    return check_digits_match(text, len) ? ERR_OK : ERR_REFERENCE_INVALID;
}
