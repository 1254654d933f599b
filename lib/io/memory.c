#include "io/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"

#define KIB 1024
#define PSS "\nPss:"

int64_t mx_memory_pss(void)
{
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    char text[4096];
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    struct mx_str rest, number;
    int64_t kib;
    const char *line;

    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    line = strstr(text, PSS);
    if (!line)
        return 0;
    rest = mx_str_trim(mx_str_c(line + sizeof PSS - 1));
    return mx_str_split(&rest, ' ', &number) && mx_str_i64(number, 0, INT64_MAX / KIB, &kib)
               ? kib * KIB
               : 0;
}
