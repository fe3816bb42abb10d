/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/papers.h"

#include "bankd/keeper/bankkeys.h"
#include "bankd/keeper/certs.h"
#include "bankd/keeper/msg.h"
#include "base/file.h"
#include "base/log.h"
#include "order/json.h"
#include "token/serve.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROLLOVERS_NAME "rollovers.json"
#define FILE_MODE 0600
#define NAME_BYTES 32

/* The papers of one root key. */
struct names {
    char root[NAME_BYTES], bank_keys[NAME_BYTES];
};

static struct names names_of(size_t rollovers)
{
    struct names n = {"root.der", "bank-keys.jws"};

    if (rollovers > 0) {
        (void)snprintf(n.root, sizeof n.root, "root-%zu.der", rollovers + 1);
        (void)snprintf(n.bank_keys, sizeof n.bank_keys, "bank-keys-%zu.jws", rollovers + 1);
    }
    return n;
}

static enum err write_paper(const char *dir, const char *name, const struct buf *bytes)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return ERR_NO_MEMORY;

    enum err e = file_write(path, bytes->data, bytes->len, FILE_MODE);
    if (e)
        e = log_fail(e, "keeper.papers", "%s cannot be written", path);
    free(path);
    return e;
}

static enum err read_paper(const char *dir, const char *name, size_t max, struct buf *out)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return ERR_NO_MEMORY;

    enum err e = file_read(path, max, out);
    if (e && e != ERR_NO_MEMORY)
        e = log_fail(ERR_KEEPER_STATE, "keeper.papers", "%s: %s", path, err_name(e));
    free(path);
    return e;
}

enum err papers_make(const char *dir, size_t rollovers, const char *bank, struct hsm_key *root,
                     struct hsm_key *log, int64_t now_us)
{
    const struct names names = names_of(rollovers);
    const struct certs_issuer issuer = {bank, hsm_public(root), hsm_sign, root};
    uint8_t serial[CERTS_SERIAL_LEN], nonce[BANKKEYS_NONCE_LEN];
    struct buf der = {0}, statement = {0};

    if (RAND_bytes(serial, sizeof serial) != 1 || RAND_bytes(nonce, sizeof nonce) != 1)
        return log_fail(ERR_INTERNAL, "keeper.random", "the random number generator failed");
    enum err e = certs_root(&issuer, now_us, serial, &der);
    if (!e)
        e = bankkeys_make(bank, hsm_public(root), hsm_public(log), now_us, nonce, hsm_sign, root,
                          &statement);
    if (!e)
        e = write_paper(dir, names.root, &der);
    if (!e)
        e = write_paper(dir, names.bank_keys, &statement);
    buf_free(&der);
    buf_free(&statement);
    return e;
}

/* What the file NAME is found to be, in the words of who started the program. */
static enum err damaged(const char *dir, const char *name, enum err e)
{
    if (!e || e == ERR_NO_MEMORY)
        return e;
    enum err answer = e == ERR_BANK_MISMATCH ? e : ERR_KEEPER_STATE;
    return log_fail(answer, "keeper.papers", "%s/%s does not belong to this bank and token: %s",
                    dir, name, err_name(e));
}

/* Without the file there were none. */
static enum err read_rollovers(const char *dir, struct buf *out)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, ROLLOVERS_NAME) < 0)
        return ERR_NO_MEMORY;

    enum err e = file_read(path, SERVE_MESSAGE_MAX, out);
    if (e == ERR_FILE_NOT_FOUND)
        e = buf_add_str(out, "[]");
    else if (e && e != ERR_NO_MEMORY)
        e = log_fail(ERR_KEEPER_STATE, "keeper.papers", "%s: %s", path, err_name(e));
    free(path);
    return e;
}

static enum err check_rollovers(const struct buf *text, const char *bank,
                                struct verify_rollovers **out)
{
    struct js *list = NULL;
    enum err e = js_parse_canonical(text->data, text->len, &list);
    if (!e)
        e = verify_rollovers(list, bank, out);
    js_free(list);
    return e;
}

/* The newest rollover, if any, is one to the root key that its number names on the token. */
static enum err check_newest(const struct papers *p)
{
    size_t count = verify_rollovers_count(p->chain);
    const char *root = key_thumbprint(hsm_public(p->root));

    if (count == 0)
        return ERR_OK;
    const struct key *newest = verify_rollovers_at(p->chain, count - 1)->new_root;
    return strcmp(key_thumbprint(newest), root) == 0 ? ERR_OK : ERR_KEY_MISMATCH;
}

static enum err find_keys(struct hsm *hsm, struct papers *p)
{
    hsm_set_rollovers(hsm, verify_rollovers_count(p->chain));
    enum err e = hsm_find(hsm, HSM_ROOT, &p->root);
    if (!e)
        e = hsm_find(hsm, HSM_LOG, &p->log);
    return e ? log_fail(e, "keeper.keys", "the bank's keys on the token") : ERR_OK;
}

/* The papers of the root key that holds. */
static enum err load(const char *dir, const char *bank, struct papers *p)
{
    const struct names names = names_of(verify_rollovers_count(p->chain));
    const struct key *root = hsm_public(p->root), *log = hsm_public(p->log);

    enum err e = read_paper(dir, names.root, MSG_CERTIFICATE_MAX, &p->root_der);
    if (!e)
        e = read_paper(dir, names.bank_keys, JWS_MAX, &p->bank_keys);
    if (!e)
        e = damaged(dir, names.root, certs_check_root(&p->root_der, root));
    if (!e)
        e = damaged(dir, names.bank_keys, bankkeys_check(&p->bank_keys, bank, root, log));
    return e;
}

enum err papers_open(const char *dir, const char *bank, struct hsm *hsm, struct papers *out)
{
    memset(out, 0, sizeof *out);
    enum err e = read_rollovers(dir, &out->rollovers);
    if (!e)
        e = damaged(dir, ROLLOVERS_NAME, check_rollovers(&out->rollovers, bank, &out->chain));
    if (!e)
        e = find_keys(hsm, out);
    if (!e)
        e = damaged(dir, ROLLOVERS_NAME, check_newest(out));
    return e ? e : load(dir, bank, out);
}

void papers_free(struct papers *p)
{
    buf_free(&p->root_der);
    buf_free(&p->bank_keys);
    buf_free(&p->rollovers);
    verify_rollovers_free(p->chain);
}

enum err papers_roll(const char *dir, const struct buf *rollovers)
{
    return write_paper(dir, ROLLOVERS_NAME, rollovers);
}
