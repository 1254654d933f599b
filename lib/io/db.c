#include "base/log.h"
#include "codec/secret.h"
#include "io/db_session.h"
#include "io/db_spent.h"

#define LINK_ARENA_FIRST (64 * 1024)
#define LINK_ARENA_CAP ((size_t)256 * 1024 * 1024)
#define TEXT_FIRST 256u /* buffer of a text column at first */
#define TEXT_KEPT \
    (16u * 1024u) /* longest that the buffer grows to; longer values are fetched alone */
#define CHARSET_BINARY 63

/* Where one parameter or column lives while the statement runs. */
struct cell {
    unsigned long length;
    mx_db_bool is_null, error;
    char *text; /* of MX_SQL_STR and MX_SQL_BIN columns */
    unsigned long text_cap, text_want;
    union {
        long long i64;
        MYSQL_TIME time;
        unsigned char bytes[MX_HASH];
    } v;
};

/* Prepared while `h` is there; what is bound stays when the server's side is given up. */
struct stmt {
    MYSQL_STMT *h;
    int64_t used; /* by the link's count of uses */
    bool refused; /* does not match its signature */
    bool bound;   /* the cells are there */
    bool rebind;  /* column buffers have moved, or the handle is new */
    size_t bytes; /* of the texts of the rows read so far */
    MYSQL_BIND *in, *out;
    struct cell *in_cells, *out_cells;
};

struct mx_link {
    const struct mx_settings *conf;
    struct mx_db_spent *spent;
    enum mx_link_kind kind;
    MYSQL *my; /* NULL: closed */
    struct mx_arena *arena;
    unsigned long id;   /* of the connection in the server; stays when it is closed */
    struct stmt *stmts; /* by index of the statement */
    int n_prepared;
    int64_t uses;
    struct mx_link_error error;
};

/* ---- errors ---- */

static void log_error(const struct mx_link_error *f, const char *what, const char *sqlstate)
{
    bool quotes = mx_db_quotes_data(f->is.no, sqlstate);
    bool lost = f->is.drop && f->is.err == MX_E_UNAVAILABLE;

    if (f->is.err != MX_E_INTERNAL && f->is.err != MX_E_UNAVAILABLE)
        return;
    mx_log(lost ? MX_LOG_WARN : MX_LOG_ERROR, lost ? "database connection lost" : "database error",
           MX_KC("statement", what), MX_KI("errno", f->is.no), MX_KC("sqlstate", sqlstate),
           MX_KC("why", quotes ? "" : f->why));
}

static void remember(struct mx_link *l, unsigned no, const char *message)
{
    struct mx_link_error *f = &l->error;

    f->is = mx_db_errno_met(no);
    snprintf(f->why, sizeof f->why, "%s", message);
}

/* Remember, log and map an error. The texts may belong to the connection, which may go here. */
static enum mx_err failed(struct mx_link *l, unsigned no, const char *sqlstate, const char *message,
                          const char *what)
{
    remember(l, no, message);
    log_error(&l->error, what, sqlstate);
    if (l->error.is.drop)
        mx_link_close(l);
    return l->error.is.err;
}

static enum mx_err failed_link(struct mx_link *l, const char *what)
{
    return failed(l, mysql_errno(l->my), mysql_sqlstate(l->my), mysql_error(l->my), what);
}

/* While rows are read the library leaves the error with the connection. */
static enum mx_err failed_stmt(struct mx_link *l, MYSQL_STMT *h, const struct mx_sql *s)
{
    if (mysql_stmt_errno(h) == 0)
        return failed_link(l, s->name);
    return failed(l, mysql_stmt_errno(h), mysql_stmt_sqlstate(h), mysql_stmt_error(h), s->name);
}

/* An error of ours that the server knows nothing of. */
static enum mx_err refused(struct mx_link *l, const struct mx_sql *s, const char *slot,
                           const char *why)
{
    l->error.is = mx_db_errno(0);
    snprintf(l->error.why, sizeof l->error.why, "%s%s%s", slot, *slot ? ": " : "", why);
    mx_log(MX_LOG_ERROR, "statement does not match its declared parameters and columns",
           MX_KC("statement", s->name), MX_KC("why", l->error.why));
    return MX_E_INTERNAL;
}

const struct mx_link_error *mx_link_error(const struct mx_link *l)
{
    return &l->error;
}

/* ---- connecting ---- */

struct mx_link *mx_link_new(const struct mx_settings *conf, enum mx_link_kind kind,
                            struct mx_db_spent *spent)
{
    struct mx_link *l = calloc(1, sizeof *l);

    if (!l)
        MX_BUG("out of memory");
    l->conf = conf;
    l->kind = kind;
    l->spent = spent;
    return l;
}

void mx_link_free(struct mx_link *l)
{
    if (l)
        mx_link_close(l);
    free(l);
}

bool mx_link_is_open(const struct mx_link *l)
{
    return l->my != NULL;
}

enum mx_err mx_link_open(struct mx_link *l)
{
    l->arena = mx_arena_new(LINK_ARENA_FIRST, LINK_ARENA_CAP);
    l->stmts = MX_NEW_N(l->arena, (size_t)mx_sql_n, struct stmt);
    l->n_prepared = 0;
    l->error = (struct mx_link_error){0};
    if (mx_db_session_open(l->conf, l->kind, &l->my)) {
        l->id = mysql_thread_id(l->my);
        return MX_OK;
    }
    remember(l, mysql_errno(l->my), mysql_error(l->my));
    mx_link_close(l);
    return MX_E_UNAVAILABLE;
}

int64_t mx_link_patience_ns(const struct mx_link *l)
{
    return (int64_t)mx_db_session_answer_s(l->conf) * 1000000000;
}

unsigned mx_link_kill_last(const struct mx_link *l)
{
    return mx_db_session_kill(l->conf, l->id);
}

void mx_link_close(struct mx_link *l)
{
    if (!l->my)
        return;
    /* In this order nothing is sent for the statements: they end with the connection. */
    mx_db_session_close(l->kind, l->my);
    for (int i = 0; i < mx_sql_n; i++)
        if (l->stmts[i].h)
            mysql_stmt_close(l->stmts[i].h);
    mx_arena_free(l->arena);
    l->my = NULL;
    l->arena = NULL;
    l->stmts = NULL;
}

/* ---- signatures ---- */

static bool is_integer(enum enum_field_types t)
{
    return t == MYSQL_TYPE_LONGLONG || t == MYSQL_TYPE_LONG || t == MYSQL_TYPE_INT24 ||
           t == MYSQL_TYPE_SHORT || t == MYSQL_TYPE_TINY;
}

static bool is_text(enum enum_field_types t)
{
    return t == MYSQL_TYPE_VAR_STRING || t == MYSQL_TYPE_STRING || t == MYSQL_TYPE_VARCHAR ||
           t == MYSQL_TYPE_BLOB || t == MYSQL_TYPE_TINY_BLOB || t == MYSQL_TYPE_MEDIUM_BLOB ||
           t == MYSQL_TYPE_LONG_BLOB || t == MYSQL_TYPE_JSON;
}

/* Does a column of the server fit the slot? NULL alone has a type of its own. */
static bool fits(const struct mx_sql_slot *slot, const MYSQL_FIELD *f)
{
    if (f->type == MYSQL_TYPE_NULL)
        return slot->nullable;
    switch (slot->type) {
    case MX_SQL_I64:
    case MX_SQL_BOOL:
    case MX_SQL_ENUM:
    case MX_SQL_AMOUNT:
        return is_integer(f->type);
    case MX_SQL_TIME:
        return f->type == MYSQL_TYPE_DATETIME || f->type == MYSQL_TYPE_TIMESTAMP;
    case MX_SQL_ID:
    case MX_SQL_HASH:
        return is_text(f->type) && f->charsetnr == CHARSET_BINARY;
    case MX_SQL_STR:
    case MX_SQL_BIN:
    case MX_SQL_CURRENCY:
        return is_text(f->type);
    }
    return false;
}

static enum mx_err check_columns(struct mx_link *l, const struct mx_sql *s, MYSQL_STMT *h)
{
    MYSQL_RES *meta = mysql_stmt_result_metadata(h);
    const MYSQL_FIELD *f = meta ? mysql_fetch_fields(meta) : NULL;
    int n = meta ? (int)mysql_num_fields(meta) : 0, bad = 0;
    char why[64];

    while (bad < n && bad < s->n_out && fits(&s->out[bad], &f[bad]))
        bad++;
    if (bad < n && bad < s->n_out)
        snprintf(why, sizeof why, "column %d has server type %d", bad + 1, (int)f[bad].type);
    if (meta)
        mysql_free_result(meta);
    if (n != s->n_out)
        return refused(l, s, "", "number of columns");
    return bad < n ? refused(l, s, s->out[bad].name, why) : MX_OK;
}

/* ---- preparing ---- */

static enum enum_field_types wire_type(enum mx_sql_type t)
{
    static const enum enum_field_types types[] = {
        [MX_SQL_I64] = MYSQL_TYPE_LONGLONG,    [MX_SQL_STR] = MYSQL_TYPE_STRING,
        [MX_SQL_BIN] = MYSQL_TYPE_BLOB,        [MX_SQL_ID] = MYSQL_TYPE_BLOB,
        [MX_SQL_TIME] = MYSQL_TYPE_DATETIME,   [MX_SQL_HASH] = MYSQL_TYPE_BLOB,
        [MX_SQL_BOOL] = MYSQL_TYPE_LONGLONG,   [MX_SQL_ENUM] = MYSQL_TYPE_LONGLONG,
        [MX_SQL_AMOUNT] = MYSQL_TYPE_LONGLONG, [MX_SQL_CURRENCY] = MYSQL_TYPE_STRING};

    return types[t];
}

static void bind_column(struct mx_link *l, const struct mx_sql_slot *slot, struct cell *c,
                        MYSQL_BIND *b)
{
    b->buffer_type = wire_type(slot->type);
    b->length = &c->length;
    b->is_null = &c->is_null;
    b->error = &c->error;
    b->buffer = &c->v;
    b->buffer_length = sizeof c->v.bytes;
    if (slot->type == MX_SQL_STR || slot->type == MX_SQL_BIN) {
        c->text_cap = c->text_want = TEXT_FIRST;
        c->text = mx_arena_alloc(l->arena, c->text_cap);
        b->buffer = c->text;
        b->buffer_length = c->text_cap;
    }
}

static void make_cells(struct mx_link *l, const struct mx_sql *s, struct stmt *st)
{
    st->rebind = s->n_out > 0;
    if (st->bound)
        return;
    st->bound = true;
    st->in = MX_NEW_N(l->arena, (size_t)s->n_in, MYSQL_BIND);
    st->in_cells = MX_NEW_N(l->arena, (size_t)s->n_in, struct cell);
    st->out = MX_NEW_N(l->arena, (size_t)s->n_out, MYSQL_BIND);
    st->out_cells = MX_NEW_N(l->arena, (size_t)s->n_out, struct cell);
    for (int i = 0; i < s->n_in; i++) {
        st->in[i].buffer_type = wire_type(s->in[i].type);
        st->in[i].is_null = &st->in_cells[i].is_null;
    }
    for (int i = 0; i < s->n_out; i++)
        bind_column(l, &s->out[i], &st->out_cells[i], &st->out[i]);
}

/* Give up the server's side of a statement; nothing is waited for. */
static void unprepare(struct mx_link *l, struct stmt *st)
{
    mysql_stmt_close(st->h);
    st->h = NULL;
    l->n_prepared--;
}

/* Give up the statement whose last use is longest ago; false when none is prepared. */
static bool evict_oldest(struct mx_link *l)
{
    struct stmt *oldest = NULL;

    for (int i = 0; i < mx_sql_n; i++) {
        struct stmt *st = &l->stmts[i];

        if (st->h && (!oldest || st->used < oldest->used))
            oldest = st;
    }
    if (oldest)
        unprepare(l, oldest);
    return oldest != NULL;
}

void mx_link_unprepare_all(struct mx_link *l)
{
    while (mx_link_is_open(l) && evict_oldest(l))
        ;
}

/* Within the cap. A server that has no room for another statement takes it in the place of one that
 * this connection needs less. */
static enum mx_err prepare_text(struct mx_link *l, const struct mx_sql *s, struct stmt *st)
{
    MYSQL_STMT *h;
    enum mx_err e;

    while (l->n_prepared >= l->conf->db_prepared_statements && evict_oldest(l))
        ;
    h = mysql_stmt_init(l->my);
    if (!h)
        MX_BUG("out of memory");
    while (mysql_stmt_prepare(h, s->text, (unsigned long)strlen(s->text)) != 0) {
        if (mysql_stmt_errno(h) == MX_DB_TOO_MANY_STATEMENTS && evict_oldest(l))
            continue;
        e = failed_stmt(l, h, s);
        mysql_stmt_close(h);
        return e;
    }
    st->h = h;
    l->n_prepared++;
    return MX_OK;
}

enum mx_err mx_link_prepare(struct mx_link *l, const struct mx_sql *s)
{
    struct stmt *st = &l->stmts[s->index];

    if (st->refused) {
        l->error.is = mx_db_errno(0);
        return MX_E_INTERNAL;
    }
    st->used = ++l->uses;
    if (st->h)
        return MX_OK;
    MX_TRY(prepare_text(l, s, st));
    if (mysql_stmt_param_count(st->h) != (unsigned long)s->n_in)
        st->refused = refused(l, s, "", "number of parameters") != MX_OK;
    else
        st->refused = check_columns(l, s, st->h) != MX_OK;
    if (st->refused) {
        unprepare(l, st);
        return MX_E_INTERNAL;
    }
    make_cells(l, s, st);
    return MX_OK;
}

/* ---- parameters ---- */

static bool all_zero(const unsigned char *p, size_t n)
{
    while (n > 0 && p[n - 1] == 0)
        n--;
    return n == 0;
}

static void set_time(MYSQL_TIME *to, struct mx_time from)
{
    struct mx_civil c = mx_time_civil(from);

    *to = (MYSQL_TIME){.year = (unsigned)c.year,
                       .month = (unsigned)c.month,
                       .day = (unsigned)c.day,
                       .hour = (unsigned)c.hour,
                       .minute = (unsigned)c.minute,
                       .second = (unsigned)c.second,
                       .second_part = (unsigned long)c.ms * 1000,
                       .time_type = MYSQL_TIMESTAMP_DATETIME};
}

#define CURRENCY_CODE 3

/* Bring a bool or an enum into the cell; true: it is NULL. */
static bool set_small(const struct mx_sql_slot *slot, const char *in, struct cell *c)
{
    const char *p = in + slot->off;

    if (slot->type == MX_SQL_BOOL) {
        c->v.i64 = *(const bool *)p;
        return slot->nullable && !*(const bool *)(in + slot->has_off);
    }
    c->v.i64 = *(const int *)(const void *)p;
    return slot->nullable && c->v.i64 < 0;
}

/* Point `b` at one parameter of the struct; false for a NULL that the signature does not allow. */
static bool set_parameter(const struct mx_sql_slot *slot, const char *in, MYSQL_BIND *b,
                          struct cell *c)
{
    const char *p = in + slot->off;
    size_t n = slot->type == MX_SQL_HASH ? MX_HASH : sizeof(struct mx_id);
    bool null = false;
    struct mx_str s;
    struct mx_time t;

    switch (slot->type) {
    case MX_SQL_I64:
        null = slot->nullable && !*(const bool *)(in + slot->has_off);
        break;
    case MX_SQL_BOOL:
    case MX_SQL_ENUM:
        null = set_small(slot, in, c);
        p = (const char *)&c->v;
        break;
    case MX_SQL_AMOUNT:
        null = slot->nullable && in[slot->has_off] == 0;
        break;
    case MX_SQL_CURRENCY:
        null = slot->nullable && *p == 0;
        n = CURRENCY_CODE;
        break;
    case MX_SQL_TIME:
        memcpy(&t, p, sizeof t);
        null = slot->nullable && t.ms == 0;
        set_time(&c->v.time, t);
        p = (const char *)&c->v.time;
        break;
    case MX_SQL_STR:
    case MX_SQL_BIN:
        memcpy(&s, p, sizeof s);
        null = s.p == NULL;
        p = s.p;
        n = s.n;
        break;
    case MX_SQL_ID:
    case MX_SQL_HASH:
        null = slot->nullable && all_zero((const unsigned char *)p, n);
        break;
    }
    c->is_null = null;
    b->buffer = (void *)(uintptr_t)p; /* only read, but the library's type is not const */
    b->buffer_length = (unsigned long)n;
    return !null || slot->nullable;
}

static enum mx_err set_parameters(struct mx_link *l, const struct mx_sql *s, struct stmt *st,
                                  const void *in)
{
    for (int i = 0; i < s->n_in; i++)
        if (!set_parameter(&s->in[i], in, &st->in[i], &st->in_cells[i]))
            return refused(l, s, s->in[i].name, "absent parameter");
    if (s->n_in > 0 && mysql_stmt_bind_param(st->h, st->in))
        return failed_stmt(l, st->h, s);
    return MX_OK;
}

/* ---- rows ---- */

static bool get_text(struct stmt *st, int i, struct mx_arena *a, struct mx_str *ret)
{
    struct cell *c = &st->out_cells[i];
    MYSQL_BIND whole = st->out[i];
    char *p;

    ret->n = c->length;
    st->bytes += c->length;
    if (c->length <= c->text_cap) {
        ret->p = mx_arena_dup(a, c->text, c->length);
        return true;
    }
    if (c->text_want < c->length)
        c->text_want = c->length;
    p = mx_arena_alloc(a, c->length + 1);
    p[c->length] = 0;
    ret->p = p;
    whole.buffer = p;
    whole.buffer_length = c->length;
    return mysql_stmt_fetch_column(st->h, &whole, (unsigned)i, 0) == 0;
}

static struct mx_time get_time(const MYSQL_TIME *t)
{
    return mx_civil_time((struct mx_civil){.year = (int)t->year,
                                           .month = (int)t->month,
                                           .day = (int)t->day,
                                           .hour = (int)t->hour,
                                           .minute = (int)t->minute,
                                           .second = (int)t->second,
                                           .ms = (int)(t->second_part / 1000)});
}

/* Store a NULL in the zeroed row; false when the column may not be NULL. */
static bool get_null(const struct mx_sql_slot *slot, char *to)
{
    int none = -1;

    if (slot->type == MX_SQL_ENUM)
        memcpy(to, &none, sizeof none);
    /* An amount before it has marked the currency. */
    return slot->nullable && (slot->type != MX_SQL_CURRENCY || *to == 0);
}

/* Of the small kinds. The amount of money that may be NULL marks the currency behind it. */
static bool get_small(const struct mx_sql_slot *slot, const struct cell *c, char *row)
{
    char *to = row + slot->off;
    int number = (int)c->v.i64;

    switch (slot->type) {
    case MX_SQL_BOOL:
        *(bool *)to = c->v.i64 != 0;
        if (slot->nullable)
            *(bool *)(row + slot->has_off) = true;
        return true;
    case MX_SQL_ENUM:
        memcpy(to, &number, sizeof number);
        return number == c->v.i64 && number >= 0;
    case MX_SQL_AMOUNT:
        memcpy(to, &c->v.i64, sizeof(int64_t));
        if (slot->nullable)
            row[slot->has_off] = 1;
        return !c->error;
    default:
        if (!slot->nullable || *to != 0)
            memcpy(to, c->v.bytes, CURRENCY_CODE);
        return c->length == CURRENCY_CODE;
    }
}

/* Copy one column into the zeroed row; false when the value does not fit its type. */
static bool get_column(const struct mx_sql *s, struct stmt *st, int i, struct mx_arena *a,
                       char *row)
{
    const struct mx_sql_slot *slot = &s->out[i];
    struct cell *c = &st->out_cells[i];
    size_t n = slot->type == MX_SQL_HASH ? MX_HASH : sizeof(struct mx_id);
    char *to = row + slot->off;
    struct mx_str text;
    struct mx_time t;

    if (c->is_null)
        return get_null(slot, to);
    switch (slot->type) {
    case MX_SQL_I64:
        memcpy(to, &c->v.i64, sizeof(int64_t));
        if (slot->nullable)
            *(bool *)(row + slot->has_off) = true;
        return !c->error;
    case MX_SQL_TIME:
        t = get_time(&c->v.time);
        memcpy(to, &t, sizeof t);
        return true;
    case MX_SQL_ID:
    case MX_SQL_HASH:
        memcpy(to, c->v.bytes, n);
        return c->length == n;
    case MX_SQL_STR:
    case MX_SQL_BIN:
        if (!get_text(st, i, a, &text))
            return false;
        memcpy(to, &text, sizeof text);
        return true;
    default:
        return get_small(slot, c, row);
    }
}

/* Room for one more row behind `rows`; the old array is left to the arena. */
static char *add_row(struct mx_list *rows, size_t *cap, size_t size, struct mx_arena *a)
{
    if (rows->n == *cap) {
        void *old = rows->at;

        *cap = *cap ? *cap * 2 : 4;
        rows->at = mx_arena_zalloc(a, *cap, size);
        if (rows->n)
            memcpy(rows->at, old, rows->n * size);
    }
    return (char *)rows->at + rows->n++ * size;
}

static enum mx_err get_row(struct mx_link *l, const struct mx_sql *s, struct mx_arena *a, char *row)
{
    struct stmt *st = &l->stmts[s->index];

    for (int i = 0; i < s->n_out; i++)
        if (!get_column(s, st, i, a, row))
            return refused(l, s, s->out[i].name,
                           st->out_cells[i].is_null ? "unexpected NULL" : "unexpected value");
    return MX_OK;
}

static enum mx_err get_rows(struct mx_link *l, const struct mx_sql *s, struct mx_arena *a,
                            struct mx_list *ret_rows)
{
    struct stmt *st = &l->stmts[s->index];
    struct mx_list rows = {.size = s->row_size};
    size_t cap = 0;
    bool full = false;
    int rc = 0;

    st->bytes = 0;
    while (!full && ((rc = mysql_stmt_fetch(st->h)) == 0 || rc == MYSQL_DATA_TRUNCATED)) {
        MX_TRY(get_row(l, s, a, add_row(&rows, &cap, s->row_size, a)));
        full = s->page && st->bytes >= MX_PAGE_BYTES;
    }
    if (!full && rc != MYSQL_NO_DATA)
        return failed_stmt(l, st->h, s);
    *ret_rows = rows;
    return MX_OK;
}

/* Let text buffers that were too small grow before the next run. */
static void grow_buffers(struct mx_link *l, const struct mx_sql *s, struct stmt *st)
{
    for (int i = 0; i < s->n_out; i++) {
        struct cell *c = &st->out_cells[i];

        if (c->text_want <= c->text_cap || c->text_cap >= TEXT_KEPT)
            continue;
        while (c->text_cap < c->text_want && c->text_cap < TEXT_KEPT)
            c->text_cap *= 2;
        c->text = mx_arena_alloc(l->arena, c->text_cap);
        st->out[i].buffer = c->text;
        st->out[i].buffer_length = c->text_cap;
        st->rebind = true;
    }
}

/* ---- running ---- */

static enum mx_err bind_rows(struct mx_link *l, const struct mx_sql *s, struct stmt *st)
{
    if (!st->rebind)
        return MX_OK;
    if (mysql_stmt_bind_result(st->h, st->out))
        return failed_stmt(l, st->h, s);
    st->rebind = false;
    return MX_OK;
}

static enum mx_err run_bound(struct mx_link *l, const struct mx_sql *s, struct mx_arena *a,
                             struct mx_link_result *ret)
{
    struct stmt *st = &l->stmts[s->index];
    enum mx_err e;

    if (mysql_stmt_execute(st->h) != 0)
        return failed_stmt(l, st->h, s);
    if (s->n_out == 0) {
        ret->changed = (int64_t)mysql_stmt_affected_rows(st->h);
        return MX_OK;
    }
    e = get_rows(l, s, a, &ret->rows);
    if (!mx_link_is_open(l))
        return e;
    /* Reads what is left of the answer, so that the connection is clean whatever happened. */
    if (mysql_stmt_free_result(st->h) && e == MX_OK)
        return failed_stmt(l, st->h, s);
    grow_buffers(l, s, st);
    return e;
}

enum mx_err mx_link_run(struct mx_link *l, const struct mx_sql *s, const void *in,
                        struct mx_arena *a, struct mx_link_result *ret)
{
    int64_t began_ns = mx_mono_ns();
    struct stmt *st = &l->stmts[s->index];
    enum mx_err e = mx_link_prepare(l, s);
    int trips = 0;

    if (e == MX_OK)
        e = set_parameters(l, s, st, in);
    if (e == MX_OK)
        e = bind_rows(l, s, st);
    if (e == MX_OK) {
        e = run_bound(l, s, a, ret);
        trips = 1;
    }
    mx_db_spent_add(l->spent, s->name, trips, mx_mono_ns() - began_ns);
    return e;
}

/* Run a text that the log calls `name`. */
static enum mx_err run_text(struct mx_link *l, struct mx_str sql, const char *name)
{
    int64_t began_ns = mx_mono_ns();
    bool ok = mysql_real_query(l->my, sql.p, (unsigned long)sql.n) == 0;

    mx_db_spent_add(l->spent, name, 1, mx_mono_ns() - began_ns);
    if (!ok)
        return failed_link(l, name);
    if (mysql_field_count(l->my) > 0)
        mysql_free_result(mysql_store_result(l->my));
    return MX_OK;
}

enum mx_err mx_link_text(struct mx_link *l, struct mx_str sql)
{
    return run_text(l, sql, "script");
}

enum mx_err mx_link_commit(struct mx_link *l)
{
    enum mx_err e = run_text(l, MX_S("COMMIT"), "COMMIT");

    if (e == MX_OK || mx_db_commit_refused(l->error.is.no))
        return e;
    /* Whatever the server did, it must not go on with this session. */
    mx_link_close(l);
    return MX_E_COMMIT_UNKNOWN;
}

void mx_link_rollback(struct mx_link *l)
{
    if (mx_link_is_open(l) && run_text(l, MX_S("ROLLBACK"), "ROLLBACK") != MX_OK)
        mx_link_close(l);
}
