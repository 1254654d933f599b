#include "base/rnd.h"

#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

#include "base/err.h"

#define RND_BUFFER 1024

static unsigned char buffer[RND_BUFFER];
static size_t left; /* unused bytes, at the end of buffer */

/* In the child of a fork: two processes must never hand out the same bytes. */
static void drop(void)
{
    explicit_bzero(buffer, sizeof buffer);
    left = 0;
}

static void from_kernel(void *p, size_t n)
{
    unsigned char *to = p;

    while (n) {
        ssize_t got = getrandom(to, n, 0);

        if (got < 0 && errno != EINTR)
            MX_BUG("getrandom: errno %d", errno);
        if (got > 0) {
            to += got;
            n -= (size_t)got;
        }
    }
}

static void refill(void)
{
    static bool watched;

    if (!watched && pthread_atfork(NULL, NULL, drop) != 0)
        MX_BUG("pthread_atfork failed");
    watched = true;
    from_kernel(buffer, sizeof buffer);
    left = sizeof buffer;
}

void mx_rnd(void *p, size_t n)
{
    unsigned char *from;

    if (n > sizeof buffer / 4) {
        from_kernel(p, n);
        return;
    }
    if (n > left)
        refill();
    from = buffer + sizeof buffer - left;
    memcpy(p, from, n);
    explicit_bzero(from, n);
    left -= n;
}

uint64_t mx_rnd_below(uint64_t bound)
{
    uint64_t skip, r;

    MX_ASSERT(bound > 0);
    skip = -bound % bound; /* 2^64 mod bound: values below it would be dealt once too often */
    do
        mx_rnd(&r, sizeof r);
    while (r < skip);
    return r % bound;
}
