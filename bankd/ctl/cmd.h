/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd: the commands of bankctl; main.c has their table. CTX is the struct ctl with the options.
 */
#ifndef BANKD_CTL_CMD_H
#define BANKD_CTL_CMD_H

#include "base/args.h"

enum err cmd_holder_add(void *ctx, const struct args_list *words);
enum err cmd_holder_suspend(void *ctx, const struct args_list *words);
enum err cmd_holder_resume(void *ctx, const struct args_list *words);
enum err cmd_holder_revoke(void *ctx, const struct args_list *words);
enum err cmd_holder_list(void *ctx, const struct args_list *words);
enum err cmd_operator_add(void *ctx, const struct args_list *words);
enum err cmd_operator_list(void *ctx, const struct args_list *words);
enum err cmd_operator_roles(void *ctx, const struct args_list *words);
enum err cmd_enrolment_list(void *ctx, const struct args_list *words);
enum err cmd_enrolment_show(void *ctx, const struct args_list *words);
enum err cmd_enrolment_admit(void *ctx, const struct args_list *words);
enum err cmd_enrolment_refuse(void *ctx, const struct args_list *words);
enum err cmd_application_list(void *ctx, const struct args_list *words);
enum err cmd_application_show(void *ctx, const struct args_list *words);
enum err cmd_application_admit(void *ctx, const struct args_list *words);
enum err cmd_application_refuse(void *ctx, const struct args_list *words);
enum err cmd_terminal_add(void *ctx, const struct args_list *words);
enum err cmd_terminal_list(void *ctx, const struct args_list *words);
enum err cmd_account_block(void *ctx, const struct args_list *words);
enum err cmd_account_unblock(void *ctx, const struct args_list *words);
enum err cmd_account_close(void *ctx, const struct args_list *words);
enum err cmd_account_open(void *ctx, const struct args_list *words);
enum err cmd_account_fund(void *ctx, const struct args_list *words);
enum err cmd_account_movements(void *ctx, const struct args_list *words);
enum err cmd_account_list(void *ctx, const struct args_list *words);
enum err cmd_order_release(void *ctx, const struct args_list *words);
enum err cmd_order_reject(void *ctx, const struct args_list *words);
enum err cmd_order_hold(void *ctx, const struct args_list *words);
enum err cmd_order_confirm(void *ctx, const struct args_list *words);
enum err cmd_order_return(void *ctx, const struct args_list *words);
enum err cmd_queue(void *ctx, const struct args_list *words);
enum err cmd_queue_claim(void *ctx, const struct args_list *words);
enum err cmd_queue_hand_over(void *ctx, const struct args_list *words);
enum err cmd_queue_give_back(void *ctx, const struct args_list *words);
enum err cmd_queue_comment(void *ctx, const struct args_list *words);
enum err cmd_queue_release(void *ctx, const struct args_list *words);
enum err cmd_queue_hold(void *ctx, const struct args_list *words);
enum err cmd_queue_reject(void *ctx, const struct args_list *words);
enum err cmd_outbox(void *ctx, const struct args_list *words);
enum err cmd_credit_add(void *ctx, const struct args_list *words);
enum err cmd_credit_list(void *ctx, const struct args_list *words);
enum err cmd_credit_assign(void *ctx, const struct args_list *words);
enum err cmd_credit_return(void *ctx, const struct args_list *words);
enum err cmd_account_reverse(void *ctx, const struct args_list *words);
enum err cmd_order_show(void *ctx, const struct args_list *words);
enum err cmd_order_list(void *ctx, const struct args_list *words);
enum err cmd_log_verify(void *ctx, const struct args_list *words);
enum err cmd_key_show(void *ctx, const struct args_list *words);
enum err cmd_notice_list(void *ctx, const struct args_list *words);
enum err cmd_notice_retry(void *ctx, const struct args_list *words);
enum err cmd_radar(void *ctx, const struct args_list *words);
enum err cmd_key_rollover(void *ctx, const struct args_list *words);
enum err cmd_report(void *ctx, const struct args_list *words);
enum err cmd_clock_accept(void *ctx, const struct args_list *words);

#endif
