/* SPDX-License-Identifier: Apache-2.0 */
#include "order/forms.h"

#include "base/text.h"
#include <stdbool.h>
#include <string.h>

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_lower_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* [a-z0-9]([a-z0-9 and MORE]*[a-z0-9])? */
static bool is_label(const char *text, size_t len, const char *more)
{
    if (len == 0 || !is_lower_alnum(text[0]) || !is_lower_alnum(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_lower_alnum(text[i]) && (!text[i] || !strchr(more, text[i])))
            return false;
    }
    return true;
}

enum err forms_bank(const char *text, size_t len)
{
    const char *slash = len <= BANK_MAX ? memchr(text, '/', len) : NULL;
    size_t host_len;

    if (!slash)
        return ERR_DOC_MEMBER_INVALID;
    host_len = (size_t)(slash - text);
    if (!is_label(text, host_len, ".-") || !is_label(slash + 1, len - host_len - 1, "-"))
        return ERR_DOC_MEMBER_INVALID;
    return ERR_OK;
}

/* Where a bank listens: TLS or nothing. */
enum err forms_url(const char *text, size_t len)
{
    static const char scheme[] = "https://";
    size_t at = sizeof scheme - 1;

    if (len <= at || len > URL_MAX || memcmp(text, scheme, at) != 0 || strchr("/:?#", text[at]))
        return ERR_DOC_MEMBER_INVALID;
    for (; at < len; at++) {
        if (text[at] <= ' ' || text[at] > '~')
            return ERR_DOC_MEMBER_INVALID;
    }
    return ERR_OK;
}

enum err forms_holder(const char *text, size_t len)
{
    if (len == 0 || len > HOLDER_MAX || !is_lower_alnum(text[0]))
        return ERR_DOC_MEMBER_INVALID;
    for (size_t i = 1; i < len; i++) {
        if (!is_lower_alnum(text[i]) && (!text[i] || !strchr("._-", text[i])))
            return ERR_DOC_MEMBER_INVALID;
    }
    return ERR_OK;
}

enum err forms_category(const char *text, size_t len)
{
    if (len == 0 || len > CATEGORY_MAX)
        return ERR_DOC_MEMBER_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (!is_lower_alnum(text[i]) && text[i] != '-')
            return ERR_DOC_MEMBER_INVALID;
    }
    return ERR_OK;
}

/* RFC 9562 5.7, the canonical spelling only: x is a lower-case digit, v one of the variant 10. */
enum err forms_order_id(const char *text, size_t len)
{
    static const char form[] = "xxxxxxxx-xxxx-7xxx-vxxx-xxxxxxxxxxxx";

    if (len != ORDER_ID_LEN)
        return ERR_DOC_MEMBER_INVALID;
    for (size_t i = 0; i < len; i++) {
        bool fits = form[i] == 'x'   ? is_lower_hex(text[i])
                    : form[i] == 'v' ? text[i] && strchr("89ab", text[i])
                                     : text[i] == form[i];
        if (!fits)
            return ERR_DOC_MEMBER_INVALID;
    }
    return ERR_OK;
}

static enum err check_b64(const char *text, size_t len, size_t bytes)
{
    uint8_t value[DIGEST_LEN];

    return text_unb64url_exact(text, len, value, bytes) == ERR_OK ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

enum err forms_nonce(const char *text, size_t len)
{
    return check_b64(text, len, NONCE_BYTES);
}

enum err forms_thumbprint(const char *text, size_t len)
{
    return check_b64(text, len, DIGEST_LEN);
}

enum err forms_digest(const char *text, size_t len, uint8_t out[static DIGEST_LEN])
{
    bool right = text_unhex_small(text, len, out, DIGEST_LEN) == ERR_OK;

    return right ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

/* 48 bits of milliseconds, and the random ones. */
static void date(int64_t now_us, const uint8_t random[static 10], uint8_t out[static 16])
{
    uint64_t ms = (uint64_t)now_us / 1000;

    for (unsigned i = 0; i < 6; i++)
        out[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(out + 6, random, 10);
}

/* RFC 9562 5.7: of the random bits six give way to version and variant. */
void forms_make_order_id(int64_t now_us, const uint8_t random[static 10],
                         char out[static ORDER_ID_LEN + 1])
{
    static const uint8_t group_ends[] = {4, 6, 8, 10, 16};
    uint8_t id[16];
    size_t from = 0;

    date(now_us, random, id);
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0F));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3F));
    for (size_t g = 0; g < sizeof group_ends; g++) {
        text_hex(id + from, group_ends[g] - from, out);
        out += 2 * (group_ends[g] - from);
        *out++ = '-';
        from = group_ends[g];
    }
    out[-1] = 0;
}

void forms_make_nonce(const uint8_t random[static NONCE_BYTES], char out[static NONCE_LEN + 1])
{
    text_b64url(random, NONCE_BYTES, out);
}

void forms_make_dated_nonce(int64_t now_us, const uint8_t random[static 10],
                            char out[static NONCE_LEN + 1])
{
    uint8_t nonce[NONCE_BYTES];

    date(now_us, random, nonce);
    forms_make_nonce(nonce, out);
}
