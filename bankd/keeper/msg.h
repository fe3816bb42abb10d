/* SPDX-License-Identifier: Apache-2.0
 *
 * msg: what bankd asks of the keeper, as typed fields in a fixed binary layout (big-endian), and
 * the calls that bankd makes. The keeper builds every byte that it signs from these fields.
 */
#ifndef BANKD_KEEPER_MSG_H
#define BANKD_KEEPER_MSG_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define KEEPER_HASH_LEN 32
#define KEEPER_PROOF_MAX 126u /* hashes, = MERKLE_PROOF_MAX */

enum keeper_msg {
    KEEPER_STATE = 1,  /* -> size, root */
    KEEPER_CHECKPOINT, /* size, root, proof from the recorded size -> note */
    KEEPER_BANK_KEYS,  /* -> the bank-keys statement */
    KEEPER_CERTIFY,    /* a PKCS#10 request with the TLS key -> leaf and root certificate */
    KEEPER_ACT,        /* an operator's act that changes the operators -> how many must, too */
    KEEPER_ADMIT,      /* a request to be enrolled, an operator's act -> a person's certificates */
    KEEPER_ROLLOVERS,  /* -> all rollovers of the root key, a JSON array */
    KEEPER_ROLL,       /* an operator's act that asks for another root key -> how many must, too */
    KEEPER_ROTATE,     /* a rotation of a key, which may be an operator's -> nothing */
    KEEPER_SUSPEND     /* the thumbprint of a key that is to count no more -> nothing */
};

struct keeper_state {
    uint64_t size;
    uint8_t root[KEEPER_HASH_LEN];
};
struct keeper_checkpoint {
    uint64_t size;
    uint8_t root[KEEPER_HASH_LEN];
    size_t proof_count;
    uint8_t proof[KEEPER_PROOF_MAX][KEEPER_HASH_LEN];
};

/* A connection to the keeper; calls are made by one thread at a time. KEEPER_GONE when nobody
 * listens there. */
struct keeper_conn;
MUST_CHECK enum err keeper_connect(const char *socket_path, struct keeper_conn **out);
void keeper_disconnect(struct keeper_conn *k); /* NULL-safe */

/* Each has a deadline in milliseconds; KEEPER_GONE when there is no answer in time or the socket
 * broke (the connection is then of no more use), or the keeper's own refusal: LOG_ROLLED_BACK for a
 * smaller size or another root, PROOF_INVALID, TOKEN errors. */
MUST_CHECK enum err keeper_state(struct keeper_conn *k, int wait_ms, struct keeper_state *out);
MUST_CHECK enum err keeper_sign_checkpoint(struct keeper_conn *k, int wait_ms,
                                           const struct keeper_checkpoint *c, struct buf *note);
MUST_CHECK enum err keeper_bank_keys(struct keeper_conn *k, int wait_ms, struct buf *statement);
MUST_CHECK enum err keeper_rollovers(struct keeper_conn *k, int wait_ms, struct buf *array);
/* REQUEST is DER PKCS#10; appends the DER certificates. */
MUST_CHECK enum err keeper_certify(struct keeper_conn *k, int wait_ms, const uint8_t *request,
                                   size_t len, struct buf *leaf, struct buf *root);

/* An operator's act, for the keeper to know its signers by. *MISSING: how many other operators must
 * say the same besides; 0: the keeper goes by it. */
MUST_CHECK enum err keeper_act(struct keeper_conn *k, int wait_ms, const char *act, size_t len,
                               unsigned *missing);
/* A rotation, and a key that is suspended or revoked; of one that is no operator's comes nothing.
 */
MUST_CHECK enum err keeper_rotate(struct keeper_conn *k, int wait_ms, const char *statement,
                                  size_t len);
MUST_CHECK enum err keeper_suspend(struct keeper_conn *k, int wait_ms, const char *thumbprint);
/* An operator's act that asks for another root key. *MISSING: how many other operators must ask for
 * it besides; 0: it was replaced. */
MUST_CHECK enum err keeper_roll(struct keeper_conn *k, int wait_ms, const char *act, size_t len,
                                unsigned *missing);
/* A person's certificates: DER, as far as he has keys for them. */
struct keeper_person {
    unsigned missing; /* operators who must admit him besides; until then the rest is empty */
    struct buf sign, authenticate, root;
};
void keeper_person_free(struct keeper_person *p);
/* STATEMENT is his request to be enrolled, ACT an operator's admission. The caller frees *OUT. */
MUST_CHECK enum err keeper_admit(struct keeper_conn *k, int wait_ms, const char *statement,
                                 size_t statement_len, const char *act, size_t act_len,
                                 struct keeper_person *out);

/* --- the layout, one function each way; the keeper uses these, too ---
 *
 *   state        size (8 bytes), root
 *   checkpoint   size (8), root, number of hashes (2), hashes
 *   certificates length (2), leaf; length (2), root
 *   admission    length (2), statement; length (2), act
 *   rolled       missing (2)
 *   person       missing (2); three times length (2), which may be 0, certificate
 *
 * Integers are big-endian. Another length than the fields make is ERR_USAGE. */
#define MSG_STATE_LEN (8u + KEEPER_HASH_LEN)
#define MSG_CHECKPOINT_MAX (MSG_STATE_LEN + 2u + KEEPER_PROOF_MAX * KEEPER_HASH_LEN)
#define MSG_ROLLED_LEN 2u
#define MSG_REQUEST_MAX 4096u     /* bytes of a PKCS#10 request */
#define MSG_CERTIFICATE_MAX 4096u /* bytes of one certificate */
#define MSG_STATEMENT_MAX 16384u  /* bytes of a JWS */

MUST_CHECK enum err msg_put_state(const struct keeper_state *s, struct buf *out);
MUST_CHECK enum err msg_get_state(const uint8_t *msg, size_t len, struct keeper_state *out);
MUST_CHECK enum err msg_put_checkpoint(const struct keeper_checkpoint *c, struct buf *out);
MUST_CHECK enum err msg_get_checkpoint(const uint8_t *msg, size_t len,
                                       struct keeper_checkpoint *out);
MUST_CHECK enum err msg_put_certificates(const struct buf *leaf, const struct buf *root,
                                         struct buf *out);
MUST_CHECK enum err msg_get_certificates(const uint8_t *msg, size_t len, struct buf *leaf,
                                         struct buf *root);

/* Borrowed from a message, or what one is made of. */
struct msg_part {
    const uint8_t *bytes;
    size_t len;
};
/* COUNT parts of at most MAX bytes each, one behind the other and nothing else. */
MUST_CHECK enum err msg_get_parts(const uint8_t *msg, size_t len, size_t max, struct msg_part *out,
                                  size_t count);
MUST_CHECK enum err msg_put_rolled(unsigned missing, struct buf *out);
MUST_CHECK enum err msg_put_person(const struct keeper_person *p, struct buf *out);

#endif
