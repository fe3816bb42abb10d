/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/carry.h"
#include "bankd/courier/mail.h"
#include "base/args.h"
#include "base/log.h"
#include "base/secret.h"
#include <limits.h>
#include <string.h>

#define USAGE "courier.usage"

static volatile sig_atomic_t stop;

struct options {
    const char *config, *pin_fd, *smtp_password_fd, *jitter;
    bool check_config, once;
};

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static enum err set_signals(void)
{
    const struct sigaction end = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    bool done = sigaction(SIGTERM, &end, NULL) == 0 && sigaction(SIGINT, &end, NULL) == 0 &&
                sigaction(SIGPIPE, &ignore, NULL) == 0;
    return done ? ERR_OK : ERR_INTERNAL;
}

/* NULL where nobody logs in. */
static enum err read_password(const struct settings *s, int fd, struct secret **out)
{
    *out = NULL;
    enum err e = s->smtp_user[0] ? secret_new(out) : ERR_OK;
    if (!e && *out)
        e = seal_read_secret(fd, "smtp-password", "Password at the mail server: ", *out);
    return e;
}

static enum err serve(const struct settings *s, const struct options *o)
{
    struct carry c = {.settings = s, .jitter = -1, .once = o->once, .stop = &stop};
    struct secret *password = NULL;
    int pin_fd = -1, password_fd = -1;

    enum err e = args_number(USAGE, "pin-fd", o->pin_fd, INT_MAX, &pin_fd);
    if (!e)
        e = args_number(USAGE, "smtp-password-fd", o->smtp_password_fd, INT_MAX, &password_fd);
    if (!e)
        e = args_number(USAGE, "jitter", o->jitter, 255, &c.jitter);
    if (!e)
        e = set_signals();
    if (!e)
        e = read_password(s, password_fd, &password);
    c.password = password;
    if (!e && s->token[0])
        e = seal_open(s->module, s->token, pin_fd, &c.seal);
    if (!e)
        e = args_say("READY %s\n", c.seal ? key_thumbprint(seal_key(c.seal)) : "");
    if (!e)
        e = carry_run(&c);
    seal_close(c.seal);
    secret_free(password);
    return e;
}

static enum err run_with(const struct options *o)
{
    struct settings settings;

    enum err e = settings_load(o->config, &settings);
    if (e)
        return e;
    if (settings.smtp[0])
        e = mail_check(settings.templates);
    if (!e && !o->check_config)
        e = serve(&settings, o);
    else if (!e)
        e = args_say("%s is right\n", o->config);
    settings_free(&settings);
    return e;
}

static enum err run(void *ctx, const struct args_list *words)
{
    const struct options *o = ctx;

    (void)words;
    return run_with(o);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    const struct args_option table[] = {
        {"config", 0, ARGS_MUST, "FILE", "the settings; see bankd-courier(8)", &o.config},
        {"pin-fd", 0, ARGS_FD, "N", "read the token's PIN from descriptor N", &o.pin_fd},
        {"smtp-password-fd", 0, ARGS_FD, "N", "read the password of smtp_user from descriptor N",
         &o.smtp_password_fd},
        {"once", 0, ARGS_FLAG, NULL, "end when nothing is due", &o.once},
        {"jitter", 0, ARGS_TEXT, "N", "how much later to try again, 0 to 24 hundredths", &o.jitter},
        {"check-config", 0, ARGS_FLAG, NULL,
         "only read settings and templates: say that they are right, or what to mend",
         &o.check_config},
    };
    const struct args_command command = {
        .name = "",
        .arguments = "",
        .summary = "tell people what happened at the bank, by mail and by webhook",
        .example = "bankd-courier --config /etc/countersign/courier.conf",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .run = run,
    };
    const struct args_program program = {
        .name = "bankd-courier",
        .summary = "carries the bank's notices",
        .commands = &command,
        .command_count = 1,
        .epilogue =
            "The PIN of the token that signs webhooks is read from --pin-fd; without it, from the\n"
            "credential \"pin\" in $CREDENTIALS_DIRECTORY (systemd), else from the terminal. So "
            "is\n"
            "the password of smtp_user: --smtp-password-fd, the credential \"smtp-password\".",
    };

    log_init("bankd-courier", LOG_INFO);
    if (secret_harden_process() != ERR_OK)
        return err_info(log_fail(ERR_INTERNAL, "courier.start", "core dumps stay on"))->exit;
    return args_run(&program, &o, argc, argv);
}
