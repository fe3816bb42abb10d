/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/go_on.h"

#include "app/app.h"
#include <stdio.h>

/* Between quotes a shell takes everything as it is, but for those. */
static enum err add_quoted(struct buf *out, const char *value)
{
    enum err e = buf_add_byte(out, '\'');
    for (; e == ERR_OK && *value != '\0'; value++)
        e = *value == '\'' ? buf_add_str(out, "'\\''") : buf_add_byte(out, (uint8_t)*value);
    return e == ERR_OK ? buf_add_byte(out, '\'') : e;
}

enum err go_on_option(struct buf *out, const char *option, const char *value)
{
    if (value == NULL)
        return ERR_OK;
    enum err e = buf_addf(out, " --%s ", option);
    return e == ERR_OK ? add_quoted(out, value) : e;
}

enum err go_on_settings(struct buf *out, const struct app *a)
{
    const struct {
        const char *option, *value, *from_file;
    } settings[] = {
        {"config", a->config, NULL},
        {"url", a->url, a->conf_url},
        {"bank", a->bank, a->conf_bank},
        {"bank-key", a->bank_key, a->conf_bank_key},
        {"pinentry", a->pinentry, a->conf_pinentry},
        {"session-dir", a->session_dir, NULL},
    };
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof settings / sizeof *settings; i++) {
        if (settings[i].value != settings[i].from_file)
            e = go_on_option(out, settings[i].option, settings[i].value);
    }
    return e;
}

void go_on_say(const struct buf *command)
{
    fputs("Go on with: ", stderr);
    app_print_safe(stderr, buf_str(command));
    fputc('\n', stderr);
}
