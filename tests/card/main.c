/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual card (card.h) in a virtual reader, for the tests. It connects to the vpcd driver of a
 * running pcscd and answers until SIGTERM. SIGUSR1 pulls the card, SIGUSR2 plugs it in again;
 * SIGRTMIN with a number (sigqueue) has it pulled at the so many-th APDU from now: what that asks
 * for is done, but nobody is told. 0 calls that off. Likewise SIGRTMIN + 1 has the program stop
 * there (SIGSTOP), and answer when it goes on. On stdout: READY each time the reader has powered
 * the card and read its ATR, REMOVED each time it was pulled.
 */
#include "tests/card/apdu.h"
#include "tests/card/card.h"
#include "tests/card/vpcd.h"

#include <getopt.h>
#include <openssl/rand.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define VPCD_PORT 35963 /* the driver's own default */
#define CONNECT_TRIES 1500
#define CONNECT_WAIT_MS 20

struct reader {
    void *card;
    struct apdu_link link;
    uint16_t port;
    bool trace;
    bool mute;     /* there, and no answer to a reset: as a card the wrong way round */
    int signals;   /* signalfd */
    bool inserted; /* what the last signal asked for */
    int pulled_in; /* so many APDUs; 0: none */
    int stops_in;  /* likewise */
    bool stop;
    bool powered;
    bool announced; /* READY was printed for this insertion */
};

static void announce(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void trace(const struct reader *reader, const char *direction, const uint8_t *bytes,
                  size_t len)
{
    if (!reader->trace)
        return;
    fputs(direction, stderr);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, "%02X", bytes[i]);
    fputc('\n', stderr);
}

static void power(struct reader *reader, bool on)
{
    reader->powered = on;
    card_kind.reset(reader->card);
    apdu_link_reset(&reader->link);
}

/* No answer at all would be no card. This is one that the reader does not take (ISO 7816-3, 8.1: 33
 * bytes at most), so that powering the card fails. */
static const uint8_t too_long[40] = {0x3B};

/* A message of the reader itself. */
static bool control(struct reader *reader, int fd, uint8_t code)
{
    if (code != VPCD_ATR) {
        power(reader, code != VPCD_OFF);
        return true;
    }
    if (!vpcd_send(fd, reader->mute ? too_long : card_kind.atr,
                   reader->mute ? sizeof too_long : card_kind.atr_len))
        return false;
    if (reader->powered && !reader->announced) {
        reader->announced = true;
        announce("READY");
    }
    return true;
}

/* Receives and answers one message; false when the connection is over. */
static bool exchange(struct reader *reader, int fd)
{
    uint8_t message[APDU_MESSAGE_MAX];
    uint8_t answer[APDU_ANSWER_MAX];
    size_t len;

    if (!vpcd_receive(fd, message, sizeof message, &len))
        return false;
    if (len == 1)
        return control(reader, fd, message[0]);
    trace(reader, "> ", message, len);
    len = apdu_link_answer(&reader->link, message, len, card_kind.command, reader->card, answer);
    trace(reader, "< ", answer, len);
    if (reader->pulled_in > 0 && --reader->pulled_in == 0) {
        reader->inserted = false;
        return false;
    }
    if (reader->stops_in > 0 && --reader->stops_in == 0)
        (void)raise(SIGSTOP);
    return vpcd_send(fd, answer, len);
}

static void take_signal(struct reader *reader)
{
    struct signalfd_siginfo info;

    if (read(reader->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGUSR1)
        reader->inserted = false;
    else if (info.ssi_signo == SIGUSR2)
        reader->inserted = true;
    else if (info.ssi_signo == (uint32_t)SIGRTMIN)
        reader->pulled_in = info.ssi_int;
    else if (info.ssi_signo == (uint32_t)SIGRTMIN + 1)
        reader->stops_in = info.ssi_int;
    else
        reader->stop = true;
}

/* Waits for a signal for at most wait_ms, -1 for ever. */
static void await_signal(struct reader *reader, int wait_ms)
{
    struct pollfd ready = {.fd = reader->signals, .events = POLLIN};

    if (poll(&ready, 1, wait_ms) > 0)
        take_signal(reader);
}

/* pcscd may still be starting. The connection, or -1 after a signal or too many tries. */
static int connect_patiently(struct reader *reader)
{
    for (int i = 0; i < CONNECT_TRIES && reader->inserted && !reader->stop; i++) {
        int fd = vpcd_connect(reader->port);
        if (fd >= 0)
            return fd;
        await_signal(reader, CONNECT_WAIT_MS);
    }
    return -1;
}

/* From plugging in to pulling out; false when there is no reader to plug into. */
static bool insertion(struct reader *reader)
{
    int fd = connect_patiently(reader);
    bool connected = fd >= 0;

    reader->announced = false;
    power(reader, false);
    while (connected && reader->inserted && !reader->stop) {
        struct pollfd ready[2] = {{.fd = reader->signals, .events = POLLIN},
                                  {.fd = fd, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0)
            break;
        if (ready[0].revents != 0)
            take_signal(reader);
        else if (!exchange(reader, fd))
            break;
    }
    if (!connected)
        return !reader->inserted || reader->stop;
    announce("REMOVED"); /* before pcscd knows: who then ends by it finds this line */
    close(fd);
    return true;
}

static int run(struct reader *reader)
{
    while (!reader->stop) {
        if (!reader->inserted)
            await_signal(reader, -1);
        else if (!insertion(reader)) {
            fprintf(stderr, "%s: no reader listens on port %u\n", card_kind.name, reader->port);
            return 1;
        }
    }
    return 0;
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* A whole decimal number between 1 and max, or 0. */
static unsigned number(const char *text, unsigned max)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    return end != text && *end == '\0' && value <= max ? (unsigned)value : 0;
}

static bool parse_options(int argc, char **argv, struct card_options *options,
                          struct reader *reader)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"curve", required_argument, NULL, 'c'},
        {"puk", required_argument, NULL, 'u'},
        {"pin", required_argument, NULL, 'n'},
        {"tries", required_argument, NULL, 't'},
        {"empty", no_argument, NULL, 'e'},
        {"mute", no_argument, NULL, 'm'},
        {"verbose", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "p:c:n:u:t:emv", names, NULL)) != -1) {
        if (option == 'p')
            reader->port = (uint16_t)number(optarg, UINT16_MAX);
        else if (option == 'c')
            options->curve = optarg;
        else if (option == 'n')
            options->pin = optarg;
        else if (option == 'u')
            options->puk = optarg;
        else if (option == 't')
            options->tries = number(optarg, CARD_TRIES_MAX);
        else if (option == 'e')
            options->empty = true;
        else if (option == 'm')
            reader->mute = true;
        else if (option == 'v')
            reader->trace = true;
        else
            return false;
    }
    return optind == argc && reader->port != 0 && options->tries != 0;
}

int main(int argc, char **argv)
{
    struct card_options options = {
        .curve = "P-256", .pin = "123456", .puk = "12345678", .tries = 3};
    struct reader reader = {.port = VPCD_PORT, .inserted = true};

    if (!parse_options(argc, argv, &options, &reader)) {
        fprintf(stderr,
                "usage: %s [--port PORT] [--curve NAME] [--pin PIN] [--puk PUK] [--tries N]"
                " [--empty] [--mute] [--verbose]\n",
                card_kind.name);
        return 2;
    }
    reader.signals = open_signals();
    if (reader.signals < 0 || RAND_bytes(options.serial, CARD_SERIAL_LEN) != 1)
        return 1;
    reader.card = card_kind.make(&options);
    if (reader.card == NULL) {
        fprintf(stderr, "%s: it takes %s\n", card_kind.name, card_kind.limits);
        return 1;
    }
    int status = run(&reader);
    card_kind.free(reader.card);
    close(reader.signals);
    return status;
}
