/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/init.h"

#include "bankd/keeper/hsm.h"
#include "bankd/keeper/papers.h"
#include "bankd/keeper/state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum err make_key(struct hsm *hsm, enum hsm_use use, struct hsm_key **out)
{
    enum err e = hsm_generate(hsm, use);
    return e ? e : hsm_find(hsm, use, out);
}

static enum err root_key(struct hsm *hsm, struct hsm_key **out)
{
    enum err e = hsm_find(hsm, HSM_ROOT, out);
    if (e == ERR_KEY_NOT_FOUND)
        e = make_key(hsm, HSM_ROOT, out);
    return e ? log_fail(e, "keeper.init", "the root key") : ERR_OK;
}

static enum err log_key(struct hsm *hsm, bool vouched, struct hsm_key **out)
{
    enum err e = hsm_find(hsm, HSM_LOG, out);
    if (!e && !vouched)
        return log_fail(ERR_KEEPER_STATE, "keeper.init",
                        "the token has a log key already: restore its state file, or say "
                        "--unused-log-key if it never signed a checkpoint");
    if (e == ERR_KEY_NOT_FOUND)
        e = make_key(hsm, HSM_LOG, out);
    return e ? log_fail(e, "keeper.init", "the log key") : ERR_OK;
}

static enum err make_all(const struct settings *s, const struct init_options *o, struct hsm *hsm,
                         struct init_result *out)
{
    struct hsm_key *root, *log;

    enum err e = root_key(hsm, &root);
    if (!e)
        e = log_key(hsm, o->unused_log_key, &log);
    if (!e)
        e = papers_make(s->state, 0, s->bank, root, log, clock_now_us());
    if (!e)
        e = state_create(s->state, key_thumbprint(hsm_public(log)));
    if (e)
        return e;
    snprintf(out->pin, sizeof out->pin, "%s", key_thumbprint(hsm_public(root)));
    snprintf(out->log_key, sizeof out->log_key, "%s", key_thumbprint(hsm_public(log)));
    return ERR_OK;
}

enum err init_run(const struct settings *settings, const struct init_options *options,
                  struct init_result *out)
{
    const struct hsm_options token = {settings->module, settings->token, options->pin_fd};
    struct hsm *hsm = NULL;
    int lock = -1;

    memset(out, 0, sizeof *out);
    enum err e = file_make_dir(settings->state, 0700);
    if (e)
        return log_fail(e, "keeper.init", "%s cannot be made, or others may use it",
                        settings->state);
    e = state_lock(settings->state, &lock);
    if (!e)
        e = state_absent(settings->state);
    if (!e)
        e = hsm_open(&token, &hsm);
    if (!e)
        e = make_all(settings, options, hsm, out);
    hsm_close(hsm);
    if (lock >= 0)
        close(lock);
    return e;
}
