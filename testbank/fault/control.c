/* SPDX-License-Identifier: Apache-2.0 */
#include "testbank/fault/control.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 4095
#define RULES_MAX 32
#define WORD_SIZE (CONTROL_PIN_MAX + 1)
#define WORD_FORMAT "%63s"
#define HANG_POLL_MS 20

_Static_assert(CONTROL_PIN_MAX == 63, "WORD_FORMAT");

enum action { ACTION_RETURN, ACTION_HANG, ACTION_FLIP, ACTION_CRASH };

struct rule {
    char function[WORD_SIZE];
    unsigned long on_call; /* 1 is the next one, 0 every one */
    unsigned long calls;   /* so far */
    enum action action;
    unsigned long rv; /* of ACTION_RETURN */
};

/* What the file said when it last changed. */
static struct {
    char text[TEXT_MAX + 1];
    unsigned long changes;
    struct rule rules[RULES_MAX];
    size_t rule_count;
    bool keypad, trace;
    char pin[WORD_SIZE], fresh[WORD_SIZE];
    unsigned officer; /* tries of the security officer's; 0: it does not say */
    unsigned tries;   /* 0: never locks */
} control;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *const functions[] = {
#define FORWARD(name, parameters, arguments) #name,
#define SPECIAL(name, parameters, arguments) #name,
#include "testbank/fault/functions.def"
#undef FORWARD
#undef SPECIAL
};

static _Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "fault module: %s: %s\n", what, detail);
    abort();
}

/* A whole number, decimal or hexadecimal. */
static unsigned long number(const char *line, const char *word)
{
    char *end = NULL;
    unsigned long value = strtoul(word, &end, 0);

    if (end == word || *end != '\0' || word[0] == '-')
        die("not a number in the rule", line);
    return value;
}

static void check_function(const char *line, const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(functions[i], name) == 0)
            return;
    }
    die("no such function in the rule", line);
}

static void parse_action(const char *line, const char *word, struct rule *rule)
{
    if (strcmp(word, "hang") == 0) {
        rule->action = ACTION_HANG;
    } else if (strcmp(word, "crash") == 0) {
        rule->action = ACTION_CRASH;
    } else if (strcmp(word, "flip") == 0) {
        rule->action = ACTION_FLIP;
        if (strcmp(rule->function, "C_Sign") != 0)
            die("only C_Sign can flip", line);
    } else {
        rule->action = ACTION_RETURN;
        rule->rv = number(line, word);
        if (rule->rv == 0)
            die("a fault that is none", line);
    }
}

static void parse_rule(const char *line, const char *when, const char *action, const char *function)
{
    if (control.rule_count == RULES_MAX)
        die("too many rules at", line);
    struct rule *rule = &control.rules[control.rule_count++];
    check_function(line, function);
    memcpy(rule->function, function, WORD_SIZE);
    if (strcmp(when, "*") != 0) {
        rule->on_call = number(line, when);
        if (rule->on_call == 0)
            die("calls are counted from 1", line);
    }
    parse_action(line, action, rule);
}

static void parse_line(const char *line)
{
    char words[3][WORD_SIZE] = {{0}};
    char more[2];
    int count =
        sscanf(line, WORD_FORMAT WORD_FORMAT WORD_FORMAT "%1s", words[0], words[1], words[2], more);

    if (count <= 0)
        return;
    if (count == 3 && strcmp(words[0], "keypad") == 0) {
        control.keypad = true;
        memcpy(control.pin, words[1], WORD_SIZE);
        memcpy(control.fresh, words[2], WORD_SIZE);
    } else if (count == 3) {
        parse_rule(line, words[1], words[2], words[0]);
    } else if (count == 2 && strcmp(words[0], "keypad") == 0) {
        control.keypad = true;
        if (strcmp(words[1], "cancel") != 0)
            memcpy(control.pin, words[1], WORD_SIZE);
    } else if (count == 2 && strcmp(words[0], "tries") == 0) {
        control.tries = (unsigned)number(line, words[1]);
        if (control.tries == 0)
            die("no token has no tries", line);
    } else if (count == 2 && strcmp(words[0], "officer") == 0) {
        control.officer = 1 + (unsigned)number(line, words[1]);
    } else if (count == 1 && strcmp(words[0], "trace") == 0) {
        control.trace = true;
    } else {
        die("not a rule", line);
    }
}

static void parse(const char *text)
{
    const unsigned long changes = control.changes + 1;
    const size_t size = strlen(text) + 1;
    char copy[TEXT_MAX + 1];
    char *rest = copy;

    memset(&control, 0, sizeof control);
    control.changes = changes;
    memcpy(control.text, text, size);
    memcpy(copy, text, size);
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        line[strcspn(line, "#")] = '\0';
        parse_line(line);
    }
}

/* The file as text; a missing one is empty. */
static void read_file(const char *path, char text[static TEXT_MAX + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = 0;

    if (fd >= 0) {
        len = read(fd, text, TEXT_MAX + 1);
        close(fd);
    }
    if (len < 0 || len > TEXT_MAX)
        die("cannot be read or is too long", path);
    text[len] = '\0';
}

/* Call with the mutex held. */
static void refresh(void)
{
    const char *path = getenv("FAULT_CONTROL");
    char text[TEXT_MAX + 1];

    text[0] = '\0';
    if (path != NULL)
        read_file(path, text);
    if (strcmp(text, control.text) != 0)
        parse(text);
}

/* Blocks until the file says something else. The mutex is free in between: other calls go on. */
static void hang(const char *function)
{
    unsigned long changes = control.changes;

    fprintf(stderr, "fault module: %s hangs\n", function);
    while (control.changes == changes) {
        pthread_mutex_unlock(&mutex);
        (void)poll(NULL, 0, HANG_POLL_MS);
        pthread_mutex_lock(&mutex);
        refresh();
    }
}

/* Counts the call in every rule for this function; the first that is due, or NULL. */
static const struct rule *due_rule(const char *function)
{
    const struct rule *due = NULL;

    for (size_t i = 0; i < control.rule_count; i++) {
        struct rule *rule = &control.rules[i];
        if (strcmp(rule->function, function) != 0)
            continue;
        rule->calls++;
        if (due == NULL && (rule->on_call == 0 || rule->on_call == rule->calls))
            due = rule;
    }
    return due;
}

/* A file beside the control file. */
static void path_beside(const char *suffix, char path[static TEXT_MAX + 1])
{
    const char *base = getenv("FAULT_CONTROL");

    if (base == NULL || snprintf(path, TEXT_MAX + 1, "%s.%s", base, suffix) > TEXT_MAX)
        die("no usable path", "FAULT_CONTROL");
}

/* One write a line, so that those of several processes stay apart. Call with the mutex held. */
static void note(const char *function, const char *outcome)
{
    char path[TEXT_MAX + 1], line[2 * WORD_SIZE];
    const int len = snprintf(line, sizeof line, "%s %s\n", function, outcome);

    if (!control.trace)
        return;
    path_beside("trace", path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)len) != len)
        die("cannot be written", path);
    close(fd);
}

static enum control_effect carry_out(const struct rule *rule, unsigned long *rv)
{
    switch (rule->action) {
    case ACTION_RETURN:
        *rv = rule->rv;
        return CONTROL_FAIL;
    case ACTION_FLIP:
        return CONTROL_FLIP;
    case ACTION_HANG:
        note(rule->function, "hang");
        hang(rule->function);
        return CONTROL_FORWARD;
    case ACTION_CRASH:
    default:
        note(rule->function, "crash");
        die("crash, as told", rule->function);
    }
}

enum control_effect control_call(const char *function, unsigned long *rv)
{
    enum control_effect effect = CONTROL_FORWARD;

    *rv = 0;
    pthread_mutex_lock(&mutex);
    refresh();
    const struct rule *rule = due_rule(function);
    if (rule != NULL)
        effect = carry_out(rule, rv);
    pthread_mutex_unlock(&mutex);
    return effect;
}

unsigned long control_answer(const char *function, unsigned long rv)
{
    char outcome[WORD_SIZE];

    (void)snprintf(outcome, sizeof outcome, "0x%lx", rv);
    pthread_mutex_lock(&mutex);
    note(function, outcome);
    pthread_mutex_unlock(&mutex);
    return rv;
}

bool control_keypad(char pin[static CONTROL_PIN_MAX + 1])
{
    pthread_mutex_lock(&mutex);
    refresh();
    bool keypad = control.keypad;
    memcpy(pin, control.pin, CONTROL_PIN_MAX + 1);
    pthread_mutex_unlock(&mutex);
    return keypad;
}

void control_keypad_new(char pin[static CONTROL_PIN_MAX + 1])
{
    pthread_mutex_lock(&mutex);
    refresh();
    memcpy(pin, control.fresh, CONTROL_PIN_MAX + 1);
    pthread_mutex_unlock(&mutex);
}

bool control_officer(unsigned *left)
{
    pthread_mutex_lock(&mutex);
    refresh();
    bool told = control.officer > 0;
    *left = told ? control.officer - 1 : 0;
    pthread_mutex_unlock(&mutex);
    return told;
}

/* Call with the mutex held. */
static unsigned read_failures(void)
{
    char path[TEXT_MAX + 1], text[TEXT_MAX + 1];

    path_beside("failures", path);
    read_file(path, text);
    return text[0] == '\0' ? 0 : (unsigned)number(path, text);
}

/* Call with the mutex held. */
static void write_failures(unsigned failures)
{
    char path[TEXT_MAX + 1];

    path_beside("failures", path);
    FILE *file = fopen(path, "we");
    if (file == NULL || fprintf(file, "%u", failures) < 0 || fclose(file) != 0)
        die("cannot be written", path);
}

bool control_tries(unsigned *max, unsigned *left)
{
    *left = 0;
    pthread_mutex_lock(&mutex);
    refresh();
    *max = control.tries;
    if (*max > 0) {
        unsigned failures = read_failures();
        *left = failures < *max ? *max - failures : 0;
    }
    pthread_mutex_unlock(&mutex);
    return *max > 0;
}

void control_note_pin(bool right)
{
    pthread_mutex_lock(&mutex);
    if (control.tries > 0)
        write_failures(right ? 0 : read_failures() + 1);
    pthread_mutex_unlock(&mutex);
}
