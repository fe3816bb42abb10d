/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "app/outcome.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "order/forms.h"
#include <stdio.h>
#include <string.h>

static enum err take_roles(struct ctl *ctl, role_set *out)
{
    enum role role;
    *out = 0;
    for (size_t i = 0; i < ctl->roles.count; i++) {
        if (role_from_name(ctl->roles.item[i], &role) != ERR_OK)
            return ctl_fail(ctl, ERR_USAGE, "--role %s: see bankctl operator roles --help",
                            ctl->roles.item[i]);
        *out |= ROLE_BIT(role);
    }
    return ERR_OK;
}

static void print_roles(const char *name, role_set roles)
{
    printf("%s has %s", name, roles ? "the roles" : "no role");
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if (roles & ROLE_BIT(r))
            printf(" %s", role_name((enum role)r));
    }
    putchar('\n');
}

enum err cmd_operator_roles(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_roles r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    const char *name = words->item[0];
    enum err e = forms_holder(name, strlen(name));
    if (e != ERR_OK)
        e = ctl_fail(ctl, ERR_USAGE, "%s is no operator's name", name);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = take_roles(ctl, &r.roles);
    if (e == ERR_OK)
        e = request_roles_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_OPERATOR_ROLES, name, &body, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK) {
        print_roles(name, r.roles);
        outcome_print_keeper(answer);
    }
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_operator_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"OPERATOR", "operator", false},
        {"NAME", "name", false},
        {"ROLES", "roles", false},
        {"KEY", "keys.status", false},
        {"THUMBPRINT", "keys.thumbprint", false},
    };
    const struct client_call call = {.route = ROUTE_OPERATORS};
    (void)words;
    return ctl_show_list(ctx, &call, "operators", columns, sizeof columns / sizeof columns[0]);
}
