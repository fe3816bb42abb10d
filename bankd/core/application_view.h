/* SPDX-License-Identifier: Apache-2.0
 *
 * application_view: what the bank says of an application for an account. Private to bankd/core.
 */
#ifndef BANKD_CORE_APPLICATION_VIEW_H
#define BANKD_CORE_APPLICATION_VIEW_H

#include "bankd/core/application_row.h"
#include "order/doc.h"

/* All of it but the document and what was signed. */
MUST_CHECK enum err application_view_describe(struct core *c, const struct application_row *a,
                                              struct doc *out);

/* Ends a public function about A: with the document, and each word as it was signed. */
MUST_CHECK enum err application_view_answer(struct core *c, const struct core_caller *who,
                                            enum err e, int http, const struct application_row *a,
                                            struct core_answer *out);

/* What the queue says of the one that waits in row ID. */
MUST_CHECK enum err application_view_waits(struct core *c, int64_t id, struct doc *out);

#endif
