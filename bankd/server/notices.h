/* SPDX-License-Identifier: Apache-2.0
 *
 * notices: the routes by which people say where to tell them, and by which a courier carries what
 * there is to tell. For the table in handler.c.
 */
#ifndef BANKD_SERVER_NOTICES_H
#define BANKD_SERVER_NOTICES_H

#include "bankd/server/handler.h"

MUST_CHECK enum err notices_prepare_contact(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_prepare_courier(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_contact(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_prepare_code(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_confirm(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_where(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_retry(const struct bank *b, struct job *j);
MUST_CHECK enum err notices_courier(const struct bank *b, struct job *j);

#endif
