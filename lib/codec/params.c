#include "codec/params.h"

#define PARAMS_MAX (1 << 20)

void mx_params_init(struct mx_params *p, struct mx_arena *a)
{
    mx_buf_init(&p->out, a, PARAMS_MAX);
    mx_jsonw_init(&p->w, &p->out);
    mx_jsonw_open(&p->w);
}

void mx_params_int(struct mx_params *p, const char *name, int64_t v)
{
    mx_jsonw_name(&p->w, name);
    mx_jsonw_int(&p->w, v);
}

void mx_params_str(struct mx_params *p, const char *name, struct mx_str v)
{
    mx_jsonw_name(&p->w, name);
    mx_jsonw_str(&p->w, v);
}

void mx_params_id(struct mx_params *p, const char *name, struct mx_id v)
{
    mx_jsonw_name(&p->w, name);
    mx_jsonw_id(&p->w, v);
}

void mx_params_money(struct mx_params *p, const char *name, struct mx_money v)
{
    mx_jsonw_name(&p->w, name);
    mx_jsonw_money(&p->w, v);
}

struct mx_str mx_params_text(struct mx_params *p)
{
    mx_jsonw_close(&p->w);
    MX_ASSERT(!p->out.overflow);
    return mx_buf_view(&p->out);
}

struct mx_str mx_params_allowed(struct mx_arena *a, const char *const *names)
{
    struct mx_params p;

    mx_params_init(&p, a);
    mx_jsonw_name(&p.w, "allowed");
    mx_jsonw_array(&p.w);
    for (int i = 0; names[i]; i++)
        mx_jsonw_c(&p.w, names[i]);
    mx_jsonw_array_end(&p.w);
    return mx_params_text(&p);
}
