#include "codec/phc.h"

#include <argon2.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/rnd.h"
#include "codec/secret.h"

#define MEMORY_KIB 19456
#define PASSES 2
#define SALT 16
/* A stored hash beyond these matches nothing: it would stop the worker. */
#define MEMORY_KIB_MAX (256 * 1024)
#define PASSES_MAX 16
#define LANES_MAX 16
#define PREFIX "$argon2id$v=19$m="
/* The system call for so much memory takes 0.05 ms; a signal waits for it. */
#define PIECE (128 * 1024)
#define TURN_US 200

struct phc {
    uint32_t kib, passes, lanes;
    unsigned char salt[MX_PASSWORD_PHC], hash[MX_PASSWORD_PHC];
    size_t salt_n, hash_n;
};

/* ---- the text ---- */

/* The number that follows `name` up to `end`, taken off the front of *rest. */
static bool take_number(struct mx_str *rest, struct mx_str name, char end, int64_t max,
                        uint32_t *ret_number)
{
    struct mx_str part = {0};
    int64_t value;

    if (!mx_str_split(rest, end, &part) || !mx_str_starts(part, name) ||
        !mx_str_i64(mx_str_sub(part, name.n, part.n), 1, max, &value))
        return false;
    *ret_number = (uint32_t)value;
    return true;
}

static bool parse(struct mx_str text, struct phc *ret_phc)
{
    struct mx_str rest = text, salt = {0};

    return take_number(&rest, MX_S(PREFIX), ',', MEMORY_KIB_MAX, &ret_phc->kib) &&
           take_number(&rest, MX_S("t="), ',', PASSES_MAX, &ret_phc->passes) &&
           take_number(&rest, MX_S("p="), '$', LANES_MAX, &ret_phc->lanes) &&
           mx_str_split(&rest, '$', &salt) &&
           mx_base64_decode(MX_BASE64_BARE, salt, ret_phc->salt, sizeof(ret_phc->salt),
                            &ret_phc->salt_n) &&
           mx_base64_decode(MX_BASE64_BARE, rest, ret_phc->hash, sizeof(ret_phc->hash),
                            &ret_phc->hash_n);
}

static void format(const struct phc *phc, char ret_text[MX_PASSWORD_PHC])
{
    char salt[MX_PASSWORD_PHC], hash[MX_PASSWORD_PHC];

    mx_base64(MX_BASE64_BARE, phc->salt, phc->salt_n, salt, sizeof(salt));
    mx_base64(MX_BASE64_BARE, phc->hash, phc->hash_n, hash, sizeof(hash));
    snprintf(ret_text, MX_PASSWORD_PHC, PREFIX "%u,t=%u,p=%u$%.24s$%.48s", phc->kib, phc->passes,
             phc->lanes, salt, hash);
}

/* Our parameters with a new salt and no hash as yet. */
static struct phc new_phc(void)
{
    struct phc phc = {
        .kib = MEMORY_KIB, .passes = PASSES, .lanes = 1, .salt_n = SALT, .hash_n = MX_HASH};

    mx_rnd(phc.salt, phc.salt_n);
    return phc;
}

/* ---- letting others through ----
 *
 * Linux asks who may run only at a tick (4 ms at 250 Hz) and when somebody wakes, and even a low
 * priority keeps the processor then when the woken process has had more than its share (EEVDF,
 * Linux 6.6): beside a process that computes, short work waits for whole ticks. Between pace_start
 * and pace_stop the process sleeps for 0.1 ms after each 0.2 ms of computing, which makes its work
 * take half as long again. SIGALRM and ITIMER_REAL are taken; a system call that waits may end with
 * EINTR. */

static volatile sig_atomic_t paced;

/* Once, not again and again: a process that is woken late would find the next alarm waiting already
 * and never compute. A bare system call, so that the handler may make it. */
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

static void pace_start(void)
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

static void pace_stop(void)
{
    paced = 0;
    set_alarm(0);
}

/* ---- the work ---- */

static size_t piece(size_t left)
{
    return left < PIECE ? left : PIECE;
}

/* Not in one piece: others are let through between two system calls, not within one. */
static int take_memory(uint8_t **ret_memory, size_t n)
{
    char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *ret_memory = NULL;
    if (p == MAP_FAILED)
        return -1;
    madvise(p, n, MADV_DONTDUMP);
    for (size_t i = 0; i < n; i += PIECE)
        madvise(p + i, piece(n - i), MADV_POPULATE_WRITE);
    *ret_memory = (uint8_t *)p;
    return 0;
}

static void give_memory(uint8_t *memory, size_t n)
{
    for (size_t i = 0; i < n; i += PIECE)
        munmap(memory + i, piece(n - i));
}

static int compute(const struct phc *phc, struct mx_str password, unsigned char *out)
{
    struct phc in = *phc; /* libargon2 takes nothing that is const */
    argon2_context c = {
        .out = out,
        .outlen = (uint32_t)in.hash_n,
        .pwd = (uint8_t *)(uintptr_t)password.p,
        .pwdlen = (uint32_t)password.n,
        .salt = in.salt,
        .saltlen = (uint32_t)in.salt_n,
        .t_cost = in.passes,
        .m_cost = in.kib,
        .lanes = in.lanes,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = take_memory,
        .free_cbk = give_memory,
    };
    int error;

    pace_start();
    error = argon2id_ctx(&c);
    pace_stop();
    return error;
}

enum mx_err mx_password_hash(struct mx_str password, char ret_phc[MX_PASSWORD_PHC])
{
    struct phc phc = new_phc();

    MX_ASSERT(password.p != NULL);
    if (compute(&phc, password, phc.hash) != ARGON2_OK)
        return MX_E_UNAVAILABLE;
    format(&phc, ret_phc);
    return MX_OK;
}

enum mx_err mx_password_verify(struct mx_str text, struct mx_str password, bool *ret_match)
{
    struct phc phc;
    unsigned char out[MX_PASSWORD_PHC];
    int error;

    *ret_match = false;
    if (!password.p || !text.p || text.n >= MX_PASSWORD_PHC || !parse(text, &phc))
        return MX_OK;
    error = compute(&phc, password, out);
    if (error == ARGON2_MEMORY_ALLOCATION_ERROR)
        return MX_E_UNAVAILABLE;
    *ret_match = error == ARGON2_OK && mx_secret_eq(out, phc.hash, phc.hash_n);
    return MX_OK;
}

bool mx_password_weak_hash(struct mx_str text)
{
    struct phc phc;

    return !parse(text, &phc) || phc.kib < MEMORY_KIB || phc.passes < PASSES;
}

struct mx_str mx_password_dummy(void)
{
    static char text[MX_PASSWORD_PHC];

    if (text[0] == '\0') {
        /* A random hash: a password for it would be a preimage. */
        struct phc phc = new_phc();
        mx_rnd(phc.hash, phc.hash_n);
        format(&phc, text);
    }
    return mx_str_c(text);
}
