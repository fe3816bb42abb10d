/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include "base/log.h"
#include <dlfcn.h>
#include <limits.h>
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

/* Whether PATH is p11-kit's own library, which hands out all the modules that it knows as one. */
static bool is_proxy(const char *path)
{
    const void *own = dlsym(RTLD_DEFAULT, "p11_kit_module_load");
    char given[PATH_MAX], ours[PATH_MAX];
    Dl_info info;

    return own && dladdr(own, &info) && realpath(info.dli_fname, ours) && realpath(path, given) &&
           strcmp(given, ours) == 0;
}

/* p11-kit refuses to load itself as a module. */
static CK_FUNCTION_LIST *open_proxy(struct token_module *m)
{
    CK_C_GetFunctionList get = NULL;
    CK_FUNCTION_LIST *f = NULL;

    m->proxy = dlopen(m->source.path, RTLD_NOW | RTLD_LOCAL);
    if (m->proxy)
        *(void **)&get = dlsym(m->proxy, "C_GetFunctionList"); /* as dlsym(3) has it */
    return get && get(&f) == CKR_OK ? f : NULL;
}

static CK_RV start(struct token_module *m)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

    if (m->source.reserved[0])
        args.pReserved = m->source.reserved;
    return m->proxy || args.pReserved ? m->f->C_Initialize(&args) : p11_kit_module_initialize(m->f);
}

static void stop(struct token_module *m)
{
    if (m->proxy)
        m->f->C_Finalize(NULL);
    else
        p11_kit_module_finalize(m->f);
}

static void release(struct token_module *m)
{
    if (m->proxy)
        dlclose(m->proxy);
    else if (m->f)
        p11_kit_module_release(m->f);
    free(m);
}

enum err token_module_load_from(const struct token_source *source, struct token_module **out)
{
    *out = NULL;
    struct token_module *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NO_MEMORY;
    m->source = *source;
    p11_kit_be_quiet(); /* its messages go through our log */
    m->f = is_proxy(source->path) ? open_proxy(m) : p11_kit_module_load(source->path, 0);
    if (!m->f) {
        release(m);
        return module_fail(source->path);
    }
    CK_RV rv = start(m);
    if (rv != CKR_OK) {
        release(m);
        return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: C_Initialize answered 0x%lx",
                        source->path, rv);
    }
    lock_init(&m->lock);
    *out = m;
    return ERR_OK;
}

enum err token_module_load_one_of(const struct token_source *source, struct token_module **out)
{
    enum err e = token_module_load_from(source, out);
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

const char *token_module_path(const struct token_module *m)
{
    return m->source.path;
}

enum err token_module_refusal(const struct token_module *m)
{
    (void)m;
    return ERR_OK; /* it would not be there */
}

void token_module_unload(struct token_module *m)
{
    if (!m)
        return;
    stop(m);
    pthread_rwlock_destroy(&m->lock);
    release(m);
}

enum err token_module_restart(struct token_module *m)
{
    m->epoch++;
    stop(m); /* a module in trouble may fail here, and is started all the same */
    CK_RV rv = start(m);
    if (rv != CKR_OK)
        return log_fail(ERR_TOKEN_MODULE, "token.restart", "%s: C_Initialize answered 0x%lx",
                        m->source.path, rv);
    log_event(LOG_INFO, "token.restart", "%s", m->source.path);
    return ERR_OK;
}
