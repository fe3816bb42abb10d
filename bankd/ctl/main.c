/* SPDX-License-Identifier: Apache-2.0
 *
 * bankctl: the operator's program: admit people, work the queue, look at the books.
 */
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "base/log.h"
#include "base/secret.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct ctl ctl;

#define ACCOUNT                                                                                    \
    {                                                                                              \
        "account", 0, ARGS_MUST, "IBAN", "the account", &ctl.account                               \
    }
#define CURRENCY                                                                                   \
    {                                                                                              \
        "currency", 0, ARGS_MUST, "CODE", "ISO 4217, such as EUR", &ctl.currency                   \
    }
#define ID                                                                                         \
    {                                                                                              \
        "id", 0, ARGS_MUST, "NAME", "short name: a-z 0-9 . _ -", &ctl.id                           \
    }
#define SPKI                                                                                       \
    {                                                                                              \
        "spki", 0, ARGS_MUST, "FILE", "public key, DER or PEM", &ctl.spki                          \
    }
#define NOTE                                                                                       \
    {                                                                                              \
        "note", 0, ARGS_MUST, "TEXT", "why, for the log", &ctl.note                                \
    }
static const struct args_option note_only[] = {NOTE};
static const struct args_option holder_add[] = {
    ID,
    {"name", 0, ARGS_MUST, "TEXT", "the person's name", &ctl.name},
    SPKI,
};
static const struct args_option terminal_add[] = {
    ID,
    {"name", 0, ARGS_MUST, "TEXT", "where it stands", &ctl.name},
    SPKI,
};
static const struct args_option operator_add[] = {
    ID,
    {"name", 0, ARGS_MUST, "TEXT", "the operator's name", &ctl.name},
    SPKI,
};
static const struct args_option operator_roles[] = {
    {"role", 0, ARGS_LIST, "ROLE",
     "viewer, payments, enrolment, policy, security, auditor, terminal", &ctl.roles},
    NOTE,
};
static const struct args_option holder_key[] = {
    {"key", 0, ARGS_MUST, "THUMBPRINT", "the key, as the list shows it", &ctl.key},
    NOTE,
};
static const struct args_option enrolment_admit[] = {
    {"id", 0, ARGS_MUST, "NAME", "who he is at the bank: a new short name, or the one he has",
     &ctl.id},
    {"another", 0, ARGS_FLAG, NULL, "he is a person here, and this is another key of his",
     &ctl.another},
    {"name", 0, ARGS_TEXT, "TEXT", "the person's, typed from the letter; default: is asked for",
     &ctl.name},
    {"thumbprint", 0, ARGS_TEXT, "TEXT", "of the key, typed from the letter; default: is asked for",
     &ctl.thumbprint},
};
static const struct args_option application_admit[] = {
    {"account", 0, ARGS_MUST, "IBAN", "the number that the bank gives it", &ctl.account},
};
static const struct args_option account_open[] = {
    ACCOUNT,
    CURRENCY,
    {"title", 0, ARGS_MUST, "TEXT", "what its policy is called", &ctl.title},
    {"holder", 0, ARGS_MUST_LIST, "NAME", "a holder, or NAME:CLASS with A, B, E or T; one or more",
     &ctl.holders},
    {"rules", 0, ARGS_TEXT, "FILE",
     "the policy's rules, limits, deputies, signatures; default: all must approve", &ctl.rules},
};
static const struct args_option account_fund[] = {
    ACCOUNT,
    {"amount", 0, ARGS_MUST, "AMOUNT", "such as 872.22", &ctl.amount},
    CURRENCY,
};
static const struct args_option account_only[] = {ACCOUNT};
static const struct args_option order_list[] = {
    {"account", 0, ARGS_TEXT, "IBAN", "only of this account", &ctl.account},
};
static const struct args_option account_note[] = {
    ACCOUNT,
    NOTE,
};
static const struct args_option order_return[] = {
    ACCOUNT,
    {"reason", 0, ARGS_MUST, "CODE", "the other bank's, ISO 20022, such as AC01", &ctl.reason},
    NOTE,
};
static const struct args_option queue[] = {
    {"waiting", 0, ARGS_TEXT, "WHOM", "only what waits for: bank, holders, time, other-bank",
     &ctl.waiting},
    {"account", 0, ARGS_TEXT, "IBAN", "only of this account", &ctl.account},
    {"sort", 0, ARGS_TEXT, "HOW", "age, oldest first, or amount, largest first; default: age",
     &ctl.sort},
    {"watch", 0, ARGS_FLAG, NULL, "on the whole terminal, as it changes", &ctl.watch},
    {"amber", 0, ARGS_TEXT, "AGE", "from which age on it is amber; default: 4h", &ctl.amber},
    {"red", 0, ARGS_TEXT, "AGE", "from which age on it is red; default: 24h", &ctl.red},
};
#define WAITING                                                                                    \
    {                                                                                              \
        "waiting", 0, ARGS_TEXT, "WHOM", "only what waits for: bank, holders, time, other-bank",   \
            &ctl.waiting                                                                           \
    }
#define CHOICE                                                                                     \
    WAITING, {"account", 0, ARGS_TEXT, "IBAN", "only of this account", &ctl.account},              \
        {"flag", 0, ARGS_TEXT, "FLAG", "only with this flag, such as first-payment", &ctl.flag},   \
        {"claimed-by", 0, ARGS_TEXT, "NAME", "only what this operator claimed", &ctl.by},          \
    {                                                                                              \
        "yes", 0, ARGS_FLAG, NULL, "do not ask", &app_main.yes                                     \
    }
static const struct args_option queue_note[] = {CHOICE, NOTE};
static const struct args_option queue_hand_over[] = {
    CHOICE,
    {"to", 0, ARGS_MUST, "NAME", "the operator who goes on with it", &ctl.to},
    NOTE,
};
static const struct args_option queue_comment[] = {
    CHOICE,
    {"text", 0, ARGS_MUST, "TEXT", "what the others should know", &ctl.text},
};
static const struct args_option credit_add[] = {
    {"account", 0, ARGS_MUST, "IBAN", "whose it is, as the sender says", &ctl.account},
    {"amount", 0, ARGS_MUST, "AMOUNT", "such as 250.00", &ctl.amount},
    CURRENCY,
    {"from", 0, ARGS_MUST, "TEXT", "the sender's name", &ctl.from},
    {"from-account", 0, ARGS_TEXT, "IBAN", "the sender's account, where it is known",
     &ctl.from_account},
    {"description", 0, ARGS_TEXT, "TEXT", "what for, where it is known", &ctl.description},
    {"reference", 0, ARGS_MUST, "TEXT", "the sender's reference; counts once", &ctl.reference},
};
static const struct args_option log_verify[] = {
    {"checkpoint", 0, ARGS_TEXT, "FILE", "a checkpoint kept earlier", &ctl.checkpoint},
    {"save", 0, ARGS_TEXT, "FILE", "keep the newest checkpoint", &ctl.save},
};
static const struct args_option key_show[] = {
    {"letter", 0, ARGS_TEXT, "DIR", "write the bank's letter there: bank-letter.txt and .png",
     &ctl.letter},
    {"public-url", 0, ARGS_TEXT, "URL", "for the letter: where holders reach the bank; else --url",
     &ctl.public_url},
    {"save", 0, ARGS_TEXT, "FILE", "keep the rollovers, for countersign-verify --rollovers",
     &ctl.save},
};
static const struct args_option key_rollover[] = {
    {"overlap-days", 0, ARGS_TEXT, "N",
     "for how long clients find their way from the old one; default: 90", &ctl.overlap_days},
    {"yes", 0, ARGS_FLAG, NULL, "do not ask", &app_main.yes},
};

static const struct args_command commands[] = {
    {"holder add", "", "enrol a person with a public key",
     "bankctl holder add --id alice --name 'Alice Example' --spki alice.pem", holder_add,
     COUNT(holder_add), 0, 0, cmd_holder_add},
    {"holder list", "", "list the holders and their keys", "bankctl holder list", NULL, 0, 0, 0,
     cmd_holder_list},
    {"holder suspend", "NAME", "let a key sign nothing until it is resumed",
     "bankctl holder suspend alice --key dMsh_W6VKIPkyuCNIAeoD6BEJecQRufKtndh3CwQq6c \\\n"
     "      --note 'the card was lost'",
     holder_key, COUNT(holder_key), 1, 1, cmd_holder_suspend},
    {"holder resume", "NAME", "let a suspended key sign again",
     "bankctl holder resume alice --key dMsh_W6VKIPkyuCNIAeoD6BEJecQRufKtndh3CwQq6c \\\n"
     "      --note 'the card was found'",
     holder_key, COUNT(holder_key), 1, 1, cmd_holder_resume},
    {"holder revoke", "NAME", "let a key never sign again",
     "bankctl holder revoke alice --key dMsh_W6VKIPkyuCNIAeoD6BEJecQRufKtndh3CwQq6c \\\n"
     "      --note 'the card was stolen'",
     holder_key, COUNT(holder_key), 1, 1, cmd_holder_revoke},
    {"enrolment list", "", "list the requests to be enrolled that wait", "bankctl enrolment list",
     NULL, 0, 0, 0, cmd_enrolment_list},
    {"enrolment show", "REQUEST", "show a request and what became of it",
     "bankctl enrolment show 3uLqEMHGFrsJN6gbxnjvjB6uAVwAv1mzVDkrlL4cqkM", NULL, 0, 1, 1,
     cmd_enrolment_show},
    {"enrolment admit", "REQUEST", "make somebody a holder whose letter and request agree",
     "bankctl enrolment admit 3uLqEMHGFrsJN6gbxnjvjB6uAVwAv1mzVDkrlL4cqkM --id alice",
     enrolment_admit, COUNT(enrolment_admit), 1, 1, cmd_enrolment_admit},
    {"enrolment refuse", "REQUEST", "end a request",
     "bankctl enrolment refuse 3uLqEMHGFrsJN6gbxnjvjB6uAVwAv1mzVDkrlL4cqkM \\\n"
     "      --note 'nobody came with the letter'",
     note_only, COUNT(note_only), 1, 1, cmd_enrolment_refuse},
    {"application list", "", "list the applications for accounts that wait",
     "bankctl application list", NULL, 0, 0, 0, cmd_application_list},
    {"application show", "APPLICATION", "show what its holders signed, and who is missing",
     "bankctl application show 579e8f54985654db", NULL, 0, 1, 1, cmd_application_show},
    {"application admit", "APPLICATION", "open the account that all its holders signed for",
     "bankctl application admit 579e8f54985654db \\\n"
     "      --account PT50000201231234567890154",
     application_admit, COUNT(application_admit), 1, 1, cmd_application_admit},
    {"application refuse", "APPLICATION...", "end applications",
     "bankctl application refuse 579e8f54985654db --note 'no second household account'", note_only,
     COUNT(note_only), 1, ARGS_LIST_MAX, cmd_application_refuse},
    {"terminal add", "", "enrol a terminal, which takes cash in and pays it out",
     "bankctl terminal add --id till-1 --name 'Branch Lisbon, till 1' --spki till-1.pem",
     terminal_add, COUNT(terminal_add), 0, 0, cmd_terminal_add},
    {"terminal list", "", "list the terminals and their keys", "bankctl terminal list", NULL, 0, 0,
     0, cmd_terminal_list},
    {"operator add", "", "enrol an operator with a public key; roles come next",
     "bankctl operator add --id olga --name 'Olga Ortiz' --spki olga.pem", operator_add,
     COUNT(operator_add), 0, 0, cmd_operator_add},
    {"operator roles", "NAME", "set all the roles of an operator; without --role none is left",
     "bankctl operator roles olga --role payments --role viewer --note 'joined the back office'",
     operator_roles, COUNT(operator_roles), 1, 1, cmd_operator_roles},
    {"operator list", "", "list the operators, their roles and keys", "bankctl operator list", NULL,
     0, 0, 0, cmd_operator_list},
    {"account open", "", "open an account and its first policy",
     "bankctl account open --account PT50000201231234567890154 --currency EUR \\\n"
     "      --title 'Joint account' --holder alice --holder bob",
     account_open, COUNT(account_open), 0, 0, cmd_account_open},
    {"account fund", "", "book money onto an account",
     "bankctl account fund --account PT50000201231234567890154 --amount 872.22 --currency EUR",
     account_fund, COUNT(account_fund), 0, 0, cmd_account_fund},
    {"account list", "", "list the accounts with their balances", "bankctl account list", NULL, 0,
     0, 0, cmd_account_list},
    {"account movements", "", "list what moved in an account",
     "bankctl account movements --account PT50000201231234567890154", account_only,
     COUNT(account_only), 0, 0, cmd_account_movements},
    {"account block", "", "let nothing leave an account",
     "bankctl account block --account PT50000201231234567890154 --note 'court order 17/26'",
     account_note, COUNT(account_note), 0, 0, cmd_account_block},
    {"account unblock", "", "open a blocked account again",
     "bankctl account unblock --account PT50000201231234567890154 --note 'lifted'", account_note,
     COUNT(account_note), 0, 0, cmd_account_unblock},
    {"account close", "", "close an empty account for ever",
     "bankctl account close --account PT50000201231234567890154 --note 'on request'", account_note,
     COUNT(account_note), 0, 0, cmd_account_close},
    {"account reverse", "MOVEMENT", "take a wrong funding or credit back, by an entry of its own",
     "bankctl account reverse 17 --account PT50000201231234567890154 --note 'typed twice'",
     account_note, COUNT(account_note), 1, 1, cmd_account_reverse},
    {"order list", "", "list the orders of all accounts or of one",
     "bankctl order list --account PT50000201231234567890154", order_list, COUNT(order_list), 0, 0,
     cmd_order_list},
    {"order show", "ORDER", "show all of one order: what was signed, by whom, when, what moved",
     "bankctl order show 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154",
     account_only, COUNT(account_only), 1, 1, cmd_order_show},
    {"order release", "ORDER", "let an order go on that waits for the bank",
     "bankctl order release 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154 --note 'called the customer back'",
     account_note, COUNT(account_note), 1, 1, cmd_order_release},
    {"order reject", "ORDER", "end an order that waits for the bank",
     "bankctl order reject 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154 --note 'the customer knows nothing of it'",
     account_note, COUNT(account_note), 1, 1, cmd_order_reject},
    {"order hold", "ORDER", "keep an order back until it is released",
     "bankctl order hold 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154 --note 'the customer rang: stop it'",
     account_note, COUNT(account_note), 1, 1, cmd_order_hold},
    {"order confirm", "ORDER", "say that the other bank has the money of an order",
     "bankctl order confirm 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154 --note 'pacs.002 of today'",
     account_note, COUNT(account_note), 1, 1, cmd_order_confirm},
    {"order return", "ORDER", "say that the other bank sent the money of an order back",
     "bankctl order return 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f \\\n"
     "      --account PT50000201231234567890154 --reason AC01 --note 'pacs.004 of today'",
     order_return, COUNT(order_return), 1, 1, cmd_order_return},
    {"queue", "", "list what waits: for whom, since when, who signed and who is missing",
     "bankctl queue --waiting bank --sort amount", queue, COUNT(queue), 0, 0, cmd_queue},
    {"queue claim", "[ITEM...]",
     "say that you work on it: another operator who acts on it is refused",
     "bankctl queue claim --waiting bank --flag look-alike --note 'my turn'", queue_note,
     COUNT(queue_note), 0, ARGS_LIST_MAX, cmd_queue_claim},
    {"queue hand-over", "[ITEM...]", "let another operator go on with what you claimed",
     "bankctl queue hand-over 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f --to otto --note 'I am off'",
     queue_hand_over, COUNT(queue_hand_over), 0, ARGS_LIST_MAX, cmd_queue_hand_over},
    {"queue give-back", "[ITEM...]", "let anybody go on with what you claimed",
     "bankctl queue give-back --claimed-by olga --note 'end of the day'", queue_note,
     COUNT(queue_note), 0, ARGS_LIST_MAX, cmd_queue_give_back},
    {"queue comment", "[ITEM...]", "note something about it for the other operators",
     "bankctl queue comment 01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f --text 'rang, nobody there'",
     queue_comment, COUNT(queue_comment), 0, ARGS_LIST_MAX, cmd_queue_comment},
    {"queue release", "[ITEM...]",
     "let orders go on that wait for the bank, after their total is shown",
     "bankctl queue release --waiting bank --flag above-limit --note 'the list of Monday'",
     queue_note, COUNT(queue_note), 0, ARGS_LIST_MAX, cmd_queue_release},
    {"queue hold", "[ITEM...]", "keep orders back, after their total is shown",
     "bankctl queue hold --account PT50000201231234567890154 --note 'the customer rang'",
     queue_note, COUNT(queue_note), 0, ARGS_LIST_MAX, cmd_queue_hold},
    {"queue reject", "[ITEM...]", "end orders that wait for the bank, after their total is shown",
     "bankctl queue reject --waiting bank --flag RVNM --note 'wrong names'", queue_note,
     COUNT(queue_note), 0, ARGS_LIST_MAX, cmd_queue_reject},
    {"outbox", "", "list the orders that were paid to other banks and not confirmed yet",
     "bankctl outbox", NULL, 0, 0, 0, cmd_outbox},
    {"credit add", "", "book what came from another bank",
     "bankctl credit add --account PT50000201231234567890154 --amount 250.00 --currency EUR \\\n"
     "      --from 'Employer SA' --description Wages --reference E2E-2026-11-0815",
     credit_add, COUNT(credit_add), 0, 0, cmd_credit_add},
    {"credit list", "", "list the credits in suspense: those that found no account",
     "bankctl credit list", NULL, 0, 0, 0, cmd_credit_list},
    {"credit assign", "CREDIT", "book a credit in suspense to an account",
     "bankctl credit assign 17 --account PT50000201231234567890154 --note 'asked the sender'",
     account_note, COUNT(account_note), 1, 1, cmd_credit_assign},
    {"credit return", "CREDIT", "send a credit in suspense back",
     "bankctl credit return 17 --note 'no such customer'", note_only, COUNT(note_only), 1, 1,
     cmd_credit_return},
    {"log verify", "", "check the whole log against its checkpoints",
     "bankctl log verify --checkpoint monday.note --save tuesday.note", log_verify,
     COUNT(log_verify), 0, 0, cmd_log_verify},
    {"key show", "", "show the pin and the bank's keys, or write the bank's letter for holders",
     "bankctl key show --letter . --public-url https://bank.example:8443", key_show,
     COUNT(key_show), 0, 0, cmd_key_show},
    {"notice list", "", "list the notices to people that wait, and those that were given up",
     "bankctl notice list", NULL, 0, 0, 0, cmd_notice_list},
    {"notice retry", "NOTICE", "let a notice be tried again, at once",
     "bankctl notice retry 17 --note 'the mail server was down'", note_only, COUNT(note_only), 1, 1,
     cmd_notice_retry},
    {"key rollover", "", "replace the bank's root key by a new one that the old one signs",
     "bankctl key rollover --overlap-days 180", key_rollover, COUNT(key_rollover), 0, 0,
     cmd_key_rollover},
    {"report", "", "check at the end of the day that the books agree", "bankctl report", NULL, 0, 0,
     0, cmd_report},
    {"radar", "", "say what may keep accounts' people from deciding, before it does",
     "bankctl radar", NULL, 0, 0, 0, cmd_radar},
    {"clock accept", "", "let the bank go on after its clock was mended",
     "bankctl clock accept --note 'NTP was down; checked against the wall clock'", note_only,
     COUNT(note_only), 0, 0, cmd_clock_accept},
};

static const struct args_option shared[] = {
    {"socket", 0, ARGS_TEXT, "PATH", "bankd's socket, the console (" CTL_SOCKET ")", &ctl.socket},
    {"url", 0, ARGS_TEXT, "URL", "where the bank listens: act with a token, from anywhere",
     &app_main.url},
    {"config", 0, ARGS_TEXT, "FILE", "the same from a file, as countersign has it",
     &app_main.config},
    {"bank", 0, ARGS_TEXT, "NAME", "the bank's name, with --url", &app_main.bank},
    {"bank-key", 0, ARGS_TEXT, "THUMBPRINT", "the pin from the bank's letter", &app_main.bank_key},
    {"token", 0, ARGS_TEXT, "URI", "the operator's token or key, a pkcs11: URI",
     &app_main.token_uri},
    {"module", 0, ARGS_TEXT, "PATH", "PKCS#11 module; default: all that p11-kit knows",
     &app_main.module},
    {"pin-fd", 0, ARGS_FD, "N", "read the PIN from descriptor N instead of the terminal",
     &app_main.pin_fd},
    {"pinentry", 0, ARGS_TEXT, "PROGRAM",
     "let this program ask for the PIN, such as pinentry-curses", &app_main.pinentry},
    {"last-try", 0, ARGS_FLAG, NULL, "enter the PIN even if a wrong one locks the token",
     &app_main.last_try},
    {"wait", 0, ARGS_TEXT, "SECONDS",
     "wait so long for a token that is not plugged in; default: 60 at a terminal, otherwise 0",
     &app_main.wait},
    {"session-dir", 0, ARGS_TEXT, "DIR", "a private directory on a tmpfs for the session key",
     &app_main.session_dir},
    {"json", 0, ARGS_FLAG, NULL, "JSON on standard output", &ctl.json},
};

static const struct args_program program = {
    .name = "bankctl",
    .summary = "The operator's program: admit people, work the queue, look at the books.",
    .commands = commands,
    .command_count = COUNT(commands),
    .shared = shared,
    .shared_count = COUNT(shared),
    .end = ctl_end,
    .usage_json = ctl_usage_json,
    .epilogue = "Without --url or --config it works on the bank's own host, as root or as bankd's\n"
                "user: the console, which is closed for acts once the bank has operators.",
};

int main(int argc, char **argv)
{
    log_init("bankctl", LOG_SILENT);
    /* Before any secret, as in countersign: an operator's session key is here. */
    if (secret_harden_process() != ERR_OK)
        return ctl_end(&ctl, ctl_fail(&ctl, ERR_INTERNAL, "core dumps stay on"), false);
    return args_run(&program, &ctl, argc, argv);
}
