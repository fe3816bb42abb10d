/* SPDX-License-Identifier: Apache-2.0
 *
 * word: what the bank's operator says about one order: that it is released or refused (hold.c), or
 * that another bank has its money or sent it back (outbox.c). Private to bankd/core.
 */
#ifndef BANKD_CORE_WORD_H
#define BANKD_CORE_WORD_H

#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "order/doc.h"

struct word {
    const struct core_caller *who;
    const char *account, *id; /* of the order */
    const char *note;         /* why he says so */
};

/* The order, which must stand at STATUS: OTHERWISE. */
MUST_CHECK enum err word_find(struct core *c, const struct word *w, enum status status,
                              enum err otherwise, struct ledger_account *a, struct life_order *o);
/* Begins an entry of TYPE about the order. */
void word_entry(const struct word *w, const char *type, const struct ledger_account *a,
                const struct life_order *o, struct doc *body);
/* The order as it is now. */
MUST_CHECK enum err word_answer(struct core *c, const struct ledger_account *a,
                                const struct life_order *o, struct core_answer *out);

#endif
