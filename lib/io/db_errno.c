#include "io/db_errno.h"

#include "base/metric.h"

enum effect { KEEP, DROP, LOST, UNSENT };

/* Server errors of MariaDB, MySQL, Galera, Group Replication and TiDB, and client errors (2xxx). */
static const struct {
    unsigned no;
    enum mx_err err;
    enum effect effect;
} known[] = {
    /* The transaction lost against another one: run it again whole. */
    {1020, MX_E_RETRY, KEEP}, /* record has changed since last read */
    {1205, MX_E_RETRY, KEEP}, /* lock wait timeout */
    {1213, MX_E_RETRY, KEEP}, /* deadlock */
    {1412, MX_E_RETRY, KEEP}, /* table definition has changed */
    {1615, MX_E_RETRY, KEEP}, /* statement needs to be prepared again */
    {3101, MX_E_RETRY, KEEP}, /* refused by group certification */
    {9007, MX_E_RETRY, KEEP}, /* write conflict */
    /* The statement was stopped. */
    {1317, MX_E_DEADLINE, KEEP},
    {1969, MX_E_DEADLINE, KEEP},
    {3024, MX_E_DEADLINE, KEEP},
    /* Constraints. */
    {1062, MX_E_DUPLICATE, KEEP},
    {1451, MX_E_CONFLICT, KEEP},
    {1452, MX_E_CONFLICT, KEEP},
    {3819, MX_E_CONFLICT, KEEP},
    {4025, MX_E_CONFLICT, KEEP},
    /* No room: reads go on. */
    {1021, MX_E_UNAVAILABLE, KEEP},
    {1026, MX_E_UNAVAILABLE, KEEP},
    {1041, MX_E_UNAVAILABLE, KEEP},
    {1114, MX_E_UNAVAILABLE, KEEP},
    {MX_DB_TOO_MANY_STATEMENTS, MX_E_UNAVAILABLE, KEEP},
    /* This server cannot serve us now; another one behind the same name may. */
    {1040, MX_E_UNAVAILABLE, DROP}, /* too many connections */
    {1047, MX_E_UNAVAILABLE, DROP}, /* node not ready */
    {1203, MX_E_UNAVAILABLE, DROP}, /* too many connections of this user */
    {1226, MX_E_UNAVAILABLE, DROP}, /* user limit */
    {1290, MX_E_UNAVAILABLE, DROP}, /* read-only */
    {1792, MX_E_UNAVAILABLE, DROP}, /* read-only transaction */
    {1836, MX_E_UNAVAILABLE, DROP}, /* read-only mode */
    {2002, MX_E_UNAVAILABLE, DROP},
    {2003, MX_E_UNAVAILABLE, DROP},
    {3032, MX_E_UNAVAILABLE, DROP}, /* offline mode */
    /* The connection is gone, or what the server knows of it. */
    {1053, MX_E_UNAVAILABLE, LOST}, /* shutdown */
    {1243, MX_E_UNAVAILABLE, LOST}, /* unknown statement handle */
    {1927, MX_E_UNAVAILABLE, LOST}, /* killed */
    {2006, MX_E_UNAVAILABLE, UNSENT},
    {2013, MX_E_UNAVAILABLE, LOST},
    {2055, MX_E_UNAVAILABLE, LOST},
    {4031, MX_E_UNAVAILABLE, LOST}, /* idle for too long */
    /* Client and server no longer agree on where they are. */
    {2014, MX_E_INTERNAL, DROP},
    {2027, MX_E_INTERNAL, DROP},
};

struct mx_db_errno mx_db_errno(unsigned no)
{
    for (size_t i = 0; i < MX_LEN(known); i++)
        if (known[i].no == no)
            return (struct mx_db_errno){.no = no,
                                        .err = known[i].err,
                                        .drop = known[i].effect != KEEP,
                                        .lost = known[i].effect >= LOST,
                                        .unsent = known[i].effect == UNSENT};
    return (struct mx_db_errno){.no = no, .err = MX_E_INTERNAL};
}

static enum mx_metric_db_error class_of(const struct mx_db_errno *is)
{
    switch (is->err) {
    case MX_E_RETRY:
        return MX_DB_ERROR_CONFLICT;
    case MX_E_DEADLINE:
        return MX_DB_ERROR_DEADLINE;
    case MX_E_DUPLICATE:
    case MX_E_CONFLICT:
        return MX_DB_ERROR_CONSTRAINT;
    case MX_E_UNAVAILABLE:
        return is->lost ? MX_DB_ERROR_LOST : MX_DB_ERROR_REFUSED;
    default:
        return MX_DB_ERROR_OTHER;
    }
}

struct mx_db_errno mx_db_errno_met(unsigned no)
{
    struct mx_db_errno is = mx_db_errno(no);

    mx_metric_add(MX_M_DB_ERRORS, (int)class_of(&is), 0, 1);
    return is;
}

bool mx_db_is_configuration(unsigned no)
{
    static const unsigned configuration[] = {
        1044, /* no access to the schema */
        1045, /* wrong account or password */
        1049, /* no such schema */
        1130, /* the account may not come from this host */
        1142, /* no privilege for the table */
        1143, /* nor for the column */
        1227, /* nor for the statement */
        1251, /* the client does not know how to authenticate */
        1698, /* wrong account */
        2026, /* TLS: no trust in the server */
        2059, /* the client lacks a plugin to authenticate */
        2061, /* and cannot use it without TLS */
    };

    for (size_t i = 0; i < MX_LEN(configuration); i++)
        if (configuration[i] == no)
            return true;
    return false;
}

bool mx_db_lacks_grant(unsigned no)
{
    return no == 1044 || no == 1142 || no == 1143 || no == 1370;
}

bool mx_db_commit_refused(unsigned no)
{
    struct mx_db_errno f = mx_db_errno(no);

    return f.err == MX_E_RETRY || f.unsent || no == 1047 || no == 1290 || no == 1792 || no == 1836;
}

bool mx_db_quotes_data(unsigned no, const char *sqlstate)
{
    return no == 1292 || no == 1366 || no == 1411 || strncmp(sqlstate, "22", 2) == 0 ||
           strncmp(sqlstate, "23", 2) == 0;
}

/* Length of the comment, quoted text or single byte that `s` starts with. */
static size_t token(struct mx_str s)
{
    const char *end;
    char q = s.p[0];

    if (q == '#' || (q == '-' && s.n > 1 && s.p[1] == '-')) {
        end = memchr(s.p, '\n', s.n);
        return end ? (size_t)(end - s.p) + 1 : s.n;
    }
    if (q == '/' && s.n > 1 && s.p[1] == '*') {
        end = memmem(s.p + 2, s.n - 2, "*/", 2);
        return end ? (size_t)(end - s.p) + 2 : s.n;
    }
    if (q != '\'' && q != '"' && q != '`')
        return 1;
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\' && q != '`')
            i++;
        else if (s.p[i] == q)
            return i + 1;
    }
    return s.n;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool mx_db_split(struct mx_str *rest, struct mx_str *ret_statement)
{
    size_t at = 0, from = 0;
    bool any = false;

    while (at < rest->n && !(any && rest->p[at] == ';')) {
        size_t len = token(mx_str_sub(*rest, at, rest->n - at));
        char c = rest->p[at];
        bool blank = c == '#' || c == ';' || (len > 1 && (c == '-' || c == '/')) || is_space(c);

        if (!blank && !any) {
            any = true;
            from = at;
        }
        at += len;
    }
    if (any)
        *ret_statement = mx_str_sub(*rest, from, at - from);
    *rest = mx_str_sub(*rest, at, rest->n - at);
    return any;
}
