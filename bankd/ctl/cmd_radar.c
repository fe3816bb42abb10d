/* SPDX-License-Identifier: Apache-2.0
 *
 * radar: what will keep people from deciding, or does. The exit code is 1 when something of it is
 * grave, so that a timer may mail it.
 */
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "order/json.h"
#include "order/radar.h"

static const struct table_column columns[] = {
    {"WHAT", "kind", false},      {"ACCOUNT", "account", false}, {"HOLDER", "holder", false},
    {"RULES", "rules", false},    {"UNTIL", "until", false},     {"OF", "what", false},
    {"KEY", "thumbprint", false},
};

static bool is_grave(const struct js *findings)
{
    for (size_t i = 0; i < js_count(findings); i++) {
        const struct js *kind = js_get(js_at(findings, i), "kind");
        enum radar r =
            js_type(kind) == JS_TEXT ? radar_from_name(js_text(kind, NULL)) : RADAR_COUNT;

        if (r == RADAR_COUNT || radar_grave(r))
            return true;
    }
    return false;
}

enum err cmd_radar(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    const struct client_call call = {.route = ROUTE_RADAR};
    struct js *list = NULL;
    (void)words;

    enum err e = ctl_list(ctl, &call, "findings", &list);
    const struct js *findings = js_get(list, "findings");
    bool grave = e == ERR_OK && is_grave(findings);
    if (e == ERR_OK)
        e = ctl->json ? app_print_json(list)
                      : ctl_print_table(findings, columns, sizeof columns / sizeof columns[0]);
    js_free(list);
    ctl->found = grave ? EXIT_REFUSED : EXIT_DONE;
    return e;
}
