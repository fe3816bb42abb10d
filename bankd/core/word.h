/* SPDX-License-Identifier: Apache-2.0
 *
 * word: what the bank's operator says about one order: that it is held, released or refused
 * (hold.c), or that another bank has its money or sent it back (outbox.c). Private to bankd/core.
 */
#ifndef BANKD_CORE_WORD_H
#define BANKD_CORE_WORD_H

#include "bankd/core/core.h"
#include "bankd/core/eyes.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "order/doc.h"

struct word {
    const struct core_caller *who;
    const struct core_word *said;
};

/* The order, which nobody else works on and which is as he saw it. */
MUST_CHECK enum err word_find(struct core *c, const struct word *w, struct ledger_account *a,
                              struct life_order *o);
/* FOUR_EYES when he entered it, or what its account pays with; and that he has done it, now. */
MUST_CHECK enum err word_may(struct core *c, const struct word *w, enum eyes_act act,
                             const struct ledger_account *a, const struct life_order *o);
MUST_CHECK enum err word_note(struct core *c, const struct word *w, enum eyes_act act,
                              const struct ledger_account *a, const struct life_order *o);
/* Begins an entry of TYPE about the order. */
void word_entry(const struct word *w, const char *type, const struct ledger_account *a,
                const struct life_order *o, struct doc *body);
MUST_CHECK enum err word_refuse(struct core *c, const struct word *w, enum err e,
                                struct core_answer *out);
/* The order as it is now. */
MUST_CHECK enum err word_answer(struct core *c, const struct ledger_account *a,
                                const struct life_order *o, struct core_answer *out);

#endif
