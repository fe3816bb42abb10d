/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include "base/log.h"
#include <p11-kit/p11-kit.h>
#include <stdlib.h>
#include <string.h>

static enum err module_fail(const char *path)
{
    const char *why = p11_kit_message();
    return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: %s", path, why ? why : "does not load");
}

/* A re-attaching thread must get its turn while others keep signing. */
static void lock_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attr;

    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attr);
    pthread_rwlockattr_destroy(&attr);
}

enum err token_module_load(const char *path, struct token_module **out)
{
    *out = NULL;
    struct token_module *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NO_MEMORY;
    if (strlen(path) >= sizeof m->path) {
        free(m);
        return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: the path is too long", path);
    }
    memcpy(m->path, path, strlen(path) + 1);
    p11_kit_be_quiet(); /* its messages go through our log */
    m->f = p11_kit_module_load(path, 0);
    if (!m->f) {
        free(m);
        return module_fail(path);
    }
    CK_RV rv = p11_kit_module_initialize(m->f);
    if (rv != CKR_OK) {
        p11_kit_module_release(m->f);
        free(m);
        return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: C_Initialize answered 0x%lx", path,
                        rv);
    }
    lock_init(&m->lock);
    *out = m;
    return ERR_OK;
}

/* Loads each module by its path, so that it is an instance like any other. */
static enum err load_each(CK_FUNCTION_LIST **list, size_t n, struct token_module **modules,
                          size_t *count)
{
    for (size_t i = 0; i < n; i++) {
        char *path = p11_kit_module_get_filename(list[i]);
        enum err e = path != NULL ? token_module_load(path, &modules[*count]) : ERR_TOKEN_MODULE;
        free(path);
        if (e == ERR_NO_MEMORY)
            return e;
        if (e == ERR_OK)
            (*count)++;
    }
    return ERR_OK;
}

enum err token_modules_load(struct token_module ***out, size_t *count)
{
    size_t n = 0;
    *out = NULL;
    *count = 0;
    CK_FUNCTION_LIST **list = p11_kit_modules_load(NULL, 0);
    if (!list)
        return module_fail("p11-kit");
    while (list[n])
        n++;
    struct token_module **modules = calloc(n + 1, sizeof *modules);
    enum err e = modules ? load_each(list, n, modules, count) : ERR_NO_MEMORY;
    p11_kit_modules_release(list);
    if (e != ERR_OK) {
        for (size_t i = 0; i < *count; i++)
            token_module_unload(modules[i]);
        free(modules);
        *count = 0;
        return e;
    }
    *out = modules;
    return ERR_OK;
}

void token_module_unload(struct token_module *m)
{
    if (!m)
        return;
    p11_kit_module_finalize(m->f);
    p11_kit_module_release(m->f);
    pthread_rwlock_destroy(&m->lock);
    free(m);
}

enum err token_module_restart(struct token_module *m)
{
    m->epoch++;
    p11_kit_module_finalize(
        m->f); /* a module in trouble may fail here, and is started all the same */
    CK_RV rv = p11_kit_module_initialize(m->f);
    if (rv != CKR_OK)
        return log_fail(ERR_TOKEN_MODULE, "token.restart", "%s: C_Initialize answered 0x%lx",
                        m->path, rv);
    log_event(LOG_INFO, "token.restart", "%s", m->path);
    return ERR_OK;
}
