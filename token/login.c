/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <stdlib.h>

/* --- PINs --- */

enum err token_pin_new(struct secret *secret, struct token_pin **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out) {
        secret_free(secret);
        return ERR_NO_MEMORY;
    }
    atomic_init(&(*out)->holders, 1);
    (*out)->secret = secret;
    return ERR_OK;
}

enum err token_pin_read(struct token_module *m, int fd, struct token_pin **out)
{
    struct secret *secret = NULL;

    (void)m; /* it is here already */
    *out = NULL;
    enum err e = secret_new(&secret);
    if (!e)
        e = secret_read_line(secret, fd);
    if (!e)
        return token_pin_new(secret, out);
    secret_free(secret);
    return e;
}

enum err token_pin_same(const struct token_pin *a, const struct token_pin *b, bool *same)
{
    size_t len = secret_len(a->secret);

    *same = len == secret_len(b->secret) &&
            secret_equal(secret_bytes(a->secret), secret_bytes(b->secret), len);
    return ERR_OK;
}

/* One more holder, until token_pin_free. */
static struct token_pin *hold(struct token_pin *pin)
{
    if (pin)
        atomic_fetch_add(&pin->holders, 1);
    return pin;
}

void token_pin_free(struct token_pin *pin)
{
    if (!pin || atomic_fetch_sub(&pin->holders, 1) > 1)
        return;
    secret_free(pin->secret);
    free(pin);
}

CK_UTF8CHAR *token_pin_bytes(const struct token_pin *pin)
{
    return pin ? (CK_UTF8CHAR *)(uintptr_t)secret_bytes(pin->secret) : NULL;
}

CK_ULONG token_pin_len(const struct token_pin *pin)
{
    return pin ? secret_len(pin->secret) : 0;
}

/* --- logging in --- */

void token_login_forget(struct token *t)
{
    token_pin_free(t->pin);
    t->pin = NULL;
    t->logged_in = false;
}

/* By what the slot holds and says now, before a PIN goes there: another card in the same reader
 * must not get it, and an empty one would cost a try. */
static enum err check_token(struct token *t, const struct token_pin *pin, bool last_try_allowed)
{
    struct token_info now;

    enum err e = token_slot_now(t, &now);
    if (e)
        return e;
    if (pin && token_pin_len(pin) == 0)
        return ERR_PIN_INVALID;
    if (now.tries == TOKEN_TRIES_LOCKED)
        return ERR_PIN_LOCKED;
    if (now.tries == TOKEN_TRIES_FINAL && !last_try_allowed)
        return ERR_PIN_LAST_TRY;
    return pin || now.keypad ? ERR_OK : ERR_PIN_REQUIRED;
}

/* One try. 0x100 (somebody in this process is logged in) says nothing about PIN, hence out first;
 * it costs no try. *SENT: the token has seen the PIN. */
static enum err try_login(struct token *t, const struct token_pin *pin, bool last_try_allowed,
                          bool *sent)
{
    CK_FUNCTION_LIST *f = t->module->f;

    *sent = false;
    if (!token_session_attached(t))
        return ERR_TOKEN_REMOVED;
    enum err e = check_token(t, pin, last_try_allowed);
    if (e)
        return e;
    *sent = true;
    CK_RV rv = f->C_Login(t->anchor, CKU_USER, token_pin_bytes(pin), token_pin_len(pin));
    if (rv == CKR_USER_ALREADY_LOGGED_IN) {
        f->C_Logout(t->anchor);
        rv = f->C_Login(t->anchor, CKU_USER, token_pin_bytes(pin), token_pin_len(pin));
    }
    if (rv != CKR_OK)
        return ckr_fail(rv, "C_Login");
    t->generation++;
    return ERR_OK;
}

/* After C_Login answered E, that the token is gone: it is. One that is still there may have taken
 * the PIN for a wrong one, whatever its driver says. */
static bool pulled_at_login(struct token *t, enum err e)
{
    struct token_info now;
    return e == ERR_TOKEN_REMOVED && token_slot_info(t->module, t->slot, &now) == ERR_TOKEN_REMOVED;
}

enum err token_login_again(struct token *t, bool *sent)
{
    *sent = false;
    if (!t->logged_in)
        return ERR_OK;
    enum err e = try_login(t, t->pin, false, sent);
    bool later = *sent ? pulled_at_login(t, e) : e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_FAILED;
    if (e && !later)
        token_login_forget(t);
    return e;
}

enum err token_login_lost(struct token *t, enum err before)
{
    enum err e = token_session_recover(t, before == ERR_TOKEN_FAILED);
    return e == ERR_TOKEN_REMOVED ? e : before;
}

/* The token or its driver went away. The PIN goes to it a second time only if it was not sent
 * before. */
static enum err login_recovered(struct token *t, const struct token_pin *pin, bool last_try_allowed,
                                bool sent, enum err before)
{
    if (sent)
        return token_login_lost(t, before);
    enum err e = token_session_recover(t, before == ERR_TOKEN_FAILED);
    return e ? e : try_login(t, pin, last_try_allowed, &sent);
}

enum err token_login(struct token *t, struct token_pin *pin, bool last_try_allowed)
{
    bool sent = false;

    pthread_rwlock_wrlock(&t->module->lock);
    if (t->logged_in && token_session_attached(t))
        t->module->f->C_Logout(t->anchor);
    token_login_forget(t);
    enum err e = try_login(t, pin, last_try_allowed, &sent);
    if (e == ERR_TOKEN_FAILED || e == ERR_TOKEN_REMOVED)
        e = login_recovered(t, pin, last_try_allowed, sent, e);
    if (!e) {
        t->pin = hold(pin);
        t->logged_in = true;
        t->last_try_allowed = last_try_allowed;
    }
    pthread_rwlock_unlock(&t->module->lock);
    return e;
}

enum err token_logout(struct token *t)
{
    CK_RV rv = CKR_OK;

    pthread_rwlock_wrlock(&t->module->lock);
    if (t->logged_in && token_session_attached(t))
        rv = t->module->f->C_Logout(t->anchor);
    token_login_forget(t);
    t->generation++;
    pthread_rwlock_unlock(&t->module->lock);
    /* A token that is gone or forgot the login is logged out. */
    return rv == CKR_OK || ckr_is_stale(rv) ? ERR_OK : ckr_fail(rv, "C_Logout");
}

enum err token_login_allowed(struct token *t)
{
    /* OpenSC keeps saying "last try" for as long as the right PIN of that last try is logged in. */
    return check_token(t, t->pin, t->last_try_allowed);
}

CK_RV token_login_context(struct token *t, CK_SESSION_HANDLE s, enum err *verdict)
{
    CK_RV rv = t->module->f->C_Login(s, CKU_CONTEXT_SPECIFIC, token_pin_bytes(t->pin),
                                     token_pin_len(t->pin));
    if (rv == CKR_OK || pulled_at_login(t, ckr_err(rv)))
        return rv;
    token_pin_free(t->pin); /* it may have been changed elsewhere: never a second time */
    t->pin = NULL;
    *verdict = ckr_fail(rv, "C_Login");
    return CKR_FUNCTION_FAILED;
}

static enum err set_pin(struct token *t, const struct token_pin *old, const struct token_pin *fresh,
                        bool last_try_allowed)
{
    CK_FUNCTION_LIST *f = t->module->f;
    CK_SESSION_HANDLE s = 0;

    enum err e = check_token(t, old, last_try_allowed);
    if (!e && fresh && token_pin_len(fresh) == 0)
        e = ERR_PIN_INVALID; /* no login would take it */
    if (e)
        return e;
    CK_RV rv = f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
    if (rv != CKR_OK)
        return ckr_fail(rv, "C_OpenSession");
    rv = f->C_SetPIN(s, token_pin_bytes(old), token_pin_len(old), token_pin_bytes(fresh),
                     token_pin_len(fresh));
    f->C_CloseSession(s);
    return rv == CKR_OK ? ERR_OK : ckr_fail(rv, "C_SetPIN");
}

enum err token_change_pin(struct token *t, struct token_pin *old, struct token_pin *fresh,
                          bool last_try_allowed)
{
    if (!old != !fresh)
        return ERR_PIN_REQUIRED;
    pthread_rwlock_wrlock(&t->module->lock);
    enum err e = ERR_OK;
    if (!token_session_attached(t)) {
        token_login_forget(t);
        e = token_session_recover(t, false);
    }
    if (!e)
        e = set_pin(t, old, fresh, last_try_allowed);
    if (e == ERR_TOKEN_FAILED || e == ERR_TOKEN_REMOVED)
        token_login_forget(t); /* it may have either PIN, and the wrong one would cost a try */
    if (e == ERR_TOKEN_FAILED)
        e = token_login_lost(t, e);
    if (!e && t->logged_in) {
        token_pin_free(t->pin);
        t->pin = hold(fresh);
    }
    pthread_rwlock_unlock(&t->module->lock);
    return e;
}
