#include "io/region.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define REGIONS_MAX 32

static struct mx_pass regions[REGIONS_MAX];
static int n_regions;

/* The region of the program before, if it is as we know it: sealed, so that nobody makes it shorter
 * under us. */
static int adopt(const char *name, size_t size)
{
    int fd = mx_passed_take(name);
    struct stat st;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && st.st_size == (off_t)size &&
        (fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK) == F_SEAL_SHRINK)
        return fd;
    close(fd);
    return -1;
}

static int make(const char *name, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        MX_BUG("no shared memory of %zu bytes for %s: %s", size, name, strerror(errno));
    return fd;
}

/* A name that is mapped once more is another region from now on. */
static void note(const char *name, int fd)
{
    for (int i = 0; i < n_regions; i++) {
        if (strcmp(regions[i].name, name) != 0)
            continue;
        close(regions[i].fd);
        regions[i].fd = fd;
        return;
    }
    MX_ASSERT(n_regions < REGIONS_MAX);
    regions[n_regions++] = (struct mx_pass){name, fd};
}

void *mx_region_map(const char *name, size_t size)
{
    int fd = name ? adopt(name, size) : -1;
    int flags = name ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
    void *p;

    if (name && fd < 0)
        fd = make(name, size);
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED)
        MX_BUG("no shared memory of %zu bytes", size);
    if (name)
        note(name, fd);
    return p;
}

int mx_region_passes(struct mx_pass *pass, int max)
{
    int n = n_regions < max ? n_regions : max;

    for (int i = 0; i < n; i++)
        pass[i] = regions[i];
    return n;
}
