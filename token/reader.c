/* SPDX-License-Identifier: Apache-2.0 */
#include "token/reader.h"

#include "base/log.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define NEW_READERS "\\\\?PnP?\\Notification" /* the name of what is not there yet */
#define NAMES_MAX ((DWORD)TOKEN_READERS_MAX * (MAX_READERNAME + 1) + 1)

_Static_assert(TOKEN_READERS_MAX == PCSCLITE_MAX_READERS_CONTEXTS, "as many as pcscd has");
_Static_assert(sizeof((struct token_reader *)0)->name > MAX_READERNAME, "a name fits");
_Static_assert(sizeof((struct token_reader *)0)->atr > 2 * (size_t)MAX_ATR_SIZE, "an ATR fits");

struct token_readers {
    SCARDCONTEXT context;
    char names[NAMES_MAX];                           /* each with its NUL; an empty one ends them */
    SCARD_READERSTATE states[TOKEN_READERS_MAX + 1]; /* the last one: new readers */
    size_t count;
    bool known; /* what there was the last time */
};

static enum err fail(LONG rv, const char *function)
{
    return log_fail(ERR_TOKEN_NO_PCSCD, "token.pcsc", "%s: %s", function, pcsc_stringify_error(rv));
}

enum err token_readers_open(struct token_readers **out)
{
    *out = NULL;
    struct token_readers *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &r->context);
    if (rv != SCARD_S_SUCCESS) {
        free(r);
        return fail(rv, "SCardEstablishContext");
    }
    r->states[0].szReader = NEW_READERS;
    *out = r;
    return ERR_OK;
}

void token_readers_close(struct token_readers *r)
{
    if (!r)
        return;
    (void)SCardReleaseContext(r->context);
    free(r);
}

/* The names, and a state for each that says that nothing is known yet. */
static LONG read_names(struct token_readers *r)
{
    DWORD len = sizeof r->names;
    LONG rv = SCardListReaders(r->context, NULL, r->names, &len);

    r->count = 0;
    memset(r->states, 0, sizeof r->states);
    if (rv == SCARD_S_SUCCESS)
        for (const char *at = r->names; *at && r->count < TOKEN_READERS_MAX; at += strlen(at) + 1)
            r->states[r->count++].szReader = at;
    r->states[r->count].szReader = NEW_READERS;
    return rv == SCARD_E_NO_READERS_AVAILABLE ? SCARD_S_SUCCESS : rv;
}

/* What is known now is what the next wait is about. */
static void keep(SCARD_READERSTATE *state)
{
    state->dwCurrentState = state->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
}

static void copy(const SCARD_READERSTATE *state, struct token_reader *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->name, state->szReader, strnlen(state->szReader, sizeof out->name - 1));
    out->card = (state->dwEventState & SCARD_STATE_PRESENT) != 0;
    out->mute = out->card && (state->dwEventState & SCARD_STATE_MUTE) != 0;
    out->changes = (unsigned)(state->dwEventState >> 16);
    if (out->card && state->cbAtr <= MAX_ATR_SIZE)
        text_hex(state->rgbAtr, state->cbAtr, out->atr);
}

static LONG await_change(struct token_readers *r, unsigned wait_ms)
{
    LONG rv = SCardGetStatusChange(r->context, wait_ms, r->states, (DWORD)r->count + 1);
    bool over = rv == SCARD_E_TIMEOUT || rv == SCARD_E_CANCELLED || rv == SCARD_E_UNKNOWN_READER;
    return over ? SCARD_S_SUCCESS : rv;
}

static LONG read_states(struct token_readers *r)
{
    LONG rv = read_names(r);
    if (rv == SCARD_S_SUCCESS && r->count)
        rv = SCardGetStatusChange(r->context, 0, r->states, (DWORD)r->count);
    if (rv == SCARD_E_UNKNOWN_READER) /* gone between the two: the next list has it right */
        rv = read_names(r);
    return rv == SCARD_E_TIMEOUT ? SCARD_S_SUCCESS : rv;
}

enum err token_readers_next(struct token_readers *r, unsigned wait_ms,
                            struct token_reader out[static TOKEN_READERS_MAX], size_t *count)
{
    *count = 0;
    LONG rv = r->known ? await_change(r, wait_ms) : SCARD_S_SUCCESS;
    if (rv == SCARD_S_SUCCESS)
        rv = read_states(r);
    if (rv != SCARD_S_SUCCESS)
        return fail(rv, "SCardGetStatusChange");
    r->known = true;
    for (size_t i = 0; i < r->count; i++) {
        keep(&r->states[i]);
        if (!(r->states[i].dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_IGNORE)))
            copy(&r->states[i], &out[(*count)++]);
    }
    return ERR_OK;
}
