#include "io/db_killer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "io/db_session.h"

#define TRIES 5
#define PAUSE_MS 500

/* A statement is ended in time or the connection is later; a connection must go. */
static void carry_out(const struct mx_settings *conf, MYSQL **spare, const struct mx_kill_order *o)
{
    int tries = o->what == MX_KILL_CONNECTION ? TRIES : 1;
    unsigned no = mx_db_spare_kill(conf, spare, o->what, o->id);

    while (no != 0 && --tries > 0) {
        (void)poll(NULL, 0, PAUSE_MS);
        no = mx_db_spare_kill(conf, spare, o->what, o->id);
    }
    mx_log(no == 0 ? MX_LOG_INFO : MX_LOG_WARN,
           no == 0 ? "ended in the database"
                   : "cannot be ended in the database, and may go on there",
           MX_KC("what", o->what == MX_KILL_QUERY ? "statement" : "connection"),
           MX_KI("worker", o->worker), MX_KI("connection", o->id), MX_KI("errno", no));
}

int mx_db_killer(const struct mx_settings *conf, int orders)
{
    struct mx_kill_order o;
    MYSQL *spare = NULL;
    ssize_t n;

    /* Without one at first, it is tried again with each order. */
    (void)mx_db_spare_open(conf, &spare);
    while ((n = read(orders, &o, sizeof o)) != 0)
        if (n == (ssize_t)sizeof o)
            carry_out(conf, &spare, &o);
        else if (errno != EINTR)
            break;
    mx_db_spare_close(&spare);
    return 0;
}
