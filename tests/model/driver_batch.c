/* SPDX-License-Identifier: Apache-2.0
 *
 * One signature on many orders: signed once, then handed in order by order.
 */
#include "order/amount.h"
#include "tests/base/unit.h"
#include "tests/model/driver.h"

#include <stdlib.h>
#include <string.h>

static void read_order(const struct js *text, struct world_order *out)
{
    const char *document = js_text(text, NULL);

    *out = (struct world_order){0};
    assert_non_null(document);
    assert_ok(buf_add_str(&out->bytes, document));
    assert_ok(order_parse(document, strlen(document), &out->order));
}

void driver_batch(struct driver *d, const struct js *command)
{
    const char *policy = driver_text(command, "policy");
    const struct js *orders = js_get(command, "orders");
    struct handed *h = driver_new_handed(d);
    struct batch lie = {.count = 0};
    struct policy *p = NULL;

    h->many_count = js_count(orders);
    h->many = calloc(h->many_count, sizeof *h->many);
    h->places = calloc(h->many_count, sizeof *h->places);
    assert_true(h->many && h->places);
    for (size_t i = 0; i < h->many_count; i++)
        read_order(js_at(orders, i), &h->many[i]);
    assert_ok(policy_parse(policy, strlen(policy), &p));
    if (driver_text(command, "total")[0]) {
        const char *total = driver_text(command, "total");
        memcpy(lie.totals[0].currency, h->many[0].order.currency, sizeof lie.totals[0].currency);
        assert_ok(amount_parse(total, strlen(total), lie.totals[0].currency,
                               &lie.totals[0].amount_minor));
        lie.total_count = 1;
    }
    const struct world_says says = driver_says(command, p);
    world_sign_many(&d->w, &driver_key(d, command, "key")->person, h->many, h->many_count, &lie,
                    &says, &h->jws, h->places);
    policy_free(p);
    driver_answer_ok();
}

void driver_one_of(struct driver *d, const struct js *command)
{
    const struct handed *h = &d->handed[driver_number(command, "statement")];
    size_t i = (size_t)driver_number(command, "order");
    size_t place = (size_t)driver_number(command, "place");

    assert_true(i < h->many_count && place < h->many_count);
    d->w.payee_check = driver_text(command, "payee_check");
    (void)world_hand_in_place(&d->w, &driver_key(d, command, "session")->person, &h->jws,
                              &h->many[i], &h->places[place]);
    d->w.payee_check = NULL;
    driver_answer_core(d);
}

void driver_batch_free(struct handed *h)
{
    for (size_t i = 0; i < h->many_count; i++)
        world_order_free(&h->many[i]);
    free(h->many);
    free(h->places);
}
