/* The params of a problem and of its faults: a JSON object with what their text names, for a
 * program that says it in its own words. */
#ifndef MX_CODEC_PARAMS_H
#define MX_CODEC_PARAMS_H

#include "codec/jsonw.h"
#include "codec/money.h"

struct mx_params {
    struct mx_buf out;
    struct mx_jsonw w; /* members may be written with it too, behind mx_jsonw_name */
};

/* Begin an object in `a`. */
void mx_params_init(struct mx_params *p, struct mx_arena *a);
/* Its members. An absent string and a missing id are null. */
void mx_params_int(struct mx_params *p, const char *name, int64_t v);
void mx_params_str(struct mx_params *p, const char *name, struct mx_str v);
void mx_params_id(struct mx_params *p, const char *name, struct mx_id v);
void mx_params_money(struct mx_params *p, const char *name, struct mx_money v);
/* End the object. */
struct mx_str mx_params_text(struct mx_params *p);
/* The params of a text that is none of `names`, up to NULL: {"allowed":["active","disabled"]}. */
struct mx_str mx_params_allowed(struct mx_arena *a, const char *const *names);

#endif
