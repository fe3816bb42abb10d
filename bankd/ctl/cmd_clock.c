/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include <stdio.h>

enum err cmd_clock_accept(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_note r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    (void)words;
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_note_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_CLOCK_ACCEPT, NULL, &body, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        puts("The bank goes on with its clock. What was signed before now must be signed again.");
    js_free(answer);
    buf_free(&body);
    return e;
}
