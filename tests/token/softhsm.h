/* SPDX-License-Identifier: Apache-2.0
 *
 * softhsm: tokens for a test: a directory of its own in memory, SoftHSM2 loaded over it, tokens
 * with known PINs. Fails the running cmocka test when anything is missing. One at a time in a
 * process, since the module reads its configuration from the environment.
 */
#ifndef TESTS_TOKEN_SOFTHSM_H
#define TESTS_TOKEN_SOFTHSM_H

#include "base/secret.h"
#include "token/token.h"

#define SOFTHSM_SO_PIN "87654321"
#define SOFTHSM_PIN "123456"

struct softhsm {
    char dir[64];
    char control[80], trace[88]; /* of the fault module, where that stands before it */
    struct token_module *module;
};

/* The module's path: $COUNTERSIGN_SOFTHSM, else where Debian has it. */
const char *softhsm_path(void);

/* Sets SOFTHSM2_CONF and loads softhsm_path(). */
void softhsm_begin(struct softhsm *h);
/* The same with another module, such as one that wraps SoftHSM. */
void softhsm_begin_with(struct softhsm *h, const char *module);
/* The same with the fault module, which is at MODULE, before SoftHSM2 (testbank/fault/control.h):
 * nothing goes wrong until softhsm_fault, which gives it other rules, in this process and in each
 * that has its environment. */
void softhsm_begin_faulty(struct softhsm *h, const char *module);
void softhsm_fault(const struct softhsm *h, const char *rules);
/* Unloads the module and removes the directory. */
void softhsm_end(struct softhsm *h);

/* For cmocka: softhsm_begin and softhsm_end, with the struct softhsm as the test's state; and the
 * same with the token alice. */
int softhsm_setup(void **state);
int softhsm_setup_alice(void **state);
int softhsm_teardown(void **state);

/* A token with the two PINs above. */
void softhsm_init_token(struct softhsm *h, const char *label, struct token_info *out);
/* A token made by softhsm_init_token, opened by its label and logged in. */
struct token *softhsm_open(struct softhsm *h, const char *label);
/* token_login with a PIN of this TEXT. */
enum err softhsm_login(struct token *t, const char *text, bool last_try_allowed);
/* The caller frees all three. */
struct token_uri *softhsm_uri(const char *text);
struct token_pin *softhsm_pin(struct token_module *m, const char *text);
struct secret *softhsm_secret(void); /* empty */

#endif
