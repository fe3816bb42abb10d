/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <stdlib.h>

enum err token_open(struct token_module *m, const struct token_uri *uri, struct token **out)
{
    *out = NULL;
    struct token *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    t->module = m;
    pthread_mutex_init(&t->context, NULL);
    pthread_mutex_init(&t->pool_lock, NULL);
    pthread_cond_init(&t->returned, NULL);
    pthread_rwlock_wrlock(&m->lock);
    enum err e = token_session_attach(t, uri);
    pthread_rwlock_unlock(&m->lock);
    if (e) {
        token_close(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void token_close(struct token *t)
{
    if (!t)
        return;
    pthread_rwlock_wrlock(&t->module->lock);
    if (t->logged_in && token_session_attached(t))
        t->module->f->C_Logout(t->anchor);
    token_session_drop(t);
    pthread_rwlock_unlock(&t->module->lock);
    token_pin_free(t->pin);
    pthread_cond_destroy(&t->returned);
    pthread_mutex_destroy(&t->pool_lock);
    pthread_mutex_destroy(&t->context);
    free(t);
}

struct token_module *token_module_of(const struct token *t)
{
    return t->module;
}

/* Another card that came into the slot is not T: it may be in another one by now. */
static CK_RV read_info(struct token *t, const struct token_session *s, void *arg)
{
    (void)s;
    CK_RV rv = token_slot_read(t->module, t->slot, arg);
    return rv == CKR_OK && !token_info_same(arg, &t->info) ? CKR_TOKEN_NOT_PRESENT : rv;
}

enum err token_info_of(struct token *t, struct token_info *out)
{
    *out = (struct token_info){0};
    return token_session_run(t, "C_GetTokenInfo", read_info, out);
}
