/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of keys by their holders' own hand.
 */
#include "tests/base/unit.h"
#include "tests/model/driver.h"

#include <stdio.h>
#include <string.h>

void driver_key_suspend(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const char *thumbprint = key_thumbprint(driver_key(d, command, "key")->person.key);

    world_begin(&d->w);
    world_end(&d->w, core_key_suspend(d->w.core, &who, thumbprint, "Gone", &d->w.answer));
    driver_answer_core(d);
}

/* The session goes with it, if it was the old key's own. */
void driver_rotated(struct driver *d, struct handed *h, size_t carrier)
{
    struct person *old = &d->keys[h->old].person;

    if (d->w.answer.err || !h->next.name[0])
        return;
    assert_true(d->key_count < KEYS_MAX);
    struct signer *s = &d->keys[d->key_count++];
    *s = h->next;
    s->person.name = s->name;
    h->next = (struct signer){.name = ""};
    if (carrier == h->old)
        memcpy(s->person.session, old->session, sizeof old->session);
    old->session[0] = 0;
}

/* To a new key, or to one that somebody has. */
void driver_rotate(struct driver *d, const struct js *command)
{
    struct handed *h = driver_new_handed(d);
    const struct world_says says = driver_says(command, NULL);
    const struct person *to = &h->next.person;

    h->rotates = true;
    h->old = (size_t)driver_number(command, "key");
    h->path = (size_t)driver_number(command, "path");
    if (js_get(command, "taken")) {
        to = &driver_key(d, command, "taken")->person;
    } else {
        snprintf(h->next.name, sizeof h->next.name, "%s", driver_text(command, "name"));
        world_key(&h->next.person, h->next.name, driver_text(command, "curve"));
    }
    world_sign_rotation(&d->w, &driver_key(d, command, "key")->person, to, &says, &h->jws);
    driver_hand_in(d, command, &h->jws, h);
    driver_rotated(d, h, (size_t)driver_number(command, "session"));
}
