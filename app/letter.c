/* SPDX-License-Identifier: Apache-2.0 */
#include "app/letter.h"

#include "app/qr.h"
#include "base/file.h"
#include "base/text.h"
#include "order/text.h"
#include <stdbool.h>
#include <string.h>

#define CODE_MAX ((size_t)2048)
#define LETTER_PATH_MAX ((size_t)4096)
#define GROUP 4u
#define VALUE_COLUMNS 68u /* of 80, behind a label of 12 */

/* The first lines of the codes; a new version gets a new number. */
#define BANK_CODE "countersign-bank-letter/1"
#define ENROLMENT_CODE "countersign-enrolment-letter/2"

void letter_group(const char *thumbprint, char out[static LETTER_GROUPED_LEN + 1])
{
    size_t at = 0;
    for (size_t i = 0; i < KEY_THUMBPRINT_LEN; i++) {
        if (i > 0 && i % GROUP == 0)
            out[at++] = ' ';
        out[at++] = thumbprint[i];
    }
    out[at] = '\0';
}

/* --- the codes --- */

static enum err bank_code(const struct letter_bank *l, struct buf *out)
{
    if (forms_bank(l->bank, strlen(l->bank)) != ERR_OK ||
        forms_thumbprint(l->bank_key, strlen(l->bank_key)) != ERR_OK ||
        forms_url(l->url, strlen(l->url)) != ERR_OK)
        return ERR_LETTER_INVALID;
    return buf_addf(out, BANK_CODE "\nbank %s\nbank-key %s\nurl %s\n", l->bank, l->bank_key,
                    l->url);
}

static enum err enrolment_code(const struct letter_enrolment *l, struct buf *out)
{
    if (forms_bank(l->bank, strlen(l->bank)) != ERR_OK ||
        forms_thumbprint(l->bank_key, strlen(l->bank_key)) != ERR_OK ||
        forms_thumbprint(l->key, strlen(l->key)) != ERR_OK ||
        utext_check(l->name, strlen(l->name), ENROLMENT_NAME_CHARS) != ERR_OK ||
        forms_thumbprint(l->enrolment, strlen(l->enrolment)) != ERR_OK ||
        (l->holder[0] != '\0' && forms_holder(l->holder, strlen(l->holder)) != ERR_OK))
        return ERR_LETTER_INVALID;
    return buf_addf(out, ENROLMENT_CODE "\nbank %s\nbank-key %s\nkey %s\nname %s\nenrolment %s\n",
                    l->bank, l->bank_key, l->key, l->name, l->enrolment);
}

/* One line of a text, without its end; false when there is none left. */
static bool next_line(const char **at, const char *end, const char **line, size_t *len)
{
    if (*at == end)
        return false;
    *line = *at;
    *len = text_line(*at, end);
    *at += *len + (*at + *len < end);
    return true;
}

static bool is_line(const char *line, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(line, text, len) == 0;
}

/* The next line is NAME, a space and a value of at most CAP - 1 bytes. */
static enum err take_line(const char **at, const char *end, const char *name, char *out, size_t cap)
{
    const char *line;
    size_t len, name_len = strlen(name);
    if (!next_line(at, end, &line, &len) || len < name_len + 2 ||
        memcmp(line, name, name_len) != 0 || line[name_len] != ' ' || len - name_len - 1 >= cap)
        return ERR_LETTER_INVALID;
    memcpy(out, line + name_len + 1, len - name_len - 1);
    out[len - name_len - 1] = '\0';
    return ERR_OK;
}

/* A line of a code: its name, and where its value goes. */
struct code_line {
    const char *name;
    char *to;
    size_t cap;
};

static enum err read_code(const char *text, size_t len, const char *first,
                          const struct code_line *lines, size_t count)
{
    const char *at = text, *end = text + len, *line = "";
    size_t line_len = 0;
    while (!is_line(line, line_len, first)) {
        if (!next_line(&at, end, &line, &line_len))
            return ERR_LETTER_INVALID;
    }
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = take_line(&at, end, lines[i].name, lines[i].to, lines[i].cap);
    return e;
}

enum err letter_bank_read(const char *text, size_t len, struct letter_bank *out)
{
    const struct code_line lines[] = {{"bank", out->bank, sizeof out->bank},
                                      {"bank-key", out->bank_key, sizeof out->bank_key},
                                      {"url", out->url, sizeof out->url}};
    struct buf again = BUF_INIT(CODE_MAX);
    memset(out, 0, sizeof *out);
    enum err e = read_code(text, len, BANK_CODE, lines, sizeof lines / sizeof *lines);
    if (e == ERR_OK)
        e = bank_code(out, &again); /* checks the forms */
    buf_free(&again);
    return e;
}

enum err letter_enrolment_read(const char *text, size_t len, struct letter_enrolment *out)
{
    const struct code_line lines[] = {{"bank", out->bank, sizeof out->bank},
                                      {"bank-key", out->bank_key, sizeof out->bank_key},
                                      {"key", out->key, sizeof out->key},
                                      {"name", out->name, sizeof out->name},
                                      {"enrolment", out->enrolment, sizeof out->enrolment}};
    struct buf again = BUF_INIT(CODE_MAX);
    memset(out, 0, sizeof *out);
    enum err e = read_code(text, len, ENROLMENT_CODE, lines, sizeof lines / sizeof *lines);
    if (e == ERR_OK)
        e = enrolment_code(out, &again); /* checks the forms */
    buf_free(&again);
    return e;
}

/* --- the letters --- */

/* "Label       value", the value over as many lines as it takes: at most 80 columns. */
static enum err put_field(struct buf *out, const char *label, const char *value)
{
    size_t column = 0;
    enum err e = buf_addf(out, "%-12s", label);
    for (const char *at = value; e == ERR_OK && *at != '\0'; at++) {
        bool begins = ((unsigned char)*at & 0xc0) != 0x80; /* a character of UTF-8 */
        if (begins && column == VALUE_COLUMNS) {
            e = buf_addf(out, "\n%-12s", "");
            column = 0;
        }
        column += begins ? 1 : 0;
        if (e == ERR_OK)
            e = buf_add_byte(out, (uint8_t)*at);
    }
    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

static enum err put_fields(struct buf *out, const char *const fields[][2], size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (fields[i][1][0] != '\0')
            e = put_field(out, fields[i][0], fields[i][1]);
    }
    return e;
}

static enum err bank_text(const struct letter_bank *l, const char *date, const char *code,
                          struct buf *out)
{
    char key[LETTER_GROUPED_LEN + 1];
    letter_group(l->bank_key, key);
    const char *const fields[][2] = {
        {"Bank", l->bank}, {"Address", l->url}, {"Date", date}, {"Bank's key", key}};
    enum err e = buf_add_str(out, "THE BANK'S LETTER\n\n");
    if (e == ERR_OK)
        e = put_fields(out, fields, sizeof fields / sizeof *fields);
    if (e == ERR_OK)
        e = buf_add_str(
            out, "\n"
                 "By this key your program knows the bank, whatever the network says. Take this\n"
                 "letter from the bank itself, not from a web page or an e-mail. To enrol:\n"
                 "\n"
                 "  1. Scan the QR code into a file, or type its lines, which stand below.\n"
                 "  2. countersign enrol --bank-letter FILE --name 'Your Name'\n"
                 "  3. Bring the letter that this prints to the bank, and sign it there.\n"
                 "\n"
                 "Capital and small letters differ. Should your program ever say that the bank's\n"
                 "key is another one, do not go on: ask the bank at its counter.\n");
    return e == ERR_OK ? buf_addf(out, "\nThe QR code says:\n\n%s", code) : e;
}

static enum err enrolment_fields(const struct letter_enrolment *l, const char *date,
                                 struct buf *out)
{
    char until[TEXT_TIME_LEN + 1], bank_key[LETTER_GROUPED_LEN + 1], key[LETTER_GROUPED_LEN + 1],
        request[LETTER_GROUPED_LEN + 1];
    text_time(l->expires_us, until);
    letter_group(l->bank_key, bank_key);
    letter_group(l->key, key);
    letter_group(l->enrolment, request);
    const char *const fields[][2] = {{"Bank", l->bank},       {"Name", l->name},
                                     {"Known as", l->holder}, {"Date", date},
                                     {"Waits until", until},  {"My key", key},
                                     {"Request", request},    {"Bank's key", bank_key}};
    return put_fields(out, fields, sizeof fields / sizeof *fields);
}

static enum err enrolment_text(const struct letter_enrolment *l, const char *date, const char *code,
                               struct buf *out)
{
    enum err e = buf_add_str(out, "LETTER OF ENROLMENT\n\n");
    if (e == ERR_OK)
        e = enrolment_fields(l, date, out);
    if (e == ERR_OK)
        e = buf_add_str(
            out,
            "\n"
            "I ask the bank to enrol the key named above as mine. Its private half is on my\n"
            "token, and what it signs is signed by me.\n"
            "\n"
            "\n"
            "Place, date ____________________   Signature ___________________________________\n"
            "\n"
            "For the bank: look at the person's identity document. Compare \"Bank's key\" with\n"
            "your own. Take \"Request\" and \"My key\" from this sheet, by hand or from the QR\n"
            "code, and from nowhere else. If one character differs, do not admit.\n"
            "\n"
            "    bankctl enrolment admit REQUEST --id HOLDER --thumbprint KEY\n"
            "\n"
            "With --another only who is a customer already, and is that very person.\n"
            "\n"
            "For the person: bring this sheet to the bank yourself, while the request waits,\n"
            "and sign it there. When the bank has admitted you: countersign enrol --finish\n");
    return e == ERR_OK ? buf_addf(out, "\nThe QR code says:\n\n%s", code) : e;
}

/* --- the files --- */

static enum err write_file(const char *dir, const char *name, const char *kind,
                           const struct buf *content)
{
    struct buf path = BUF_INIT(LETTER_PATH_MAX);
    enum err e = buf_addf(&path, "%s/%s.%s", dir, name, kind);
    if (e == ERR_OK)
        e = file_write(buf_str(&path), content->data, content->len, 0644);
    buf_free(&path);
    return e;
}

/* Frees CODE and TEXT. E: whether they were made. */
static enum err write_letter(enum err e, struct buf *code, struct buf *text, const char *dir,
                             const char *name)
{
    struct buf png = {0};
    if (e == ERR_OK)
        e = qr_png(buf_str(code), &png);
    if (e == ERR_OK)
        e = write_file(dir, name, "txt", text);
    if (e == ERR_OK)
        e = write_file(dir, name, "png", &png);
    buf_free(&png);
    buf_free(code);
    buf_free(text);
    return e;
}

enum err letter_bank_write(const struct letter_bank *l, int64_t now_us, const char *dir,
                           const char *name)
{
    struct buf code = BUF_INIT(CODE_MAX), text = BUF_INIT(LETTER_MAX);
    char date[TEXT_DATE_LEN + 1];
    text_date(text_day_of(now_us), date);
    enum err e = bank_code(l, &code);
    if (e == ERR_OK)
        e = bank_text(l, date, buf_str(&code), &text);
    return write_letter(e, &code, &text, dir, name);
}

enum err letter_enrolment_write(const struct letter_enrolment *l, int64_t now_us, const char *dir,
                                const char *name)
{
    struct buf code = BUF_INIT(CODE_MAX), text = BUF_INIT(LETTER_MAX);
    char date[TEXT_DATE_LEN + 1];
    text_date(text_day_of(now_us), date);
    enum err e = enrolment_code(l, &code);
    if (e == ERR_OK)
        e = enrolment_text(l, date, buf_str(&code), &text);
    return write_letter(e, &code, &text, dir, name);
}
