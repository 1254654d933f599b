/* Cost of the database to a request, statement by statement. Private to io/db*.c. */
#ifndef MX_IO_DB_SPENT_H
#define MX_IO_DB_SPENT_H

#include "io/db.h"

/* `statement` (a literal) took `trips` round trips and `ns`. */
void mx_db_spent_add(struct mx_db_spent *s, const char *statement, int trips, int64_t ns);

#endif
