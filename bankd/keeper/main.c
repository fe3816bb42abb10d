/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/init.h"
#include "bankd/keeper/pinning.h"
#include "bankd/keeper/serving.h"
#include "bankd/keeper/settings.h"
#include "base/args.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "order/json.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct options {
    const char *config;
    const char *pin_fd;
    const char *pin_operator, *id; /* the key's file, and whose it is */
    bool init, unused_log_key, check_config, json;
};

static enum err read_pin_fd(const char *text, int *out)
{
    uint64_t number;

    *out = -1;
    if (!text)
        return ERR_OK;
    enum err e = text_parse_u64(text, strlen(text), INT_MAX, &number);
    if (e)
        return log_fail(e, "keeper.usage", "--pin-fd wants the number of an open descriptor");
    *out = (int)number;
    return ERR_OK;
}

static enum err result_json(const struct settings *s, const struct init_result *r, struct buf *out)
{
    struct js *line = NULL;

    enum err e = js_object_new(&line);
    if (!e)
        e = js_set_text(line, "bank", s->bank);
    if (!e)
        e = js_set_text(line, "log", r->log_key);
    if (!e)
        e = js_set_text(line, "pin", r->pin);
    if (!e)
        e = js_set_text(line, "state", s->state);
    if (!e)
        e = js_canon(line, out);
    js_free(line);
    return e;
}

static enum err print_result(const struct settings *s, const struct init_result *r, bool json)
{
    struct buf line = {0};
    int printed;

    enum err e = json ? result_json(s, r, &line) : ERR_OK;
    if (e)
        return e;
    if (json)
        printed = printf("%s\n", buf_str(&line));
    else
        printed = printf("Bank      %s\nPin       %s\nLog key   %s\nState in  %s\n", s->bank,
                         r->pin, r->log_key, s->state);
    buf_free(&line);
    return printed < 0 || fflush(stdout) != 0 ? ERR_IO : ERR_OK;
}

static enum err initialise(const struct settings *s, const struct options *o, int pin_fd)
{
    const struct init_options options = {pin_fd, o->unused_log_key};
    struct init_result result;

    enum err e = init_run(s, &options, &result);
    return e ? e : print_result(s, &result, o->json);
}

static enum err run_with(const struct options *o)
{
    struct settings settings;
    int pin_fd;

    enum err e = read_pin_fd(o->pin_fd, &pin_fd);
    if (!e)
        e = settings_load(o->config, &settings);
    if (e)
        return e;
    if (o->init)
        e = initialise(&settings, o, pin_fd);
    else if (o->pin_operator)
        e = pinning_run(&settings, o->id, o->pin_operator);
    else if (!o->check_config)
        e = serving_run(&settings, pin_fd);
    else if (printf("%s is right\n", o->config) < 0 || fflush(stdout) != 0)
        e = ERR_IO;
    settings_free(&settings);
    return e;
}

static int run(void *ctx, const struct args_list *words)
{
    const struct options *o = ctx;
    enum err e = ERR_USAGE;

    (void)words;
    if (!o->config)
        log_event(LOG_ERROR, "keeper.usage", "--config is missing");
    else if (o->init && o->check_config)
        log_event(LOG_ERROR, "keeper.usage", "--init and --check-config exclude each other");
    else if (o->pin_operator && (o->init || o->check_config || !o->id))
        log_event(LOG_ERROR, "keeper.usage", "--pin-operator wants --id, and is alone with it");
    else if (!o->pin_operator && o->id)
        log_event(LOG_ERROR, "keeper.usage", "--id belongs to --pin-operator");
    else if (!o->init && (o->unused_log_key || o->json))
        log_event(LOG_ERROR, "keeper.usage", "--unused-log-key and --json belong to --init");
    else
        e = run_with(o);
    if (e)
        fprintf(stderr, "bankd-keeper: %s: %s %s\n", err_name(e), err_info(e)->cause,
                err_info(e)->remedy);
    return err_info(e)->exit;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    const struct args_option table[] = {
        {"config", 0, ARGS_TEXT, "FILE", "the settings; see bankd-keeper(8)", &o.config},
        {"pin-fd", 0, ARGS_TEXT, "N", "read the token's PIN from descriptor N", &o.pin_fd},
        {"init", 0, ARGS_FLAG, NULL, "make keys, papers and the state file, once", &o.init},
        {"unused-log-key", 0, ARGS_FLAG, NULL,
         "with --init: the log key on the token never signed anything", &o.unused_log_key},
        {"json", 0, ARGS_FLAG, NULL, "with --init: the result as JSON", &o.json},
        {"pin-operator", 0, ARGS_TEXT, "FILE",
         "believe the operator with this public key, DER, from now on", &o.pin_operator},
        {"id", 0, ARGS_TEXT, "NAME", "with --pin-operator: who he is at the bank", &o.id},
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
        .epilogue =
            "The PIN is read from --pin-fd; without it, from the credential \"pin\" in\n"
            "$CREDENTIALS_DIRECTORY (systemd); else the reader's keypad asks, else the terminal.",
    };

    log_init("bankd-keeper", LOG_INFO);
    if (secret_harden_process() != ERR_OK)
        return err_info(log_fail(ERR_INTERNAL, "keeper.start", "core dumps stay on"))->exit;
    return args_run(&program, &o, argc, argv);
}
