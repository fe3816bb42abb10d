/* SPDX-License-Identifier: Apache-2.0 */
#include "token/wire.h"

#include <string.h>

/* --- writing --- */

void wire_put(struct wire_out *out, uint64_t value, size_t bytes)
{
    uint8_t be[8];

    for (size_t i = 0; i < bytes; i++)
        be[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    if (!out->e)
        out->e = buf_add(out->buf, be, bytes);
}

void wire_put_bytes(struct wire_out *out, const void *bytes, size_t len)
{
    wire_put(out, len, 2);
    if (!out->e)
        out->e = len <= UINT16_MAX ? buf_add(out->buf, bytes, len) : ERR_TOO_LARGE;
}

void wire_put_text(struct wire_out *out, const char *text)
{
    wire_put_bytes(out, text, strlen(text));
}

/* Up to eight words of one bit each, the first one lowest. */
static void put_flags(struct wire_out *out, const bool *flags, size_t count)
{
    unsigned bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= (unsigned)flags[i] << i;
    wire_put(out, bits, 1);
}

void wire_put_source(struct wire_out *out, const struct token_source *source)
{
    wire_put_text(out, source->path);
    wire_put_text(out, source->reserved);
}

void wire_put_info(struct wire_out *out, const struct token_info *info)
{
    const bool flags[] = {info->initialized, info->login_required, info->keypad, info->ecdsa,
                          info->read_only};

    wire_put_text(out, info->label);
    wire_put_text(out, info->manufacturer);
    wire_put_text(out, info->model);
    wire_put_text(out, info->serial);
    wire_put_text(out, info->slot);
    put_flags(out, flags, sizeof flags / sizeof flags[0]);
    wire_put(out, info->tries, 1);
    wire_put(out, info->puk_tries, 1);
    wire_put(out, info->pin_min, 2);
    wire_put(out, info->pin_max, 2);
}

void wire_put_key(struct wire_out *out, const struct token_key_info *key)
{
    const bool flags[] = {key->ec, key->sign, key->derive, key->always_authenticate};

    wire_put_text(out, key->label);
    wire_put_bytes(out, key->id, key->id_len);
    put_flags(out, flags, sizeof flags / sizeof flags[0]);
    wire_put(out, key->curve, 1);
}

void wire_put_sight(struct wire_out *out, const struct token_sight *sight)
{
    const bool flags[] = {sight->curve[TOKEN_P256], sight->curve[TOKEN_P384],
                          sight->curve[TOKEN_P521], sight->derive, sight->generate};

    put_flags(out, flags, sizeof flags / sizeof flags[0]);
    wire_put(out, sight->count, 1);
    for (size_t i = 0; i < sight->count; i++) {
        const struct token_seen_key *k = &sight->keys[i];
        const bool seen[] = {k->private, k->certificate};

        wire_put_key(out, &k->key);
        put_flags(out, seen, sizeof seen / sizeof seen[0]);
        wire_put(out, (uint64_t)k->ends_us, 8);
    }
}

void wire_put_reader(struct wire_out *out, const struct token_reader *reader)
{
    const bool flags[] = {reader->card, reader->mute};

    wire_put_text(out, reader->name);
    put_flags(out, flags, sizeof flags / sizeof flags[0]);
    wire_put_text(out, reader->atr);
    wire_put(out, reader->changes, 4);
}

/* --- reading --- */

static const uint8_t *take(struct wire_in *in, size_t len)
{
    in->bad = in->bad || len > in->left;
    if (in->bad)
        return NULL;
    const uint8_t *at = in->at;
    in->at += len;
    in->left -= len;
    return at;
}

uint64_t wire_get(struct wire_in *in, size_t bytes, uint64_t max)
{
    const uint8_t *at = take(in, bytes);
    uint64_t value = 0;

    for (size_t i = 0; at && i < bytes; i++)
        value = value << 8 | at[i];
    in->bad = in->bad || value > max;
    return in->bad ? 0 : value;
}

const uint8_t *wire_get_bytes(struct wire_in *in, size_t max, size_t *len)
{
    size_t said = (size_t)wire_get(in, 2, max);
    const uint8_t *at = take(in, said);

    *len = at ? said : 0;
    return at;
}

void wire_get_text(struct wire_in *in, char *out, size_t size)
{
    size_t len = 0;
    const uint8_t *at = wire_get_bytes(in, size - 1, &len);

    in->bad = in->bad || memchr(at, '\0', len) != NULL;
    if (in->bad)
        len = 0;
    else
        memcpy(out, at, len);
    out[len] = '\0';
}

static void get_flags(struct wire_in *in, bool *const *flags, size_t count)
{
    uint64_t bits = wire_get(in, 1, (1U << count) - 1);

    for (size_t i = 0; i < count; i++)
        *flags[i] = (bits >> i & 1) != 0;
}

void wire_get_source(struct wire_in *in, struct token_source *out)
{
    wire_get_text(in, out->path, sizeof out->path);
    wire_get_text(in, out->reserved, sizeof out->reserved);
}

void wire_get_info(struct wire_in *in, struct token_info *out)
{
    bool *const flags[] = {&out->initialized, &out->login_required, &out->keypad, &out->ecdsa,
                           &out->read_only};

    memset(out, 0, sizeof *out);
    wire_get_text(in, out->label, sizeof out->label);
    wire_get_text(in, out->manufacturer, sizeof out->manufacturer);
    wire_get_text(in, out->model, sizeof out->model);
    wire_get_text(in, out->serial, sizeof out->serial);
    wire_get_text(in, out->slot, sizeof out->slot);
    get_flags(in, flags, sizeof flags / sizeof flags[0]);
    out->tries = (enum token_tries)wire_get(in, 1, TOKEN_TRIES_LOCKED);
    out->puk_tries = (enum token_tries)wire_get(in, 1, TOKEN_TRIES_LOCKED);
    out->pin_min = (unsigned)wire_get(in, 2, SECRET_MAX);
    out->pin_max = (unsigned)wire_get(in, 2, SECRET_MAX);
}

void wire_get_key(struct wire_in *in, struct token_key_info *out)
{
    bool *const flags[] = {&out->ec, &out->sign, &out->derive, &out->always_authenticate};

    memset(out, 0, sizeof *out);
    wire_get_text(in, out->label, sizeof out->label);
    const uint8_t *id = wire_get_bytes(in, sizeof out->id, &out->id_len);
    if (id)
        memcpy(out->id, id, out->id_len);
    get_flags(in, flags, sizeof flags / sizeof flags[0]);
    out->curve = (enum token_curve)wire_get(in, 1, TOKEN_P521);
}

void wire_get_sight(struct wire_in *in, struct token_sight *out)
{
    bool *const flags[] = {&out->curve[TOKEN_P256], &out->curve[TOKEN_P384],
                           &out->curve[TOKEN_P521], &out->derive, &out->generate};

    memset(out, 0, sizeof *out);
    get_flags(in, flags, sizeof flags / sizeof flags[0]);
    out->count = (size_t)wire_get(in, 1, TOKEN_SEEN_MAX);
    for (size_t i = 0; i < out->count; i++) {
        struct token_seen_key *k = &out->keys[i];
        bool *const seen[] = {&k->private, &k->certificate};

        wire_get_key(in, &k->key);
        get_flags(in, seen, sizeof seen / sizeof seen[0]);
        k->ends_us = (int64_t)wire_get(in, 8, UINT64_MAX);
    }
}

void wire_get_reader(struct wire_in *in, struct token_reader *out)
{
    bool *const flags[] = {&out->card, &out->mute};

    memset(out, 0, sizeof *out);
    wire_get_text(in, out->name, sizeof out->name);
    get_flags(in, flags, sizeof flags / sizeof flags[0]);
    wire_get_text(in, out->atr, sizeof out->atr);
    out->changes = (unsigned)wire_get(in, 4, UINT32_MAX);
}

bool wire_ended(const struct wire_in *in)
{
    return !in->bad && in->left == 0;
}
