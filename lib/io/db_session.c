#include "io/db_session.h"

#include "io/db_watch.h"

#define TABLE_LOCK_WAIT_S 5
#define SPARE_WAIT_S 1 /* for each answer to the connection that ends another one */
#define NO_SUCH_CONNECTION 1094

/* ---- options of the client library ---- */

static void set_tls(MYSQL *my, const struct mx_settings *conf)
{
#ifdef MARIADB_PACKAGE_VERSION
    mx_db_bool on = 1;

    mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &on);
    mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
#else
    unsigned mode = SSL_MODE_VERIFY_IDENTITY;

    mysql_options(my, MYSQL_OPT_SSL_MODE, &mode);
#endif
    mysql_options(my, MYSQL_OPT_SSL_CA, conf->db_tls_ca);
}

unsigned mx_db_session_answer_s(const struct mx_settings *conf)
{
    return (unsigned)(conf->db_statement_timeout_ms + 999) / 1000 + 1;
}

/* `answer_s`: time that the server has for an answer, 0 for as long as it takes. */
static MYSQL *new_handle(const struct mx_settings *conf, unsigned connect_s, unsigned answer_s)
{
    MYSQL *my = mysql_init(NULL);
    unsigned protocol = *conf->db_host ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    unsigned no = 0;

    if (!my)
        MX_BUG("out of memory");
    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(my, MYSQL_OPT_PROTOCOL, &protocol);
    if (answer_s > 0) {
        mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &answer_s);
        mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    }
#ifdef MARIADB_PACKAGE_VERSION
    /* MySQL's library has it off, and setting it prints a warning. */
    mysql_options(my, MYSQL_OPT_RECONNECT, &(mx_db_bool){0});
#endif
    if (*conf->db_host)
        set_tls(my, conf);
    return my;
}

static bool reach(const struct mx_settings *conf, MYSQL *my)
{
    const char *host = *conf->db_host ? conf->db_host : NULL;

    return mysql_real_connect(my, host, conf->db_user, conf->db_password, conf->db_name,
                              (unsigned)conf->db_port, host ? NULL : conf->db_socket,
                              CLIENT_FOUND_ROWS) != NULL;
}

static bool run_text(MYSQL *my, const char *sql)
{
    return mysql_real_query(my, sql, (unsigned long)strlen(sql)) == 0;
}

/* ---- the session ---- */

/* All session state, in one statement; it never changes afterwards. */
static bool set_session(const struct mx_settings *conf, enum mx_link_kind kind, MYSQL *my)
{
    bool maria = strstr(mysql_get_server_info(my), "MariaDB") != NULL;
    bool old_name = maria && mysql_get_server_version(my) < 110100;
    long long limit_ms = kind == MX_LINK_SCRIPT ? 0 : (long long)conf->db_statement_timeout_ms;
    char limit[64], sql[768];

    /* MySQL's limit is for SELECT alone: what else takes too long there is ended from outside. */
    if (maria)
        snprintf(limit, sizeof limit, "max_statement_time = %lld.%03lld", limit_ms / 1000,
                 limit_ms % 1000);
    else
        snprintf(limit, sizeof limit, "max_execution_time = %lld", limit_ms);
    snprintf(sql, sizeof sql,
             "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
             "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00', "
             "collation_connection = 'utf8mb4_bin', %s = 'READ-COMMITTED', "
             "innodb_lock_wait_timeout = %lld, lock_wait_timeout = %d, %s, autocommit = %d, "
             /* Pages are read along one index that has their order; two of them would be sorted. */
             "optimizer_switch = 'index_merge_intersection=off'%s",
             old_name ? "tx_isolation" : "transaction_isolation",
             (long long)conf->db_lock_timeout_s, TABLE_LOCK_WAIT_S, limit, kind != MX_LINK_WRITE,
             /* Statements of transactions are joins by key along one path: a search for a better
              * order finds none and costs more than the cart's eleven look-ups. */
             kind == MX_LINK_WRITE ? ", optimizer_search_depth = 1" : "");
    return run_text(my, sql);
}

static int socket_of(MYSQL *my)
{
#ifdef MARIADB_PACKAGE_VERSION
    return mysql_get_socket(my);
#else
    return my->net.fd;
#endif
}

bool mx_db_session_open(const struct mx_settings *conf, enum mx_link_kind kind, MYSQL **ret_my)
{
    unsigned answer_s = kind == MX_LINK_SCRIPT ? 0 : mx_db_session_answer_s(conf);

    *ret_my = new_handle(conf, (unsigned)conf->db_connect_timeout_s, answer_s);
    if (!reach(conf, *ret_my) || !set_session(conf, kind, *ret_my))
        return false;
    mx_watch_opened((int)kind, socket_of(*ret_my), mysql_thread_id(*ret_my));
    return true;
}

void mx_db_session_close(enum mx_link_kind kind, MYSQL *my)
{
    mx_watch_closed((int)kind);
    mysql_close(my);
}

/* ---- the spare connection, which ends others ---- */

/* Put a new connection into the place of the spare one. False, and the old one stays: none can be
 * had, for *ret_no. */
static bool renew(const struct mx_settings *conf, MYSQL **spare, unsigned *ret_no)
{
    MYSQL *my = new_handle(conf, SPARE_WAIT_S, SPARE_WAIT_S);

    if (!reach(conf, my)) {
        *ret_no = mysql_errno(my);
        mysql_close(my);
        return false;
    }
    mx_db_spare_close(spare);
    *spare = my;
    return true;
}

unsigned mx_db_spare_kill(const struct mx_settings *conf, MYSQL **spare, enum mx_kill what,
                          uint64_t id)
{
    unsigned no = 0;
    char sql[64];

    if (!renew(conf, spare, &no) && !*spare)
        return no;
    snprintf(sql, sizeof sql, "KILL %s %llu", what == MX_KILL_QUERY ? "QUERY" : "CONNECTION",
             (unsigned long long)id);
    no = run_text(*spare, sql) ? 0 : mysql_errno(*spare);
    if (mx_db_errno(no).drop)
        mx_db_spare_close(spare);
    return no == NO_SUCH_CONNECTION ? 0 : no;
}

unsigned mx_db_session_kill(const struct mx_settings *conf, unsigned long id)
{
    MYSQL *spare = NULL;
    unsigned no = mx_db_spare_kill(conf, &spare, MX_KILL_CONNECTION, id);

    mx_db_spare_close(&spare);
    return no;
}

bool mx_db_spare_open(const struct mx_settings *conf, MYSQL **spare)
{
    unsigned no;

    return renew(conf, spare, &no);
}

void mx_db_spare_close(MYSQL **spare)
{
    if (*spare)
        mysql_close(*spare);
    *spare = NULL;
}
