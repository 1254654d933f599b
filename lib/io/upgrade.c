#include "io/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#define CHANNEL "predecessor"
#define OURS 2 /* descriptors that we pass beside the master's: standard error and the channel */

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* One message; false: none now, *ret_gone: and none will come. */
static bool hear(int fd, char text[MX_UPGRADE_MESSAGE], bool *ret_gone)
{
    ssize_t n = recv(fd, text, MX_UPGRADE_MESSAGE - 1, MSG_DONTWAIT);

    *ret_gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool say(int fd, const char *message)
{
    return send(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* ---- the predecessor's side ---- */

/* Its standard error is `errors` until it knows where its log is. */
MX_NORETURN static void be_successor(char *const *argv, struct mx_pass *pass, int n, int errors)
{
    sigset_t none;
    char pid[16];

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (getenv("WATCHDOG_PID"))
        (void)setenv("WATCHDOG_PID", pid, 1);
    pass[n].fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (pass[n].fd >= 0 && dup2(errors, STDERR_FILENO) >= 0)
        mx_passed_exec(argv, pass, n + OURS);
    dprintf(errors, "%s: %s\n", argv[0], strerror(errno));
    _exit(1);
}

const char *mx_successor_start(struct mx_successor *s, struct mx_arena *a,
                               const struct mx_upgrade *up)
{
    struct mx_pass all[MX_PASSED_MAX];
    int n = up->n;
    int channel[2] = {-1, -1}, errors[2] = {-1, -1};

    MX_ASSERT(n + OURS <= MX_PASSED_MAX);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0 ||
        pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0) {
        shut(&channel[0]);
        shut(&channel[1]);
        return mx_arena_printf(a, "cannot start a program: %s", strerror(errno));
    }
    memcpy(all, up->pass, (size_t)n * sizeof *all);
    all[n] = (struct mx_pass){MX_PASSED_STDERR, STDERR_FILENO};
    all[n + 1] = (struct mx_pass){CHANNEL, channel[1]};
    if (up->sizes[0])
        (void)say(channel[0], up->sizes);
    fflush(NULL);
    *s = (struct mx_successor){.state = MX_UPGRADE_BOOTS,
                               .pid = fork(),
                               .fd = channel[0],
                               .errors = errors[0],
                               .end_ns = mx_mono_ns() + up->boot_ns,
                               .grace_ns = up->grace_ns};
    if (s->pid == 0)
        be_successor(up->argv, all, n, errors[1]);
    close(channel[1]);
    close(errors[1]);
    if (s->pid > 0)
        return NULL;
    mx_successor_forget(s);
    return mx_arena_printf(a, "cannot start a program: %s", strerror(errno));
}

/* The first reason is the one that counts. */
static void note(struct mx_successor *s, const char *why)
{
    size_t n = strcspn(why, "\n");

    if (!s->why[0])
        snprintf(s->why, sizeof s->why, "%.*s", (int)n, why);
}

/* Keep the first line of what it wrote before it could say anything else. */
static void read_errors(struct mx_successor *s)
{
    char text[1024];
    ssize_t n;

    while (s->errors >= 0 && (n = read(s->errors, text, sizeof text - 1)) != 0) {
        if (n < 0)
            return;
        text[n] = '\0';
        mx_log(MX_LOG_ERROR, "upgrade: output of the new program", MX_KC("text", text));
        note(s, text);
    }
    shut(&s->errors);
}

void mx_successor_reaped(struct mx_successor *s, pid_t pid, int status)
{
    char text[MX_UPGRADE_MESSAGE];

    if (s->state == MX_UPGRADE_NONE || pid != s->pid)
        return;
    mx_successor_tick(s);
    if (s->state == MX_UPGRADE_GIVEN)
        return;
    read_errors(s);
    snprintf(text, sizeof text, "the new program ended before it was ready (%s %d)",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    note(s, text);
    s->state = MX_UPGRADE_FAILED;
}

/* Do as the message says. */
static void obey(struct mx_successor *s, const char *message)
{
    if (s->state == MX_UPGRADE_BOOTS && strncmp(message, "ready ", 6) == 0) {
        s->state = MX_UPGRADE_READY;
        snprintf(s->program, sizeof s->program, "%s", message + 6);
    } else if (strncmp(message, "failed ", 7) == 0)
        note(s, message + 7);
}

void mx_successor_tick(struct mx_successor *s)
{
    char text[MX_UPGRADE_MESSAGE];
    bool gone = false;

    if (s->state != MX_UPGRADE_BOOTS && s->state != MX_UPGRADE_FAILS)
        return;
    read_errors(s);
    while (s->fd >= 0 && hear(s->fd, text, &gone))
        obey(s, text);
    if (gone)
        shut(&s->fd);
    if (mx_mono_ns() < s->end_ns)
        return;
    if (s->state == MX_UPGRADE_BOOTS)
        mx_successor_refuse(s, "the new program was not ready in time");
    else if (s->state == MX_UPGRADE_FAILS)
        kill(s->pid, SIGKILL);
}

void mx_successor_refuse(struct mx_successor *s, const char *why)
{
    note(s, why);
    s->state = MX_UPGRADE_FAILS;
    s->end_ns = mx_mono_ns() + s->grace_ns;
    kill(s->pid, SIGTERM);
}

bool mx_successor_give(struct mx_successor *s)
{
    if (s->fd < 0 || !say(s->fd, "take over")) {
        mx_successor_refuse(s, "the new program ended when it was ready");
        return false;
    }
    s->state = MX_UPGRADE_GIVEN;
    return true;
}

void mx_successor_named(struct mx_successor *s)
{
    (void)say(s->fd, "main process");
}

void mx_successor_forget(struct mx_successor *s)
{
    if (s->state == MX_UPGRADE_NONE)
        return;
    shut(&s->fd);
    shut(&s->errors);
    s->state = MX_UPGRADE_NONE;
}

/* ---- the successor's side ---- */

int mx_predecessor(void)
{
    return mx_passed_take(CHANNEL);
}

bool mx_predecessor_hear(int fd, char text[MX_UPGRADE_MESSAGE], bool *ret_gone)
{
    return hear(fd, text, ret_gone);
}

void mx_predecessor_say(int fd, const char *message)
{
    /* One that is gone is noticed when we hear. */
    (void)say(fd, message);
}
