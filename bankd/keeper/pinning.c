/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/pinning.h"

#include "bankd/keeper/pins.h"
#include "bankd/keeper/state.h"
#include "base/args.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/forms.h"
#include <string.h>
#include <unistd.h>

#define SPKI_FILE_MAX 2048u

static enum err pin(struct pins *p, const char *operator_id, const struct buf *spki)
{
    int64_t now_us = clock_now_us();
    struct pin *one;

    enum err e = pins_add(p, operator_id, spki->data, spki->len, &one);
    if (e)
        return e;
    one->roles = ROLE_BIT(ROLE_SECURITY) | ROLE_BIT(ROLE_ENROLMENT);
    one->active = true;
    one->revoked = one->retired = false;
    one->replaces[0] = '\0'; /* it is believed for itself */
    pins_forget(p, operator_id, "");
    /* Nothing from before is taken: a wrong clock may have made the keeper forget some of it. */
    one->changed_us = one->floor_us = p->floor_us = now_us - now_us % TEXT_SECOND_US;
    return args_say("%s is believed with the key\n%s\n", operator_id, key_thumbprint(one->key));
}

/* One of the two is what the ceremony was given. */
struct ceremony {
    const char *operator_id, *spki_file; /* believe him */
    const char *thumbprint;              /* believe this key no more */
};

static enum err pin_file(struct pins *p, const struct ceremony *c)
{
    struct buf spki = BUF_INIT(SPKI_FILE_MAX + 1);

    enum err e = file_read(c->spki_file, SPKI_FILE_MAX, &spki);
    if (!e)
        e = pin(p, c->operator_id, &spki);
    buf_free(&spki);
    return e ? log_fail(e, "keeper.pin", "%s", c->spki_file) : ERR_OK;
}

/* It stays, as revoked, with those that took its place: no act brings it back. */
static enum err unpin(struct pins *p, const char *thumbprint)
{
    struct pin *one = pins_find(p, thumbprint);

    if (!one)
        return log_fail(ERR_OPERATOR_UNPINNED, "keeper.pin", "%s", thumbprint);
    pins_take(p, one, true, clock_now_us());
    return args_say("%s is believed no more with the key\n%s\n", one->operator_id, thumbprint);
}

static enum err hold(const struct settings *settings, const struct ceremony *c)
{
    struct pins *pins = NULL;
    int lock = -1;

    enum err e = state_lock(settings->state, &lock);
    if (!e)
        e = pins_load(settings->state, &pins);
    if (!e)
        e = c->thumbprint ? unpin(pins, c->thumbprint) : pin_file(pins, c);
    if (!e)
        e = pins_save(settings->state, pins);
    pins_free(pins);
    if (lock >= 0)
        close(lock);
    return e;
}

enum err pinning_run(const struct settings *settings, const char *operator_id,
                     const char *spki_file)
{
    const struct ceremony c = {.operator_id = operator_id, .spki_file = spki_file};

    if (forms_holder(operator_id, strlen(operator_id)))
        return log_fail(ERR_USAGE, "keeper.pin", "--id is no operator's name");
    return hold(settings, &c);
}

enum err pinning_undo(const struct settings *settings, const char *thumbprint)
{
    return hold(settings, &(struct ceremony){.thumbprint = thumbprint});
}
