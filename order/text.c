/* SPDX-License-Identifier: Apache-2.0 */
#include "order/text.h"

#include "base/text.h"
#include <stdint.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/uiter.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

/* The table of docs/FORMAT.md section 3 is that of Unicode 15.0: what a later version adds stays
 * refused, whatever ICU is installed, so that all verifiers agree. */
#define UNICODE_MAJOR 15

#define ALLOWED_CATEGORIES (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_P_MASK | U_GC_S_MASK)

static bool is_allowed(UChar32 c)
{
    UVersionInfo age;

    if (c >= ' ' && c <= '~')
        return true; /* most texts are nothing else, and ICU's tables are slow to ask */
    u_charAge(c, age);
    return (U_GET_GC_MASK(c) & ALLOWED_CATEGORIES) != 0 &&
           !u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) && age[0] > 0 &&
           (age[0] < UNICODE_MAJOR || (age[0] == UNICODE_MAJOR && age[1] == 0));
}

/* How many characters there are in one line of allowed code points with single spaces inside, at
 * most MAX_CHARS; 0: it is none. */
static size_t line_chars(const char *text, size_t len, size_t max_chars)
{
    uint32_t c, before = ' ';
    size_t chars = 0;

    for (size_t at = 0; at < len; chars++) {
        size_t n = text_char(text + at, len - at, &c);
        if (!n || !is_allowed((UChar32)c) || (c == ' ' && before == ' '))
            return 0;
        if (chars == 0 && c > '~' && (U_GET_GC_MASK((UChar32)c) & U_GC_M_MASK))
            return 0; /* it would join what a display sets before it */
        before = c;
        at += n;
    }
    return chars <= max_chars && before != ' ' ? chars : 0;
}

/* The caller frees *OUT. LEN bytes are never more than LEN code units. */
static enum err to_utf16(const char *text, size_t len, UChar **out, int32_t *out_len)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar *units;

    *out = NULL;
    if (len == 0 || len > INT32_MAX || !text_is_utf8(text, len))
        return ERR_TEXT_INVALID;
    units = malloc(len * sizeof *units);
    if (!units)
        return ERR_NO_MEMORY;
    u_strFromUTF8(units, (int32_t)len, out_len, text, (int32_t)len, &status);
    if (U_FAILURE(status)) {
        free(units);
        return ERR_TEXT_INVALID;
    }
    *out = units;
    return ERR_OK;
}

static enum err check_nfc(const char *text, size_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    UChar *units;
    int32_t count;
    enum err e = to_utf16(text, len, &units, &count);

    if (e != ERR_OK)
        return e;
    UBool normal = unorm2_isNormalized(nfc, units, count, &status);
    free(units);
    return U_SUCCESS(status) && normal ? ERR_OK : ERR_TEXT_INVALID;
}

enum err utext_check(const char *text, size_t len, size_t max_chars)
{
    if (len / 4 > max_chars)
        return ERR_TEXT_INVALID; /* before time is spent on it */
    size_t chars = line_chars(text, len, max_chars);
    if (!chars)
        return ERR_TEXT_INVALID;
    return chars == len ? ERR_OK : check_nfc(text, len); /* ASCII is in NFC */
}

/* Whether a letter of another script than Latin stands in the text. */
static bool has_foreign_letter(const UChar *text, int32_t len)
{
    UCharIterator at;
    UChar32 c;

    uiter_setString(&at, text, len);
    while ((c = uiter_next32(&at)) != U_SENTINEL) {
        UErrorCode status = U_ZERO_ERROR;

        if (u_isalpha(c) && uscript_getScript(c, &status) != USCRIPT_LATIN)
            return true;
    }
    return false;
}

/* Whether the letters of other scripts have Latin look-alikes, all of them: the skeleton of UTS 39,
 * section 4, is then Latin through and through. A skeleton that cannot be made counts as one. */
static bool looks_latin(const USpoofChecker *checker, const UChar *text, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t cap = uspoof_getSkeleton(checker, 0, text, len, NULL, 0, &status);
    UChar *skeleton;
    bool latin;

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return true;
    skeleton = malloc(((size_t)cap + 1) * sizeof *skeleton);
    if (!skeleton)
        return true;
    status = U_ZERO_ERROR;
    cap = uspoof_getSkeleton(checker, 0, text, len, skeleton, cap + 1, &status);
    latin = U_FAILURE(status) || !has_foreign_letter(skeleton, cap);
    free(skeleton);
    return latin;
}

bool utext_suspicious(const char *text, size_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    USpoofChecker *checker = NULL;
    UChar *units = NULL;
    int32_t count;
    bool suspicious = true; /* what cannot be judged is warned about */

    if (to_utf16(text, len, &units, &count) != ERR_OK)
        return true;
    checker = uspoof_open(&status);
    uspoof_setChecks(checker, USPOOF_RESTRICTION_LEVEL | USPOOF_MIXED_NUMBERS, &status);
    uspoof_setRestrictionLevel(checker, USPOOF_HIGHLY_RESTRICTIVE);
    if (U_SUCCESS(status))
        suspicious = uspoof_check(checker, units, count, NULL, &status) != 0 || U_FAILURE(status) ||
                     (has_foreign_letter(units, count) && looks_latin(checker, units, count));
    uspoof_close(checker);
    free(units);
    return suspicious;
}

/* --- what a text looks like --- ICU fails on a valid text only for want of memory */

struct units {
    UChar *text; /* malloced */
    int32_t len;
};

/* Letters that differ in case only are one. */
static enum err fold_case(const struct units *in, struct units *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t cap = in->len * 3 + 1; /* no code unit folds to more */

    *out = (struct units){.text = malloc((size_t)cap * sizeof *out->text)};
    if (!out->text)
        return ERR_NO_MEMORY;
    out->len = u_strFoldCase(out->text, cap, in->text, in->len, U_FOLD_CASE_DEFAULT, &status);
    return U_FAILURE(status) ? ERR_NO_MEMORY : ERR_OK;
}

static enum err skeleton_of(const struct units *in, struct units *out)
{
    UErrorCode status = U_ZERO_ERROR;
    USpoofChecker *checker = uspoof_open(&status);
    int32_t cap = uspoof_getSkeleton(checker, 0, in->text, in->len, NULL, 0, &status);

    if (status == U_BUFFER_OVERFLOW_ERROR)
        status = U_ZERO_ERROR;
    *out = (struct units){.text = malloc(((size_t)cap + 1) * sizeof *out->text)};
    if (out->text)
        out->len = uspoof_getSkeleton(checker, 0, in->text, in->len, out->text, cap + 1, &status);
    uspoof_close(checker);
    if (!out->text)
        return ERR_NO_MEMORY;
    return U_FAILURE(status) ? ERR_NO_MEMORY : ERR_OK;
}

/* Without spaces and punctuation, as far as they are of the basic plane; nearly all are. */
static void keep_letters(struct units *u)
{
    int32_t kept = 0;

    for (int32_t at = 0; at < u->len; at++) {
        if (!(U_GET_GC_MASK((UChar32)u->text[at]) & (U_GC_P_MASK | U_GC_Z_MASK)))
            u->text[kept++] = u->text[at];
    }
    u->len = kept;
}

static enum err add_utf8(const struct units *u, struct buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t len = 0, cap = u->len * 3 + 1;
    char *utf8 = malloc((size_t)cap);
    enum err e = ERR_NO_MEMORY;

    if (utf8) {
        u_strToUTF8(utf8, cap, &len, u->text, u->len, &status);
        e = U_FAILURE(status) ? ERR_NO_MEMORY : buf_add(out, utf8, (size_t)len);
    }
    free(utf8);
    return e;
}

static enum err change(struct units *u, enum err (*how)(const struct units *, struct units *))
{
    struct units changed = {0};
    enum err e = how(u, &changed);

    free(u->text);
    *u = changed;
    return e;
}

/* Skeletons have capitals, too: a zero looks like one. */
enum err utext_skeleton(const char *text, size_t len, bool by_shape, struct buf *out)
{
    struct units u = {0};
    enum err e = to_utf16(text, len, &u.text, &u.len);

    if (e == ERR_OK && by_shape)
        e = change(&u, skeleton_of);
    if (e == ERR_OK)
        e = change(&u, fold_case);
    if (e == ERR_OK)
        e = change(&u, skeleton_of);
    if (e == ERR_OK)
        e = change(&u, fold_case);
    if (e == ERR_OK)
        keep_letters(&u);
    if (e == ERR_OK)
        e = add_utf8(&u, out);
    free(u.text);
    return e;
}

enum err utext_load(void)
{
    struct buf skeleton = {0};
    enum err e = utext_check("a b", 3, 3);

    if (e == ERR_OK)
        e = utext_skeleton("a b", 3, true, &skeleton);
    buf_free(&skeleton);
    return e == ERR_OK ? e : ERR_NO_MEMORY;
}
