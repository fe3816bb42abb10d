/* SPDX-License-Identifier: Apache-2.0
 *
 * certs: the certificates of docs/FORMAT.md section 9, RFC 5280 profile: the bank's root, signed by
 * itself, and under it the TLS server's leaf and those of people's keys. Pure but for the caller's
 * signing function; time and serial number are arguments. Keeps no list of what was issued and
 * revokes nothing: a leaf ends after CERTS_LEAF_DAYS.
 */
#ifndef BANKD_KEEPER_CERTS_H
#define BANKD_KEEPER_CERTS_H

#include "base/buf.h"
#include "base/err.h"
#include "order/enrolment.h"
#include "order/jws.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

#define CERTS_SERIAL_LEN 16
#define CERTS_LEAF_DAYS 30
#define CERTS_ROOT_DAYS 10957 /* 30 years */

struct certs_issuer {
    const char *bank;       /* the URI SAN is "countersign:" and this name */
    const struct key *root; /* ES256 */
    jws_sign_fn sign;       /* signs with the root's private half */
    void *sign_ctx;
};

/* Certificates are valid from an hour before NOW_US, so that a client's clock may be slow. SERIAL
 * is random. Each appends DER that was verified under the root key before it came out. */
MUST_CHECK enum err certs_root(const struct certs_issuer *issuer, int64_t now_us,
                               const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der);

/* REQUEST is DER PKCS#10, of which only the key counts: names, extensions and attributes are
 * ignored. USAGE when it is no request; SIGNATURE_INVALID without proof of possession (RFC 2986
 * section 3); KEY_ALGORITHM, KEY_CURVE and so on unless the key is on P-256. ROOT_DER is what
 * certs_root made. */
MUST_CHECK enum err certs_leaf(const struct certs_issuer *issuer, const struct buf *root_der,
                               const uint8_t *request, size_t len, int64_t now_us,
                               const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der);

/* For a person's KEY of USE, sign or authenticate, whose possession the caller saw proved. */
struct certs_person {
    const struct key *key;
    enum key_use use;
    const char *name, *holder;
    int days;
};
MUST_CHECK enum err certs_person(const struct certs_issuer *issuer, const struct buf *root_der,
                                 const struct certs_person *person, int64_t now_us,
                                 const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der);

/* A stored root certificate: DER, of this key and signed by it. KEY_MISMATCH, SIGNATURE_INVALID or
 * USAGE otherwise. */
MUST_CHECK enum err certs_check_root(const struct buf *der, const struct key *root);

#endif
