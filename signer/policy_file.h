/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_file: a policy that stands in a file: a whole document, or the rules, limits and
 * deputies from which the bank makes one (bankctl account open --rules), with the holders and the
 * currency beside it.
 */
#ifndef SIGNER_POLICY_FILE_H
#define SIGNER_POLICY_FILE_H

#include "base/args.h"
#include "base/buf.h"
#include "base/err.h"

struct app;
struct policy;
struct policy_findings;

/* Two rows of a command's table of options; they fill what policy_file_read looks at. */
#define POLICY_FILE_HOLDER                                                                         \
    {                                                                                              \
        "holder", 0, ARGS_LIST, "NAME",                                                            \
            "of a file of rules: a holder, or NAME:CLASS; one or more", &policy_file_holders       \
    }
#define POLICY_FILE_CURRENCY                                                                       \
    {                                                                                              \
        "currency", 0, ARGS_TEXT, "CODE", "the account's, where the file does not name it",        \
            &policy_file_currency                                                                  \
    }
extern struct args_list policy_file_holders;
extern const char *policy_file_currency; /* NULL when not given */

/* Appends the document in its canonical form, whether it loads or not. A file of rules gets a bank,
 * an account, a title and a time of its own, of which no rule speaks. Its failures are told. */
MUST_CHECK enum err policy_file_read(struct app *a, const char *path, struct buf *document);
/* policy_lint of such a document. */
MUST_CHECK enum err policy_file_lint(struct app *a, const char *path, const struct buf *document,
                                     struct policy_findings *found);
/* The same; the message names the first fault for which it does not load. */
MUST_CHECK enum err policy_file_judge(struct app *a, const char *path, const struct buf *document);
/* Reads and judges; the caller frees *OUT. */
MUST_CHECK enum err policy_file_load(struct app *a, const char *path, struct policy **out);

#endif
