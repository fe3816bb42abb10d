/* SPDX-License-Identifier: Apache-2.0
 *
 * flag: why the bank holds an order for its operator; the table is order/flag.def. And the results
 * of a payee check, in the codes of the EPC's Verification Of Payee scheme.
 */
#ifndef ORDER_FLAG_H
#define ORDER_FLAG_H

#include <stdbool.h>
#include <stddef.h>

enum flag {
#define X(id, name, words) FLAG_##id,
#include "order/flag.def"
#undef X
    FLAG_COUNT /* as a result of flag_from_name: none */
};
const char *flag_name(enum flag f);
const char *flag_words(enum flag f);
enum flag flag_from_name(const char *name, size_t len);

/* A set: bit f for the flag f. */
typedef unsigned flag_set;
#define FLAG_BIT(f) (1u << (f))

/* RCVC (the name matches), RMVC (it is close), RVNM (it does not match), RVNA (no answer). */
#define PAYEE_CHECK_LEN 4
bool flag_is_payee_check(const char *code, size_t len);

#endif
