/* SPDX-License-Identifier: Apache-2.0
 *
 * commands: what countersign-verify can do. CTX is a struct options. A failure that they return has
 * been told.
 */
#ifndef VERIFIER_COMMANDS_H
#define VERIFIER_COMMANDS_H

#include "base/args.h"
#include "verifier/verdict.h"

struct verify_rollovers;

struct options {
    struct verdict_style style;
    bool ndjson;
    const char *keys, *bank, *bank_key, *rollovers;
    struct args_list policies, holder_keys;
    struct verify_rollovers *given; /* what the file ROLLOVERS holds */
    bool refused;                   /* something was */
};

enum err cmd_order(void *ctx, const struct args_list *files);
enum err cmd_decision(void *ctx, const struct args_list *files);
enum err cmd_evidence(void *ctx, const struct args_list *files);

#endif
