/* SPDX-License-Identifier: Apache-2.0
 * A new PIN by the PUK, in one try: nothing here is done a second time. */
#include "token/inner.h"

/* What the PUK's own counter says, before the PUK goes there. */
static enum err check(struct token *t, enum token_way way, const struct token_pin *puk,
                      const struct token_pin *fresh, bool last_try_allowed)
{
    struct token_info now;

    enum err e = token_slot_now(t, &now);
    if (e)
        return e;
    if (!puk != !fresh || (!puk && !now.keypad))
        return ERR_PIN_REQUIRED;
    if (puk && (token_pin_len(puk) == 0 || token_pin_len(fresh) == 0))
        return ERR_PIN_INVALID;
    if (way == TOKEN_WAY_PUK && now.tries != TOKEN_TRIES_LOCKED)
        return ERR_PIN_NOT_LOCKED; /* else the PUK could be taken for the old PIN, and cost a try */
    if (now.puk_tries == TOKEN_TRIES_LOCKED)
        return ERR_PUK_LOCKED;
    return now.puk_tries == TOKEN_TRIES_FINAL && !last_try_allowed ? ERR_PUK_LAST_TRY : ERR_OK;
}

/* Where the PUK is what the token judged. */
static enum err puk_fail(CK_RV rv, const char *function)
{
    enum err e = ckr_fail(rv, function);

    if (e == ERR_PIN_WRONG)
        return ERR_PUK_WRONG;
    return e == ERR_PIN_LOCKED ? ERR_PUK_LOCKED : e;
}

static enum err by_puk(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const struct token_pin *puk,
                       const struct token_pin *fresh)
{
    CK_RV rv = f->C_SetPIN(s, token_pin_bytes(puk), token_pin_len(puk), token_pin_bytes(fresh),
                           token_pin_len(fresh));
    return rv == CKR_OK ? ERR_OK : puk_fail(rv, "C_SetPIN");
}

static enum err as_officer(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const struct token_pin *puk,
                           const struct token_pin *fresh)
{
    CK_RV rv = f->C_Login(s, CKU_SO, token_pin_bytes(puk), token_pin_len(puk));
    if (rv != CKR_OK)
        return puk_fail(rv, "C_Login");
    rv = f->C_InitPIN(s, token_pin_bytes(fresh), token_pin_len(fresh));
    f->C_Logout(s);
    /* OpenSC lets anybody log in to a SmartCard-HSM, and sends the PUK with the new PIN. */
    return rv == CKR_OK ? ERR_OK : puk_fail(rv, "C_InitPIN");
}

/* An officer's session suffers no other beside it. */
static enum err set_anew(struct token *t, enum token_way way, const struct token_pin *puk,
                         const struct token_pin *fresh)
{
    CK_FUNCTION_LIST *f = t->module->f;
    CK_SESSION_HANDLE s = 0;

    if (t->logged_in)
        f->C_Logout(t->anchor);
    token_login_forget(t);
    token_session_drop(t);
    CK_RV rv = f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
    if (rv != CKR_OK)
        return ckr_fail(rv, "C_OpenSession");
    enum err e = way == TOKEN_WAY_PUK ? by_puk(f, s, puk, fresh) : as_officer(f, s, puk, fresh);
    f->C_CloseSession(s);
    return e;
}

static enum err attached_again(struct token *t, enum err before)
{
    enum err e = token_session_attach(t, NULL);
    return before ? before : e;
}

enum err token_unblock(struct token *t, enum token_way way, struct token_pin *puk,
                       struct token_pin *fresh, bool last_try_allowed)
{
    pthread_rwlock_wrlock(&t->module->lock);
    enum err e = token_session_attached(t) ? ERR_OK : token_session_recover(t, false);
    if (!e)
        e = check(t, way, puk, fresh, last_try_allowed);
    if (!e) {
        e = set_anew(t, way, puk, fresh);
        if (e == ERR_TOKEN_FAILED)
            e = token_login_lost(t, e);
        else
            e = attached_again(t, e);
    }
    pthread_rwlock_unlock(&t->module->lock);
    return e;
}
