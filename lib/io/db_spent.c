#include "io/db_spent.h"

#include "base/metric.h"

/* The entry of a statement, a new one if it is the first time; the last one is shared by those for
 * which there is no room. */
static struct mx_db_use *use_of(struct mx_db_spent *s, const char *statement)
{
    for (int i = 0; i < s->n_uses; i++)
        if (s->uses[i].statement == statement)
            return &s->uses[i];
    if (s->n_uses == MX_DB_USES)
        return &s->uses[MX_DB_USES - 1];
    s->uses[s->n_uses] = (struct mx_db_use){.statement = statement};
    if (s->n_uses == MX_DB_USES - 1)
        s->uses[s->n_uses].statement = "others";
    return &s->uses[s->n_uses++];
}

void mx_db_spent_add(struct mx_db_spent *s, const char *statement, int trips, int64_t ns)
{
    struct mx_db_use *use = use_of(s, statement);

    use->trips += trips;
    use->ns += ns;
    s->trips += trips;
    s->ns += ns;
    if (trips > 0)
        mx_metric_observe(MX_M_DB_STATEMENT, 0, 0, ns);
}
