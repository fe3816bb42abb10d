/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts that holders apply for.
 */
#include "tests/base/unit.h"
#include "tests/model/driver.h"

#include <string.h>

/* A word on the application ABOUT, handed in with the application TO. */
void driver_apply(struct driver *d, const struct js *command)
{
    const char *about = driver_text(command, "about"), *to = driver_text(command, "to");
    const struct world_says says = driver_says(command, NULL);
    struct handed *h = driver_new_handed(d);
    struct application said;

    h->applies = true;
    enum err e = application_parse(to, strlen(to), &h->application);
    if (e) {
        driver_answer_err(e);
        return;
    }
    assert_ok(application_parse(about, strlen(about), &said));
    world_sign_application(&d->w, &driver_key(d, command, "key")->person, &said,
                           application_verb_from_name(driver_text(command, "verb")), &says,
                           &h->jws);
    application_free(&said);
    driver_hand_in(d, command, &h->jws, h);
}

void driver_admit_application(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_application_admit(d->w.core, &who, driver_text(command, "application"),
                                            driver_text(command, "account"), &d->w.answer));
    driver_answer_core(d);
}

void driver_refuse_application(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_application_refuse(d->w.core, &who, driver_text(command, "application"),
                                             "Asked", &d->w.answer));
    driver_answer_core(d);
}

void driver_see_application(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w,
              core_application(d->w.core, &who, driver_text(command, "application"), &d->w.answer));
    driver_answer_core(d);
}
