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

    m->proxy = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
    if (m->proxy)
        *(void **)&get = dlsym(m->proxy, "C_GetFunctionList"); /* as dlsym(3) has it */
    return get && get(&f) == CKR_OK ? f : NULL;
}

static CK_RV start(struct token_module *m)
{
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};

    return m->proxy ? m->f->C_Initialize(&threads) : p11_kit_module_initialize(m->f);
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

/* A module that p11-kit is configured to start with arguments wants them by whatever way it is
 * named. To know them, p11-kit loads all that it knows, so only where the module says so. */
static CK_RV start_configured(struct token_module *m)
{
    p11_kit_module_release(m->f);
    m->f = NULL;
    CK_FUNCTION_LIST **list = p11_kit_modules_load(NULL, 0);
    if (list)
        m->f = p11_kit_module_load(m->path, 0);
    CK_RV rv = m->f ? start(m) : CKR_ARGUMENTS_BAD;
    if (list)
        p11_kit_modules_release(list);
    return rv;
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
    m->f = is_proxy(path) ? open_proxy(m) : p11_kit_module_load(path, 0);
    if (!m->f) {
        release(m);
        return module_fail(path);
    }
    CK_RV rv = start(m);
    if (rv == CKR_ARGUMENTS_BAD && !m->proxy)
        rv = start_configured(m);
    if (rv != CKR_OK) {
        release(m);
        return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: C_Initialize answered 0x%lx", path,
                        rv);
    }
    lock_init(&m->lock);
    *out = m;
    return ERR_OK;
}

/* A store of other people's certificates: there is no key in it. */
static bool is_trust_store(CK_FUNCTION_LIST *f)
{
    char *policy = p11_kit_config_option(f, "trust-policy");
    bool is = policy != NULL && strcmp(policy, "yes") == 0;

    free(policy);
    return is;
}

enum err token_module_paths(char **out, size_t max, size_t *count)
{
    *count = 0;
    CK_FUNCTION_LIST **list = p11_kit_modules_load(NULL, 0);
    if (!list)
        return module_fail("p11-kit");
    for (size_t i = 0; list[i] && *count < max; i++) {
        char *path = is_trust_store(list[i]) ? NULL : p11_kit_module_get_filename(list[i]);
        if (path)
            out[(*count)++] = path;
    }
    p11_kit_modules_release(list);
    return ERR_OK;
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
                        m->path, rv);
    log_event(LOG_INFO, "token.restart", "%s", m->path);
    return ERR_OK;
}
