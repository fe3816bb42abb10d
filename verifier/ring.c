/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/ring.h"

#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "order/jwk.h"
#include "order/key.h"
#include "order/member.h"
#include <stdlib.h>
#include <string.h>

#define KEYS_FILE_MAX ((size_t)64 << 20) /* bytes */

struct ring {
    struct key **keys; /* sorted by thumbprint */
    size_t key_count, key_room;
    struct policy **policies; /* sorted by digest */
    size_t policy_count, policy_room;
    struct verdict_style style;
};

enum err ring_new(struct verdict_style style, struct ring **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NO_MEMORY;
    (*out)->style = style;
    return ERR_OK;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->key_count; i++)
        key_free(r->keys[i]);
    for (size_t i = 0; i < r->policy_count; i++)
        policy_free(r->policies[i]);
    free(r->keys);
    free(r->policies);
    free(r);
}

static enum err complain(const struct ring *r, enum err e, const char *path, size_t line)
{
    return line ? verdict_fail(r->style, e, "%s:%zu", path, line)
                : verdict_fail(r->style, e, "%s", path);
}

/* ITEMS with room for one more, or NULL; then ITEMS is as it was. */
static void *grown(void *items, size_t count, size_t *room)
{
    size_t wanted = count < *room ? *room : *room ? 2 * *room : 64;
    void *larger = reallocarray(items, wanted, sizeof(void *));

    if (larger)
        *room = wanted;
    return larger;
}

/* --- keys --- */

static enum err read_spki(const struct js *value, struct key **out)
{
    const struct js *spki;
    const struct js_member table[] = {MEMBER_TEXT("spki", true, &spki)};
    uint8_t der[KEY_SPKI_MAX];
    size_t len;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_bytes(spki, der, sizeof der, &len);
    return e == ERR_OK ? key_from_spki(der, len, out) : e;
}

static enum err add_key(struct ring *r, const char *line, size_t len)
{
    struct key **keys = grown(r->keys, r->key_count, &r->key_room);
    struct js *value = NULL;
    enum err e;

    if (!keys)
        return ERR_NO_MEMORY;
    r->keys = keys;
    e = js_parse(line, len, &value);
    if (e == ERR_OK && js_type(value) != JS_OBJECT)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        e = js_get(value, "kty") ? jwk_parse(value, &r->keys[r->key_count])
                                 : read_spki(value, &r->keys[r->key_count]);
    if (e == ERR_OK)
        r->key_count++;
    js_free(value);
    return e;
}

enum err ring_add_keys(struct ring *r, const char *path)
{
    struct buf file = BUF_INIT(KEYS_FILE_MAX);
    enum err e = file_read(path, KEYS_FILE_MAX, &file);
    const char *at = buf_str(&file), *end = at + file.len;

    if (e != ERR_OK)
        complain(r, e, path, 0);
    for (size_t line = 1; e == ERR_OK && at < end; line++) {
        size_t len = text_line(at, end);

        e = add_key(r, at, len);
        if (e != ERR_OK)
            complain(r, e, path, line);
        at += len + 1;
    }
    buf_free(&file);
    return e;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *const *x = a, *const *y = b;

    return strcmp(key_thumbprint(*x), key_thumbprint(*y));
}

static int compare_to_key(const void *thumbprint, const void *item)
{
    const struct key *const *key = item;

    return strcmp(thumbprint, key_thumbprint(*key));
}

static const struct key *find_key(void *ctx, const char *thumbprint)
{
    const struct ring *r = ctx;
    struct key *const *found =
        r->key_count ? bsearch(thumbprint, r->keys, r->key_count, sizeof *r->keys, compare_to_key)
                     : NULL;

    return found ? *found : NULL;
}

struct verify_keys ring_keys(const struct ring *r)
{
    return (struct verify_keys){find_key, (void *)(uintptr_t)r};
}

/* --- policies --- */

enum err ring_add_policy(struct ring *r, const char *path)
{
    struct policy **policies = grown(r->policies, r->policy_count, &r->policy_room);
    struct buf file = BUF_INIT(POLICY_MAX + 1);
    enum err e;

    if (!policies)
        return ERR_NO_MEMORY;
    r->policies = policies;
    e = file_read(path, POLICY_MAX + 1, &file);
    if (e == ERR_OK && file.len > 0 && file.data[file.len - 1] == '\n')
        file.len--; /* docs/FORMAT.md section 1 */
    if (e == ERR_OK)
        e = policy_parse(file.data, file.len, &r->policies[r->policy_count]);
    if (e == ERR_OK)
        r->policy_count++;
    else
        complain(r, e, path, 0);
    buf_free(&file);
    return e;
}

static int compare_policies(const void *a, const void *b)
{
    const struct policy *const *x = a, *const *y = b;

    return memcmp(policy_digest(*x), policy_digest(*y), DIGEST_LEN);
}

static int compare_to_policy(const void *digest, const void *item)
{
    const struct policy *const *policy = item;

    return memcmp(digest, policy_digest(*policy), DIGEST_LEN);
}

static const struct policy *find_policy(void *ctx, const uint8_t digest[static DIGEST_LEN])
{
    const struct ring *r = ctx;
    struct policy *const *found = r->policy_count ? bsearch(digest, r->policies, r->policy_count,
                                                            sizeof *r->policies, compare_to_policy)
                                                  : NULL;

    return found ? *found : NULL;
}

struct verify_policies ring_policies(const struct ring *r)
{
    return (struct verify_policies){find_policy, (void *)(uintptr_t)r};
}

void ring_sort(struct ring *r)
{
    if (r->key_count)
        qsort(r->keys, r->key_count, sizeof *r->keys, compare_keys);
    if (r->policy_count)
        qsort(r->policies, r->policy_count, sizeof *r->policies, compare_policies);
}
