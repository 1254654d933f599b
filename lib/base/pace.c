#include "base/pace.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/prelude.h"

#define TURN_US 250

/* Of all that sleeps for less than a millisecond only pselect may stand in a signal handler
 * (signal-safety(7)). The timer slack makes 50 us of it. */
static void sleep_a_moment(int sig MX_UNUSED)
{
    int kept = errno;
    struct timespec moment = {.tv_nsec = 1};

    pselect(0, NULL, NULL, NULL, &moment, NULL);
    errno = kept;
}

static void set_timer(suseconds_t us)
{
    struct itimerval turns = {{0, us}, {0, us}};

    if (setitimer(ITIMER_REAL, &turns, NULL) != 0)
        MX_BUG("setitimer: %s", strerror(errno));
}

void mx_pace_start(void)
{
    static bool ready;
    struct sigaction act = {.sa_handler = sleep_a_moment, .sa_flags = SA_RESTART};
    sigset_t alarm;

    if (!ready) {
        sigemptyset(&alarm);
        sigaddset(&alarm, SIGALRM);
        if (sigaction(SIGALRM, &act, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &alarm, NULL) != 0)
            MX_BUG("alarm: %s", strerror(errno));
        ready = true;
    }
    set_timer(TURN_US);
}

void mx_pace_stop(void)
{
    set_timer(0);
}
