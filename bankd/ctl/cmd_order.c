/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"

int cmd_order_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ORDER", "order.id", false},      {"FROM", "order.account", false},
        {"STATUS", "status", false},       {"REASON", "reason", false},
        {"AMOUNT", "order.amount", true},  {"CURRENCY", "order.currency", false},
        {"GIVEN", "givenApprovals", true}, {"REQUIRED", "requiredApprovals", true},
        {"MISSING", "canDecide", false},   {"TO", "order.creditor.name", false},
    };
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_ALL_ORDERS};
    enum err e = ERR_OK;
    (void)words;
    if (ctl->account != NULL) {
        e = ctl_need_account(ctl);
        call.route = ROUTE_ORDERS;
        call.param[0] = ctl->account;
    }
    if (e == ERR_OK)
        e = ctl_show_list(ctl, &call, "orders", columns, sizeof columns / sizeof columns[0]);
    return ctl_end(ctl, e);
}
