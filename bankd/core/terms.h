/* SPDX-License-Identifier: Apache-2.0
 *
 * terms: what the bank set for itself (bankd.conf): struct core_terms with the readers of its
 * settings, for whoever opens a core; and what the rules ask of it, for bankd/core alone.
 */
#ifndef BANKD_CORE_TERMS_H
#define BANKD_CORE_TERMS_H

#include "base/err.h"
#include "order/calendar.h"
#include "order/flag.h"
#include "order/iban.h"
#include "order/order.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: nothing waits for the operator, no cut-off. */
#define CORE_TERMS_CURRENCIES_MAX 16
#define CORE_TERMS_CODES_MAX 16
struct core_currency_terms {
    char code[ORDER_CURRENCY_LEN + 1];
    int64_t hold_above; /* minor units: an order of more waits for the operator; -1: none does */
    int cutoff_min;     /* minutes UTC since midnight, -1: none (order/calendar.h) */
};
struct core_terms {
    struct core_currency_terms currency[CORE_TERMS_CURRENCIES_MAX];
    size_t count;
    flag_set hold_on; /* flags for which an order waits, beside the limit */
    /* Country and bank code, as in "PT0002", of the accounts that are this bank's. */
    char bank_code[CORE_TERMS_CODES_MAX][IBAN_MAX + 1];
    size_t code_count;       /* 0: no order may go to another bank */
    bool console_open;       /* the console acts although there are operators */
    bool four_eyes;          /* nobody lets go on what he entered himself */
    int64_t enrolments_each; /* requests of one address that may wait; 0: any number */
    int64_t sponsors;        /* who must vouch for a new person before he is admitted */
    int64_t claim_us;        /* how long an item of the queue stays claimed; 0: two hours */
    int64_t radar_days;      /* how far ahead core_radar looks; 0: 30 */
    int64_t events_us;       /* how long events can be followed; 0: for ever */
    int64_t remind_us;       /* how long before its end an order is reminded of; 0: never */
    int64_t notice_wait_us, notice_attempts; /* after the first failure; until it is dead */
    int64_t notices_max; /* of one person on one way that wait at a time; 0: any number */
    int64_t notices_us;  /* how long they are kept; 0: for ever */
};
/* Each reads one setting, "" for none, into T: CONFIG_INVALID. */
MUST_CHECK enum err core_terms_hold_above(const char *text, struct core_terms *t); /* "10.00 EUR" */
MUST_CHECK enum err core_terms_cutoff(const char *text, struct core_terms *t);     /* "16:00 EUR" */
MUST_CHECK enum err core_terms_hold_on(const char *text, struct core_terms *t); /* "look-alike" */
MUST_CHECK enum err core_terms_bank_codes(const char *text, struct core_terms *t); /* "PT 0002" */
MUST_CHECK enum err core_terms_four_eyes(const char *text, struct core_terms *t);  /* "yes" */
MUST_CHECK enum err core_terms_console(const char *text, struct core_terms *t);    /* "open" */

/* --- for bankd/core alone --- */
/* Whether an order of so much is above the bank's limit. */
bool terms_above(const struct core_terms *t, const char *currency, int64_t amount);
/* Whether an account is another bank's, and orders may go there. */
bool terms_elsewhere(const struct core_terms *t, const char *iban);
/* How long an item of the queue stays claimed. */
int64_t terms_claim_us(const struct core_terms *t);
/* When the bank takes payments in a currency. */
struct calendar_terms terms_calendar(const struct core_terms *t, const char *currency);

#endif
