/* One connection to the server: how it is made, what its session is set to, and how another one
 * ends what it left running. Sees the client library; private to io/db*.c. */
#ifndef MX_IO_DB_SESSION_H
#define MX_IO_DB_SESSION_H

#include "io/db_killer.h"
#include "io/db_link.h"

#include <mysql.h>

/* my_bool in MariaDB's library, bool in MySQL's. */
typedef __typeof__(*((MYSQL_BIND *)0)->is_null) mx_db_bool;

/* One attempt to connect and set the session up, bounded by db_connect_timeout_s. False: the error
 * is that of the handle. The caller closes the handle, which is never NULL. */
bool mx_db_session_open(const struct mx_settings *conf, enum mx_link_kind kind, MYSQL **ret_my);
void mx_db_session_close(enum mx_link_kind kind, MYSQL *my);

/* Seconds that the client waits for an answer before it gives the connection up. The server ends
 * statements before, as far as it does. */
unsigned mx_db_session_answer_s(const struct mx_settings *conf);

/* End connection `id` of this account in the server, from a connection of its own. 0 when the
 * server has taken the order or knows no such connection, else the error; waits two seconds at
 * most. */
unsigned mx_db_session_kill(const struct mx_settings *conf, unsigned long id);

/* Connection in hand for ending others, kept for the time when the server has no room for another
 * one. *spare is NULL at first. */
bool mx_db_spare_open(const struct mx_settings *conf, MYSQL **spare);
void mx_db_spare_close(MYSQL **spare);
/* End the statement that connection `id` of this account runs, or the connection itself, in the
 * server: from a new connection, else from *spare, which becomes the new one. 0 when the server has
 * taken the order or knows no such connection, else the error; waits two seconds at most. */
unsigned mx_db_spare_kill(const struct mx_settings *conf, MYSQL **spare, enum mx_kill what,
                          uint64_t id);

#endif
