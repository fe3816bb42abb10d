/* SPDX-License-Identifier: Apache-2.0
 *
 * signals: Ctrl-C while a program waits for people ends the wait, and not the program in the middle
 * of something.
 */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP are noted. One that nobody acts on for five seconds, since
 * the program hangs in a call of others, ends it. */
void signals_catch(void);
/* Whether one came since. */
bool signals_seen(void);
/* They do again what they did before. */
void signals_release(void);

#endif
