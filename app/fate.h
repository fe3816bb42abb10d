/* SPDX-License-Identifier: Apache-2.0
 *
 * fate: what became of other keys with the one that somebody suspended, revoked or rotated, as the
 * bank's answer says it.
 */
#ifndef APP_FATE_H
#define APP_FATE_H

struct js;

/* A line on standard output for each of them. */
void fate_print(const struct js *answer);

#endif
