/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/pinning.h"

#include "bankd/keeper/pins.h"
#include "bankd/keeper/state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "order/forms.h"
#include <stdio.h>
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
    one->revoked = false;
    /* Nothing from before is taken: a wrong clock may have made the keeper forget some of it. */
    one->changed_us = p->floor_us = now_us - now_us % TEXT_SECOND_US;
    printf("%s is believed with the key\n%s\n", operator_id, key_thumbprint(one->key));
    return fflush(stdout) == 0 ? ERR_OK : ERR_IO;
}

static enum err pin_in(const char *dir, const char *operator_id, const char *spki_file)
{
    struct buf spki = BUF_INIT(SPKI_FILE_MAX + 1);
    struct pins *pins = NULL;

    enum err e = pins_load(dir, &pins);
    if (!e) {
        e = file_read(spki_file, SPKI_FILE_MAX, &spki);
        if (!e)
            e = pin(pins, operator_id, &spki);
        if (e)
            e = log_fail(e, "keeper.operators", "%s", spki_file);
    }
    if (!e)
        e = pins_save(dir, pins);
    pins_free(pins);
    buf_free(&spki);
    return e;
}

enum err pinning_run(const struct settings *settings, const char *operator_id,
                     const char *spki_file)
{
    int lock = -1;

    if (forms_holder(operator_id, strlen(operator_id)))
        return log_fail(ERR_USAGE, "keeper.operators", "--id is no operator's name");
    enum err e = state_lock(settings->state, &lock);
    if (!e)
        e = pin_in(settings->state, operator_id, spki_file);
    if (lock >= 0)
        close(lock);
    return e;
}
