/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include "base/log.h"
#include <string.h>

bool token_session_attached(const struct token *t)
{
    return t->anchor != 0 && t->epoch == t->module->epoch;
}

void token_session_drop(struct token *t)
{
    CK_FUNCTION_LIST *f = t->module->f;

    /* Handles of an earlier epoch may by now be somebody else's. */
    if (token_session_attached(t)) {
        while (t->idle_count)
            f->C_CloseSession(t->idle[--t->idle_count]);
        f->C_CloseSession(t->anchor);
    }
    t->idle_count = 0;
    t->anchor = 0;
}

enum err token_session_attach(struct token *t, const struct token_uri *uri)
{
    struct token_module *m = t->module;

    token_session_drop(t);
    if (uri)
        t->by_reader = token_uri_get(uri, TOKEN_URI_SLOT, NULL) != NULL;
    enum err e = token_slot_find(t, uri);
    if (e)
        return e;
    CK_RV rv = m->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &t->anchor);
    if (rv != CKR_OK) {
        t->anchor = 0;
        return ckr_fail(rv, "C_OpenSession");
    }
    t->epoch = m->epoch;
    t->generation++;
    t->limit = TOKEN_SESSIONS_MAX;
    return ERR_OK;
}

enum err token_session_recover(struct token *t, bool restart_first)
{
    enum err e = restart_first ? ERR_TOKEN_FAILED : token_session_attach(t, NULL);

    if (e == ERR_TOKEN_FAILED || e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_NOT_FOUND) {
        token_session_drop(t);
        e = token_module_restart(t->module);
        if (!e)
            e = token_session_attach(t, NULL);
    }
    return e == ERR_TOKEN_NOT_FOUND ? ERR_TOKEN_REMOVED : e;
}

/* After an operation of generation SEEN found the token gone. Others may have been here first. A
 * module that says FAILED is started anew before the PIN goes there: afterwards would be too late,
 * since nobody knows whether the token took that for a wrong one. */
static enum err reattach(struct token *t, uint64_t seen, bool failed)
{
    enum err e = ERR_OK;
    bool sent = false;

    pthread_rwlock_wrlock(&t->module->lock);
    if (t->generation == seen) {
        e = token_session_recover(t, failed);
        if (!e)
            e = token_login_again(t, &sent);
        if (e == ERR_TOKEN_FAILED && !sent) {
            e = token_session_recover(t, true);
            if (!e)
                e = token_login_again(t, &sent);
        }
        if (e && t->logged_in)
            token_session_drop(t); /* attached would pass for logged in: the next one comes here */
        log_event(e ? LOG_WARN : LOG_INFO, "token.reattach", "%s: %s", t->info.label, err_name(e));
    }
    pthread_rwlock_unlock(&t->module->lock);
    return e;
}

bool token_session_gone(struct token *t)
{
    pthread_rwlock_wrlock(&t->module->lock);
    token_login_forget(t);
    enum err e = token_session_recover(t, true);
    pthread_rwlock_unlock(&t->module->lock);
    return e == ERR_TOKEN_REMOVED;
}

static void leave_pool(struct token *t)
{
    pthread_mutex_lock(&t->pool_lock);
    t->in_use--;
    pthread_cond_signal(&t->returned);
    pthread_mutex_unlock(&t->pool_lock);
}

/* Waits until there is an idle session (*HANDLE) or room for one more (*HANDLE 0). */
static void enter_pool(struct token *t, CK_SESSION_HANDLE *handle)
{
    pthread_mutex_lock(&t->pool_lock);
    while (t->idle_count == 0 && t->in_use >= t->limit)
        pthread_cond_wait(&t->returned, &t->pool_lock);
    *handle = t->idle_count ? t->idle[--t->idle_count] : 0;
    t->in_use++;
    pthread_mutex_unlock(&t->pool_lock);
}

/* The token has no more sessions than are open now, of which some may have come back meanwhile.
 * False when none of them is ours. */
static bool shrink_pool(struct token *t)
{
    pthread_mutex_lock(&t->pool_lock);
    const size_t ours = t->in_use - 1 + t->idle_count; /* without the one that was not opened */
    if (ours > 0)
        t->limit = ours;
    pthread_mutex_unlock(&t->pool_lock);
    return ours > 0;
}

static CK_RV take(struct token *t, CK_SESSION_HANDLE *handle)
{
    for (;;) {
        enter_pool(t, handle);
        if (*handle)
            return CKR_OK;
        CK_RV rv = t->module->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, handle);
        if (rv == CKR_OK)
            return rv;
        bool wait = rv == CKR_SESSION_COUNT && shrink_pool(t);
        leave_pool(t);
        if (!wait)
            return rv;
    }
}

static void give_back(struct token *t, CK_SESSION_HANDLE handle, CK_RV rv)
{
    if (rv != CKR_OK) {
        t->module->f->C_CloseSession(handle);
        leave_pool(t);
        return;
    }
    pthread_mutex_lock(&t->pool_lock);
    t->idle[t->idle_count++] = handle; /* idle + in use never exceed TOKEN_SESSIONS_MAX */
    t->in_use--;
    pthread_cond_signal(&t->returned);
    pthread_mutex_unlock(&t->pool_lock);
}

static CK_RV run_pooled(struct token *t, token_work *work, void *arg)
{
    struct token_session s = {.generation = t->generation};

    CK_RV rv = take(t, &s.handle);
    if (rv != CKR_OK)
        return rv;
    rv = work(t, &s, arg);
    give_back(t, s.handle, rv);
    return rv;
}

static CK_RV run_rw(struct token *t, token_work *work, void *arg)
{
    struct token_session s = {.generation = t->generation};
    CK_FUNCTION_LIST *f = t->module->f;

    CK_RV rv =
        f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s.handle);
    if (rv != CKR_OK)
        return rv;
    rv = work(t, &s, arg);
    f->C_CloseSession(s.handle);
    return rv;
}

static enum err run(struct token *t, CK_RV (*once)(struct token *, token_work *, void *),
                    const char *function, token_work *work, void *arg)
{
    for (unsigned pass = 0;; pass++) {
        CK_RV rv = CKR_SESSION_HANDLE_INVALID;

        pthread_rwlock_rdlock(&t->module->lock);
        uint64_t seen = t->generation;
        if (token_session_attached(t))
            rv = once(t, work, arg);
        bool curable = ckr_is_stale(rv) && (rv != CKR_USER_NOT_LOGGED_IN || t->logged_in);
        pthread_rwlock_unlock(&t->module->lock);
        if (rv == CKR_OK)
            return ERR_OK;
        if (!curable || pass == 1)
            return ckr_fail(rv, function);
        enum err e = reattach(t, seen, ckr_err(rv) == ERR_TOKEN_FAILED);
        if (e)
            return e;
    }
}

enum err token_session_run(struct token *t, const char *function, token_work *work, void *arg)
{
    return run(t, run_pooled, function, work, arg);
}

enum err token_session_run_rw(struct token *t, const char *function, token_work *work, void *arg)
{
    return run(t, run_rw, function, work, arg);
}
