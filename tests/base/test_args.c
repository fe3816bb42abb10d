/* SPDX-License-Identifier: Apache-2.0 */
#include "base/args.h"
#include "tests/base/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    bool force, json;
    const char *output, *pin_fd, *note;
    struct args_list holder;
    struct args_list words;
    char ran[32];
    int ended; /* times */
    enum err end;
    bool lost;
} got;

static enum err note_run(const char *name, const struct args_list *words)
{
    (void)snprintf(got.ran, sizeof got.ran, "%s", name);
    got.words = *words;
    return ERR_NOT_FOUND;
}

static void note_usage(void *ctx, const char *detail)
{
    (void)ctx;
    printf("{%s}\n", detail);
}

static int note_end(void *ctx, enum err e, bool lost)
{
    (void)ctx;
    got.ended++;
    got.end = e;
    got.lost = lost;
    return EXIT_REFUSED; /* a code that args_run never makes itself */
}

static enum err run_order_new(void *ctx, const struct args_list *words)
{
    *(int *)ctx += 1;
    return note_run("order new", words);
}

static enum err run_order(void *ctx, const struct args_list *words)
{
    *(int *)ctx += 1;
    return note_run("order", words);
}

static const struct args_option order_new_options[] = {
    {"force", 'f', ARGS_FLAG, NULL, "overwrite", &got.force},
    {"output", 'o', ARGS_TEXT, "FILE", "where it goes", &got.output},
    {"holder", 0, ARGS_LIST, "ID", "a holder; may be repeated", &got.holder},
    {"pin-fd", 0, ARGS_FD, "N", "read the PIN there", &got.pin_fd},
};
static const struct args_option pay_options[] = {
    {"output", 'o', ARGS_TEXT, "FILE", "where it goes", &got.output},
    {"holder", 0, ARGS_MUST_LIST, "ID", "a holder", &got.holder},
    {"note", 0, ARGS_MUST, "TEXT", "why", &got.note},
};
static const struct args_option shared[] = {
    {"json", 0, ARGS_FLAG, NULL, "JSON on stdout", &got.json},
};
static const struct args_command commands[] = {
    {"order", "", "list orders", "tool order", NULL, 0, 0, 0, run_order},
    {"order new", "FILE...", "make an order", "tool order new draft.json", order_new_options, 4, 1,
     2, run_order_new},
    {"key show", "", "show a key", "tool key show", NULL, 0, 0, 0, run_order},
    {"keys", "", "list keys", "tool keys", NULL, 0, 0, 0, run_order},
    {"pay", "[FILE]", "pay it", "tool pay --holder a --note x", pay_options, 3, 0, 1, run_order},
    {"policy", "", "show a policy", "tool policy", NULL, 0, 0, 0, run_order},
    {"policy lint", "FILE", "check a policy", "tool policy lint a", NULL, 0, 1, 1, run_order},
};
static const struct args_program program = {
    .name = "tool",
    .summary = "A tool.",
    .commands = commands,
    .command_count = sizeof commands / sizeof *commands,
    .shared = shared,
    .shared_count = 1,
    .end = note_end,
    .usage_json = note_usage,
};

static char out[4096], err[4096];

static int captured(FILE *stream, FILE *into)
{
    int kept = dup(fileno(stream));
    assert_true(kept >= 0);
    assert_true(fflush(stream) == 0 && dup2(fileno(into), fileno(stream)) >= 0);
    return kept;
}

static void restored(FILE *stream, int kept, FILE *from, char *text, size_t cap)
{
    assert_true(fflush(stream) == 0 && dup2(kept, fileno(stream)) >= 0);
    close(kept);
    rewind(from);
    text[fread(text, 1, cap - 1, from)] = '\0';
    fclose(from);
}

/* Runs a command line split at spaces; its output is then in OUT and ERR. */
static int run_program(const struct args_program *p, const char *line, int *ran)
{
    char copy[256], *argv[40] = {NULL}, *rest = NULL;
    int argc = 0;
    assert_true((size_t)snprintf(copy, sizeof copy, "%s", line) < sizeof copy);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    memset(&got, 0, sizeof got);
    FILE *to_out = tmpfile(), *to_err = tmpfile();
    assert_true(to_out != NULL && to_err != NULL);
    int old_out = captured(stdout, to_out), old_err = captured(stderr, to_err);
    *ran = 0;
    int rc = args_run(p, ran, argc, argv);
    restored(stdout, old_out, to_out, out, sizeof out);
    restored(stderr, old_err, to_err, err, sizeof err);
    return rc;
}

/* The words and the option texts that a command keeps point into argv, gone when this returns. */
static int run(const char *line)
{
    int ran;
    int rc = run_program(&program, line, &ran);
    assert_int_equal(ran, rc == EXIT_REFUSED ? 1 : 0);
    assert_int_equal(got.ended, ran);
    return rc;
}

static void test_commands(void **state)
{
    (void)state;
    assert_int_equal(run("tool order new a b"), EXIT_REFUSED);
    assert_string_equal(got.ran, "order new");
    assert_int_equal(got.end, ERR_NOT_FOUND);
    assert_false(got.lost);
    assert_int_equal(got.words.count, 2);
    assert_false(got.force || got.json);
    assert_null(got.output);
    assert_int_equal(run("tool order --json"), EXIT_REFUSED);
    assert_string_equal(got.ran, "order");
    assert_true(got.json);
    assert_int_equal(run("tool order new -f --output x --holder a --holder=b --json a"),
                     EXIT_REFUSED);
    assert_true(got.force && got.json);
    assert_non_null(got.output);
    assert_int_equal(got.holder.count, 2);
    assert_string_equal(err, "");
}

static char kept[2][64];

static enum err run_keep(void *ctx, const struct args_list *words)
{
    *(int *)ctx += 1;
    for (size_t i = 0; i < words->count && i < 2; i++)
        (void)snprintf(kept[i], sizeof kept[i], "%s", words->item[i]);
    if (got.output != NULL)
        (void)snprintf(kept[0], sizeof kept[0], "%s", got.output);
    return ERR_OK;
}

static const struct args_command keep[] = {
    {"", "WORD...", "keep words", "tool a b", order_new_options, 3, 0, 2, run_keep},
};
static const struct args_program keeper = {
    .name = "tool", .summary = "Keeps.", .commands = keep, .command_count = 1, .end = note_end};

static void test_values(void **state)
{
    (void)state;
    int ran;
    static const char *const spellings[] = {"tool --output here", "tool --output=here",
                                            "tool -o here", "tool -ohere"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        kept[0][0] = '\0';
        assert_int_equal(run_program(&keeper, spellings[i], &ran), EXIT_REFUSED);
        assert_string_equal(kept[0], "here");
    }
    assert_int_equal(run_program(&keeper, "tool - -- --output", &ran) + ran, EXIT_REFUSED + 1);
    assert_string_equal(kept[0], "-");
    assert_string_equal(kept[1], "--output");
    assert_int_equal(run_program(&keeper,
                                 "tool -X95rRVpVWQlD4fEZOvaPNcNtZr-vlJ6MGLXECb0xoM"
                                 " --5rRVpVWQlD4fEZOvaPNcNtZr-vlJ6MGLXECb0xoM4",
                                 &ran),
                     EXIT_REFUSED);
    assert_string_equal(kept[0], "-X95rRVpVWQlD4fEZOvaPNcNtZr-vlJ6MGLXECb0xoM");
    assert_int_equal(run_program(&keeper, "tool -X95rRVpVWQlD4fEZOvaPNcNtZr", &ran), EXIT_USAGE);
    assert_int_equal(run_program(&keeper, "tool --output=", &ran), EXIT_REFUSED);
    assert_string_equal(kept[0], "");
}

/* What is wrong, told with the word that was wrong; nothing runs. */
static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *told;
    } bad[] = {
        {"tool", "usage: tool COMMAND"},
        {"tool payment", "tool: USAGE: unknown command: payment\n"},
        {"tool orders", "tool: USAGE: unknown command: orders; did you mean order?\n"},
        {"tool order --json=x", "tool: USAGE: takes no value: --json=x\n"},
        {"tool key --force", "tool: USAGE: a command comes first: --force\n"},
        {"tool key", "commands:\n  key show              show a key\n\n"},
        {"tool key shwo", "tool: USAGE: unknown command: shwo; did you mean key show?\n"},
        {"tool ke", "tool: USAGE: unknown command: ke; did you mean key?\n"},
        {"tool  ", "usage: tool COMMAND"},
        {"tool order new", "tool: USAGE: missing: FILE...\n  see tool order new --help\n"},
        {"tool order new a b c", "tool: USAGE: one argument too many: c\n"},
        {"tool order x", "tool: USAGE: one argument too many: x\n"},
        {"tool order new a --outpu x",
         "tool: USAGE: unknown option: --outpu; did you mean --output?\n"},
        {"tool order new a --outputs x",
         "tool: USAGE: unknown option: --outputs; did you mean --output?\n"},
        {"tool order new a -x", "tool: USAGE: unknown option: -x\n"},
        {"tool order new a -\x1b[31m\xff", "tool: USAGE: unknown option: -?[31m?\n"},
        {"tool order --force", "tool: USAGE: unknown option: --force\n"},
        {"tool order new a --output", "tool: USAGE: needs a value: --output\n"},
        {"tool order new a --force=yes", "tool: USAGE: takes no value: --force=yes\n"},
        {"tool order new a -fo", "tool: USAGE: takes no value: -fo\n"},
        {"tool order new a -o x -o y", "tool: USAGE: given twice: output\n"},
        {"tool order new a --pin-fd 2 --pin-fd 2", "tool: USAGE: given twice: pin-fd\n"},
        {"tool order new a --pin-fd 2000000000",
         "tool: USAGE: not the number of an open descriptor: 2000000000\n"},
        {"tool order new a --pin-fd -1", "tool: USAGE: not the number of an open descriptor: -1\n"},
        {"tool order new a --pin-fd=x", "tool: USAGE: not the number of an open descriptor: x\n"},
        {"tool order new a --pin-fd=", "tool: USAGE: not the number of an open descriptor: \n"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(run(bad[i].line), EXIT_USAGE);
        assert_string_equal(out, "");
        assert_non_null(strstr(err, bad[i].told));
    }
}

/* One letter more, less or other, or two that changed places; two of that in a longer word. */
static void test_near_misses(void **state)
{
    (void)state;
    static const struct {
        const char *line, *told;
    } near[] = {
        {"tool oder new a", "unknown command: oder; did you mean order new?\n"},
        {"tool odrer", "unknown command: odrer; did you mean order?\n"},
        {"tool pollici", "unknown command: pollici; did you mean policy?\n"},
        {"tool pol", "unknown command: pol; did you mean policy?\n"},
        {"tool show", "unknown command: show; did you mean key show?\n"},
        {"tool key shwo", "key show?\n  see tool key --help\n"},
        {"tool kye", "unknown command: kye; did you mean key?\n"},
        {"tool kxe", "unknown command: kxe\n"},
        {"tool key shqx", "unknown command: shqx; did you mean key show?\n"},
        {"tool key hide", "unknown command: hide\n"},
        {"tool policy lnit a", "one argument too many: lnit; did you mean policy lint?\n"},
        {"tool policy rules.json", "one argument too many: rules.json\n"},
        {"tool order new a --ouptut=x", "unknown option: --ouptut=x; did you mean --output?\n"},
        {"tool order new a --hold x", "unknown option: --hold; did you mean --holder?\n"},
        {"tool order new a -jsno", "unknown option: -jsno; did you mean --json?\n"},
        {"tool order new a --versoin", "unknown option: --versoin; did you mean --version?\n"},
        {"tool order --forec", "unknown option: --forec\n"}, /* it is another command's */
        {"tool order --a-word-of-more-than-thirty-two-letters", "two-letters\n"},
    };
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        assert_int_equal(run(near[i].line), EXIT_USAGE);
        if (strstr(err, near[i].told) == NULL)
            fail_msg("%s: %s", near[i].line, err);
    }
}

/* Who asked for JSON gets it, wherever that stands and whatever is wrong; others do not. */
static void test_json(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"tool --json", "{a command comes first: --json}\n"},
        {"tool pyment --json", "{unknown command: pyment}\n"},
        {"tool order --json --forse", "{unknown option: --forse}\n"},
        {"tool order --forse --json", "{unknown option: --forse}\n"},
        {"tool order new --json", "{missing: FILE...}\n"},
        {"tool order x --json", "{one argument too many: x}\n"},
        {"tool order new a --json --pin-fd x", "{not the number of an open descriptor: x}\n"},
        {"tool order new a b --force=yes -- --json", ""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(run(bad[i][0]), EXIT_USAGE);
        assert_string_equal(out, bad[i][1]);
    }
}

/* Asked for before the command runs, and told in its usage. */
static void test_must(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"tool pay", "tool: USAGE: --holder is missing: a holder\n  see tool pay --help\n"},
        {"tool pay x --note=x", "tool: USAGE: --holder is missing: a holder\n"},
        {"tool pay --holder a -o x", "tool: USAGE: --note is missing: why\n"},
        {"tool pay --holder a --note x --note y", "tool: USAGE: given twice: note\n"},
        {"tool pay --holder a --note", "tool: USAGE: needs a value: --note\n"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(run(bad[i][0]), EXIT_USAGE);
        assert_non_null(strstr(err, bad[i][1]));
    }
    assert_int_equal(run("tool pay --holder a --holder b --note="), EXIT_REFUSED);
    assert_int_equal(got.holder.count, 2);
    assert_int_equal(run("tool pay --help"), EXIT_DONE);
    assert_non_null(strstr(out, "usage: tool pay [options] --holder ID --note TEXT [FILE]\n"));
}

static void test_list_full(void **state)
{
    (void)state;
    static char program_name[] = "tool", option[] = "--holder", value[] = "x";
    char *argv[2 * ARGS_LIST_MAX + 4] = {program_name};
    int ran = 0;
    for (size_t i = 0; i <= ARGS_LIST_MAX; i++) {
        argv[1 + 2 * i] = option;
        argv[2 + 2 * i] = value;
    }
    memset(&got, 0, sizeof got);
    assert_int_equal(args_run(&keeper, &ran, 1 + 2 * (int)ARGS_LIST_MAX, argv), EXIT_REFUSED);
    assert_int_equal(got.holder.count, ARGS_LIST_MAX);
    memset(&got, 0, sizeof got);
    assert_int_equal(args_run(&keeper, &ran, 3 + 2 * (int)ARGS_LIST_MAX, argv), EXIT_USAGE);
    assert_int_equal(ran, 1);
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(run("tool --help"), EXIT_DONE);
    assert_non_null(strstr(out, "\n  order new             make an order\n"));
    assert_int_equal(run("tool help"), EXIT_DONE);
    assert_int_equal(run("tool key --help"), EXIT_DONE);
    assert_non_null(strstr(out, "  key show "));
    assert_null(strstr(out, "order"));
    assert_int_equal(run("tool order new --help"), EXIT_DONE);
    assert_non_null(strstr(out, "usage: tool order new [options] FILE...\n"));
    assert_non_null(strstr(out, "  -o, --output FILE "));
    assert_non_null(strstr(out, "      --holder ID "));
    assert_non_null(strstr(out, "      --json "));
    assert_non_null(strstr(out, "example:\n  tool order new draft.json\n"));
    assert_int_equal(run("tool order new a --version"), EXIT_DONE);
    assert_string_equal(out, "tool " COUNTERSIGN_VERSION "\n");
    assert_string_equal(err, "");
    assert_int_equal(run("tool order new -- --help"), EXIT_REFUSED);
}

static enum err run_done(void *ctx, const struct args_list *words)
{
    *(int *)ctx += 1;
    for (size_t i = 0; i < words->count; i++)
        puts(words->item[i]);
    return ERR_OK;
}

static const struct args_command echo[] = {
    {"say", "WORD...", "say words", "tool say a", NULL, 0, 0, ARGS_LIST_MAX, run_done},
};
static struct args_program echoer = {
    .name = "tool", .summary = "Says.", .commands = echo, .command_count = 1};

/* Standard output is full, or closed: MODE of what stands in its place. */
static int run_unwritten(const char *path, const char *mode, char *argv[], int argc, int *ran)
{
    *ran = 0;
    FILE *to_out = fopen(path, mode), *to_err = tmpfile();
    assert_true(to_out != NULL && to_err != NULL);
    int old_out = captured(stdout, to_out), old_err = captured(stderr, to_err);
    int rc = args_run(&echoer, ran, argc, argv);
    restored(stderr, old_err, to_err, err, sizeof err);
    clearerr(stdout);
    assert_true(dup2(old_out, STDOUT_FILENO) >= 0);
    close(old_out);
    fclose(to_out);
    return rc;
}

static void test_unwritten(void **state)
{
    (void)state;
    static char tool[] = "tool", say[] = "say", word[] = "a", help[] = "--help",
                help_word[] = "help", version[] = "--version";
    static char *lines[][3] = {{tool, say, word}, {tool, say, help}, {tool, version},
                               {tool, help},      {tool, help_word}, {tool, say, version}};
    static const char *const places[][2] = {{"/dev/full", "w"}, {"/dev/null", "r"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            int argc = lines[i][2] != NULL ? 3 : 2, ran;
            assert_int_equal(run_unwritten(places[k][0], places[k][1], lines[i], argc, &ran),
                             EXIT_ENVIRONMENT);
            assert_int_equal(ran, i == 0 ? 1 : 0);
            assert_ptr_equal(strstr(err, "tool: IO: "), err);
        }
    }
    static char *silent[] = {tool, say};
    int ran;
    assert_int_equal(run_unwritten("/dev/full", "w", silent, 2, &ran), EXIT_DONE);
    assert_int_equal(ran, 1);
    assert_string_equal(err, "");
    echoer.end = note_end;
    memset(&got, 0, sizeof got);
    assert_int_equal(run_unwritten("/dev/full", "w", lines[0], 3, &ran), EXIT_REFUSED);
    assert_true(got.ended == 1 && got.end == ERR_IO && got.lost);
    assert_string_equal(err, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),  cmocka_unit_test(test_values),
        cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_json),      cmocka_unit_test(test_must),
        cmocka_unit_test(test_list_full), cmocka_unit_test(test_help),
        cmocka_unit_test(test_unwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
