/* SPDX-License-Identifier: Apache-2.0
 *
 * countersign: the holder's program. One table of commands.
 */
#include "app/app.h"
#include "base/log.h"
#include "signer/commands.h"

#define OPTIONS(x) x, sizeof x / sizeof *x
#define NO_OPTIONS NULL, 0

static const struct args_command commands[] = {
    {"token list", "", "show every token: module, reader, PIN tries", "countersign token list",
     NO_OPTIONS, 0, 0, cmd_token_list},
    {"token init", "", "make a new token in a free slot and set its PINs",
     "countersign token init --module /usr/lib/softhsm/libsofthsm2.so --label alice",
     OPTIONS(cmd_token_init_options), 0, 0, cmd_token_init},
    {"token generate", "", "make a signing key and a derive key on the token",
     "countersign token generate --token 'pkcs11:token=alice' --curve P-256",
     OPTIONS(cmd_token_generate_options), 0, 0, cmd_token_generate},
    {"token info", "", "show the token's keys; --spki writes the public key for the bank",
     "countersign token info --token 'pkcs11:token=alice' --spki alice.spki",
     OPTIONS(cmd_token_info_options), 0, 0, cmd_token_info},
    {"token change-pin", "", "set a new PIN",
     "countersign token change-pin --token 'pkcs11:token=alice'",
     OPTIONS(cmd_token_change_pin_options), 0, 0, cmd_token_change_pin},
    {"enrol", "", "become a holder: make keys, ask the bank, print the letter for it",
     "countersign enrol --name 'Carol Example' --bank-letter bank-letter.txt \\\n"
     "      --token 'pkcs11:token=carol'",
     OPTIONS(cmd_enrol_options), 0, 0, cmd_enrol},
    {"login", "", "sign in at the bank with the token", "countersign login",
     OPTIONS(cmd_login_options), 0, 0, cmd_login},
    {"logout", "", "end the session and destroy its key", "countersign logout", NO_OPTIONS, 0, 0,
     cmd_logout},
    {"order new", "DRAFT", "fill a draft in: bank, id, dates; write the order document",
     "countersign order new examples/electricity-bill.json -o bill.json",
     OPTIONS(cmd_order_new_options), 1, 1, cmd_order_new},
    {"order show", "ORDER", "show an order exactly as a decision would sign it",
     "countersign order show bill.json", OPTIONS(cmd_order_show_options), 1, 1, cmd_order_show},
    {"order check", "FILE...", "check order documents without a bank",
     "countersign order check bill.json", NO_OPTIONS, 1, ARGS_LIST_MAX, cmd_order_check},
    {"order status", "ID", "where an order stands at the bank",
     "countersign order status 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f", NO_OPTIONS, 1, 1,
     cmd_order_status},
    {"order evidence", "ID", "fetch the evidence file of an order",
     "countersign order evidence 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f -o evidence.json",
     OPTIONS(cmd_order_evidence_options), 1, 1, cmd_order_evidence},
    {"suspend", "THUMBPRINT", "let your key sign nothing any more, until the bank lets it again",
     "countersign suspend CCLDIhDRLnkSA-cp3w_d37qJpF9-q4fLLExMGrUdWbc --note 'my card is gone'",
     OPTIONS(cmd_suspend_options), 1, 1, cmd_suspend},
    {"rotate", "", "let a new key take the place of yours; what yours signed stands",
     "countersign rotate --make --curve P-384", OPTIONS(cmd_rotate_options), 0, 0, cmd_rotate},
    {"challenge", "THUMBPRINT", "ask the bank for a challenge, to sign long before sending",
     "countersign challenge CCLDIhDRLnkSA-cp3w_d37qJpF9-q4fLLExMGrUdWbc", NO_OPTIONS, 1, 1,
     cmd_challenge},
    {"sign", "FILE", "sign a decision without the bank and write it to a file",
     "countersign sign bill.json --policy policy.json --decision approve -o signed.json",
     OPTIONS(cmd_sign_options), 1, 1, cmd_sign},
    {"send", "FILE...", "hand signed decisions in", "countersign send signed.json", NO_OPTIONS, 1,
     ARGS_LIST_MAX, cmd_send},
    {"submit", "ORDER", "hand an order in without approving it", "countersign submit bill.json",
     OPTIONS(cmd_decide_options), 1, 1, cmd_submit},
    {"approve", "[ORDER]",
     "approve an order, a file or an id at the bank, or all that waits for you",
     "countersign approve bill.json", OPTIONS(cmd_approve_options), 0, 1, cmd_approve},
    {"reject", "ORDER", "say no to an order",
     "countersign reject 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f", OPTIONS(cmd_decide_options), 1, 1,
     cmd_reject},
    {"cancel", "ORDER", "withdraw an order that has not begun to execute",
     "countersign cancel 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f", OPTIONS(cmd_decide_options), 1, 1,
     cmd_cancel},
    {"cash deposit", "", "at a terminal: hand in what was paid in, which the bank settles",
     "countersign cash deposit --account PT50000201231234567890154 \\\n"
     "      --amount 100.00 --currency EUR --terminal till-1",
     OPTIONS(cmd_cash_options), 0, 0, cmd_cash_deposit},
    {"cash withdraw", "", "at a terminal: hand in what is asked for, which the holders approve",
     "countersign cash withdraw --account PT50000201231234567890154 \\\n"
     "      --amount 100.00 --currency EUR --terminal till-1",
     OPTIONS(cmd_cash_options), 0, 0, cmd_cash_withdraw},
    {"orders", "", "list the account's orders, or all that wait for you",
     "countersign orders --waiting-for-me", OPTIONS(cmd_orders_options), 0, 0, cmd_orders},
    {"accounts", "", "list your accounts", "countersign accounts", NO_OPTIONS, 0, 0, cmd_accounts},
    {"balance", "", "booked, reserved and available money of the account", "countersign balance",
     NO_OPTIONS, 0, 0, cmd_balance},
    {"movements", "", "what went in and out of the account",
     "countersign movements --from 2026-11-01 --to 2026-11-30 --csv", OPTIONS(cmd_report_options),
     0, 0, cmd_movements},
    {"movements categorize", "MOVEMENT [CATEGORY]",
     "say what a movement is; without a category take that back",
     "countersign movements categorize 17 household", NO_OPTIONS, 1, 2, cmd_movements_categorize},
    {"expenses", "", "what went out, by month and category",
     "countersign expenses --from 2026-01-01", OPTIONS(cmd_report_options), 0, 0, cmd_expenses},
    {"statement", "", "the balance before, the movements, the balance after",
     "countersign statement --from 2026-11-01 --to 2026-11-30", OPTIONS(cmd_report_options), 0, 0,
     cmd_statement},
    {"categories", "", "list what is said of payees", "countersign categories", NO_OPTIONS, 0, 0,
     cmd_categories},
    {"categories set", "PAYEE CATEGORY", "say what every payment to a payee is",
     "countersign categories set PT50000201230000000000214 energy", NO_OPTIONS, 2, 2,
     cmd_categories_set},
    {"categories drop", "PAYEE", "take back what was said of a payee",
     "countersign categories drop PT50000201230000000000214", NO_OPTIONS, 1, 1,
     cmd_categories_drop},
    {"policy", "", "fetch the account's policy document", "countersign policy -o policy.json",
     OPTIONS(cmd_policy_options), 0, 0, cmd_policy},
    {"policy lint", "FILE", "say what is wrong with a policy, or with the rules for one",
     "countersign policy lint rules.json --holder alice --holder bob --currency EUR",
     OPTIONS(cmd_policy_lint_options), 1, 1, cmd_policy_lint},
    {"policy simulate", "FILE", "say who can approve a payment under a policy",
     "countersign policy simulate policy.json --amount 250.00",
     OPTIONS(cmd_policy_simulate_options), 1, 1, cmd_policy_simulate},
    {"policy explain", "ID", "say what an order at the bank still needs, and from whom",
     "countersign policy explain 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f", NO_OPTIONS, 1, 1,
     cmd_policy_explain},
    {"policy propose", "FILE", "show, sign and send a new policy of the account",
     "countersign policy propose rules.json --title 'Small payments alone'",
     OPTIONS(cmd_policy_propose_options), 1, 1, cmd_policy_propose},
    {"policy approve", "", "approve the new policy that waits", "countersign policy approve",
     OPTIONS(cmd_policy_word_options), 0, 0, cmd_policy_approve},
    {"policy reject", "", "reject the new policy that waits", "countersign policy reject",
     OPTIONS(cmd_policy_word_options), 0, 0, cmd_policy_reject},
    {"delegate", "", "let another holder approve in your place for a time, or withdraw that",
     "countersign delegate --to bob --amount 500.00 --from 2026-12-01 --until 2026-12-14",
     OPTIONS(cmd_delegate_options), 0, 0, cmd_delegate},
    {"delegations", "", "list who may approve in whose place", "countersign delegations",
     NO_OPTIONS, 0, 0, cmd_delegations},
};

int main(int argc, char **argv)
{
    struct args_program program = {
        .name = "countersign",
        .summary = "Sign payment orders with a key on a token and follow them at the bank.",
        .commands = commands,
        .command_count = sizeof commands / sizeof *commands,
        .shared = app_options,
        .shared_count = app_option_count,
        .epilogue = "Exit codes: 0 done, 1 refused, 2 usage, 3 token or PIN, 4 environment.",
    };
    log_init("countersign", LOG_SILENT);
    /* Before any secret: a command without a PIN has the session key. */
    if (secret_harden_process() != ERR_OK)
        return app_finish(&app_main, app_fail(&app_main, ERR_INTERNAL, "core dumps stay on"));
    int rc = args_run(&program, &app_main, argc, argv);
    app_close(&app_main);
    return rc;
}
