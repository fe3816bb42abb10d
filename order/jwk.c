/* SPDX-License-Identifier: Apache-2.0 */
#include "order/jwk.h"

#include "base/text.h"
#include <stdbool.h>
#include <string.h>

#define FIELD_MAX (KEY_SIGNATURE_MAX / 2) /* bytes of a coordinate */

/* The text of a member; NULL when it is absent or no text. */
static const char *text_of(const struct js *jwk, const char *name, size_t *len)
{
    const struct js *value = js_get(jwk, name);

    *len = 0;
    return value ? js_text(value, len) : NULL;
}

/* True unless the member is there and is not TEXT. */
static bool absent_or(const struct js *jwk, const char *name, const char *text)
{
    size_t len;
    const char *value = text_of(jwk, name, &len);

    return !js_get(jwk, name) || (value && strcmp(value, text) == 0);
}

/* RFC 7517 4.4. ES521 is no algorithm's name, but keys on P-521 carry it for ES512 in the wild; a
 * JWS that says so is refused all the same. */
static bool is_meant_for(const struct js *jwk, enum key_alg alg)
{
    return absent_or(jwk, "alg", key_alg_name(alg)) ||
           (alg == KEY_ES512 && absent_or(jwk, "alg", "ES521"));
}

/* RFC 7517 4.3. */
static bool may_verify(const struct js *jwk)
{
    const struct js *operations = js_get(jwk, "key_ops");
    const char *one;

    if (!operations)
        return true;
    if (js_type(operations) != JS_ARRAY)
        return false;
    for (size_t i = 0; i < js_count(operations); i++) {
        one = js_text(js_at(operations, i), NULL);
        if (one && strcmp(one, "verify") == 0)
            return true;
    }
    return false;
}

static enum err read_coordinate(const struct js *jwk, const char *name, size_t field_len,
                                uint8_t out[static FIELD_MAX])
{
    size_t len;
    const char *text = text_of(jwk, name, &len);

    if (!text || text_unb64url_exact(text, len, out, field_len) != ERR_OK)
        return ERR_KEY_INVALID;
    return ERR_OK;
}

enum err jwk_parse(const struct js *jwk, struct key **out)
{
    uint8_t x[FIELD_MAX], y[FIELD_MAX];
    const char *kty, *curve;
    enum key_alg alg;
    size_t len;
    enum err e;

    *out = NULL;
    kty = text_of(jwk, "kty", &len);
    if (!kty)
        return ERR_KEY_INVALID;
    if (strcmp(kty, "EC") != 0)
        return ERR_KEY_ALGORITHM;
    curve = text_of(jwk, "crv", &len);
    if (!curve)
        return ERR_KEY_INVALID;
    alg = key_alg_from_curve(curve, len);
    if (alg == KEY_ALG_NONE)
        return ERR_KEY_CURVE;
    if (!is_meant_for(jwk, alg))
        return ERR_KEY_ALGORITHM;
    if (!absent_or(jwk, "use", "sig") || !may_verify(jwk))
        return ERR_KEY_INVALID;
    e = read_coordinate(jwk, "x", key_alg_signature_len(alg) / 2, x);
    if (e == ERR_OK)
        e = read_coordinate(jwk, "y", key_alg_signature_len(alg) / 2, y);
    return e == ERR_OK ? key_from_xy(alg, x, y, out) : e;
}
