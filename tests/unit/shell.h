/* Generators are tested by the shell: files in a directory, a command, its output. */
#ifndef MX_TEST_SHELL_H
#define MX_TEST_SHELL_H

#include <limits.h>

#include "tap.h"

/* Write a file of the directory. */
static inline void shell_write(const char *dir, const char *name, const char *text)
{
    char path[PATH_MAX];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    if (!f || fputs(text, f) == EOF || fclose(f) != 0)
        MX_BUG("cannot write %s", path);
}

/* Output and wait status of a shell command. */
static inline int shell_run(char *out, size_t cap, const char *command)
{
    FILE *f = popen(command, "r");
    size_t n;

    if (!f)
        MX_BUG("popen failed");
    n = fread(out, 1, cap - 1, f);
    out[n] = 0;
    return pclose(f);
}

#endif
