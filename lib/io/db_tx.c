#include "base/log.h"
#include "base/metric.h"
#include "base/rnd.h"
#include "io/db_link.h"
#include "io/db_watch.h"
#include "q/schema.h"

#define TRIES_AGAIN 5
#define BACKOFF_MS 5
#define REFUSE_NS 250000000        /* after a failed attempt to connect */
#define LOST_QUICKLY_NS 1000000000 /* a loss after a longer wait is no reason to wait again */
#define NO_SUCH_TABLE 1146
#define LINKS_OF_A_PROCESS 2 /* that prepare statements: read and write */

struct before {
    struct before *next;
    enum mx_err (*hook)(void *arg);
    void *arg;
};

struct after {
    struct after *next;
    void (*hook)(void *arg, bool certain);
    void *arg;
};

struct undo {
    struct undo *next;
    void (*hook)(void *arg);
    void *arg;
};

struct memo {
    struct memo *next;
    const void *owner;
    void *at;
};

/* Hooks and facts that one run of a transaction has gathered, in the order of the calls. */
struct gathered {
    struct before *before, **before_end;
    struct after *after, **after_end;
    struct undo *undos; /* the last one first */
    struct memo *memos;
};

struct mx_db {
    const struct mx_settings *conf;
    struct mx_arena *arena;
    struct mx_link *links[MX_LINK_KINDS];
    struct mx_db_spent spent;     /* of the request */
    struct mx_db_failure failure; /* of the last statement that failed */
    struct mx_db_board *board;    /* NULL: nobody watches */
    int64_t deadline_ns;          /* of the request; 0 none */
    bool down;                    /* the last attempt to connect failed */
    int64_t refuse_until_ns;      /* until then no other attempt is made */
    bool in_tx;
    bool again; /* and the running transaction was rolled back before */
    bool begun; /* the server has seen a statement of this transaction */
    struct gathered run;
    struct before effect; /* of the request; no hook: nothing is kept of it */
    enum mx_err poison;   /* what its first failed statement returned */
    bool lost;            /* the last failure was a connection that went away */
    bool unsent;          /* and the server never got the statement */
    bool unknown;         /* it went away and may have carried the statement out */
};

struct mx_db *mx_db_new(const struct mx_settings *conf)
{
    struct mx_db *db = calloc(1, sizeof *db);

    if (!db)
        MX_BUG("out of memory");
    db->conf = conf;
    for (int k = 0; k < MX_LINK_KINDS; k++)
        db->links[k] = mx_link_new(conf, (enum mx_link_kind)k, &db->spent);
    return db;
}

void mx_db_free(struct mx_db *db)
{
    if (!db)
        return;
    for (int k = 0; k < MX_LINK_KINDS; k++)
        mx_link_free(db->links[k]);
    free(db);
}

void mx_db_watch(struct mx_db *db, struct mx_db_board *board)
{
    db->board = board;
    mx_watch_start(board);
}

void mx_db_deadline(struct mx_db *db, int64_t deadline_ns)
{
    MX_ASSERT(db->board != NULL);
    db->deadline_ns = deadline_ns;
    mx_board_begin(db->board);
}

void mx_db_deadline_over(struct mx_db *db)
{
    db->deadline_ns = 0;
    if (mx_board_end(db->board))
        return;
    /* An order to kill what such a connection runs may arrive later still. */
    for (int k = 0; k < MX_LINK_KINDS; k++)
        mx_link_close(db->links[k]);
}

void mx_db_begin_request(struct mx_db *db, struct mx_arena *a)
{
    MX_ASSERT(!db->in_tx);
    db->arena = a;
    db->spent = (struct mx_db_spent){0};
    db->failure = (struct mx_db_failure){"", 0};
    db->effect = (struct before){0};
}

bool mx_db_in_tx(const struct mx_db *db)
{
    return db->in_tx;
}

bool mx_db_tx_again(const struct mx_db *db)
{
    MX_ASSERT(db->in_tx);
    return db->again;
}

const struct mx_db_spent *mx_db_spent(const struct mx_db *db)
{
    return &db->spent;
}

struct mx_db_failure mx_db_last_failure(const struct mx_db *db)
{
    return db->failure;
}

/* ---- connections ---- */

static void log_connect(struct mx_db *db, struct mx_link *l, bool ok)
{
    const struct mx_link_error *f = mx_link_error(l);

    if (ok && db->down)
        mx_log(MX_LOG_INFO, "database connection restored");
    else if (!ok && !db->down)
        mx_log(MX_LOG_ERROR, "cannot connect to the database", MX_KI("errno", f->is.no),
               MX_KC("why", f->why));
    db->down = !ok;
}

/* After a failed attempt that began then. */
static void refuse_for_a_while(struct mx_db *db, int64_t began_ns)
{
    int64_t took_ns = mx_mono_ns() - began_ns;

    db->refuse_until_ns = began_ns + took_ns + (took_ns > REFUSE_NS ? took_ns : REFUSE_NS);
}

/* The open link of this kind, or NULL. While the database is down requests must fail at once: after
 * a failed attempt none is made for a while, and for no less time than the attempt took. */
static struct mx_link *open_link(struct mx_db *db, enum mx_link_kind kind)
{
    struct mx_link *l = db->links[kind];
    int64_t began_ns;
    bool ok;

    if (mx_link_is_open(l))
        return l;
    began_ns = mx_mono_ns();
    if (began_ns < db->refuse_until_ns)
        return NULL;
    ok = mx_link_open(l) == MX_OK;
    db->spent.connect_ns += mx_mono_ns() - began_ns;
    log_connect(db, l, ok);
    mx_metric_add(MX_M_DB_CONNECTS, ok ? MX_RESULT_OK : MX_RESULT_FAILED, 0, 1);
    if (ok)
        return l;
    refuse_for_a_while(db, began_ns);
    return NULL;
}

/* The statement's time is over and we have hung up, but the server may be at it still, with its
 * locks: max_execution_time of MySQL ends nothing but SELECT. Connection ids do not name the
 * server: if another one answers by now, it may lose a connection of ours, which is tried again. */
static void end_in_server(struct mx_db *db, struct mx_link *l)
{
    int64_t began_ns = mx_mono_ns();
    unsigned no = mx_link_kill_last(l);

    mx_log(MX_LOG_WARN,
           no == 0 ? "statement timed out and was ended in the database"
                   : "statement timed out and may go on in the database",
           MX_KI("errno", no));
    if (no != 0)
        refuse_for_a_while(db, began_ns);
}

/* Take over what the link says of its failure. A server that kept us waiting until the time-out
 * will do so on the other connections too: they go as well, and what comes next waits for a
 * connection at most. */
static void note_failure(struct mx_db *db, struct mx_link *l, int64_t began_ns)
{
    const struct mx_link_error *f = mx_link_error(l);
    int64_t took_ns = mx_mono_ns() - began_ns;
    bool quick = took_ns < LOST_QUICKLY_NS;

    db->lost = f->is.lost && quick;
    db->unsent = f->is.unsent && quick;
    db->unknown = f->is.lost && !f->is.unsent;
    for (int k = 0; f->is.lost && !quick && k < MX_LINK_KINDS; k++)
        mx_link_close(db->links[k]);
    if (f->is.lost && took_ns >= mx_link_patience_ns(l))
        end_in_server(db, l);
}

/* Is the request's time over? Then nothing more is begun for it, nor committed. */
static bool is_late(struct mx_db *db, const char *what)
{
    if (db->deadline_ns == 0 || mx_mono_ns() < db->deadline_ns)
        return false;
    db->failure = (struct mx_db_failure){what, 0};
    mx_log(MX_LOG_WARN, "request passed its deadline", MX_KC("before", what));
    return true;
}

static void unprepare_others(struct mx_db *db, enum mx_link_kind kind)
{
    for (int k = 0; k < MX_LINK_KINDS; k++)
        if (k != (int)kind)
            mx_link_unprepare_all(db->links[k]);
}

static enum mx_err run_watched(struct mx_db *db, enum mx_link_kind kind, const struct mx_sql *s,
                               const void *in, struct mx_link_result *ret)
{
    enum mx_err e;

    mx_watch_begins((int)kind, s->index + 1);
    e = mx_link_run(db->links[kind], s, in, db->arena, ret);
    mx_watch_ends();
    return e;
}

/* Run `s` once on the link of this kind. A server without room for another prepared statement has
 * refused it before it ran. */
static enum mx_err run_once(struct mx_db *db, enum mx_link_kind kind, const struct mx_sql *s,
                            const void *in, struct mx_link_result *ret)
{
    struct mx_link *l;
    int64_t began_ns;
    enum mx_err e;

    db->lost = db->unsent = db->unknown = false;
    if (is_late(db, s->name))
        return MX_E_DEADLINE;
    l = open_link(db, kind);
    if (!l)
        return MX_E_UNAVAILABLE;
    began_ns = mx_mono_ns();
    e = run_watched(db, kind, s, in, ret);
    if (e != MX_OK && mx_link_error(l)->is.no == MX_DB_TOO_MANY_STATEMENTS) {
        unprepare_others(db, kind);
        e = run_watched(db, kind, s, in, ret);
    }
    if (e != MX_OK) {
        db->failure = (struct mx_db_failure){s->name, mx_link_error(l)->is.no};
        note_failure(db, l, began_ns);
    }
    return e;
}

/* ---- trying again ---- */

/* Attempts of one unit of work (a transaction, or a statement alone) so far. */
struct effort {
    int64_t began_ns;
    int retries;
    bool reconnected;
};

static void pause_before(int retry)
{
    int64_t ms = (int64_t)BACKOFF_MS << retry;
    struct timespec t;

    ms += (int64_t)mx_rnd_below((uint64_t)ms + 1);
    t = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* May the unit that just failed with `e` run again? Waits before a repetition. The time for one
 * statement is also the time for all repetitions. */
static bool again(struct mx_db *db, struct effort *f, enum mx_err e, bool lost)
{
    int64_t spent_ms = (mx_mono_ns() - f->began_ns) / 1000000;

    if (spent_ms >= db->conf->db_statement_timeout_ms)
        return false;
    if (lost && !f->reconnected) {
        db->spent.retries++;
        mx_metric_add(MX_M_DB_RETRIES, MX_RETRY_LOST, 0, 1);
        return f->reconnected = true;
    }
    if (e != MX_E_RETRY || f->retries == TRIES_AGAIN)
        return false;
    db->spent.retries++;
    mx_metric_add(MX_M_DB_RETRIES, MX_RETRY_CONFLICT, 0, 1);
    pause_before(f->retries++);
    return true;
}

/* The signal to repeat goes no further than here. */
static enum mx_err given_up(const struct effort *f, enum mx_err e)
{
    if (e != MX_E_RETRY)
        return e;
    mx_log(MX_LOG_WARN, "transaction retried too often, giving up", MX_KI("runs", f->retries + 1));
    return MX_E_UNAVAILABLE;
}

/* ---- statements ---- */

static enum mx_err run_in_tx(struct mx_db *db, const struct mx_sql *s, const void *in,
                             struct mx_link_result *ret)
{
    enum mx_err e;

    if (db->poison != MX_OK)
        return db->poison;
    e = run_once(db, MX_LINK_WRITE, s, in, ret);
    db->begun = mx_link_is_open(db->links[MX_LINK_WRITE]);
    db->poison = e;
    return e;
}

/* A statement alone, in autocommit. One that changes something and may have reached the server is
 * not sent again. */
static enum mx_err run_alone(struct mx_db *db, const struct mx_sql *s, const void *in,
                             struct mx_link_result *ret)
{
    struct effort effort = {.began_ns = mx_mono_ns()};
    bool reads = s->n_out > 0;
    enum mx_err e;

    do
        e = run_once(db, MX_LINK_READ, s, in, ret);
    while (e != MX_OK && again(db, &effort, e, db->lost && (reads || db->unsent)));
    if (!reads && db->unknown)
        return MX_E_COMMIT_UNKNOWN;
    return given_up(&effort, e);
}

static enum mx_err run(struct mx_db *db, const struct mx_sql *s, const void *in,
                       struct mx_link_result *ret)
{
    MX_ASSERT(db->arena != NULL);
    return db->in_tx ? run_in_tx(db, s, in, ret) : run_alone(db, s, in, ret);
}

enum mx_err mx_db_query(struct mx_db *db, const struct mx_sql *s, const void *in,
                        struct mx_list *ret_rows)
{
    struct mx_link_result r = {0};
    enum mx_err e = run(db, s, in, &r);

    if (e == MX_OK)
        *ret_rows = r.rows;
    return e;
}

enum mx_err mx_db_exec(struct mx_db *db, const struct mx_sql *s, const void *in,
                       int64_t *ret_changed)
{
    struct mx_link_result r = {0};
    enum mx_err e = run(db, s, in, &r);

    if (e == MX_OK && ret_changed)
        *ret_changed = r.changed;
    return e;
}

/* ---- what belongs to a transaction ---- */

void mx_db_before_commit(struct mx_db *db, enum mx_err (*hook)(void *arg), void *arg)
{
    struct before *b;

    MX_ASSERT(db->in_tx);
    b = MX_NEW(db->arena, struct before);
    *b = (struct before){NULL, hook, arg};
    *db->run.before_end = b;
    db->run.before_end = &b->next;
}

void mx_db_after_commit(struct mx_db *db, void (*hook)(void *arg, bool certain), void *arg)
{
    struct after *a;

    if (!db->in_tx) {
        hook(arg, true);
        return;
    }
    a = MX_NEW(db->arena, struct after);
    *a = (struct after){NULL, hook, arg};
    *db->run.after_end = a;
    db->run.after_end = &a->next;
}

void mx_db_after_rollback(struct mx_db *db, void (*hook)(void *arg), void *arg)
{
    struct undo *u;

    MX_ASSERT(db->in_tx);
    u = MX_NEW(db->arena, struct undo);
    *u = (struct undo){db->run.undos, hook, arg};
    db->run.undos = u;
}

void mx_db_on_effect(struct mx_db *db, enum mx_err (*hook)(void *arg), void *arg)
{
    db->effect = (struct before){NULL, hook, arg};
}

void mx_db_effect(struct mx_db *db)
{
    if (db->effect.hook)
        mx_db_before_commit(db, db->effect.hook, db->effect.arg);
}

void *mx_db_memo(struct mx_db *db, const void *owner, size_t size)
{
    struct memo *m;

    MX_ASSERT(db->in_tx);
    for (m = db->run.memos; m; m = m->next) {
        if (m->owner == owner)
            return m->at;
    }
    m = MX_NEW(db->arena, struct memo);
    *m = (struct memo){db->run.memos, owner, mx_arena_zalloc(db->arena, 1, size)};
    db->run.memos = m;
    return m->at;
}

static enum mx_err run_before(struct mx_db *db)
{
    for (const struct before *b = db->run.before; b; b = b->next)
        MX_TRY(b->hook(b->arg));
    return MX_OK;
}

/* Hooks for the end of a run of a transaction. */
static void run_after(struct mx_db *db, enum mx_err end)
{
    if (end == MX_OK || end == MX_E_COMMIT_UNKNOWN) {
        for (const struct after *a = db->run.after; a; a = a->next)
            a->hook(a->arg, end == MX_OK);
        return;
    }
    for (const struct undo *u = db->run.undos; u; u = u->next)
        u->hook(u->arg);
}

/* ---- transactions ---- */

static void rollback(struct mx_db *db)
{
    mx_watch_begins(MX_LINK_WRITE, MX_BOARD_TEXT);
    mx_link_rollback(db->links[MX_LINK_WRITE]);
    mx_watch_ends();
}

static enum mx_err commit(struct mx_db *db)
{
    struct mx_link *l = db->links[MX_LINK_WRITE];
    int64_t began_ns = mx_mono_ns();
    enum mx_err e;

    if (!db->begun)
        return MX_OK;
    db->lost = false;
    if (is_late(db, "COMMIT"))
        return MX_E_DEADLINE;
    mx_watch_begins(MX_LINK_WRITE, MX_BOARD_TEXT);
    e = mx_link_commit(l);
    mx_watch_ends();
    if (e == MX_OK)
        return MX_OK;
    note_failure(db, l, began_ns);
    if (e == MX_E_COMMIT_UNKNOWN) {
        db->lost = false;
        mx_log(MX_LOG_ERROR, "outcome of COMMIT is unknown",
               MX_KI("errno", mx_link_error(l)->is.no));
    }
    return e;
}

/* One run of the closure. *ret_cause is the failure that decides about another one. */
static enum mx_err attempt(struct mx_db *db, enum mx_err (*fn)(void *arg), void *arg,
                           enum mx_err *ret_cause)
{
    enum mx_err e;

    db->in_tx = true;
    db->begun = db->lost = false;
    db->poison = MX_OK;
    db->run = (struct gathered){0};
    db->run.before_end = &db->run.before;
    db->run.after_end = &db->run.after;
    e = fn(arg);
    if (e == MX_OK && db->poison == MX_OK)
        e = run_before(db);
    *ret_cause = db->poison != MX_OK && e != MX_E_RETRY ? db->poison : e;
    if (*ret_cause == MX_OK)
        *ret_cause = e = commit(db);
    if (*ret_cause != MX_OK && db->begun)
        rollback(db);
    db->in_tx = false;
    run_after(db, *ret_cause);
    return e != MX_OK ? e : *ret_cause;
}

enum mx_err mx_db_tx(struct mx_db *db, enum mx_err (*fn)(void *arg), void *arg)
{
    struct effort effort = {.began_ns = mx_mono_ns()};
    struct mx_arena_mark mark;
    enum mx_err e, cause;

    MX_ASSERT(!db->in_tx && db->arena != NULL);
    mark = mx_arena_mark(db->arena);
    db->failure = (struct mx_db_failure){"", 0};
    for (db->again = false;; db->again = true) {
        e = attempt(db, fn, arg, &cause);
        if (cause == MX_OK || !again(db, &effort, cause, db->lost))
            return given_up(&effort, cause == MX_E_RETRY ? cause : e);
        mx_arena_rewind(db->arena, mark);
    }
}

/* ---- the rest ---- */

enum mx_err mx_db_ready(struct mx_db *db, int64_t *ret_version)
{
    struct mx_list rows;
    enum mx_err e = q_schema_version(db, &rows);

    if (e == MX_E_INTERNAL && mx_link_error(db->links[MX_LINK_READ])->is.no == NO_SUCH_TABLE) {
        *ret_version = 0;
        return MX_OK;
    }
    if (e == MX_OK)
        *ret_version = MX_AT(rows, struct q_schema_version_row, 0)->version;
    return e;
}

struct mx_db_error mx_db_last_error(const struct mx_db *db)
{
    const struct mx_link_error *f = mx_link_error(db->links[MX_LINK_READ]);

    return (struct mx_db_error){f->is.no, f->why, mx_db_is_configuration(f->is.no),
                                mx_db_lacks_grant(f->is.no)};
}

enum mx_err mx_db_room(struct mx_db *db, int64_t *ret_needed, int64_t *ret_room)
{
    struct mx_list rows;

    MX_TRY(q_schema_prepared_max(db, &rows));
    *ret_room = MX_AT(rows, struct q_schema_prepared_max_row, 0)->n;
    *ret_needed =
        (db->conf->workers_max + 1) * LINKS_OF_A_PROCESS * db->conf->db_prepared_statements;
    return MX_OK;
}

enum mx_err mx_db_check_all(struct mx_db *db, struct mx_buf *out)
{
    enum mx_err worst = MX_OK;

    for (int i = 0; i < mx_sql_n; i++) {
        struct mx_link *l = open_link(db, MX_LINK_READ);

        if (!l)
            return MX_E_UNAVAILABLE;
        if (mx_link_prepare(l, &mx_sql_all[i]) == MX_OK)
            continue;
        worst = MX_E_INTERNAL;
        mx_buf_fmt(out, "%s: %s\n", mx_sql_all[i].name, mx_link_error(l)->why);
    }
    return worst;
}

enum mx_err mx_db_script(struct mx_db *db, struct mx_str sql, const char **ret_why)
{
    struct mx_link *l = open_link(db, MX_LINK_SCRIPT);
    struct mx_str one;
    enum mx_err e = MX_OK;

    *ret_why = mx_link_error(db->links[MX_LINK_SCRIPT])->why;
    if (!l)
        return MX_E_UNAVAILABLE;
    while (e == MX_OK && mx_db_split(&sql, &one))
        e = mx_link_text(l, one);
    return e;
}
