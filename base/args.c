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
#define NEAR_MAX 32u    /* characters of a word that may be a near miss */
#define RUN (-1)        /* no exit code */

struct parse {
    const struct args_program *program;
    void *ctx;
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

static bool is_must(const struct args_option *o)
{
    return o->kind == ARGS_MUST || o->kind == ARGS_MUST_LIST;
}

static void command_help(FILE *f, const struct parse *p)
{
    const struct args_command *c = p->command;
    fprintf(f, "usage: %s%s%s [options]", p->program->name, c->name[0] != '\0' ? " " : "", c->name);
    for (size_t i = 0; i < c->option_count; i++) {
        if (is_must(&c->options[i]))
            fprintf(f, " --%s %s", c->options[i].name, c->options[i].metavar);
    }
    fprintf(f, "%s%s\n\n%s\n\noptions:\n", c->arguments[0] != '\0' ? " " : "", c->arguments,
            c->summary);
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

/* --- what is wrong --- */

/* What a word that means nothing may stand for. */
struct near {
    const char *word, *best; /* not the whole of a text; BEST: NULL for none */
    size_t len, best_len, edits;
};

/* How many letters to change, drop, add, or swap with the next one, make the one from the other. */
static size_t edits_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAR_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t least = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (least > last[j] + 1)
                least = last[j] + 1;
            if (least > row[j - 1] + 1)
                least = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                least > before[j - 2] + 1)
                least = before[j - 2] + 1;
            row[j] = least;
        }
    }
    return rows[a_len % 3][b_len];
}

static struct near near_word(const char *word, size_t len)
{
    /* One edit, or two in a longer word: more of them make any word from any other. */
    return (struct near){.word = word, .len = len, .edits = len > 4 ? 3 : 2};
}

/* Takes CANDIDATE when it is nearer than what came before; the beginning of a word is near, too. */
static void near_take(struct near *n, const char *candidate, size_t len)
{
    if (n->len > NEAR_MAX || len > NEAR_MAX)
        return;
    bool begins = n->len > 2 && n->len < len && memcmp(n->word, candidate, n->len) == 0;
    size_t edits = begins ? 1 : edits_between(n->word, n->len, candidate, len);
    if (edits == 0 || edits >= n->edits)
        return;
    n->best = candidate;
    n->best_len = len;
    n->edits = edits;
}

/* WORD counts only before "--", as --help, --version and --json do. */
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

/* LIKE is prefixed with DASHES; NULL for none. */
static int mistake_near(const struct parse *p, const char *what, const char *word,
                        const struct near *like, const char *dashes)
{
    const char *name = p->command != NULL ? p->command->name : find_group(p);
    char detail[512], hint[NEAR_MAX + 32] = "";
    if (like != NULL && like->best != NULL)
        (void)snprintf(hint, sizeof hint, "; did you mean %s%.*s?", dashes, (int)like->best_len,
                       like->best);
    (void)snprintf(detail, sizeof detail, "%s: %.400s%s", what, word, hint);
    text_tame(detail); /* a word may come from anywhere, and JSON is UTF-8 */
    if (p->program->usage_json != NULL && asks(p, "--json"))
        p->program->usage_json(p->ctx, detail);
    fflush(stdout); /* before the error, where both go to one place */
    fprintf(stderr, "%s: USAGE: %s\n  see %s%s%s --help\n", p->program->name, detail,
            p->program->name, name != NULL && name[0] != '\0' ? " " : "", name != NULL ? name : "");
    return EXIT_USAGE;
}

static int mistake(const struct parse *p, const char *what, const char *word)
{
    return mistake_near(p, what, word, NULL, "");
}

/* --- the line --- */

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
        return mistake(p, "not the number of an open descriptor", value);
    if (o->kind != ARGS_LIST && o->kind != ARGS_MUST_LIST) {
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

static int unknown_option(const struct parse *p, const char *word)
{
    const char *name = word + strspn(word, "-");
    struct near like = near_word(name, strcspn(name, "="));
    for (size_t i = 0; i < p->command->option_count; i++)
        near_take(&like, p->command->options[i].name, strlen(p->command->options[i].name));
    for (size_t i = 0; i < p->program->shared_count; i++)
        near_take(&like, p->program->shared[i].name, strlen(p->program->shared[i].name));
    near_take(&like, "help", strlen("help"));
    near_take(&like, "version", strlen("version"));
    return mistake_near(p, "unknown option", word, &like, "--");
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
        return unknown_option(p, word);
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

/* The command that may be meant, also by its last word alone; else the first word of several. */
static struct near near_command(const struct parse *p, char typed[static 2 * NEAR_MAX])
{
    const char *second = p->argc > 2 ? p->argv[2] : "";
    (void)snprintf(typed, (size_t)2 * NEAR_MAX, "%s %s", p->argv[1], second);
    struct near whole = near_word(typed, strlen(typed));
    struct near first = near_word(p->argv[1], strlen(p->argv[1]));
    for (size_t i = 0; i < p->program->command_count; i++) {
        const char *name = p->program->commands[i].name;
        size_t word = strcspn(name, " ");
        near_take(name[word] == ' ' ? &whole : &first, name, strlen(name));
    }
    if (whole.best != NULL || p->command != NULL || find_group(p) != NULL)
        return whole; /* the first word is none that is wrong */
    if (first.best != NULL)
        return first;
    for (size_t i = 0; i < p->program->command_count; i++) {
        const char *name = p->program->commands[i].name;
        size_t word = strcspn(name, " ");
        if (name[word] == ' ' && strcmp(name + word + 1, p->argv[1]) == 0)
            return (struct near){.best = name, .best_len = strlen(name)};
        near_take(&first, name, word);
    }
    return first;
}

/* "policy lnit" is "policy" with an argument, as it stands. */
static int too_many(const struct parse *p, const char *word)
{
    char typed[2 * NEAR_MAX];
    struct near like = near_command(p, typed);
    return mistake_near(p, "one argument too many", word, p->argv[2] == word ? &like : NULL, "");
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
            rc = too_many(p, word);
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

static bool is_given(const struct args_option *o)
{
    if (o->kind == ARGS_MUST_LIST)
        return ((const struct args_list *)o->value)->count > 0;
    return *(const char **)o->value != NULL;
}

/* Before a command opens anything, so that nobody enters a PIN for nothing. */
static int demand_options(const struct parse *p)
{
    char what[64];
    for (size_t i = 0; i < p->command->option_count; i++) {
        const struct args_option *o = &p->command->options[i];
        (void)snprintf(what, sizeof what, "--%s is missing", o->name);
        if (is_must(o) && !is_given(o))
            return mistake(p, what, o->help);
    }
    return 0;
}

static int unknown_command(const struct parse *p, const char *word)
{
    char typed[2 * NEAR_MAX];
    if (word[0] == '-')
        return mistake(p, "a command comes first", word);
    struct near like = near_command(p, typed);
    return mistake_near(p, "unknown command", word, &like, "");
}

static int no_command(const struct parse *p)
{
    const char *group = find_group(p);
    int known = group != NULL ? 2 : 1; /* words that mean something */
    bool asked = asks(p, "--help") || (p->argc > 1 && strcmp(p->argv[1], "help") == 0);
    if (p->argc > known && !asked)
        return unknown_command(p, p->argv[known]);
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
    if (rc == 0)
        rc = demand_options(p);
    return rc != 0 ? rc : RUN;
}

/* Whether all that was printed on standard output is there. */
static bool written(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

int args_run(const struct args_program *program, void *ctx, int argc, char **argv)
{
    struct parse p = {.program = program, .ctx = ctx, .argc = argc, .argv = argv};
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
