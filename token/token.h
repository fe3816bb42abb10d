/* SPDX-License-Identifier: Apache-2.0
 *
 * token: keys that stay on a smartcard, USB token, TPM or HSM, through PKCS#11 (Cryptoki 2.40).
 *
 * module -> token -> key. A token is known by its label and serial and a key by its id, never by
 * slot numbers or handles, which change. Two matches are an error, never "the best one".
 *
 * Sessions come from a pool; one that saw any error is closed. When the token was pulled and is
 * back, its sessions died or pcscd was restarted, an operation finds the token again, logs in with
 * the PIN kept from token_login, and runs once more; if that fails, too, its error stands. A PIN
 * that the token refuses is forgotten at once and never tried again.
 *
 * Thread-safe but for freeing: PINs and keys before their token, tokens before their module, and
 * nothing that another thread still uses. After fork() the child may not use any of it: fork
 * helpers before token_module_load.
 *
 * There are two of it, and a program links one. cs_token calls the module in this process: a module
 * that hangs makes the caller hang, and one that crashes takes it along. It is for processes that
 * exist for their token, such as the keeper and the helper program. cs_token_remote is for programs
 * of people: each module has a helper program (token/helper/) of its own, which alone sees the
 * module and the PIN. One that does not answer by its deadline is killed: ERR_TOKEN_HANGS; one that
 * died is ERR_TOKEN_CRASHED. What was opened there says so from then on; token_list, token_open
 * and token_init start a new one.
 *
 * But for a certificate request it hashes nothing, and knows nothing about what is signed.
 *
 * Texts in the info structs are the token's own bytes without their padding: escape before
 * printing.
 *
 * What holds for every function: lengths and capacities are in bytes; out parameters are NULL, 0 or
 * empty after an error; what is passed in stays the caller's, and is not kept, but for PINs
 * (token_login). Whatever talks to a token may answer TOKEN_REMOVED, TOKEN_FAILED, TOKEN_BUSY or
 * NO_MEMORY, and by cs_token_remote TOKEN_HANGS, TOKEN_CRASHED, TOKEN_HELPER or
 * TOKEN_PCSCD_HANGS; what else is likely stands at the function. token/ckr.c says which answer of
 * a module is which. Numbers as (5.6) are the clauses of the PKCS #11 Base Specification 2.40 about
 * the calls behind it.
 */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "token/uri.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_ID_MAX 64      /* bytes of CKA_ID */
#define TOKEN_OBJECT_MAX 128 /* bytes of an object's CKA_LABEL */
#define TOKEN_SIG_MAX 132    /* bytes of the longest R||S */
#define TOKEN_POINT_MAX 133  /* bytes of the longest uncompressed point */

enum token_curve { TOKEN_P256 = 1, TOKEN_P384, TOKEN_P521 };
enum token_use { TOKEN_USE_SIGN = 1, TOKEN_USE_DERIVE };

/* What CK_TOKEN_INFO says about the user PIN. SoftHSM always says OK, OpenSC leaves out LOW. */
enum token_tries {
    TOKEN_TRIES_UNKNOWN, /* no PIN set, or not initialised */
    TOKEN_TRIES_OK,
    TOKEN_TRIES_LOW, /* a wrong one was entered since the last right one */
    TOKEN_TRIES_FINAL,
    TOKEN_TRIES_LOCKED
};

/* "unknown", "ok", "low", "final", "locked"; never to be freed. */
const char *token_tries_name(enum token_tries tries);

/* --- modules --- */

struct token_module;

/* Loads and initialises the module at PATH as an instance of its own (p11-kit counts references, so
 * that unloading it leaves other users of the same file alone). p11-kit-proxy.so is all of its
 * modules as one. ERR_TOKEN_MODULE, also for a PATH that is longer than token_info's. The caller
 * unloads *OUT. Looks for no token (5.4). */
MUST_CHECK enum err token_module_load(const char *path, struct token_module **out);

/* Every module that p11-kit is configured to use (pkcs11.conf(5)), but for stores of trusted
 * certificates. cs_token starts them, and leaves out those that do not start; with cs_token_remote
 * one starts when it is first asked, and one that does not answers ERR_TOKEN_MODULE to that. Both
 * log it. The caller unloads each of the *COUNT modules in *OUT and frees *OUT with free(). None is
 * ERR_OK with *COUNT 0. */
MUST_CHECK enum err token_modules_load(struct token_module ***out, size_t *count);

/* As it was given, or configured; lives as long as M. */
const char *token_module_path(const struct token_module *m);
/* What M, one of several, did when it was to start; ERR_OK: it did, or was not asked yet. Asks it
 * nothing. */
enum err token_module_refusal(const struct token_module *m);

/* NULL-safe. Every token must have been closed, and every PIN freed. C_Finalize (5.4). */
void token_module_unload(struct token_module *m);

/* --- PINs --- */

/* In one locked page, of the process that talks to the module and of no other. */
struct token_pin;

/* Reads one line from FD there, of at most SECRET_MAX bytes, for tokens of M, and waits for it as
 * long as it takes. ERR_IO (nothing comes any more), ERR_TOO_LARGE. FD, which is no terminal, stays
 * open, with what follows the line. The caller frees *OUT. token/pin.h asks people. */
MUST_CHECK enum err token_pin_read(struct token_module *m, int fd, struct token_pin **out);

/* *SAME: both are one PIN, read for one module; compared in a time that does not depend on where
 * they differ. TOKEN_CRASHED: a helper took one of them along. */
MUST_CHECK enum err token_pin_same(const struct token_pin *a, const struct token_pin *b,
                                   bool *same);

/* NULL-safe. Wiped, unless a token that is logged in with it still keeps it. */
void token_pin_free(struct token_pin *pin);

/* --- what is plugged in --- */

struct token_info {
    char label[33], manufacturer[33], model[17], serial[17];
    char slot[65];    /* the reader's name, or what the module calls its slot */
    char module[256]; /* path */
    bool initialized;
    bool login_required;
    bool keypad; /* the reader has a PIN pad of its own: log in with NULL */
    bool ecdsa;  /* false: the token says that it signs with no elliptic curve, so not here */
    bool read_only;
    enum token_tries tries, puk_tries; /* the second: of the officer's PIN, which may be the PUK */
    unsigned pin_min, pin_max;         /* bytes; 0: the token does not say */
};

/* Every slot with a token in it, in the module's order; the caller frees *OUT with free(). None is
 * ERR_OK with *COUNT 0 and *OUT NULL. A token that does not say what it is is left out. Costs no
 * try (5.5). */
MUST_CHECK enum err token_list(struct token_module *m, struct token_info **out, size_t *count);

/* Appends the URI that names this token and its module; a field that no URI can have is left out.
 * READER: INFO's slot, which is all that tells two tokens of one name apart, or "" for a token that
 * is itself in any reader. Asks nothing. ERR_TOO_LARGE: OUT has no room for it. */
MUST_CHECK enum err token_info_uri(const struct token_info *info, const char *reader,
                                   struct buf *out);

/* Makes a token in the first slot whose token is not initialised (SoftHSM always offers one) and
 * sets both PINs. LABEL: 1 to 32 bytes of UTF-8. An equal label elsewhere is allowed; the serial
 * tells them apart. Never touches an initialised token. ERR_TOKEN_FULL without a free slot;
 * ERR_PIN_INVALID where USER_PIN is shorter or longer than the token says, before it is made. *OUT:
 * the token, which is neither open nor logged in. C_InitToken, C_InitPIN (5.5). */
MUST_CHECK enum err token_init(struct token_module *m, const char *label, struct token_pin *so_pin,
                               struct token_pin *user_pin, struct token_info *out);

/* --- an opened token --- */

struct token;

/* The one initialised token that URI's token, manufacturer, model, serial and slot-description
 * match. ERR_TOKEN_NOT_FOUND, ERR_TOKEN_AMBIGUOUS. Does not log in. The caller closes *OUT (5.5,
 * 5.6). */
MUST_CHECK enum err token_open(struct token_module *m, const struct token_uri *uri,
                               struct token **out);

/* Logs out, closes, wipes the PIN. NULL-safe. Its keys must have been freed (5.6). */
void token_close(struct token *t);

/* The module that T was opened by, not to be unloaded before T is closed. */
struct token_module *token_module_of(const struct token *t);

/* Asks the token now; costs no try. That its slot now holds another is ERR_TOKEN_REMOVED (5.5). */
MUST_CHECK enum err token_info_of(struct token *t, struct token_info *out);

/* One try. PIN NULL: the reader's keypad asks (ERR_PIN_REQUIRED where there is none). The token's
 * flags are read first: locked is ERR_PIN_LOCKED, and the last try is ERR_PIN_LAST_TRY unless
 * LAST_TRY_ALLOWED. An earlier login ends first, so that a wrong PIN is never taken because a right
 * one came before. An empty PIN is ERR_PIN_INVALID and does not go to the token, nor does any when
 * the slot now holds another token (ERR_TOKEN_REMOVED). Also ERR_PIN_WRONG, ERR_PIN_CANCELLED,
 * ERR_PIN_NOT_SET and so on.
 *
 * Keeps PIN until token_logout or token_close: keys that always authenticate want it for each
 * signature, and a token that was away wants it again. C_Login (5.6). */
MUST_CHECK enum err token_login(struct token *t, struct token_pin *pin, bool last_try_allowed);

/* Also wipes the kept PIN. Fine when not logged in, and when the token is gone. C_Logout (5.6). */
MUST_CHECK enum err token_logout(struct token *t);

/* Sets the user PIN; both NULL on a keypad. A wrong OLD costs a try: locked, and the last try
 * without LAST_TRY_ALLOWED, are refused beforehand. The login, if any, continues with FRESH. Also
 * ERR_PIN_WRONG, ERR_PIN_INVALID (FRESH is not as the token wants it, or empty). The token is gone:
 * ERR_TOKEN_NOT_FOUND, and no PIN went anywhere, also where the slot now holds another; after
 * ERR_TOKEN_REMOVED and ERR_TOKEN_FAILED the token alone knows which one it has, and the login is
 * over. C_SetPIN (5.5). */
MUST_CHECK enum err token_change_pin(struct token *t, struct token_pin *old,
                                     struct token_pin *fresh, bool last_try_allowed);

/* How a token takes its PUK, which PKCS#11 does not know. */
enum token_way {
    TOKEN_WAY_OFFICER = 1, /* its security officer's PIN, who sets the user's */
    TOKEN_WAY_PUK          /* in place of the old PIN, as a driver's settings have it */
};

/* Sets the user PIN by the PUK, once; both NULL on a keypad. Ends any login. With TOKEN_WAY_PUK
 * only a locked PIN (ERR_PIN_NOT_LOCKED); otherwise also one that was never set. ERR_PUK_WRONG,
 * ERR_PUK_LOCKED, and ERR_PUK_LAST_TRY unless LAST_TRY_ALLOWED, as far as the token tells. Done
 * once, whatever it answers. C_InitPIN, C_SetPIN (5.5). */
MUST_CHECK enum err token_unblock(struct token *t, enum token_way way, struct token_pin *puk,
                                  struct token_pin *fresh, bool last_try_allowed);

/* --- keys --- */

/* Makes a key pair that cannot leave the token, for signing or for deriving, not both. LABEL: 1 to
 * TOKEN_OBJECT_MAX bytes; ID: 1 to TOKEN_ID_MAX bytes. ERR_KEY_EXISTS when any key has this id,
 * ERR_TOKEN_NO_EC, ERR_TOKEN_FULL, ERR_TOKEN_READ_ONLY, ERR_PIN_REQUIRED (log in first), ERR_USAGE
 * (LABEL or ID). May take minutes. C_GenerateKeyPair (5.14). */
MUST_CHECK enum err token_generate(struct token *t, enum token_use use, enum token_curve curve,
                                   const char *label, const uint8_t *id, size_t id_len);

/* The same by the token's officer, where he alone makes keys: an OpenPGP card, a PIV card through
 * ykcs11. One try of OFFICER, whose flags are read first: ERR_PIN_LOCKED, and ERR_PIN_LAST_TRY
 * unless LAST_TRY_ALLOWED. Nobody may be logged in (ERR_USAGE); nobody is afterwards. */
MUST_CHECK enum err token_officer_generate(struct token *t, struct token_pin *officer,
                                           bool last_try_allowed, enum token_use use,
                                           enum token_curve curve, const char *label,
                                           const uint8_t *id, size_t id_len);

struct token_key_info {
    char label[TOKEN_OBJECT_MAX + 1];
    uint8_t id[TOKEN_ID_MAX];
    size_t id_len;
    bool ec; /* an elliptic curve key */
    bool sign, derive;
    bool always_authenticate; /* the PIN goes to the token for each signature */
    enum token_curve curve;   /* 0: no usable public half on one of the three curves */
};

/* Every private key that the token shows, RSA too; log in first, or it may show none. The caller
 * frees *OUT with free(). None is ERR_OK with *COUNT 0 and *OUT NULL (5.7). */
MUST_CHECK enum err token_key_list(struct token *t, struct token_key_info **out, size_t *count);

/* Appends the URI of this key on this token. The same. */
MUST_CHECK enum err token_key_info_uri(const struct token_info *token,
                                       const struct token_key_info *key, struct buf *out);

/* --- what a token shows without its PIN --- */

#define TOKEN_SEEN_MAX 32

struct token_seen_key {
    struct token_key_info key; /* SIGN and DERIVE as its public half or certificate says, where the
                                  private one is hidden; CURVE 0: none of the three */
    bool private;              /* it is seen itself, so that ALWAYS_AUTHENTICATE is known */
    bool certificate;
    int64_t ends_us; /* of the certificate; INT64_MAX where it says no time that is one */
};

struct token_sight {
    bool curve[TOKEN_P521 + 1]; /* by enum token_curve: it signs there, as far as it says */
    bool derive;                /* it has ECDH */
    bool generate;              /* it makes elliptic curve keys, perhaps for its administrator */
    size_t count;               /* those above TOKEN_SEEN_MAX are left out */
    struct token_seen_key keys[TOKEN_SEEN_MAX]; /* by id: private, public, certificate are one */
};

/* Neither logs in nor costs a try. Keys without an id are not seen. What it says of a key is the
 * token's word: nothing is verified (5.5, 5.7). */
MUST_CHECK enum err token_look(struct token *t, struct token_sight *out);

struct token_key; /* a private key with its public half; belongs to its token */

/* The one elliptic curve private key for USE that URI's id and object match; URI may be NULL or
 * name neither, and then it is the only key for USE. Log in first. The public half comes from the
 * public key object of the same id, else from the certificate, and must be an uncompressed point on
 * one of the three curves. ERR_KEY_NOT_FOUND, ERR_KEY_AMBIGUOUS, ERR_KEY_ALGORITHM (it matches a
 * key that is not elliptic), ERR_KEY_NO_PUBLIC, ERR_KEY_CURVE, ERR_PIN_REQUIRED. The caller frees
 * *OUT. Whether the private half belongs to the public one, only a signature shows (5.7). */
MUST_CHECK enum err token_key_find(struct token *t, const struct token_uri *uri, enum token_use use,
                                   struct token_key **out);

/* NULL-safe. The key stays on the token. */
void token_key_free(struct token_key *k);

/* Label, id and so on, and a CURVE that never is 0; lives as long as K. */
const struct token_key_info *token_key_about(const struct token_key *k);

/* Appends the DER SubjectPublicKeyInfo: named curve, uncompressed point (RFC 5480); at most 158
 * bytes. Asks nothing. ERR_NO_MEMORY, ERR_TOO_LARGE. */
MUST_CHECK enum err token_key_spki(const struct token_key *k, struct buf *out);

/* Bytes of hash that belong to CURVE: 32, 48 or 64 (SHA-256, SHA-384, SHA-512). */
size_t token_hash_len(enum token_curve curve);

/* Bytes of R||S on CURVE: 64, 96 or 132. */
size_t token_sig_len(enum token_curve curve);

/* Signs the HASH_LEN = token_hash_len bytes at HASH; SIG gets R||S, the form of JWS (RFC 7518
 * section 3.4). What the token answers is verified against the public key before it is handed
 * out: ERR_TOKEN_BAD_SIGNATURE, and SIG is untouched. SIG_CAP: at least token_sig_len bytes.
 * ERR_INTERNAL (a length); ERR_PIN_REQUIRED; of a key that always authenticates what token_login
 * says. Hashes nothing. C_Sign with CKM_ECDSA (5.11). */
MUST_CHECK enum err token_sign(struct token_key *k, const uint8_t *hash, size_t hash_len,
                               uint8_t *sig, size_t sig_cap, size_t *sig_len);

#define TOKEN_AT_ONCE 16 /* hashes in a question to the helper */

/* Signs COUNT hashes, which stand one after another at HASHES, as token_sign would one by one, but
 * asks the helper for TOKEN_AT_ONCE at once. TAKE gets each signature, of token_sig_len bytes, and
 * verified as there, while the token makes others: a slow one's at once, quick ones a few at once.
 * It ends with the first that fails, or that TAKE does not take, whose error it then returns: those
 * before are made, and TAKE has them. */
typedef enum err token_take(void *ctx, const uint8_t *sig);
MUST_CHECK enum err token_sign_many(struct token_key *k, const uint8_t *hashes, size_t count,
                                    token_take *take, void *ctx);

/* Writes the DER certificate of K's public half (else ERR_KEY_MISMATCH) to the token, under the
 * key's id and label; an earlier certificate of this id and issuer goes, and where there is another
 * issuer's nothing is written (ERR_TOKEN_CERTIFICATE). Many tokens refuse, such as a PIV
 * card through OpenSC: ERR_TOKEN_READ_ONLY, ERR_TOKEN_UNSUPPORTED, ERR_TOKEN_FAILED and so on.
 * Checks no signature of the certificate. C_CreateObject (5.7). */
MUST_CHECK enum err token_key_store_certificate(struct token_key *k, const uint8_t *der,
                                                size_t len);

/* ECDH with the uncompressed point at PEER, which must be on the key's curve
 * (ERR_KEY_NOT_ON_CURVE, ERR_KEY_INVALID, ERR_KEY_COMPRESSED); appends the x coordinate, 32, 48 or
 * 66 bytes, to OUT_Z. Derives no key from it, and cannot tell whether it is right. C_DeriveKey with
 * CKM_ECDH1_DERIVE (5.14). */
MUST_CHECK enum err token_derive(struct token_key *k, const uint8_t *peer, size_t peer_len,
                                 struct secret *out_z);

#endif
