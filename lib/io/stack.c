#include "io/stack.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>

#include "base/err.h"

#define OWN_STACK (64 * 1024) /* that of the process may be what overflowed */
#define OWN_FRAMES 1          /* of the handler */

static struct mx_stack *left;

static void on_crash(int sig)
{
    void *at[MX_STACK_FRAMES + OWN_FRAMES];
    int n = backtrace(at, MX_STACK_FRAMES + OWN_FRAMES) - OWN_FRAMES;

    for (int i = 0; i < n; i++)
        atomic_store(&left->at[i], (uintptr_t)at[i + OWN_FRAMES]);
    atomic_store(&left->n, n > 0 ? n : 0);
    /* Its handler is gone by now: this is the end as soon as we return. */
    raise(sig);
}

void mx_stack_catch(struct mx_stack *where)
{
    static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    static char own[OWN_STACK];
    struct sigaction new = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    struct sigaction old;
    stack_t alternate = {.ss_sp = own, .ss_size = sizeof own};
    void *at[1];

    left = where;
    /* The first call loads a library, which the handler must not. */
    (void)backtrace(at, 1);
    if (sigaltstack(&alternate, NULL) != 0)
        MX_BUG("no stack for signals");
    for (size_t i = 0; i < MX_LEN(crashes); i++)
        if (sigaction(crashes[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            (void)sigaction(crashes[i], &new, NULL);
}

static int put_frame(char *out, size_t size, uintptr_t at)
{
    const char *file;
    Dl_info is;

    if (!dladdr((const void *)at, &is) || !is.dli_fname)
        return snprintf(out, size, "0x%jx ", (uintmax_t)at);
    file = strrchr(is.dli_fname, '/') ? strrchr(is.dli_fname, '/') + 1 : is.dli_fname;
    return snprintf(out, size, "%s+0x%jx%s%s%s ", file, (uintmax_t)(at - (uintptr_t)is.dli_fbase),
                    is.dli_sname ? " (" : "", is.dli_sname ? is.dli_sname : "",
                    is.dli_sname ? ")" : "");
}

void mx_stack_text(const struct mx_stack *s, char *out, size_t size)
{
    int n = atomic_load(&s->n), put;
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < n && i < MX_STACK_FRAMES; i++) {
        put = put_frame(out + used, size - used, atomic_load(&s->at[i]));
        if (put < 0 || (size_t)put >= size - used)
            break;
        used += (size_t)put;
    }
    out[used > 0 ? used - 1 : 0] = '\0';
}
