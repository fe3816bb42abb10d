/* SPDX-License-Identifier: Apache-2.0
 *
 * countersign-verify: orders, decisions and evidence checked offline, by anybody.
 */
#include "base/log.h"
#include "verifier/commands.h"

#define OPTIONS(x) x, sizeof x / sizeof *x

static struct options options;

static const struct args_option shared[] = {
    {"json", 0, ARGS_FLAG, NULL, "one JSON object a verdict", &options.style.json},
    {"ndjson", 0, ARGS_FLAG, NULL, "every line of every file is one; so it is in *.ndjson",
     &options.ndjson},
    {"quiet", 'q', ARGS_FLAG, NULL, "print refusals only", &options.style.quiet},
};

static const struct args_option decision_options[] = {
    {"keys", 0, ARGS_MUST, "FILE", "enrolled keys, a line each: {\"spki\":\"...\"} or a JWK",
     &options.keys},
    {"policy", 0, ARGS_MUST_LIST, "FILE", "a policy document; may be given many times",
     &options.policies},
    {"bank", 0, ARGS_TEXT, "NAME", "the bank that must be meant, such as demobank.example/demo",
     &options.bank},
};

static const struct args_option evidence_options[] = {
    {"bank-key", 0, ARGS_MUST, "THUMBPRINT",
     "the bank's root key, from the bank's letter; never from the evidence or whoever gave it to "
     "you",
     &options.bank_key},
    {"rollovers", 0, ARGS_TEXT, "FILE",
     "what bankctl key show --save kept: older root keys, for a pin that is newer",
     &options.rollovers},
    {"key", 0, ARGS_LIST, "THUMBPRINT", "a holder's key that you know yourself; many times",
     &options.holder_keys},
};

static const struct args_command commands[] = {
    {"order", "FILE...", "check that a file is an order, byte for byte",
     "countersign-verify order bill.json", NULL, 0, 1, ARGS_LIST_MAX, cmd_order},
    {"decision", "FILE...", "check signed decisions with their orders",
     "countersign-verify decision --keys keys.ndjson --policy policy.json signed.json",
     OPTIONS(decision_options), 1, ARGS_LIST_MAX, cmd_decision},
    {"evidence", "FILE...", "check a bank's evidence about an order",
     "countersign-verify evidence --bank-key DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0 "
     "evidence.json",
     OPTIONS(evidence_options), 1, ARGS_LIST_MAX, cmd_evidence},
};

/* What failed was told where it did. */
static int end(void *ctx, enum err e, bool lost)
{
    const struct options *o = ctx;
    if (lost)
        return args_end("countersign-verify", e);
    return e == ERR_OK && o->refused ? EXIT_REFUSED : err_info(e)->exit;
}

/* CTX does not count: --json may stand behind what is wrong. */
static void usage_json(void *ctx, const char *detail)
{
    (void)ctx;
    verdict_fail_json(ERR_USAGE, detail);
}

int main(int argc, char **argv)
{
    static const struct args_program program = {
        .name = "countersign-verify",
        .summary = "Check payment orders, signed decisions and a bank's evidence, offline.",
        .commands = commands,
        .command_count = sizeof commands / sizeof *commands,
        .shared = shared,
        .shared_count = sizeof shared / sizeof *shared,
        .end = end,
        .usage_json = usage_json,
        .epilogue =
            "Files hold one document, or one a line (NDJSON); - is standard input. Each gets one "
            "verdict,\nOK or REFUSED with a name that docs/ERRORS.md explains, in the order of "
            "the input.\n\n"
            "What an OK proves:\n"
            "  order     the file is a well-formed order; nobody need have signed it\n"
            "  decision  the holder of that key signed this order under this policy, as it is "
            "displayed;\n            not when, and not whether a bank took it\n"
            "  evidence  the bank logged all of this and cannot deny or change it; every decision "
            "is signed;\n            whose a key is, the bank alone says unless you pin it with "
            "--key; the status is\n            the one of the time shown\n\n"
            "Exit codes: 0 all OK, 1 something refused, 2 usage, 4 environment."};

    log_init("countersign-verify", LOG_ERROR);
    return args_run(&program, &options, argc, argv);
}
