#include "base/pace.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/prelude.h"

#define TURN_US 200

static volatile sig_atomic_t paced;

/* Once, not again and again: whoever is woken late would find the next alarm waiting already and
 * never compute. A bare system call, so that the handler may make it. */
static void set_alarm(suseconds_t us)
{
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0, us}}, NULL);
}

/* Of all that sleeps for less than a millisecond only pselect may stand in a signal handler
 * (signal-safety(7)). The timer slack makes 50 us of it. */
static void sleep_a_moment(int sig MX_UNUSED)
{
    int kept = errno;
    struct timespec moment = {.tv_nsec = 1};

    pselect(0, NULL, NULL, NULL, &moment, NULL);
    if (paced)
        set_alarm(TURN_US);
    errno = kept;
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
    paced = 1;
    set_alarm(TURN_US);
}

void mx_pace_stop(void)
{
    paced = 0;
    set_alarm(0);
}
