/* SPDX-License-Identifier: Apache-2.0
 *
 * args: command lines from tables: programs with commands, commands with options. --help and
 * --version are everywhere; a mistake is told with the word that was wrong, and the one that may
 * have been meant, exit EXIT_USAGE. A word in the form of a thumbprint (43 of base64url) is never
 * an option, though it may begin with '-'.
 */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

#define ARGS_LIST_MAX 256u

/* Words that an option collects when it may be given many times. */
struct args_list {
    const char *item[ARGS_LIST_MAX];
    size_t count;
};

/* FD: a TEXT that is the number of a descriptor which is open before anything here opens one: what
 * comes later under that number is not what was meant. MUST, MUST_LIST: a TEXT and a LIST without
 * which its command does not run, so that no command asks whether it is there. */
enum args_kind { ARGS_FLAG, ARGS_TEXT, ARGS_FD, ARGS_LIST, ARGS_MUST, ARGS_MUST_LIST };

struct args_option {
    const char *name; /* "pin-fd" is --pin-fd */
    char letter;      /* 'o' is -o; 0 for none */
    enum args_kind kind;
    const char *metavar; /* "FILE"; NULL for a flag */
    const char *help;
    void *value; /* bool *, const char **, struct args_list * by kind; borrowed from argv */
};

struct args_command {
    const char *name;      /* "order new" has two words; "" is a program without commands */
    const char *arguments; /* "FILE..." for the usage line */
    const char *summary;
    const char *example; /* a command line that works */
    const struct args_option *options;
    size_t option_count;
    size_t min, max; /* positional arguments */
    enum err (*run)(void *ctx, const struct args_list *words);
};

struct args_program {
    const char *name;
    const char *summary;
    const struct args_command *commands;
    size_t command_count;
    const struct args_option *shared; /* options of every command */
    size_t shared_count;
    const char *epilogue; /* more help, or NULL */
    /* The last thing after a command: tells what it came to, returns the exit code. LOST: it was
     * done, but its output could not all be written, which E says as IO. NULL: args_end. */
    int (*end)(void *ctx, enum err e, bool lost);
    /* For who has --json on a line that is wrong: puts USAGE on standard output as a command's
     * error would be, DETAIL, tame, says what is wrong. NULL: the program has no --json. */
    void (*usage_json)(void *ctx, const char *detail);
};

/* Finds the command, fills its options, runs it and ends it, once. Returns the exit code. Where a
 * standard stream is closed, it becomes one that fails, so that no file takes its number. A command
 * that is done but whose output could not all be written ends with IO, and that is said; so do help
 * and version. */
int args_run(const struct args_program *program, void *ctx, int argc, char **argv);

/* For services: the number in an option's TEXT, *OUT as it was without one. USAGE, logged as EVENT,
 * when it is none up to MAX. */
MUST_CHECK enum err args_number(const char *event, const char *option, const char *text, int max,
                                int *out);
/* As printf, for somebody who waits for it: IO when not all of it got to standard output. */
MUST_CHECK enum err args_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How PROGRAM ends: says an error on standard error, where the log is JSON as its event
 * "program.end"; returns the exit code. */
int args_end(const char *program, enum err e);

#endif
