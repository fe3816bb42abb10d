/* SPDX-License-Identifier: Apache-2.0
 *
 * approve --all-waiting: one summary, one question, one PIN; each order is then signed as it was
 * shown, whatever the bank has by then.
 */
#include "app/app.h"
#include "signer/commands.h"
#include "signer/sending.h"
#include "signer/waiting.h"

static enum err sign_and_send(struct sending *s, const struct waiting_list *l)
{
    enum err e = ERR_OK;
    sending_start(s, "Signing");
    for (size_t i = 0; e == ERR_OK && i < l->count; i++) {
        const struct subject *subject = &l->orders[i].subject;
        struct buf bundle = BUF_INIT(DECISION_BUNDLE_MAX);
        e = subject_sign(s->app, subject, VERB_APPROVE, NULL, &bundle);
        if (e == ERR_OK)
            e = sending_one(s, buf_str(&bundle), bundle.len, subject->order.id);
        buf_free(&bundle);
    }
    return sending_end(s, e);
}

enum err approve_all(struct app *a, const char *account, bool texts)
{
    struct waiting_list l = {.account = account};
    struct sending s = {.app = a};
    enum err e = waiting_ask(a, &l);
    s.total = l.count;
    if (e == ERR_OK && l.count == 0)
        fputs("Nothing waits for your approval.\n", stderr);
    if (e == ERR_OK && l.count > 0 && texts)
        e = waiting_show(&l, VERB_APPROVE, stderr);
    if (e == ERR_OK && l.count > 0)
        e = waiting_print(&l, stderr);
    if (e == ERR_OK && l.count > 0)
        e = waiting_consent(a, &l, VERB_APPROVE);
    if (e == ERR_OK && l.count > 0)
        e = sign_and_send(&s, &l);
    waiting_free(&l);
    return e;
}
