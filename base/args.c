/* SPDX-License-Identifier: Apache-2.0 */
#include "base/args.h"
#include "base/log.h"
#include "base/text.h"
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMN 26
#define DIGEST_TEXT 43u /* characters */
#define RUN (-1)        /* no exit code */

struct parse {
    const struct args_program *program;
    const struct args_command *command;
    int argc;
    char **argv;
    int next;
};

static void print_option(FILE *f, const struct args_option *o)
{
    char left[80];
    const char *metavar = o->metavar != NULL ? o->metavar : "";
    if (o->letter != 0)
        (void)snprintf(left, sizeof left, "-%c, --%s %s", o->letter, o->name, metavar);
    else
        (void)snprintf(left, sizeof left, "    --%s %s", o->name, metavar);
    fprintf(f, "  %-*s %s\n", COLUMN, left, o->help);
}

static void print_options(FILE *f, const struct args_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_option(f, &options[i]);
}

static void command_help(FILE *f, const struct parse *p)
{
    const struct args_command *c = p->command;
    fprintf(f, "usage: %s%s%s [options]%s%s\n\n%s\n\noptions:\n", p->program->name,
            c->name[0] != '\0' ? " " : "", c->name, c->arguments[0] != '\0' ? " " : "",
            c->arguments, c->summary);
    print_options(f, c->options, c->option_count);
    print_options(f, p->program->shared, p->program->shared_count);
    fprintf(f, "  %-*s %s\n  %-*s %s\n", COLUMN, "    --help", "print this", COLUMN,
            "    --version", "print the version");
    fprintf(f, "\nexample:\n  %s\n", c->example);
    if (c->name[0] == '\0' && p->program->epilogue != NULL)
        fprintf(f, "\n%s\n", p->program->epilogue);
}

/* Whether WORD is the first of several in NAME, as "token" is in "token list". */
static bool is_group(const char *name, const char *word)
{
    size_t len = strlen(word);
    return len > 0 && strncmp(name, word, len) == 0 && name[len] == ' ';
}

/* GROUP: only the commands that begin with this word; NULL: all. */
static void program_help(FILE *f, const struct args_program *program, const char *group)
{
    fprintf(f, "usage: %s COMMAND [options] [arguments]\n\n%s\n\ncommands:\n", program->name,
            program->summary);
    for (size_t i = 0; i < program->command_count; i++) {
        const struct args_command *c = &program->commands[i];
        if (group == NULL || is_group(c->name, group))
            fprintf(f, "  %-21s %s\n", c->name, c->summary);
    }
    fprintf(f, "\n%s COMMAND --help tells more and gives an example.\n", program->name);
    if (program->epilogue != NULL)
        fprintf(f, "\n%s\n", program->epilogue);
}

static int mistake(const struct parse *p, const char *what, const char *word)
{
    const char *name = p->command != NULL ? p->command->name : "";
    fprintf(stderr, "%s: %s: %s\n  see %s%s%s --help\n", p->program->name, what, word,
            p->program->name, name[0] != '\0' ? " " : "", name);
    return EXIT_USAGE;
}

/* How many of the words at argv[1] are the command's name; 0 when they are not. */
static int name_words(const char *name, int argc, char **argv)
{
    int used = 0;
    while (*name != '\0') {
        size_t len = strcspn(name, " ");
        if (used + 1 >= argc || strlen(argv[used + 1]) != len ||
            memcmp(argv[used + 1], name, len) != 0)
            return 0;
        used++;
        name += len;
        name += *name == ' ';
    }
    return used;
}

/* The one with the most words: "order new" goes before "order", wherever they stand. */
static void find_command(struct parse *p)
{
    for (size_t i = 0; i < p->program->command_count; i++) {
        const struct args_command *c = &p->program->commands[i];
        int used = name_words(c->name, p->argc, p->argv);
        if ((used > 0 && used >= p->next) || c->name[0] == '\0') {
            p->command = c;
            p->next = used + 1;
        }
    }
}

static const struct args_option *find_in(const struct args_option *options, size_t count,
                                         const char *name, size_t len, char letter)
{
    for (size_t i = 0; i < count; i++) {
        bool by_name = name != NULL && strlen(options[i].name) == len &&
                       memcmp(options[i].name, name, len) == 0;
        if (by_name || (letter != 0 && options[i].letter == letter))
            return &options[i];
    }
    return NULL;
}

static const struct args_option *find_option(const struct parse *p, const char *name, size_t len,
                                             char letter)
{
    const struct args_option *o =
        find_in(p->command->options, p->command->option_count, name, len, letter);
    if (o == NULL)
        o = find_in(p->program->shared, p->program->shared_count, name, len, letter);
    return o;
}

static bool is_open(const char *number)
{
    uint64_t fd = 0;
    return text_parse_u64(number, strlen(number), INT_MAX, &fd) == ERR_OK &&
           fcntl((int)fd, F_GETFD) >= 0;
}

/* A text given twice would hide the first one, so it is refused. */
static int set_option(const struct parse *p, const struct args_option *o, const char *value)
{
    if (o->kind == ARGS_FLAG) {
        *(bool *)o->value = true;
        return 0;
    }
    if (o->kind == ARGS_FD && !is_open(value))
        return mistake(p, "USAGE: not the number of an open descriptor", value);
    if (o->kind != ARGS_LIST) {
        const char **text = o->value;
        if (*text != NULL)
            return mistake(p, "given twice", o->name);
        *text = value;
        return 0;
    }
    struct args_list *list = o->value;
    if (list->count == ARGS_LIST_MAX)
        return mistake(p, "given too often", o->name);
    list->item[list->count++] = value;
    return 0;
}

/* One word that begins with '-'. */
static int take_option(struct parse *p, const char *word)
{
    const char *value = NULL;
    const struct args_option *o;
    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");
        o = find_option(p, word + 2, len, 0);
        if (word[2 + len] == '=')
            value = word + 2 + len + 1;
    } else {
        o = find_option(p, NULL, 0, word[1]);
        if (word[2] != '\0')
            value = word + 2;
    }
    if (o == NULL)
        return mistake(p, "unknown option", word);
    if (o->kind == ARGS_FLAG && value != NULL)
        return mistake(p, "takes no value", word);
    if (o->kind != ARGS_FLAG && value == NULL) {
        if (p->next == p->argc)
            return mistake(p, "needs a value", word);
        value = p->argv[p->next++];
    }
    return set_option(p, o, value);
}

/* Thumbprints and digests, SHA-256 in base64url, may begin with '-' and are no options. */
static bool is_digest(const char *word)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return strlen(word) == DIGEST_TEXT && strspn(word, alphabet) == DIGEST_TEXT;
}

static int take_words(struct parse *p, struct args_list *words)
{
    bool options = true;
    while (p->next < p->argc) {
        const char *word = p->argv[p->next++];
        int rc = 0;
        if (options && strcmp(word, "--") == 0) {
            options = false;
        } else if (options && word[0] == '-' && word[1] != '\0' && !is_digest(word)) {
            rc = take_option(p, word);
        } else if (words->count == ARGS_LIST_MAX || words->count == p->command->max) {
            rc = mistake(p, "one argument too many", word);
        } else {
            words->item[words->count++] = word;
        }
        if (rc != 0)
            return rc;
    }
    if (words->count < p->command->min)
        return mistake(p, "missing", p->command->arguments);
    return 0;
}

/* --help and --version count only before "--". */
static bool asks(const struct parse *p, const char *word)
{
    for (int i = 1; i < p->argc && strcmp(p->argv[i], "--") != 0; i++) {
        if (strcmp(p->argv[i], word) == 0)
            return true;
    }
    return false;
}

/* The first word, when commands of several words begin with it; NULL when none does. */
static const char *find_group(const struct parse *p)
{
    for (size_t i = 0; p->argc > 1 && i < p->program->command_count; i++) {
        if (is_group(p->program->commands[i].name, p->argv[1]))
            return p->argv[1];
    }
    return NULL;
}

static int no_command(const struct parse *p)
{
    const char *group = find_group(p);
    int known = group != NULL ? 2 : 1; /* words that mean something */
    bool asked = asks(p, "--help") || (p->argc > 1 && strcmp(p->argv[1], "help") == 0);
    if (p->argc > known && !asked)
        return mistake(p, "unknown command", p->argv[known]);
    program_help(asked ? stdout : stderr, p->program, group);
    return asked ? EXIT_DONE : EXIT_USAGE;
}

/* What is opened next would take the place of a standard stream that is closed, and the messages
 * meant for that. The wrong way round: they fail instead. */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd)
            return false;
    }
    return true;
}

/* Returns an exit code, or RUN when there is a command with its words. */
static int read_line(struct parse *p, struct args_list *words)
{
    find_command(p);
    if (asks(p, "--version")) {
        printf("%s %s\n", p->program->name, COUNTERSIGN_VERSION);
        return EXIT_DONE;
    }
    if (p->command == NULL)
        return no_command(p);
    if (asks(p, "--help")) {
        command_help(stdout, p);
        return EXIT_DONE;
    }
    int rc = take_words(p, words);
    return rc != 0 ? rc : RUN;
}

/* Whether all that was printed on standard output is there. */
static bool written(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

int args_run(const struct args_program *program, void *ctx, int argc, char **argv)
{
    struct parse p = {.program = program, .argc = argc, .argv = argv};
    struct args_list words = {.count = 0};
    if (!hold_standard_streams())
        return EXIT_ENVIRONMENT;
    int rc = read_line(&p, &words);
    enum err e = rc == RUN ? p.command->run(ctx, &words) : ERR_OK;
    bool lost = e == ERR_OK && (rc == RUN || rc == EXIT_DONE) && !written();
    if (lost)
        e = ERR_IO;
    if (rc == RUN && program->end != NULL)
        return program->end(ctx, e, lost);
    return rc == RUN || lost ? args_end(program->name, e) : rc;
}

enum err args_number(const char *event, const char *option, const char *text, int max, int *out)
{
    uint64_t number = 0;

    if (!text)
        return ERR_OK;
    if (text_parse_u64(text, strlen(text), (uint64_t)max, &number))
        return log_fail(ERR_USAGE, event, "--%s is a number up to %d", option, max);
    *out = (int)number;
    return ERR_OK;
}

enum err args_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    bool said = vprintf(format, args) >= 0;
    va_end(args);
    return said && written() ? ERR_OK : ERR_IO;
}

int args_end(const char *program, enum err e)
{
    const struct err_info *info = err_info(e);

    if (e && log_is_json()) /* whoever reads that reads nothing else */
        log_fail(e, "program.end", "%s %s", info->cause, info->remedy);
    else if (e)
        fprintf(stderr, "%s: %s: %s %s\n", program, info->name, info->cause, info->remedy);
    return info->exit;
}
