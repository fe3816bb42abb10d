/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/papers.h"

#include "bankd/keeper/bankkeys.h"
#include "bankd/keeper/certs.h"
#include "bankd/keeper/msg.h"
#include "base/file.h"
#include "base/log.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT_NAME "root.der"
#define BANK_KEYS_NAME "bank-keys.jws"
#define FILE_MODE 0600

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

enum err papers_make(const char *dir, const char *bank, struct hsm_key *root, struct hsm_key *log,
                     int64_t now_us)
{
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
        e = write_paper(dir, ROOT_NAME, &der);
    if (!e)
        e = write_paper(dir, BANK_KEYS_NAME, &statement);
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

enum err papers_load(const char *dir, const char *bank, const struct hsm_key *root,
                     const struct hsm_key *log, struct papers *out)
{
    memset(out, 0, sizeof *out);
    enum err e = read_paper(dir, ROOT_NAME, MSG_CERTIFICATE_MAX, &out->root_der);
    if (!e)
        e = read_paper(dir, BANK_KEYS_NAME, JWS_MAX, &out->bank_keys);
    if (!e)
        e = damaged(dir, ROOT_NAME, certs_check_root(&out->root_der, hsm_public(root)));
    if (!e)
        e = damaged(dir, BANK_KEYS_NAME,
                    bankkeys_check(&out->bank_keys, bank, hsm_public(root), hsm_public(log)));
    return e;
}

void papers_free(struct papers *p)
{
    buf_free(&p->root_der);
    buf_free(&p->bank_keys);
}
