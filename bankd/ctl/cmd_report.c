/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "order/json.h"
#include <inttypes.h>
#include <stdio.h>

static const struct table_column differences[] = {
    {"CHECK", "check", false},
    {"COUNT", "count", true},
    {"FIRST", "first", false},
};
static const struct table_column totals[] = {
    {"CURRENCY", "currency", false},
    {"BOOKED", "booked", true},
    {"RESERVED", "reserved", true},
};

static void show_waiting(const char *what, const struct js *list)
{
    for (size_t i = 0; i < js_count(list); i++) {
        const struct js *one = js_at(list, i);
        app_say(stdout, "%s: %" PRId64 ", together %s %s.", what, js_int(js_get(one, "count")),
                js_member_text(one, "amount"), js_member_text(one, "currency"));
    }
}

static enum err show(const struct js *answer, bool agree)
{
    const struct js *log = js_get(answer, "log");

    printf("The books %s: %" PRId64 " accounts, %" PRId64 " movements, %" PRId64
           " open orders, %" PRId64 " log entries.\n",
           agree ? "agree" : "DIFFER", js_int(js_get(answer, "accounts")),
           js_int(js_get(answer, "movements")), js_int(js_get(answer, "openOrders")),
           js_int(js_get(log, "size")));
    show_waiting("On the way to other banks", js_get(answer, "outbox"));
    show_waiting("In suspense", js_get(answer, "suspense"));
    putchar('\n');
    if (agree)
        return ctl_print_table(js_get(answer, "totals"), totals, sizeof totals / sizeof *totals);
    return ctl_print_table(js_get(answer, "differences"), differences,
                           sizeof differences / sizeof *differences);
}

enum err cmd_report(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    const struct client_call call = {.route = ROUTE_RECONCILE};
    struct js *answer = NULL;
    (void)words;

    enum err e = ctl_call(ctl, &call, &answer);
    bool agree = e == ERR_OK && js_count(js_get(answer, "differences")) == 0;
    if (e == ERR_OK)
        e = ctl->json ? app_print_json(answer) : show(answer, agree);
    js_free(answer);
    ctl->found = agree ? EXIT_DONE : EXIT_REFUSED;
    return e;
}
