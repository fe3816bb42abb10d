/* SPDX-License-Identifier: Apache-2.0
 *
 * applications: the routes by which holders apply for an account and an operator opens it. For the
 * table in handler.c.
 */
#ifndef BANKD_SERVER_APPLICATIONS_H
#define BANKD_SERVER_APPLICATIONS_H

#include "bankd/server/handler.h"

MUST_CHECK enum err applications_apply(const struct bank *b, struct job *j);
MUST_CHECK enum err applications_admit(const struct bank *b, struct job *j);
MUST_CHECK enum err applications_refuse(const struct bank *b, struct job *j);

#endif
