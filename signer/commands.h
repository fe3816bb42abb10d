/* SPDX-License-Identifier: Apache-2.0
 *
 * commands: every command of the holder's program. main.c has the one table that names them; CTX
 * is the struct app. The options' sizes stand here so that the table can count them.
 */
#ifndef SIGNER_COMMANDS_H
#define SIGNER_COMMANDS_H

#include "base/args.h"
#include "base/err.h"

extern const struct args_option cmd_token_provision_options[5];
enum err cmd_token_provision(void *ctx, const struct args_list *words);
enum err cmd_token_doctor(void *ctx, const struct args_list *words);
extern const struct args_option cmd_token_list_options[1];
enum err cmd_token_list(void *ctx, const struct args_list *words);
enum err cmd_token_init(void *ctx, const struct args_list *words);
enum err cmd_token_generate(void *ctx, const struct args_list *words);
enum err cmd_token_info(void *ctx, const struct args_list *words);
extern const struct args_option cmd_token_unblock_options[2];
enum err cmd_token_unblock(void *ctx, const struct args_list *words);
enum err cmd_token_change_pin(void *ctx, const struct args_list *words);
extern const struct args_option cmd_token_init_options[2];
extern const struct args_option cmd_token_generate_options[3];
extern const struct args_option cmd_token_info_options[1];
extern const struct args_option cmd_token_change_pin_options[1];

enum err cmd_sponsor(void *ctx, const struct args_list *words);
extern const struct args_option cmd_sponsor_options[3];
enum err cmd_enrol(void *ctx, const struct args_list *words);
extern const struct args_option cmd_enrol_options[9];

extern const struct args_option cmd_session_start_options[2];
enum err cmd_session_start(void *ctx, const struct args_list *words);
enum err cmd_session_status(void *ctx, const struct args_list *words);
enum err cmd_login(void *ctx, const struct args_list *words);
enum err cmd_logout(void *ctx, const struct args_list *words);
extern const struct args_option cmd_login_options[2];

enum err cmd_order_new(void *ctx, const struct args_list *words);
enum err cmd_order_show(void *ctx, const struct args_list *words);
enum err cmd_order_check(void *ctx, const struct args_list *words);
enum err cmd_order_status(void *ctx, const struct args_list *words);
enum err cmd_order_evidence(void *ctx, const struct args_list *words);
extern const struct args_option cmd_order_new_options[2];
extern const struct args_option cmd_order_show_options[2];
extern const struct args_option cmd_order_evidence_options[1];

extern const struct args_option cmd_suspend_options[1];
extern const struct args_option cmd_notify_options[5];
enum err cmd_notify(void *ctx, const struct args_list *words);
enum err cmd_suspend(void *ctx, const struct args_list *words);
extern const struct args_option cmd_rotate_options[6];
enum err cmd_rotate(void *ctx, const struct args_list *words);
enum err cmd_challenge(void *ctx, const struct args_list *words);
enum err cmd_sign(void *ctx, const struct args_list *words);
enum err cmd_send(void *ctx, const struct args_list *words);
enum err cmd_carry(void *ctx, const struct args_list *words);
enum err cmd_merge(void *ctx, const struct args_list *words);
extern const struct args_option cmd_carry_options[3];
extern const struct args_option cmd_merge_options[1];
enum err cmd_qr_show(void *ctx, const struct args_list *words);
enum err cmd_qr_read(void *ctx, const struct args_list *words);
extern const struct args_option cmd_qr_show_options[2];
extern const struct args_option cmd_qr_read_options[1];
enum err cmd_bundle_show(void *ctx, const struct args_list *words);
extern const struct args_option cmd_bundle_show_options[1];
enum err cmd_submit(void *ctx, const struct args_list *words);
enum err cmd_approve(void *ctx, const struct args_list *words);
enum err cmd_reject(void *ctx, const struct args_list *words);
enum err cmd_cancel(void *ctx, const struct args_list *words);
extern const struct args_option cmd_sign_options[7];
extern const struct args_option cmd_decide_options[2];
extern const struct args_option cmd_approve_options[5];
struct app;
struct approve_wish {
    const char *account; /* of this one alone; NULL: of all */
    bool texts;          /* shows the whole text of each order, too */
    bool batch;          /* one signature for all of a policy's, where it lets that */
};
MUST_CHECK enum err approve_all(struct app *a, const struct approve_wish *wish);

enum err cmd_cash_deposit(void *ctx, const struct args_list *words);
enum err cmd_cash_withdraw(void *ctx, const struct args_list *words);
extern const struct args_option cmd_cash_options[5];

enum err cmd_orders(void *ctx, const struct args_list *words);
extern const struct args_option cmd_orders_options[2];
enum err cmd_accounts(void *ctx, const struct args_list *words);
extern const struct args_option cmd_application_new_options[4];
extern const struct args_option cmd_application_word_options[1];
enum err cmd_application_new(void *ctx, const struct args_list *words);
enum err cmd_application_list(void *ctx, const struct args_list *words);
enum err cmd_application_show(void *ctx, const struct args_list *words);
enum err cmd_application_sign(void *ctx, const struct args_list *words);
enum err cmd_application_withdraw(void *ctx, const struct args_list *words);
enum err cmd_balance(void *ctx, const struct args_list *words);
enum err cmd_movements(void *ctx, const struct args_list *words);
enum err cmd_movements_categorize(void *ctx, const struct args_list *words);
enum err cmd_expenses(void *ctx, const struct args_list *words);
enum err cmd_statement(void *ctx, const struct args_list *words);
enum err cmd_categories(void *ctx, const struct args_list *words);
enum err cmd_categories_set(void *ctx, const struct args_list *words);
enum err cmd_categories_drop(void *ctx, const struct args_list *words);
extern const struct args_option cmd_report_options[3];

enum err cmd_policy(void *ctx, const struct args_list *words);
extern const struct args_option cmd_policy_options[1];
enum err cmd_policy_propose(void *ctx, const struct args_list *words);
enum err cmd_policy_approve(void *ctx, const struct args_list *words);
enum err cmd_policy_reject(void *ctx, const struct args_list *words);
extern const struct args_option cmd_policy_propose_options[3];
extern const struct args_option cmd_policy_word_options[1];
enum err cmd_delegate(void *ctx, const struct args_list *words);
enum err cmd_delegations(void *ctx, const struct args_list *words);
extern const struct args_option cmd_delegate_options[6];
enum err cmd_policy_lint(void *ctx, const struct args_list *words);
enum err cmd_policy_simulate(void *ctx, const struct args_list *words);
enum err cmd_policy_explain(void *ctx, const struct args_list *words);
extern const struct args_option cmd_policy_lint_options[2];
extern const struct args_option cmd_policy_simulate_options[8];

#endif
