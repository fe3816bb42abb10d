/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/init.h"
#include "bankd/keeper/new_root.h"
#include "bankd/keeper/pinning.h"
#include "bankd/keeper/serving.h"
#include "bankd/keeper/settings.h"
#include "base/args.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "order/json.h"
#include "order/rollover.h"
#include <limits.h>
#include <string.h>

struct options {
    const char *config;
    const char *pin_fd;
    const char *pin_operator, *id; /* the key's file, and whose it is */
    const char *unpin_operator;    /* the key's thumbprint */
    const char *overlap_days;
    bool init, rollover, unused_log_key, check_config, json;
};

/* One row of a result: a JSON member, or a line for people. */
struct row {
    const char *member, *label, *value;
};

static enum err rows_json(const struct row *rows, size_t count, struct buf *out)
{
    struct js *line = NULL;

    enum err e = js_object_new(&line);
    for (size_t i = 0; !e && i < count; i++)
        e = js_set_text(line, rows[i].member, rows[i].value);
    if (!e)
        e = js_canon(line, out);
    js_free(line);
    return e ? e : buf_add_byte(out, '\n');
}

static enum err print_result(const struct row *rows, size_t count, bool json)
{
    struct buf text = {0};

    enum err e = json ? rows_json(rows, count, &text) : ERR_OK;
    for (size_t i = 0; !e && !json && i < count; i++)
        e = buf_addf(&text, "%-9s %s\n", rows[i].label, rows[i].value);
    if (!e)
        e = args_say("%s", buf_str(&text));
    buf_free(&text);
    return e;
}

static enum err initialise(const struct settings *s, const struct options *o, int pin_fd)
{
    const struct init_options options = {pin_fd, o->unused_log_key};
    struct init_result r;

    enum err e = init_run(s, &options, &r);
    const struct row rows[] = {{"bank", "Bank", s->bank},
                               {"pin", "Pin", r.pin},
                               {"log", "Log key", r.log_key},
                               {"state", "State in", s->state}};
    return e ? e : print_result(rows, sizeof rows / sizeof rows[0], o->json);
}

static enum err read_days(const char *text, int64_t *out)
{
    uint64_t days = NEW_ROOT_DAYS;

    enum err e =
        text ? text_parse_u64(text, strlen(text), ROLLOVER_OVERLAP_MAX_DAYS, &days) : ERR_OK;
    if (!e && days == 0)
        e = ERR_USAGE;
    *out = (int64_t)days;
    return e ? log_fail(ERR_USAGE, "keeper.usage", "--overlap-days wants a number from 1 to %d",
                        ROLLOVER_OVERLAP_MAX_DAYS)
             : ERR_OK;
}

static enum err replace_root(const struct settings *s, const struct options *o, int pin_fd)
{
    struct new_root_options options = {.pin_fd = pin_fd};
    struct new_root_result r;
    char until[TEXT_TIME_LEN + 1];

    enum err e = read_days(o->overlap_days, &options.overlap_days);
    if (!e)
        e = new_root_run(s, &options, &r);
    if (e)
        return e;
    text_time(r.until_us, until);
    const struct row rows[] = {{"bank", "Bank", s->bank},
                               {"pin", "Pin", r.pin},
                               {"oldPin", "Old pin", r.old_pin},
                               {"until", "Until", until},
                               {"state", "State in", s->state}};
    return print_result(rows, sizeof rows / sizeof rows[0], o->json);
}

static enum err run_with(const struct options *o)
{
    struct settings settings;
    int pin_fd = -1;

    enum err e = args_number("keeper.usage", "pin-fd", o->pin_fd, INT_MAX, &pin_fd);
    if (!e)
        e = settings_load(o->config, &settings);
    if (e)
        return e;
    if (o->init)
        e = initialise(&settings, o, pin_fd);
    else if (o->rollover)
        e = replace_root(&settings, o, pin_fd);
    else if (o->pin_operator)
        e = pinning_run(&settings, o->id, o->pin_operator);
    else if (o->unpin_operator)
        e = pinning_undo(&settings, o->unpin_operator);
    else if (!o->check_config)
        e = serving_run(&settings, pin_fd);
    else
        e = args_say("%s is right\n", o->config);
    settings_free(&settings);
    return e;
}

static enum err run(void *ctx, const struct args_list *words)
{
    const struct options *o = ctx;
    enum err e = ERR_USAGE;

    (void)words;
    if (o->init + o->rollover + o->check_config > 1)
        log_event(LOG_ERROR, "keeper.usage",
                  "--init, --rollover and --check-config exclude each other");
    else if (o->pin_operator && (o->init || o->rollover || o->check_config || !o->id))
        log_event(LOG_ERROR, "keeper.usage", "--pin-operator wants --id, and is alone with it");
    else if (o->unpin_operator && (o->init || o->rollover || o->check_config || o->pin_operator))
        log_event(LOG_ERROR, "keeper.usage", "--unpin-operator is alone");
    else if (!o->pin_operator && o->id)
        log_event(LOG_ERROR, "keeper.usage", "--id belongs to --pin-operator");
    else if (!o->init && (o->unused_log_key || (o->json && !o->rollover)))
        log_event(LOG_ERROR, "keeper.usage",
                  "--unused-log-key belongs to --init, --json to --init and --rollover");
    else if (!o->rollover && o->overlap_days)
        log_event(LOG_ERROR, "keeper.usage", "--overlap-days belongs to --rollover");
    else
        e = run_with(o);
    return e;
}

static enum err print_failure(enum err failure, const char *detail)
{
    const struct err_info *info = err_info(failure);
    const struct row rows[] = {{"error", "", info->name},
                               {"cause", "", info->cause},
                               {"remedy", "", info->remedy},
                               {"detail", "", detail}};
    return print_result(rows, sizeof rows / sizeof rows[0] - (detail == NULL), true);
}

static void usage_json(void *ctx, const char *detail)
{
    (void)ctx;
    if (print_failure(ERR_USAGE, detail))
        log_event(LOG_ERROR, "keeper.usage", "the error could not be written");
}

/* The words about it are logged. */
static int end(void *ctx, enum err e, bool lost)
{
    const struct options *o = ctx;

    if (e && !lost && o->json && print_failure(e, NULL))
        log_event(LOG_ERROR, "keeper.usage", "the error could not be written");
    return args_end("bankd-keeper", e);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    const struct args_option table[] = {
        {"config", 0, ARGS_MUST, "FILE", "the settings; see bankd-keeper(8)", &o.config},
        {"pin-fd", 0, ARGS_FD, "N", "read the token's PIN from descriptor N", &o.pin_fd},
        {"init", 0, ARGS_FLAG, NULL, "make keys, papers and the state file, once", &o.init},
        {"unused-log-key", 0, ARGS_FLAG, NULL,
         "with --init: the log key on the token never signed anything", &o.unused_log_key},
        {"rollover", 0, ARGS_FLAG, NULL, "replace the root key by a new one that the old one signs",
         &o.rollover},
        {"overlap-days", 0, ARGS_TEXT, "N",
         "with --rollover: for how long clients find their way from the old one; default: 90",
         &o.overlap_days},
        {"json", 0, ARGS_FLAG, NULL, "with --init, --rollover: the result as JSON", &o.json},
        {"pin-operator", 0, ARGS_TEXT, "FILE",
         "believe the operator with this public key, DER, from now on", &o.pin_operator},
        {"id", 0, ARGS_TEXT, "NAME", "with --pin-operator: who he is at the bank", &o.id},
        {"unpin-operator", 0, ARGS_TEXT, "THUMBPRINT", "believe an operator's key no more",
         &o.unpin_operator},
        {"check-config", 0, ARGS_FLAG, NULL,
         "only read the settings: say that they are right, or what to mend", &o.check_config},
    };
    const struct args_command command = {
        .name = "",
        .arguments = "",
        .summary = "hold the bank's token: sign checkpoints of the log and certify TLS keys",
        .example = "bankd-keeper --config /etc/countersign/keeper.conf --init",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .run = run,
    };
    const struct args_program program = {
        .name = "bankd-keeper",
        .summary = "the bank's keys, in a process of their own",
        .commands = &command,
        .command_count = 1,
        .end = end,
        .usage_json = usage_json,
        .epilogue =
            "The PIN is read from --pin-fd; without it, from the credential \"pin\" in\n"
            "$CREDENTIALS_DIRECTORY (systemd); else the reader's keypad asks, else the terminal.",
    };

    log_init("bankd-keeper", LOG_INFO);
    if (secret_harden_process() != ERR_OK)
        return err_info(log_fail(ERR_INTERNAL, "keeper.start", "core dumps stay on"))->exit;
    return args_run(&program, &o, argc, argv);
}
