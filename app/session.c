/* SPDX-License-Identifier: Apache-2.0 */
#include "app/session.h"
#include "base/file.h"
#include "base/text.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CERTIFICATE_MAX 65536u /* bytes of a file */

/* Makes DIR unless there; it must be private and on a tmpfs. */
static enum err use_dir(const char *dir)
{
    if (file_make_dir(dir, 0700) != ERR_OK || !file_on_tmpfs(dir))
        return ERR_SESSION_DIR;
    return ERR_OK;
}

static enum err find_dir(const char *dir, struct buf *out)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    enum err e;
    if (dir != NULL)
        e = buf_add_str(out, dir);
    else if (runtime != NULL && runtime[0] == '/')
        e = buf_addf(out, "%s/countersign", runtime);
    else
        e = buf_addf(out, "/run/user/%lu/countersign", (unsigned long)getuid());
    return e != ERR_OK ? e : use_dir(buf_str(out));
}

static enum err path_of(const char *dir, const char *bank, const char *token, const char *kind,
                        struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    char hex[33];
    struct buf name = BUF_INIT(8192);
    enum err e = buf_addf(&name, "%s\n%s", bank, token);
    if (e == ERR_OK)
        e = key_digest(name.data, name.len, digest);
    if (e == ERR_OK)
        e = find_dir(dir, out);
    if (e == ERR_OK) {
        text_hex(digest, 16, hex);
        e = buf_addf(out, "/%s.%s", hex, kind);
    }
    buf_free(&name);
    return e;
}

enum err session_path(const char *dir, const char *bank, const char *token, struct buf *out)
{
    return path_of(dir, bank, token, "session", out);
}

enum err session_socket_path(const char *dir, const char *bank, const char *token, struct buf *out)
{
    return path_of(dir, bank, token, "token", out);
}

static enum err key_to_secret(EVP_PKEY *key, struct secret *out)
{
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(key, &der);
    if (len <= 0)
        return ERR_NO_MEMORY;
    enum err e = secret_add(out, der, (size_t)len);
    OPENSSL_clear_free(der, (size_t)len);
    return e;
}

static enum err key_thumb(EVP_PKEY *key, char out[static KEY_THUMBPRINT_LEN + 1])
{
    unsigned char *der = NULL;
    struct key *public_key = NULL;
    int len = i2d_PUBKEY(key, &der);
    if (len <= 0)
        return ERR_NO_MEMORY;
    enum err e = key_from_spki(der, (size_t)len, &public_key);
    if (e == ERR_OK)
        memcpy(out, key_thumbprint(public_key), KEY_THUMBPRINT_LEN + 1);
    key_free(public_key);
    OPENSSL_free(der);
    return e;
}

enum err session_make(struct secret **out, char thumbprint[static KEY_THUMBPRINT_LEN + 1])
{
    struct secret *s = NULL;
    *out = NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        return ERR_NO_MEMORY;
    enum err e = secret_new(&s);
    if (e == ERR_OK)
        e = key_to_secret(key, s);
    if (e == ERR_OK)
        e = key_thumb(key, thumbprint);
    EVP_PKEY_free(key);
    if (e != ERR_OK) {
        secret_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

static X509 *read_certificate(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(buf_str(pem), (int)pem->len);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return cert;
}

enum err session_certified(const char *path, char thumbprint[static KEY_THUMBPRINT_LEN + 1])
{
    struct buf pem = BUF_INIT(CERTIFICATE_MAX);
    struct key *key = NULL;
    uint8_t *der = NULL;
    enum err e = file_read(path, CERTIFICATE_MAX, &pem);
    X509 *cert = e == ERR_OK ? read_certificate(&pem) : NULL;
    int len = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : 0;
    if (e == ERR_OK)
        e = len > 0 ? key_from_spki(der, (size_t)len, &key) : ERR_KEY_INVALID;
    if (e == ERR_OK && key_algorithm(key) != KEY_ES256)
        e = ERR_KEY_CURVE;
    if (e == ERR_OK)
        memcpy(thumbprint, key_thumbprint(key), KEY_THUMBPRINT_LEN + 1);
    key_free(key);
    OPENSSL_free(der);
    X509_free(cert);
    buf_free(&pem);
    return e;
}

enum err session_save(const char *path, const struct secret *key)
{
    return file_write(path, secret_bytes(key), secret_len(key), 0600);
}

enum err session_load(const char *path, struct secret **out)
{
    struct buf file = BUF_INIT(SECRET_MAX);
    struct secret *s = NULL;
    *out = NULL;
    enum err e = file_read(path, SECRET_MAX, &file);
    if (e == ERR_FILE_NOT_FOUND)
        e = ERR_SESSION_REQUIRED;
    if (e == ERR_OK)
        e = secret_new(&s);
    if (e == ERR_OK)
        e = secret_add(s, file.data, file.len);
    buf_free(&file);
    if (e != ERR_OK) {
        secret_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

enum err session_destroy(const char *path)
{
    return file_remove(path);
}
