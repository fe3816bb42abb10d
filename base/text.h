/* SPDX-License-Identifier: Apache-2.0
 *
 * text: numbers, hexadecimal, base64 and times, parsed whole and in one spelling only. Every
 * parser takes the length, stops at nothing, and refuses what it would not write itself.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits, no sign, no leading zero (but "0"), at most MAX. ERR_USAGE otherwise. */
MUST_CHECK enum err text_parse_u64(const char *s, size_t len, uint64_t max, uint64_t *out);

/* VALUE in decimal digits, with a NUL; returns how many characters. */
#define TEXT_INT_MAX 20
size_t text_int(int64_t value, char out[static TEXT_INT_MAX + 1]);

/* Lower-case hexadecimal of LEN bytes into OUT, which has 2*LEN+1 bytes. */
void text_hex(const uint8_t *bytes, size_t len, char *out);
/* Exactly 2*OUT_LEN hexadecimal digits of either case; ERR_USAGE otherwise. */
MUST_CHECK enum err text_unhex(const char *s, size_t len, uint8_t *out, size_t out_len);
/* As text_hex writes it: in small letters. */
MUST_CHECK enum err text_unhex_small(const char *s, size_t len, uint8_t *out, size_t out_len);

/* RFC 4648 section 5 without padding. */
#define TEXT_B64_LEN(n) (((n)*4 + 2) / 3) /* characters for n bytes, unpadded */
void text_b64url(const uint8_t *bytes, size_t len, char *out); /* TEXT_B64_LEN(len)+1 bytes */
MUST_CHECK enum err text_b64url_add(struct buf *out, const uint8_t *bytes, size_t len);
/* Appends the decoded bytes. Refuses padding, other characters and non-zero trailing bits:
 * ERR_BASE64_INVALID, and nothing is appended. */
MUST_CHECK enum err text_unb64url(const char *s, size_t len, struct buf *out);
/* Whether text_unb64url would take it. */
MUST_CHECK enum err text_check_b64url(const char *s, size_t len);
/* Exactly OUT_LEN bytes, otherwise ERR_BASE64_INVALID. */
MUST_CHECK enum err text_unb64url_exact(const char *s, size_t len, uint8_t *out, size_t out_len);

/* RFC 4648 section 4 with padding, one spelling (signed notes, RFC 6962 proofs). */
MUST_CHECK enum err text_b64_add(struct buf *out, const uint8_t *bytes, size_t len);
MUST_CHECK enum err text_unb64(const char *s, size_t len, struct buf *out);

/* Times are microseconds since 1970-01-01T00:00:00Z; documents carry whole seconds:
 * exactly YYYY-MM-DDThh:mm:ssZ, years 2000 to 2199, real calendar dates, no leap second. Writing
 * takes any number; the day is then the nearest one of the years 0 to 9999. */
#define TEXT_TIME_LEN 20
#define TEXT_SECOND_US INT64_C(1000000)
MUST_CHECK enum err text_parse_time(const char *s, size_t len, int64_t *out_us);
void text_time(int64_t time_us, char out[static TEXT_TIME_LEN + 1]); /* rounds down */

/* Dates are YYYY-MM-DD; the number is days since 1970-01-01. */
#define TEXT_DATE_LEN 10
MUST_CHECK enum err text_parse_date(const char *s, size_t len, int32_t *out_days);
void text_date(int32_t days, char out[static TEXT_DATE_LEN + 1]);
int32_t text_day_of(int64_t time_us); /* the UTC day of a time */

struct text_civil {
    int year, month, day; /* month and day from 1 on */
};
struct text_civil text_civil(int32_t days); /* the date that text_date writes */

/* Bytes of the first line of what stands from AT to END, without its LF. */
size_t text_line(const char *at, const char *end);

/* True when the LEN bytes are valid UTF-8 (RFC 3629). NUL is a character like any other. */
bool text_is_utf8(const void *bytes, size_t len);

/* The character that the LEN bytes begin with, and how many of them it has; 0: none of UTF-8. */
size_t text_char(const void *bytes, size_t len, uint32_t *out);

/* Whether people see the character C on a terminal: no control character, which it may obey, and
 * none that a display ignores or that turns its direction (of Unicode 15.0: Cf, Zl, Zp,
 * Default_Ignorable_Code_Point). Letters that look like others are seen. */
bool text_is_seen(uint32_t c);

/* For texts of a token or a bank on their way to people: '?' for each character that is not seen
 * and, where TEXT is not UTF-8, for every byte above 0x7f. */
void text_tame(char *text);
MUST_CHECK enum err text_tame_add(struct buf *out, const char *text, size_t len);

#endif
