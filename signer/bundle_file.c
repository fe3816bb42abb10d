/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/bundle_file.h"
#include "app/app.h"
#include "base/file.h"
#include "order/json.h"
#include "order/policy.h"
#include "verifier/verifier.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool bundle_file_is(const struct buf *file)
{
    struct js *value = NULL;
    bool is = file->len <= BUNDLE_MAX + 1 && js_parse(file->data, file->len, &value) == ERR_OK &&
              bundle_is_one(value);
    js_free(value);
    return is;
}

bool bundle_file_at(const char *path)
{
    struct buf file = BUF_INIT(BUNDLE_MAX + 1);
    struct stat about;
    bool is = stat(path, &about) == 0 && S_ISREG(about.st_mode) &&
              file_read(path, file.max, &file) == ERR_OK && bundle_file_is(&file);
    buf_free(&file);
    return is;
}

enum err bundle_file_parse(struct app *a, const char *path, const struct buf *file,
                           struct bundle *out)
{
    size_t len = file->len > 0 && file->data[file->len - 1] == '\n' ? file->len - 1 : file->len;
    enum err e = bundle_parse(file->data, len, out);
    if (e != ERR_OK)
        return app_fail(a, e, "%s", path);
    if (a->bank != NULL && strcmp(a->bank, out->bank) != 0)
        return app_fail(a, ERR_BANK_MISMATCH, "%s is for %s", path, out->bank);
    return ERR_OK;
}

enum err bundle_file_read(struct app *a, const char *path, struct bundle *out)
{
    struct buf file = BUF_INIT(BUNDLE_MAX + 1);
    *out = (struct bundle){.bank = ""};
    enum err e = file_read(path, file.max, &file);
    e = e == ERR_OK ? bundle_file_parse(a, path, &file, out) : app_fail(a, e, "%s", path);
    buf_free(&file);
    return e;
}

enum err bundle_file_grow(struct app *a, const char *path, struct bundle *b)
{
    struct bundle before;
    if (path == NULL || access(path, F_OK) != 0)
        return ERR_OK;
    enum err e = bundle_file_read(a, path, &before);
    if (e == ERR_OK && (e = bundle_merge(b, &before)) != ERR_OK)
        (void)app_fail(a, e, "%s is there already", path);
    bundle_free(&before);
    return e;
}

/* Between the first look at the file and now somebody was asked for his PIN. */
enum err bundle_file_write(struct app *a, const char *path, struct bundle *b)
{
    struct buf bytes = BUF_INIT(BUNDLE_MAX + 1);
    int lock = -1;
    enum err e = path != NULL ? file_lock(path, &lock) : ERR_OK;
    if (e == ERR_OK)
        e = bundle_file_grow(a, path, b);
    if (e == ERR_OK)
        e = bundle_write(b, &bytes);
    if (e == ERR_OK)
        e = app_write_document(a, path, &bytes);
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "%s", path != NULL ? path : "standard output");
    file_unlock(lock);
    buf_free(&bytes);
    return e;
}

static const struct key *the_key(void *ctx, const char *thumbprint)
{
    const struct key *key = ctx;
    return strcmp(key_thumbprint(key), thumbprint) == 0 ? key : NULL;
}

enum err bundle_file_verify(const struct bundle *b, const struct bundle_decision *d)
{
    struct buf bytes = BUF_INIT(ORDER_MAX);
    struct policy *policy = NULL;
    struct verified *v = NULL;
    struct key *key = NULL;
    struct order order;
    enum err e = bundle_find_key(b, d->signer, &key);
    if (e == ERR_OK)
        e = bundle_order_at(b, d->order, &order, &bytes, &policy);
    if (e == ERR_OK) {
        const struct verify_decision_input in = {.bank = b->bank,
                                                 .jws = buf_str(&d->jws),
                                                 .jws_len = d->jws.len,
                                                 .order = &order,
                                                 .inclusion = d->by_batch ? &d->inclusion : NULL,
                                                 .policy = policy,
                                                 .keys = {the_key, key}};
        e = verify_decision(&in, &v);
    }
    verified_free(v);
    policy_free(policy);
    key_free(key);
    buf_free(&bytes);
    return e;
}
