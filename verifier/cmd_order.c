/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "order/order.h"
#include "verifier/commands.h"
#include "verifier/work.h"

static enum err tell_cash(const struct order *o, const char *digest, struct verdict *verdict)
{
    const struct verdict_field fields[] = {{"digest", digest},
                                           {"order", o->id},
                                           {"amount", o->amount},
                                           {"currency", o->currency},
                                           {"type", order_type(o->kind)},
                                           {"account", o->account},
                                           {"terminal", o->terminal}};

    return verdict_ok(verdict, fields, sizeof fields / sizeof fields[0], NULL, NULL);
}

static enum err tell_payment(const struct order *o, const char *digest, struct verdict *verdict)
{
    char date[TEXT_DATE_LEN + 1];

    text_date(o->date_days, date);
    const struct verdict_field fields[] = {{"digest", digest},
                                           {"order", o->id},
                                           {"amount", o->amount},
                                           {"currency", o->currency},
                                           {"date", date},
                                           {"account", o->account},
                                           {"creditorAccount", o->creditor_account},
                                           {"creditorName", o->creditor_name}};

    return verdict_ok(verdict, fields, sizeof fields / sizeof fields[0], NULL, NULL);
}

static enum err check(const void *ctx, const void *bytes, size_t len, struct verdict *verdict)
{
    char digest[DIGEST_TEXT_LEN + 1];
    struct order o;
    enum err e = order_parse(bytes, len, &o);

    (void)ctx;
    if (e != ERR_OK)
        return e;
    text_hex(o.digest, DIGEST_LEN, digest);
    return o.kind == ORDER_PAYMENT ? tell_payment(&o, digest, verdict)
                                   : tell_cash(&o, digest, verdict);
}

enum err cmd_order(void *ctx, const struct args_list *files)
{
    struct options *o = ctx;
    const struct work work = {.files = {files->item, files->count, o->ndjson, ORDER_MAX},
                              .style = o->style,
                              .check = check};

    return work_run(&work, &o->refused);
}
