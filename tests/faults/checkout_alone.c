/* A purchase as a job would make it: mx_checkout of the account and session whose ids are the
 * arguments, in a transaction that no route began; its first run is rolled back. Prints the error,
 * 0 for none, and how often the transaction ran. */
#include <stdio.h>

#include "base/log.h"
#include "codec/keys.h"
#include "io/db.h"
#include "io/settings_file.h"
#include "io/shm.h"
#include "sales/order.h"

struct purchase {
    struct mx_ctx cx;
    struct mx_faults faults;
    int runs;
};

static enum mx_err buy(void *arg)
{
    struct purchase *p = arg;
    const struct mx_checkout in = {.payment = {.provider = 0, .token = MX_S("tok_ok")},
                                   .email = MX_S("guest@example.com")};
    struct mx_order order;
    bool declined;

    MX_TRY(mx_checkout(&p->cx, &in, &order, &declined));
    return p->runs++ == 0 ? MX_E_RETRY : MX_OK;
}

/* A program with settings and keys, on behalf of nobody yet. */
static bool begin(struct purchase *p, struct mx_settings *conf, struct mx_proc *proc,
                  struct mx_keys **keys)
{
    const char *why;
    struct mx_buf faults;

    p->cx.arena = mx_arena_new(65536, 8 << 20);
    mx_buf_init(&faults, p->cx.arena, 65536);
    if (mx_settings_load(p->cx.arena, "", conf, &faults) != MX_OK ||
        mx_keys_load(p->cx.arena, conf->keys, keys, &why) != MX_OK)
        return false;
    *proc = (struct mx_proc){.conf = conf, .keys = *keys, .shared = mx_shared_new()};
    p->cx.proc = proc;
    p->cx.faults = &p->faults;
    p->cx.now_ms = mx_wall_ms();
    p->cx.db = mx_db_new(conf);
    mx_db_begin_request(p->cx.db, p->cx.arena);
    mx_faults_init(&p->faults, p->cx.arena);
    return true;
}

int main(int argc, char **argv)
{
    struct purchase p = {.cx = {.actor = {.kind = MX_GUEST}}};
    struct mx_settings conf;
    struct mx_proc proc;
    struct mx_keys *keys;
    enum mx_err e;

    if (argc != 3 || !mx_id_parse(mx_str_c(argv[1]), &p.cx.actor.account) ||
        !mx_id_parse(mx_str_c(argv[2]), &p.cx.actor.session) || !begin(&p, &conf, &proc, &keys))
        return 2;
    e = mx_db_tx(p.cx.db, buy, &p);
    printf("%d %d\n", (int)e, p.runs);
    mx_db_free(p.cx.db);
    mx_keys_free(keys);
    mx_arena_free(p.cx.arena);
    return 0;
}
