#include "io/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"

#define KIB 1024
#define TEXT_MAX 4096
#define PSS "\nPss:"

/* The beginning of a file of this process; "" when the kernel does not tell. */
static void file_text(const char *path, char text[TEXT_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
}

/* Take a number and the space after it off the front. */
static bool take(struct mx_str *rest, int64_t max, int64_t *ret_value)
{
    struct mx_str number;

    return mx_str_split(rest, ' ', &number) && mx_str_i64(number, 0, max, ret_value);
}

int64_t mx_memory_pss(void)
{
    char text[TEXT_MAX];
    struct mx_str rest;
    int64_t kib;
    const char *line;

    file_text("/proc/self/smaps_rollup", text);
    line = strstr(text, PSS);
    if (!line)
        return 0;
    rest = mx_str_trim(mx_str_c(line + sizeof PSS - 1));
    return take(&rest, INT64_MAX / KIB, &kib) ? kib * KIB : 0;
}

int64_t mx_memory_own(void)
{
    char text[TEXT_MAX];
    struct mx_str rest;
    int64_t page = sysconf(_SC_PAGESIZE), max = INT64_MAX / page;
    int64_t size, resident, shared;

    file_text("/proc/self/statm", text);
    rest = mx_str_c(text);
    if (!take(&rest, max, &size) || !take(&rest, max, &resident) || !take(&rest, max, &shared))
        return 0;
    return (resident - shared) * page;
}
