/* SPDX-License-Identifier: Apache-2.0 */
#include "order/checkpoint.h"

#include "base/text.h"
#include <stdbool.h>
#include <string.h>

#define KEY_ID_LEN 4
#define SIGNATURE_LINE "\n\xE2\x80\x94 " /* an empty line, an em dash, a space */
#define SIZE_MAX_TREE ((UINT64_C(1) << MERKLE_LEVELS) - 1)

enum err checkpoint_text(const char *bank, const struct checkpoint *c, struct buf *out)
{
    struct buf text = BUF_INIT(CHECKPOINT_MAX);
    enum err e = buf_addf(&text, "%s\n%llu\n", bank, (unsigned long long)c->size);

    if (e == ERR_OK)
        e = text_b64_add(&text, c->root.b, DIGEST_LEN);
    if (e == ERR_OK)
        e = buf_add_byte(&text, '\n');
    if (e == ERR_OK)
        e = buf_add(out, text.data, text.len);
    buf_free(&text);
    return e;
}

static enum err add_key_id(const struct key *key, struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    size_t len;
    const uint8_t *spki = key_spki(key, &len);
    enum err e = key_digest(spki, len, digest);

    return e == ERR_OK ? buf_add(out, digest, KEY_ID_LEN) : e;
}

/* Appends what stands in base64 on the signature line: key id and DER signature over NOTE. */
static enum err add_signature(const struct buf *note, const struct key *key, jws_sign_fn sign,
                              void *ctx, struct buf *out)
{
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len;
    enum err e = jws_sign(key, note->data, note->len, sign, ctx, sig, &sig_len);

    if (e == ERR_OK)
        e = add_key_id(key, out);
    return e == ERR_OK ? key_sig_to_der(key_algorithm(key), sig, sig_len, out) : e;
}

enum err checkpoint_make(const char *bank, const struct checkpoint *c, const struct key *key,
                         jws_sign_fn sign, void *ctx, struct buf *out)
{
    struct buf note = BUF_INIT(CHECKPOINT_MAX), blob = BUF_INIT(CHECKPOINT_MAX);
    enum err e = checkpoint_text(bank, c, &note);

    if (e == ERR_OK)
        e = add_signature(&note, key, sign, ctx, &blob);
    if (e == ERR_OK)
        e = buf_addf(&note, "%s%s ", SIGNATURE_LINE, bank);
    if (e == ERR_OK)
        e = text_b64_add(&note, blob.data, blob.len);
    if (e == ERR_OK)
        e = buf_add_byte(&note, '\n');
    if (e == ERR_OK)
        e = buf_add(out, note.data, note.len);
    buf_free(&note);
    buf_free(&blob);
    return e;
}

/* Takes the next line, without its LF, off the front of *AT. */
static bool next_line(const char **at, const char *end, const char **line, size_t *len)
{
    const char *lf = memchr(*at, '\n', (size_t)(end - *at));

    if (!lf)
        return false;
    *line = *at;
    *len = (size_t)(lf - *at);
    *at = lf + 1;
    return true;
}

static enum err decode_line(const char *line, size_t len, struct buf *out)
{
    enum err e = text_unb64(line, len, out);

    return e == ERR_OK || e == ERR_NO_MEMORY ? e : ERR_CHECKPOINT_INVALID;
}

/* The three lines that are signed. *AT is left behind them. */
static enum err read_text(const char **at, const char *end, const char *bank,
                          struct checkpoint *out)
{
    struct buf root = BUF_INIT(CHECKPOINT_MAX);
    const char *line;
    size_t len;
    enum err e;

    if (!next_line(at, end, &line, &len))
        return ERR_CHECKPOINT_INVALID;
    if (len != strlen(bank) || memcmp(line, bank, len) != 0)
        return ERR_BANK_MISMATCH;
    if (!next_line(at, end, &line, &len) ||
        text_parse_u64(line, len, SIZE_MAX_TREE, &out->size) != ERR_OK ||
        !next_line(at, end, &line, &len))
        return ERR_CHECKPOINT_INVALID;
    e = decode_line(line, len, &root);
    if (e == ERR_OK && root.len != DIGEST_LEN)
        e = ERR_CHECKPOINT_INVALID;
    if (e == ERR_OK)
        memcpy(out->root.b, root.data, DIGEST_LEN);
    buf_free(&root);
    return e;
}

/* BLOB is key id and DER signature. */
static enum err check_signature(const struct buf *blob, const char *text, size_t len,
                                const struct key *key)
{
    struct buf id = BUF_INIT(KEY_ID_LEN);
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len;
    enum err e = add_key_id(key, &id);

    if (e == ERR_OK && (blob->len <= KEY_ID_LEN || memcmp(blob->data, id.data, KEY_ID_LEN) != 0))
        e = ERR_CHECKPOINT_INVALID;
    if (e == ERR_OK)
        e = key_sig_from_der(key_algorithm(key), blob->data + KEY_ID_LEN, blob->len - KEY_ID_LEN,
                             sig, &sig_len);
    if (e == ERR_OK)
        e = key_verify(key, text, len, sig, sig_len);
    buf_free(&id);
    return e == ERR_OK || e == ERR_NO_MEMORY ? e : ERR_CHECKPOINT_INVALID;
}

/* The end of the note: an empty line and one signature line under the name BANK. */
static enum err read_signature(const char *at, const char *end, const char *bank, struct buf *blob)
{
    size_t mark = strlen(SIGNATURE_LINE), name = strlen(bank), left = (size_t)(end - at);

    if (left < mark + name + 2 || memcmp(at, SIGNATURE_LINE, mark) != 0 ||
        memcmp(at + mark, bank, name) != 0 || at[mark + name] != ' ' || end[-1] != '\n')
        return ERR_CHECKPOINT_INVALID;
    return decode_line(at + mark + name + 1, left - mark - name - 2, blob);
}

enum err checkpoint_verify(const char *note, size_t len, const char *bank, const struct key *key,
                           struct checkpoint *out)
{
    struct buf blob = BUF_INIT(CHECKPOINT_MAX);
    const char *at = note, *end = note + len;
    struct checkpoint c;
    enum err e;

    memset(out, 0, sizeof *out);
    if (len > CHECKPOINT_MAX)
        return ERR_CHECKPOINT_INVALID;
    e = read_text(&at, end, bank, &c);
    if (e == ERR_OK)
        e = read_signature(at, end, bank, &blob);
    if (e == ERR_OK)
        e = check_signature(&blob, note, (size_t)(at - note), key);
    if (e == ERR_OK)
        *out = c;
    buf_free(&blob);
    return e;
}
