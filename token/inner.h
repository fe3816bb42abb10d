/* SPDX-License-Identifier: Apache-2.0
 *
 * inner: what the files behind token.h share; private to token/.
 *
 * Locks, taken in this order:
 *   module->lock    read: while calling into the module with a session; write: while sessions and
 *                   handles change as a whole (open, login, logout, re-attach, restart, close)
 *   key->lock       the key's handle
 *   token->context  from C_SignInit to C_Sign of a key that always authenticates
 *   token->pool_lock, key->checks_lock   for moments
 * So whatever holds the write lock knows that no session is in use.
 */
#ifndef TOKEN_INNER_H
#define TOKEN_INNER_H

#include "token/both.h"
#include "token/ckr.h"
#include "token/token.h"
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>

#define TOKEN_SLOTS_MAX 64
#define TOKEN_OBJECTS_MAX 256 /* found by one search */

struct token_module {
    CK_FUNCTION_LIST *f;
    void *proxy; /* p11-kit's own library, loaded as a module; NULL: any other */
    struct token_source source;
    pthread_rwlock_t lock;
    uint64_t epoch; /* counts C_Initialize: handles of an earlier epoch mean nothing */
};

struct token_session {
    CK_SESSION_HANDLE handle;
    uint64_t generation; /* the token's when it was opened */
};

struct token {
    struct token_module *module;
    struct token_info info; /* as it was when opened; label, serial and so on find it again */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE anchor; /* 0: not attached. Open all the time, since the last session to
                               * close would log out */
    uint64_t epoch;           /* the module's when it was attached */
    uint64_t generation;      /* counts attaching and logging in: key handles are of one */
    bool by_reader; /* it was named by its slot, and is no other's of the same name elsewhere */
    bool logged_in;
    bool last_try_allowed; /* by this login, also for the signatures under it */
    struct token_pin *pin; /* NULL: none, or the keypad asks */
    pthread_mutex_t context;
    pthread_mutex_t pool_lock;
    pthread_cond_t returned;
    CK_SESSION_HANDLE idle[TOKEN_SESSIONS_MAX];
    size_t idle_count, in_use, limit;
};

/* A PIN in its page; whoever keeps it holds it. */
struct token_pin {
    atomic_uint holders;
    struct secret *secret;
};

/* --- module.c --- */

/* C_Finalize and C_Initialize, the only cure for OpenSC when pcscd was restarted. Under the write
 * lock. */
MUST_CHECK enum err token_module_restart(struct token_module *m);

/* --- slot.c --- */

/* Asks the token now. */
CK_RV token_slot_read(struct token_module *m, CK_SLOT_ID slot, struct token_info *out);
MUST_CHECK enum err token_slot_info(struct token_module *m, CK_SLOT_ID slot,
                                    struct token_info *out);
/* Of the slot that T was opened in, before a PIN goes there: TOKEN_REMOVED when it holds another
 * token now. */
MUST_CHECK enum err token_slot_now(const struct token *t, struct token_info *out);
/* T's slot and info: of the one that URI matches, or, with URI NULL, of the one that holds T. */
MUST_CHECK enum err token_slot_find(struct token *t, const struct token_uri *uri);

/* --- session.c --- */

/* What is done in one session. A CK_RV other than CKR_OK closes the session; a refusal that is not
 * the token's goes into ARG. May run twice. */
typedef CK_RV token_work(struct token *t, const struct token_session *s, void *arg);

/* Runs WORK in a pool session, once more after re-attaching when the first answer says that the
 * token, session or handles are gone. The error names FUNCTION in the log. */
MUST_CHECK enum err token_session_run(struct token *t, const char *function, token_work *work,
                                      void *arg);
/* The same in a read-write session of its own. */
MUST_CHECK enum err token_session_run_rw(struct token *t, const char *function, token_work *work,
                                         void *arg);
/* Drops every session, finds the token (by URI, or again with NULL) and opens the anchor. Under the
 * write lock. */
MUST_CHECK enum err token_session_attach(struct token *t, const struct token_uri *uri);
/* Attaches again; restarts the module when that fails, or first. Not logged in afterwards. Under
 * the write lock. */
MUST_CHECK enum err token_session_recover(struct token *t, bool restart_first);
/* After a failure that cost the PIN: whether the token was pulled. Logged out, under no lock. */
MUST_CHECK bool token_session_gone(struct token *t);
/* Closes anchor and pool. Under the write lock. */
void token_session_drop(struct token *t);
/* False when there is nothing to talk to until token_session_attach. Under either lock. */
bool token_session_attached(const struct token *t);

/* --- login.c --- */

/* Logs in again with the kept PIN, or on the keypad, if the token was logged in. Under the write
 * lock. *SENT: the token has seen the PIN, which then is kept only if it was right or the token is
 * gone. */
MUST_CHECK enum err token_login_again(struct token *t, bool *sent);
/* A PIN or PUK was sent, and BEFORE says that the token or its driver went away: whether it was
 * taken for a wrong one nobody knows, and it is not sent again. BEFORE, with the token attached
 * anew; TOKEN_REMOVED, when it is not there: another may be. Under the write lock. */
MUST_CHECK enum err token_login_lost(struct token *t, enum err before);
/* For keys that always authenticate, both under the read lock and t->context: what the token's
 * flags say now about one more PIN entry, and the PIN itself for the signature that was begun in S
 * (CKU_CONTEXT_SPECIFIC). After any refusal but of a token that is gone the PIN is forgotten, and
 * *VERDICT says why. */
MUST_CHECK enum err token_login_allowed(struct token *t);
CK_RV token_login_context(struct token *t, CK_SESSION_HANDLE s, enum err *verdict);

/* Logged out, and the PIN wiped. Under the write lock. */
void token_login_forget(struct token *t);
/* Takes SECRET over, whatever it returns. */
MUST_CHECK enum err token_pin_new(struct secret *secret, struct token_pin **out);
/* As PKCS#11 wants them, which takes PINs as non-const and only reads them; NULL with 0 is the
 * keypad. */
CK_UTF8CHAR *token_pin_bytes(const struct token_pin *pin);
CK_ULONG token_pin_len(const struct token_pin *pin);

/* --- object.c --- */

/* The handles that match, at most TOKEN_OBJECTS_MAX (CKR_HOST_MEMORY for more; CKR_FUNCTION_FAILED
 * when the module says that it wrote more than there was room for). */
CK_RV token_object_find(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_ATTRIBUTE *match,
                        CK_ULONG match_count, CK_OBJECT_HANDLE out[static TOKEN_OBJECTS_MAX],
                        size_t *count);
/* The same for the objects of CLASS that have this id. */
CK_RV token_object_find_id(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
                           const uint8_t *id, size_t id_len,
                           CK_OBJECT_HANDLE out[static TOKEN_OBJECTS_MAX], size_t *count);
/* One attribute; *LEN is 0 where the object has none, it is hidden, or it is longer than CAP. */
CK_RV token_object_bytes(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_TYPE type, void *out, size_t cap, size_t *len);
/* False where the object has none (NSS answers 0x12 for CKA_ALWAYS_AUTHENTICATE). */
CK_RV token_object_flag(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type, bool *out);
/* What token.h tells of a private key, but for its curve. */
CK_RV token_object_key_info(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                            struct token_key_info *out);

/* --- key.c --- */

/* The key's handle in the session's generation, found anew by id where it is older. */
CK_RV token_key_handle(struct token_key *k, const struct token_session *s, CK_OBJECT_HANDLE *out);

#endif
