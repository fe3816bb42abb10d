/* SPDX-License-Identifier: Apache-2.0
 *
 * view: the bank's answers for people: an order's state, accounts, movements. What the answer lacks
 * is left out, never guessed.
 */
#ifndef SIGNER_VIEW_H
#define SIGNER_VIEW_H

#include <stddef.h>
#include <stdio.h>

struct js;

/* The new session at BANK: whose, and how long. */
void view_session(const char *bank, const struct js *session);

/* Where an order stands: status in words, who decided, who can still decide, the way so far. */
void view_order(const struct js *order);
void view_order_on(FILE *f, const struct js *order);
/* Two parts of it: what is to be paid and the status; who decided. */
void view_order_head(FILE *f, const struct js *order);
void view_order_decisions(FILE *f, const struct js *order);
void view_account(const struct js *account);

/* One line each, under these titles. */
#define VIEW_ORDER_TITLE "ORDER                                 STATUS      AMOUNT      TO\n"
#define VIEW_AMOUNT_WIDTH 12u
#define VIEW_CATEGORY_WIDTH 12u
#define VIEW_MOVEMENT_TITLE                                                                        \
    "TIME                        AMOUNT       BALANCE  NUMBER  CATEGORY      WHAT\n"
#define VIEW_CATEGORY_TITLE "PAYEE                               CATEGORY\n"
#define VIEW_DELEGATION_TITLE                                                                      \
    "DEPUTY            FOR                 UP TO      FROM                  UNTIL\n"
void view_order_line(const struct js *order);
/* The same on F, without the line's end. */
void view_order_cells(FILE *f, const struct js *order);
/* With its account, and what is known of the payee. */
#define VIEW_WAITING_TITLE "ACCOUNT                    " VIEW_ORDER_TITLE
void view_waiting_line(const struct js *order);
void view_movement(FILE *f, const struct js *movement);
void view_category_rule(const struct js *rule);
void view_delegation(const struct js *delegation);

/* A list of texts, with commas between; what is none is left empty. */
void view_names(FILE *f, const struct js *names);

/* TEXT, tamed, and spaces behind it up to WIDTH bytes; not shortened. */
void view_padded(FILE *f, const char *text, size_t width);

#endif
