/* SPDX-License-Identifier: Apache-2.0
 *
 * Strangers who ask to be enrolled, those who vouch for them, and the console's word on it.
 */
#include "tests/base/unit.h"
#include "tests/model/driver.h"

#include <stdio.h>
#include <string.h>

/* The newcomer with the command's number, who is made when he is first named. */
static struct newcomer *newcomer_of(struct driver *d, const struct js *command)
{
    int64_t i = driver_number(command, "newcomer");

    assert_true(i >= 0 && i <= (int64_t)d->newcomer_count && i < NEWCOMERS_MAX);
    struct newcomer *n = &d->newcomers[i];
    if (i == (int64_t)d->newcomer_count) {
        d->newcomer_count++;
        snprintf(n->signer.name, sizeof n->signer.name, "%s", driver_text(command, "name"));
        world_key(&n->signer.person, n->signer.name, driver_text(command, "curve"));
    }
    return n;
}

/* Whose key the request is of: one that is there, or a newcomer's. */
static const struct person *asker(struct driver *d, const struct js *command)
{
    return js_get(command, "taken") ? &driver_key(d, command, "taken")->person
                                    : &newcomer_of(d, command)->signer.person;
}

/* His name is the request's: the same key may ask in another one. */
void driver_ask(struct driver *d, const struct js *command)
{
    const struct core_caller stranger = {.session = ""};
    const struct world_says says = driver_says(command, NULL);
    char name[HOLDER_MAX + 1], request[ENROLMENT_ID_LEN + 1];
    struct person asks;
    struct buf jws = {0};

    snprintf(name, sizeof name, "%s", driver_text(command, "name"));
    asks = *asker(d, command);
    asks.name = name;
    world_sign_request(&d->w, &asks, driver_text(command, "wanted"), &says, &jws);
    (void)world_hand_in_request(&d->w, &stranger, &jws, request);
    buf_free(&jws);
    driver_answer_core(d);
}

void driver_sponsor(struct driver *d, const struct js *command)
{
    struct handed *h = driver_new_handed(d);
    const struct world_says says = driver_says(command, NULL);
    const char *wrong = driver_text(command, "slip");
    const struct person *n = asker(d, command);
    const struct signer *sponsor = driver_key(d, command, "key");
    const struct world_word word = {
        .request = driver_text(command, "about"),
        .account = driver_text(command, "account"),
        .name = strcmp(wrong, "name") == 0 ? "Somebody Else" : driver_text(command, "name"),
        .newcomer = strcmp(wrong, "key") == 0 ? &d->w.root : n};

    snprintf(h->request, sizeof h->request, "%s", driver_text(command, "to"));
    world_sign_sponsorship(&d->w, &sponsor->person, &word, &says, &h->jws);
    driver_hand_in(d, command, &h->jws, h);
}

/* The newcomer's key is a holder's from now on. */
static void join(struct driver *d, struct newcomer *n, const char *holder)
{
    assert_true(d->key_count < KEYS_MAX && !n->joined);
    struct signer *s = &d->keys[d->key_count++];
    *s = n->signer;
    snprintf(s->name, sizeof s->name, "%s", holder);
    s->person.name = s->name;
    n->joined = true;
}

void driver_admitted(struct driver *d)
{
    struct js *told = NULL;

    if (d->w.answer.err)
        return;
    assert_ok(js_parse(d->w.answer.body.data, d->w.answer.body.len, &told));
    bool admitted = strcmp(driver_text(told, "status"), "admitted") == 0;
    for (size_t i = 0; admitted && i < d->newcomer_count; i++) {
        struct newcomer *n = &d->newcomers[i];
        const char *thumbprint = key_thumbprint(n->signer.person.key);
        if (!n->joined && strcmp(thumbprint, driver_text(told, "thumbprint")) == 0)
            join(d, n, driver_text(told, "holder"));
    }
    js_free(told);
}

void driver_admit(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);
    const char *wrong = driver_text(command, "slip");
    const struct person *n = asker(d, command);
    const struct core_admission in = {
        .holder = driver_text(command, "holder"),
        .name = strcmp(wrong, "name") == 0 ? "Somebody Else" : driver_text(command, "name"),
        .thumbprint = key_thumbprint(strcmp(wrong, "key") == 0 ? d->w.root.key : n->key),
        .another = js_bool(js_get(command, "another"))};

    world_begin(&d->w);
    world_end(&d->w, core_enrolment_admit(d->w.core, &who, driver_text(command, "request"), &in,
                                          &d->w.answer));
    driver_answer_core(d);
    driver_admitted(d);
}

void driver_refuse_request(struct driver *d, const struct js *command)
{
    const struct core_caller who = driver_caller(d, command);

    world_begin(&d->w);
    world_end(&d->w, core_enrolment_refuse(d->w.core, &who, driver_text(command, "request"),
                                           "Asked", &d->w.answer));
    driver_answer_core(d);
}
