#include "catalog/generation.h"

#include "io/db.h"
#include "io/shm.h"

static void bump(void *arg, bool certain MX_UNUSED)
{
    mx_shared_catalog_bump(arg);
}

void mx_catalog_changed(struct mx_ctx *cx)
{
    mx_db_after_commit(cx->db, bump, cx->proc->shared);
}
