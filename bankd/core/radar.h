/* SPDX-License-Identifier: Apache-2.0
 *
 * radar: what ends soon, for the files that tell somebody of it. Private to bankd/core.
 */
#ifndef BANKD_CORE_RADAR_H
#define BANKD_CORE_RADAR_H

#include "bankd/core/state.h"

/* When the first certificate of a card ends, that of the signing key KEY; INT64_MAX when none does
 * within the time that the radar looks ahead. */
MUST_CHECK enum err radar_card(struct core *c, int64_t key, int64_t *until_us);

#endif
