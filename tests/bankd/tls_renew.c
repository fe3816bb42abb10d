/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_renew KEEPER_SOCKET: what bankd does every twenty days, with a real keeper: a fresh key and
 * certificate under the same root. Exit 0 when it went so; server_test.py starts it.
 */
#include "bankd/server/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>

/* The certificate that the next connection would show; the caller frees it. */
static X509 *shown(struct tls *t)
{
    SSL *ssl = NULL;
    X509 *certificate = NULL;

    if (tls_accept(t, 0, &ssl) == ERR_OK) {
        certificate = SSL_get_certificate(ssl);
        X509_up_ref(certificate);
    }
    SSL_free(ssl);
    return certificate;
}

int main(int argc, char **argv)
{
    struct tls *t = NULL;

    if (argc != 2 || tls_new(argv[1], "[]", &t))
        return 2;
    X509 *first = shown(t);
    enum err e = tls_renew(t, argv[1], NULL);
    X509 *second = shown(t);
    int fresh = first && second &&
                !EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)) &&
                X509_NAME_cmp(X509_get_issuer_name(first), X509_get_issuer_name(second)) == 0;
    printf("%s %s\n", err_name(e), tls_pin(t));
    X509_free(first);
    X509_free(second);
    tls_free(t);
    return !e && fresh ? 0 : 1;
}
