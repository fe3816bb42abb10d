/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every file of a directory through a fuzz target: whole, and at many places cut off or with
 * one bit flipped: main DIRECTORY.
 */
#include "tests/fuzz/fuzz.h"
#include <dirent.h>

#define FILE_MAX ((size_t)1 << 20)
#define NEIGHBOURS 100u /* places in a file, evenly */

static uint8_t data[FILE_MAX];

/* A block of its own, so that a sanitizer sees one byte too many. */
static void run(size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    fuzz_must(copy != NULL, "there is memory");
    memcpy(copy, data, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_file(const char *directory, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    fuzz_must(file != NULL, path);
    size_t len = fread(data, 1, sizeof data, file);
    fclose(file);
    run(len);
    for (size_t i = 0; i < len; i += len / NEIGHBOURS + 1) {
        run(i);
        data[i] ^= (uint8_t)(1u << i % 8);
        run(len);
        data[i] ^= (uint8_t)(1u << i % 8);
    }
}

int main(int argc, char **argv)
{
    int files = 0;
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
    fuzz_must(directory != NULL, "the argument is a directory");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        run_file(argv[1], entry->d_name);
        files++;
    }
    closedir(directory);
    printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
