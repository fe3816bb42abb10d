/* SPDX-License-Identifier: Apache-2.0
 *
 * applicants: who signed an application for an account: bankctl verifies each word itself. Whose a
 * key is, and whether it still counts, the bank says.
 */
#ifndef BANKD_CTL_APPLICANTS_H
#define BANKD_CTL_APPLICANTS_H

#include "bankd/ctl/ctl.h"
#include "order/application.h"
#include <stdio.h>

/* Each of TOLD's `decisions` gets a `verdict`: "OK" or why the signature proves nothing. */
MUST_CHECK enum err applicants_judge(struct ctl *ctl, const struct application *said,
                                     struct js *told);
/* "Signed" and "Missing" on standard output or error. */
void applicants_print(const struct application *said, const struct js *told, FILE *f);
/* APPLICATION_UNSIGNED, naming the first, unless each of its holders has a proven word that
 * counts. */
MUST_CHECK enum err applicants_check(struct ctl *ctl, const struct application *said,
                                     const struct js *told);

#endif
