/* SPDX-License-Identifier: Apache-2.0
 *
 * vectors OP: one JSON object a line in, one JSON line out, so that any published vector suite can
 * be run through the functions that the product uses. Exit 0 whatever the verdicts are.
 */
#include "base/err.h"
#include "tests/vectors/ops.h"

#include <stdbool.h>
#include <stdio.h>

#define LINE_MAX ((size_t)16 << 20) /* bytes */

/* Reads to the next LF; false at the end of the input. A longer line is read over, *E says so. */
static bool read_line(FILE *in, struct buf *line, enum err *e)
{
    int c = getc(in);

    buf_clear(line);
    *e = ERR_OK;
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getc(in)) {
        if (*e == ERR_OK)
            *e = buf_add_byte(line, (uint8_t)c);
    }
    return true;
}

static enum err judge(ops_fn run, const struct buf *line, struct buf *extra)
{
    struct js *in = NULL;
    enum err e = js_parse(line->data, line->len, &in);

    if (e == ERR_OK)
        e = run(in, extra);
    js_free(in);
    return e;
}

int main(int argc, char **argv)
{
    struct buf line = BUF_INIT(LINE_MAX), extra = BUF_INIT(2 * LINE_MAX);
    ops_fn run = argc == 2 ? ops_find(argv[1]) : NULL;
    enum err e;

    if (!run) {
        fprintf(stderr, "usage: vectors OP <LINES\nOP is one of: %s\n", ops_names());
        return EXIT_USAGE;
    }
    while (read_line(stdin, &line, &e)) {
        buf_clear(&extra);
        if (e == ERR_OK)
            e = judge(run, &line, &extra);
        printf("{\"valid\":%s,\"reason\":\"%s\"%s}\n", e == ERR_OK ? "true" : "false", err_name(e),
               e == ERR_OK ? buf_str(&extra) : "");
        fflush(stdout);
    }
    buf_free(&line);
    buf_free(&extra);
    return ferror(stdin) || ferror(stdout) ? EXIT_ENVIRONMENT : EXIT_DONE;
}
