/* SPDX-License-Identifier: Apache-2.0
 * The whole of a program that checks evidence: verify BANK-KEY < evidence.json */
#include <stdio.h>
#include <verifier/verifier.h>

int main(int argc, char **argv)
{
    static char file[4 << 20];
    static struct verify_report report;
    struct verify_evidence_input in = {.bytes = file};
    enum err e;

    if (argc != 2) {
        fprintf(stderr, "usage: verify BANK-KEY < evidence.json\n");
        return EXIT_USAGE;
    }
    in.bank_key = argv[1];
    in.len = fread(file, 1, sizeof file, stdin);
    if (in.len > 0 && file[in.len - 1] == '\n')
        in.len--; /* the file's, not the document's */
    e = verify_evidence(&in, &report);
    if (e != ERR_OK) {
        printf("REFUSED %s at %s\n", err_name(e), report.where);
        return EXIT_REFUSED;
    }
    printf("OK %s %s %s\n", report.order.amount, report.order.currency, report.status);
    return EXIT_DONE;
}
