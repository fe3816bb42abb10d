/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper_ask SOCKET: the calls that bankd makes (bankd/keeper/msg.h), one a line, over one
 * connection; bytes are hexadecimal, "-" is none.
 *
 *     state MS                            -> NAME SIZE ROOT
 *     bank-keys MS                        -> NAME STATEMENT
 *     checkpoint MS SIZE ROOT PROOF       -> NAME NOTE
 *     certify MS REQUEST                  -> NAME LEAF ROOT
 */
#include "bankd/keeper/msg.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 20000
#define WORDS_MAX 5

struct call {
    struct keeper_conn *conn;
    int wait_ms;
    char *word[WORDS_MAX + 1]; /* behind the waiting time; "" where there is none */
};

static void print_bytes(const uint8_t *bytes, size_t len)
{
    putchar(' ');
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
}

static size_t read_bytes(const char *hex, uint8_t *out, size_t max)
{
    size_t len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    if (len > max || (len && text_unhex(hex, strlen(hex), out, len) != ERR_OK))
        abort();
    return len;
}

static void finish(enum err e, const struct buf *first, const struct buf *second)
{
    fputs(err_name(e), stdout);
    if (!e && first)
        print_bytes(first->data, first->len);
    if (!e && second)
        print_bytes(second->data, second->len);
    putchar('\n');
}

static void ask_state(const struct call *c)
{
    struct keeper_state state;

    enum err e = keeper_state(c->conn, c->wait_ms, &state);
    printf("%s %" PRIu64, err_name(e), state.size);
    print_bytes(state.root, sizeof state.root);
    putchar('\n');
}

static void ask_bank_keys(const struct call *c)
{
    struct buf statement = {0};

    enum err e = keeper_bank_keys(c->conn, c->wait_ms, &statement);
    finish(e, &statement, NULL);
    buf_free(&statement);
}

static void ask_checkpoint(const struct call *c)
{
    struct keeper_checkpoint asked = {.size = strtoull(c->word[0], NULL, 10)};
    struct buf note = {0};

    read_bytes(c->word[1], asked.root, sizeof asked.root);
    asked.proof_count =
        read_bytes(c->word[2], asked.proof[0], sizeof asked.proof) / KEEPER_HASH_LEN;
    enum err e = keeper_sign_checkpoint(c->conn, c->wait_ms, &asked, &note);
    finish(e, &note, NULL);
    buf_free(&note);
}

static void ask_certify(const struct call *c)
{
    uint8_t request[MSG_REQUEST_MAX];
    struct buf leaf = {0}, root = {0};

    size_t len = read_bytes(c->word[0], request, sizeof request);
    enum err e = keeper_certify(c->conn, c->wait_ms, request, len, &leaf, &root);
    finish(e, &leaf, &root);
    buf_free(&leaf);
    buf_free(&root);
}

static const struct {
    const char *name;
    void (*ask)(const struct call *c);
} calls[] = {
    {"state", ask_state},
    {"bank-keys", ask_bank_keys},
    {"checkpoint", ask_checkpoint},
    {"certify", ask_certify},
};

static void run_line(struct keeper_conn *conn, char *line)
{
    static char none[] = "";
    struct call c = {.conn = conn};
    char *save = NULL, *name = strtok_r(line, " \n", &save), *wait = strtok_r(NULL, " \n", &save);

    if (!name || !wait)
        abort();
    c.wait_ms = (int)strtol(wait, NULL, 10);
    for (size_t i = 0; i < WORDS_MAX; i++) {
        c.word[i] = strtok_r(NULL, " \n", &save);
        if (!c.word[i])
            c.word[i] = none;
    }
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strcmp(calls[i].name, name) == 0)
            calls[i].ask(&c);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    struct keeper_conn *conn;

    if (argc != 2)
        return EXIT_USAGE;
    enum err e = keeper_connect(argv[1], &conn);
    printf("%s\n", err_name(e));
    fflush(stdout);
    while (!e && fgets(line, sizeof line, stdin))
        run_line(conn, line);
    keeper_disconnect(conn);
    return err_info(e)->exit;
}
