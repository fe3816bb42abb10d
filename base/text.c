/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum err text_parse_u64(const char *s, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    *out = 0;
    if (len == 0 || (len > 1 && s[0] == '0'))
        return ERR_USAGE;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return ERR_USAGE;
        uint64_t digit = (uint64_t)(s[i] - '0');
        if (value > max / 10 || digit > max - value * 10)
            return ERR_USAGE;
        value = value * 10 + digit;
    }
    *out = value;
    return ERR_OK;
}

size_t text_int(int64_t value, char out[static TEXT_INT_MAX + 1])
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[TEXT_INT_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    memcpy(out, digits + at, sizeof digits - at);
    out[sizeof digits - at] = 0;
    return sizeof digits - at;
}

void text_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = 0;
}

/* By character: the value of a digit and the mark of one, and of a capital. */
#define HEX_DIGIT 0x10
#define HEX_CAPITAL 0x20
static const uint8_t hex_values[256] = {
    ['0'] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,         0x16, 0x17, 0x18, 0x19, ['A'] = 0x3a,
    0x3b,         0x3c, 0x3d, 0x3e, 0x3f, ['a'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};

/* No branch depends on the content. False, with OUT cleared, where a digit has one of the marks
 * FOREIGN or LEN is wrong. */
static bool unhex(const char *s, size_t len, uint8_t foreign, uint8_t *out, size_t out_len)
{
    uint8_t all = HEX_DIGIT, any = 0;

    if (len % 2 != 0 || len / 2 != out_len)
        all = 0;
    for (size_t i = 0; i < out_len && i < len / 2; i++) {
        uint8_t high = hex_values[(uint8_t)s[2 * i]], low = hex_values[(uint8_t)s[2 * i + 1]];

        all &= high & low;
        any |= high | low;
        out[i] = (uint8_t)(high << 4 | (low & 15));
    }
    bool right = all & HEX_DIGIT && !(any & foreign);
    if (!right && out_len)
        memset(out, 0, out_len);
    return right;
}

enum err text_unhex(const char *s, size_t len, uint8_t *out, size_t out_len)
{
    return unhex(s, len, 0, out, out_len) ? ERR_OK : ERR_USAGE;
}

enum err text_unhex_small(const char *s, size_t len, uint8_t *out, size_t out_len)
{
    return unhex(s, len, HEX_CAPITAL, out, out_len) ? ERR_OK : ERR_USAGE;
}

/* The two alphabets of RFC 4648 differ in two digits and in the padding. */
struct alphabet {
    const char *digits;
    bool padded;
    uint8_t foreign; /* the mark in digit_values of a digit that only the other alphabet has */
};

#define ONLY_STANDARD 0x40
#define ONLY_URL 0x80

static const struct alphabet standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true, ONLY_URL};
static const struct alphabet url = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false, ONLY_STANDARD};

/* By character: 0 to 63, a mark on the four that are not in both, both marks for no digit. */
static const uint8_t digit_values[256] = {
    /* clang-format off */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7e, 0xff, 0xbe, 0xff, 0x7f,
    0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
    0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0xff, 0xff, 0xff, 0xff, 0xbf,
    0xff, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    /* clang-format on */
};

/* Writes the digits and the padding, no NUL; returns how many characters. */
static size_t encode(const struct alphabet *a, const uint8_t *bytes, size_t len, char *out)
{
    size_t used = 0, whole = len - len % 3;

    for (size_t i = 0; i < whole; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];

        for (unsigned shift = 24; shift > 0; shift -= 6)
            out[used++] = a->digits[bits >> (shift - 6) & 63];
    }
    if (whole < len) {
        uint32_t bits = (uint32_t)bytes[whole] << 16;

        if (len - whole == 2)
            bits |= (uint32_t)bytes[whole + 1] << 8;
        for (size_t i = 0; i <= len - whole; i++)
            out[used++] = a->digits[bits >> (18 - 6 * i) & 63];
    }
    while (a->padded && used % 4)
        out[used++] = '=';
    return used;
}

/* How many digits stand before the padding; SIZE_MAX when the length is no base64's. */
static size_t digits_before_padding(const struct alphabet *a, const char *s, size_t len)
{
    if (a->padded) {
        if (len % 4)
            return SIZE_MAX;
        for (unsigned i = 0; i < 2 && len && s[len - 1] == '='; i++)
            len--;
    }
    return len % 4 == 1 ? SIZE_MAX : len;
}

/* The six bits of a digit; MARKS gathers what digit_values says besides. */
static uint32_t digit_bits(char c, uint8_t *marks)
{
    uint8_t value = digit_values[(uint8_t)c];

    *marks |= value;
    return value & 63;
}

/* Decodes DIGITS characters into digits*3/4 bytes, four at a time and then the rest. No branch
 * depends on the content. RFC 4648 section 3.5: the unused bits must be zero. */
static bool decode(const struct alphabet *a, const char *s, size_t digits, uint8_t *out)
{
    uint8_t marks = 0;
    uint32_t bits;
    unsigned have = 0;

    for (; digits >= 4; digits -= 4, s += 4) {
        bits = digit_bits(s[0], &marks) << 18 | digit_bits(s[1], &marks) << 12 |
               digit_bits(s[2], &marks) << 6 | digit_bits(s[3], &marks);
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
    }
    for (bits = 0; digits > 0; digits--, s++) {
        bits = bits << 6 | digit_bits(*s, &marks);
        have += 6;
        if (have >= 8) {
            have -= 8;
            *out++ = (uint8_t)(bits >> have);
        }
    }
    return !(marks & a->foreign) && (bits & ((1u << have) - 1)) == 0;
}

/* As DECODE judges them. */
static bool decodable(const struct alphabet *a, const char *s, size_t digits)
{
    uint8_t marks = 0;
    uint32_t last = 0;

    for (size_t i = 0; i < digits; i++)
        last = digit_bits(s[i], &marks);
    unsigned unused = digits % 4 == 2 ? 4 : digits % 4 == 3 ? 2 : 0; /* bits of the last digit */
    return !(marks & a->foreign) && (last & ((1u << unused) - 1)) == 0;
}

static enum err add_encoded(const struct alphabet *a, struct buf *out, const uint8_t *bytes,
                            size_t len)
{
    if (len > SIZE_MAX / 2)
        return ERR_TOO_LARGE;
    enum err e = buf_reserve(out, (len + 2) / 3 * 4);
    if (e)
        return e;
    out->len += encode(a, bytes, len, (char *)out->data + out->len);
    out->data[out->len] = 0;
    return ERR_OK;
}

static enum err add_decoded(const struct alphabet *a, const char *s, size_t len, struct buf *out)
{
    size_t digits = digits_before_padding(a, s, len);
    if (digits == SIZE_MAX)
        return ERR_BASE64_INVALID;
    size_t bytes = digits / 4 * 3 + digits % 4 * 3 / 4;
    enum err e = buf_reserve(out, bytes);
    if (e)
        return e;
    if (!decode(a, s, digits, out->data + out->len)) {
        out->data[out->len] = 0;
        return ERR_BASE64_INVALID;
    }
    out->len += bytes;
    out->data[out->len] = 0;
    return ERR_OK;
}

void text_b64url(const uint8_t *bytes, size_t len, char *out)
{
    out[encode(&url, bytes, len, out)] = 0;
}

enum err text_b64url_add(struct buf *out, const uint8_t *bytes, size_t len)
{
    return add_encoded(&url, out, bytes, len);
}

enum err text_unb64url(const char *s, size_t len, struct buf *out)
{
    return add_decoded(&url, s, len, out);
}

enum err text_check_b64url(const char *s, size_t len)
{
    size_t digits = digits_before_padding(&url, s, len);

    return digits != SIZE_MAX && decodable(&url, s, digits) ? ERR_OK : ERR_BASE64_INVALID;
}

enum err text_unb64url_exact(const char *s, size_t len, uint8_t *out, size_t out_len)
{
    if (len == TEXT_B64_LEN(out_len) && decode(&url, s, len, out))
        return ERR_OK;
    if (out_len)
        memset(out, 0, out_len);
    return ERR_BASE64_INVALID;
}

enum err text_b64_add(struct buf *out, const uint8_t *bytes, size_t len)
{
    return add_encoded(&standard, out, bytes, len);
}

enum err text_unb64(const char *s, size_t len, struct buf *out)
{
    return add_decoded(&standard, s, len, out);
}

/* Two digits, or -1. */
static int two_digits(const char *s)
{
    if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
        return -1;
    return (s[0] - '0') * 10 + (s[1] - '0');
}

#define YEAR_FIRST 2000
#define YEAR_LAST 2199
#define DAY_SECONDS INT64_C(86400)
#define DAYS_YEAR_0 INT32_C(-719528)    /* 0000-01-01 */
#define DAYS_YEAR_9999 INT32_C(2932896) /* 9999-12-31 */

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Years are counted from March, so that the leap day is the last of its year; an era is the 400
 * years, 146097 days, after which the Gregorian calendar repeats. */
static int32_t days_from_civil(int year, int month, int day)
{
    int y = month > 2 ? year : year - 1; /* from year 0 on, never negative here */
    int era = y / 400;
    int year_of_era = y % 400;
    int day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct text_civil text_civil(int32_t days)
{
    struct text_civil date;

    if (days < DAYS_YEAR_0)
        days = DAYS_YEAR_0;
    if (days > DAYS_YEAR_9999)
        days = DAYS_YEAR_9999;
    int shifted = days + 719468 + 146097; /* an era more: January and February of year 0 */
    int era = shifted / 146097;
    int day_of_era = shifted % 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int from_march = (5 * day_of_year + 2) / 153;

    date.day = day_of_year - (153 * from_march + 2) / 5 + 1;
    date.month = from_march < 10 ? from_march + 3 : from_march - 9;
    date.year = year_of_era + (era - 1) * 400 + (date.month <= 2);
    return date;
}

enum err text_parse_date(const char *s, size_t len, int32_t *out_days)
{
    *out_days = 0;
    if (len != TEXT_DATE_LEN || s[4] != '-' || s[7] != '-')
        return ERR_DATE_INVALID;
    int century = two_digits(s);
    int rest = two_digits(s + 2);
    int month = two_digits(s + 5);
    int day = two_digits(s + 8);
    if (century < 0 || rest < 0 || month < 1 || month > 12)
        return ERR_DATE_INVALID;
    int year = century * 100 + rest;
    if (year < YEAR_FIRST || year > YEAR_LAST || day < 1 || day > days_in_month(year, month))
        return ERR_DATE_INVALID;
    *out_days = days_from_civil(year, month, day);
    return ERR_OK;
}

/* Two decimal digits of a VALUE below 100. */
static void put_two(char *to, unsigned value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
}

void text_date(int32_t days, char out[static TEXT_DATE_LEN + 1])
{
    struct text_civil date = text_civil(days);

    memcpy(out, "YYYY-MM-DD", TEXT_DATE_LEN + 1);
    put_two(out, (unsigned)date.year / 100 % 100);
    put_two(out + 2, (unsigned)date.year % 100);
    put_two(out + 5, (unsigned)date.month);
    put_two(out + 8, (unsigned)date.day);
}

enum err text_parse_time(const char *s, size_t len, int64_t *out_us)
{
    int32_t days;

    *out_us = 0;
    if (len != TEXT_TIME_LEN || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z')
        return ERR_TIME_INVALID;
    if (text_parse_date(s, TEXT_DATE_LEN, &days))
        return ERR_TIME_INVALID;
    int hour = two_digits(s + 11);
    int minute = two_digits(s + 14);
    int second = two_digits(s + 17);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return ERR_TIME_INVALID;
    *out_us = (days * DAY_SECONDS + hour * 3600 + minute * 60 + second) * TEXT_SECOND_US;
    return ERR_OK;
}

/* Division that rounds down, also for times before 1970. */
static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t text_day_of(int64_t time_us)
{
    /* 2^63 microseconds are less than 2^27 days. */
    return (int32_t)divide_down(time_us, DAY_SECONDS * TEXT_SECOND_US);
}

void text_time(int64_t time_us, char out[static TEXT_TIME_LEN + 1])
{
    int32_t day = text_day_of(time_us);
    unsigned second = (unsigned)(divide_down(time_us, TEXT_SECOND_US) - day * DAY_SECONDS);

    text_date(day, out);
    memcpy(out + TEXT_DATE_LEN, "Thh:mm:ssZ", 11);
    put_two(out + 11, second / 3600);
    put_two(out + 14, second / 60 % 60);
    put_two(out + 17, second % 60);
}

/* RFC 3629 section 4: how many bytes the character at S has, 0 when it is none. The second byte's
 * range excludes overlong forms, surrogates and what lies above U+10FFFF. */
static size_t utf8_char(const uint8_t *s, size_t len)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t n;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        n = 2;
    } else if ((s[0] & 0xf0) == 0xe0) {
        n = 3;
        low = s[0] == 0xe0 ? 0xa0 : 0x80;
        high = s[0] == 0xed ? 0x9f : 0xbf;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        n = 4;
        low = s[0] == 0xf0 ? 0x90 : 0x80;
        high = s[0] == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (n > len || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

size_t text_line(const char *at, const char *end)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    return (size_t)((lf ? lf : end) - at);
}

bool text_is_utf8(const void *bytes, size_t len)
{
    const uint8_t *s = bytes;

    while (len) {
        uint64_t eight = UINT64_C(0x8080808080808080);
        if (len >= sizeof eight)
            memcpy(&eight, s, sizeof eight);
        /* Most of what is read is ASCII: eight bytes at once. */
        size_t n = eight & UINT64_C(0x8080808080808080) ? utf8_char(s, len) : sizeof eight;
        if (!n)
            return false;
        s += n;
        len -= n;
    }
    return true;
}

size_t text_char(const void *bytes, size_t len, uint32_t *out)
{
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const uint8_t *s = bytes;
    size_t n = len ? utf8_char(s, len) : 0;

    *out = n ? s[0] & mask[n] : 0;
    for (size_t i = 1; i < n; i++)
        *out = *out << 6 | (s[i] & 0x3f);
    return n;
}

bool text_is_seen(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } unseen[] = {
        {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
        {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
        {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    if (c > 0x1f && c < 0x7f)
        return true;
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        if (c >= unseen[i].from && c <= unseen[i].to)
            return false;
    }
    return true;
}

/* To TO, which may be FROM; the bytes written. */
static size_t tame(const char *from, size_t len, char *to)
{
    bool utf8 = text_is_utf8(from, len);
    size_t used = 0;

    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = utf8 ? text_char(from + i, len - i, &c) : 1;
        if (!utf8)
            c = (uint8_t)from[i] > 0x7f ? 0x80 : (uint8_t)from[i];
        bool seen = text_is_seen(c);
        if (!seen)
            to[used] = '?';
        else
            memmove(to + used, from + i, n);
        used += seen ? n : 1;
        i += n;
    }
    return used;
}

void text_tame(char *text)
{
    text[tame(text, strlen(text), text)] = 0;
}

enum err text_tame_add(struct buf *out, const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    if (!copy)
        return ERR_NO_MEMORY;
    enum err e = buf_add(out, copy, tame(text, len, copy));
    free(copy);
    return e;
}
