/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/tls.h"
#include "bankd/keeper/msg.h"
#include "base/clock.h"
#include "base/log.h"
#include "order/json.h"
#include "verifier/verifier.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CERTIFY_WAIT_MS 10000

struct tls {
    pthread_mutex_t lock; /* of all that follows */
    SSL_CTX *ctx;
    char *rollovers; /* that CTX was made with */
    char pin[KEY_THUMBPRINT_LEN + 1];
};

/* --- the certificate ---------------------------------------------------------------------------*/

/* A PKCS#10 request: nothing but the key and the proof that we have it. */
static enum err make_request(EVP_PKEY *key, struct buf *out)
{
    X509_REQ *request = X509_REQ_new();
    uint8_t *der = NULL;
    int len = 0;

    if (request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_pubkey(request, key) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0)
        len = i2d_X509_REQ(request, &der);
    enum err e = len > 0 ? buf_add(out, der, (size_t)len) : ERR_INTERNAL;
    OPENSSL_free(der);
    X509_REQ_free(request);
    return e;
}

static X509 *read_certificate(const struct buf *der)
{
    const uint8_t *at = der->data;

    return der->len ? d2i_X509(NULL, &at, (long)der->len) : NULL;
}

/* 0 for a time that is none. */
static int64_t time_us(const ASN1_TIME *time)
{
    struct tm at = {0};

    return ASN1_TIME_to_tm(time, &at) == 1 ? (int64_t)timegm(&at) * 1000000 : 0;
}

int64_t tls_certificate_ends_us(const struct buf *der)
{
    X509 *certificate = read_certificate(der);
    int64_t ends_us = certificate ? time_us(X509_get0_notAfter(certificate)) : 0;

    X509_free(certificate);
    return ends_us;
}

/* "" unless the certificate carries a key of ours. */
static void thumbprint_of(const X509 *certificate, enum key_alg wanted,
                          char out[static KEY_THUMBPRINT_LEN + 1])
{
    uint8_t *der = NULL;
    struct key *key = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

    out[0] = 0;
    if (len > 0 && key_from_spki(der, (size_t)len, &key) == ERR_OK &&
        (wanted == KEY_ALG_NONE || key_algorithm(key) == wanted))
        memcpy(out, key_thumbprint(key), KEY_THUMBPRINT_LEN + 1);
    key_free(key);
    OPENSSL_free(der);
    ERR_clear_error();
}

static enum err ask_keeper(const char *keeper_socket, const struct buf *request, struct buf *leaf,
                           struct buf *root)
{
    struct keeper_conn *keeper = NULL;
    enum err e = keeper_connect(keeper_socket, &keeper);

    if (!e)
        e = keeper_certify(keeper, CERTIFY_WAIT_MS, request->data, request->len, leaf, root);
    keeper_disconnect(keeper);
    return e;
}

/* --- the context -------------------------------------------------------------------------------*/

/* Whatever certificate comes is taken: a session or nothing is behind its key. */
static int take_any(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

static enum err set_up(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    /* Otherwise one read goes on for as long as a client sends nothing but key updates, and neither
     * the other connections nor the deadlines get their turn. */
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(ctx, 1); /* one read(2) a record instead of two */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
    char groups[] = "X25519"; /* the macro casts const away */
    bool done = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set1_groups_list(ctx, groups) == 1;
    return done ? ERR_OK : ERR_INTERNAL;
}

static enum err use_certificates(SSL_CTX *ctx, EVP_PKEY *key, const struct buf *leaf_der,
                                 const struct buf *root_der,
                                 char pin[static KEY_THUMBPRINT_LEN + 1])
{
    X509 *leaf = read_certificate(leaf_der), *root = read_certificate(root_der);
    enum err e = ERR_KEEPER_GONE; /* what it sent is of no use */

    if (!leaf || !root)
        goto out;
    thumbprint_of(root, KEY_ALG_NONE, pin);
    if (pin[0] && SSL_CTX_use_certificate(ctx, leaf) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_add1_chain_cert(ctx, root) == 1)
        e = ERR_OK;
out:
    X509_free(leaf);
    X509_free(root);
    return e;
}

/* --- rollovers of the root key: each context keeps those that were known when it was made --- */

static pthread_once_t chain_once = PTHREAD_ONCE_INIT;
static int chain_index = -1;

static void free_chain(void *parent, void *chain, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
    (void)parent, (void)data, (void)index, (void)l, (void)p;
    verify_rollovers_free(chain);
}

static void make_chain_index(void)
{
    chain_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_chain);
}

static enum err keep_rollovers(SSL_CTX *ctx, const char *rollovers)
{
    struct verify_rollovers *chain = NULL;
    struct js *list = NULL;

    pthread_once(&chain_once, make_chain_index);
    enum err e = js_parse(rollovers, strlen(rollovers), &list);
    if (!e)
        e = verify_rollovers(list, NULL, &chain);
    js_free(list);
    if (!e && (chain_index < 0 || SSL_CTX_set_ex_data(ctx, chain_index, chain) != 1)) {
        verify_rollovers_free(chain);
        e = ERR_NO_MEMORY;
    }
    return e;
}

/* The root key that certified is the one to which the rollovers lead; WAS where there are none. */
static enum err check_root(const SSL_CTX *ctx, const char *pin, const char *was)
{
    const struct verify_rollovers *chain = SSL_CTX_get_ex_data(ctx, chain_index);
    size_t count = verify_rollovers_count(chain);

    if (count)
        was = key_thumbprint(verify_rollovers_at(chain, count - 1)->new_root);
    return strcmp(pin, was) == 0 ? ERR_OK : ERR_KEY_MISMATCH;
}

static enum err make_context(const char *keeper_socket, const char *rollovers, SSL_CTX **out,
                             char pin[static KEY_THUMBPRINT_LEN + 1])
{
    struct buf request = {0}, leaf = {0}, root = {0};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    enum err e = key && ctx ? set_up(ctx) : ERR_NO_MEMORY;

    if (!e)
        e = keep_rollovers(ctx, rollovers);
    if (!e)
        e = make_request(key, &request);
    if (!e)
        e = ask_keeper(keeper_socket, &request, &leaf, &root);
    if (!e)
        e = use_certificates(ctx, key, &leaf, &root, pin);
    if (!e) {
        *out = ctx;
        ctx = NULL;
    }
    SSL_CTX_free(ctx);
    EVP_PKEY_free(key);
    buf_free(&request);
    buf_free(&leaf);
    buf_free(&root);
    return e;
}

enum err tls_new(const char *keeper_socket, const char *rollovers, struct tls **out)
{
    struct tls *t = calloc(1, sizeof *t);

    *out = NULL;
    if (!t)
        return ERR_NO_MEMORY;
    t->rollovers = strdup(rollovers);
    enum err e =
        t->rollovers ? make_context(keeper_socket, rollovers, &t->ctx, t->pin) : ERR_NO_MEMORY;
    if (!e)
        e = check_root(t->ctx, t->pin, t->pin);
    if (e) {
        SSL_CTX_free(t->ctx);
        free(t->rollovers);
        free(t);
        return log_fail(e, "bankd.tls", "no certificate from the keeper at %s", keeper_socket);
    }
    pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return ERR_OK;
}

/* What was made while somebody else put in what he knew of another rollover is of no use. */
static enum err put_in(struct tls *t, SSL_CTX **fresh, char **rollovers, bool told, const char *pin)
{
    pthread_mutex_lock(&t->lock);
    enum err e = told || strcmp(*rollovers, t->rollovers) == 0 ? check_root(*fresh, pin, t->pin)
                                                               : ERR_KEY_MISMATCH;
    if (!e) {
        SSL_CTX *old = t->ctx;
        char *before = t->rollovers;
        t->ctx = *fresh;
        t->rollovers = *rollovers;
        memcpy(t->pin, pin, sizeof t->pin);
        *fresh = old;
        *rollovers = before;
    }
    pthread_mutex_unlock(&t->lock);
    return e;
}

enum err tls_renew(struct tls *t, const char *keeper_socket, const char *rollovers)
{
    char pin[KEY_THUMBPRINT_LEN + 1], *known = NULL;
    SSL_CTX *fresh = NULL;

    pthread_mutex_lock(&t->lock);
    known = strdup(rollovers ? rollovers : t->rollovers);
    pthread_mutex_unlock(&t->lock);
    enum err e = known ? make_context(keeper_socket, known, &fresh, pin) : ERR_NO_MEMORY;
    if (!e)
        e = put_in(t, &fresh, &known, rollovers != NULL, pin);
    SSL_CTX_free(fresh);
    free(known);
    return e ? log_fail(e, "bankd.tls", "the certificate was not renewed") : ERR_OK;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    free(t->rollovers);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

const char *tls_pin(const struct tls *t)
{
    return t->pin;
}

int64_t tls_ends_us(struct tls *t)
{
    pthread_mutex_lock(&t->lock);
    int64_t ends_us = time_us(X509_get0_notAfter(SSL_CTX_get0_certificate(t->ctx)));
    pthread_mutex_unlock(&t->lock);
    return ends_us;
}

/* --- connections -------------------------------------------------------------------------------*/

enum err tls_accept(struct tls *t, int fd, struct ssl_st **out)
{
    pthread_mutex_lock(&t->lock);
    SSL *ssl = SSL_new(t->ctx);
    pthread_mutex_unlock(&t->lock);
    if (ssl && SSL_set_fd(ssl, fd) == 1) {
        SSL_set_accept_state(ssl);
        *out = ssl;
        return ERR_OK;
    }
    SSL_free(ssl);
    *out = NULL;
    return ERR_NO_MEMORY;
}

/* The root that the bank itself shows, of the context that the connection began with. */
static X509 *root_of(const struct ssl_st *ssl)
{
    STACK_OF(X509) *chain = NULL;

    return SSL_CTX_get0_chain_certs(SSL_get_SSL_CTX(ssl), &chain) == 1 && sk_X509_num(chain) > 0
               ? sk_X509_value(chain, 0)
               : NULL;
}

/* For a TLS client, valid now. */
static bool is_usable(X509 *certificate)
{
    return X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) == 1 &&
           X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
           X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

/* Signed by this root key, under the name that all of the bank's roots have. */
static bool is_signed_by(X509 *certificate, const struct key *root, X509 *now)
{
    size_t len;
    const uint8_t *spki = key_spki(root, &len);
    EVP_PKEY *key = d2i_PUBKEY(NULL, &spki, (long)len);
    bool good = key &&
                X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(now)) == 0 &&
                X509_verify(certificate, key) == 1;

    EVP_PKEY_free(key);
    return good;
}

/* Until when a root key counts that was replaced: until the first overlap behind it ends. */
static int64_t counts_until_us(const struct verify_rollovers *chain, size_t from)
{
    int64_t until_us = INT64_MAX;

    for (size_t i = from; i < verify_rollovers_count(chain); i++) {
        int64_t end_us = verify_rollovers_at(chain, i)->head.expires_us;
        until_us = end_us < until_us ? end_us : until_us;
    }
    return until_us;
}

/* Until when the bank's word for this certificate holds: its root's or, in the overlap, that of a
 * root which it replaced. 0: it is not the bank's. */
static int64_t certified_until_us(const struct ssl_st *ssl, X509 *certificate)
{
    const struct verify_rollovers *chain = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), chain_index);
    X509 *root = root_of(ssl);
    int64_t until_us = 0;

    if (root && is_usable(certificate)) {
        if (X509_check_issued(root, certificate) == X509_V_OK &&
            X509_verify(certificate, X509_get0_pubkey(root)) == 1)
            until_us = INT64_MAX;
        for (size_t i = 0; !until_us && i < verify_rollovers_count(chain); i++) {
            if (is_signed_by(certificate, verify_rollovers_at(chain, i)->old_root, root))
                until_us = counts_until_us(chain, i);
        }
    }
    int64_t end_us = time_us(X509_get0_notAfter(certificate));
    ERR_clear_error();
    return until_us <= clock_now_us() ? 0 : until_us < end_us ? until_us : end_us;
}

void tls_peer(const struct ssl_st *ssl, char out[static KEY_THUMBPRINT_LEN + 1], int64_t *until_us)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);

    out[0] = 0;
    *until_us = 0;
    if (!certificate)
        return;
    *until_us = certified_until_us(ssl, certificate);
    thumbprint_of(certificate, *until_us ? KEY_ALG_NONE : KEY_ES256, out);
}
