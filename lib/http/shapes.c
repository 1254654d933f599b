#include "http/shapes.h"

static struct mx_shape_use *enter(struct mx_shapes *s, const struct mx_shape *shape)
{
    struct mx_str name = mx_str_c(shape->name);

    if (mx_str_eqc(name, "Money") || mx_str_eqc(name, "Problem"))
        MX_BUG("shape %s: the name is reserved", shape->name);
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].shape == shape)
            return &s->at[i];
        if (mx_str_eqc(name, s->at[i].shape->name))
            MX_BUG("two shapes are named %s", shape->name);
    }
    if (s->n == MX_SHAPES_MAX)
        MX_BUG("more than %d shapes", MX_SHAPES_MAX);
    s->at[s->n] = (struct mx_shape_use){.shape = shape};
    return &s->at[s->n++];
}

static void visit(struct mx_shapes *s, const struct mx_shape *shape, enum mx_way way, int depth)
{
    struct mx_shape_use *use = enter(s, shape);

    if (depth > MX_SHAPE_DEPTH)
        MX_BUG("shape %s holds itself or is nested too deep", shape->name);
    use->out |= way == MX_GIVEN;
    use->in |= way == MX_TAKEN;
    use->patched |= way == MX_PATCHED;
    use->changed |= way == MX_CHANGED;
    for (size_t i = 0; i < shape->n; i++) {
        const struct mx_field *f = &shape->fields[i];
        enum mx_way inner = way == MX_GIVEN           ? MX_GIVEN
                            : f->flags & MX_F_CHANGES ? MX_CHANGED
                                                      : MX_TAKEN;

        if (f->shape && (way == MX_GIVEN || !(f->flags & MX_F_READ_ONLY)))
            visit(s, f->shape, inner, depth + 1);
    }
}

void mx_shapes_collect(mx_routes_ptr tables, struct mx_shapes *ret_shapes)
{
    ret_shapes->n = 0;
    MX_EACH_ROUTE(tables, r) {
        if (mx_shape_takes(r->in, MX_BODY))
            visit(ret_shapes, r->in, MX_TAKEN, 1);
        if (r->body)
            visit(ret_shapes, r->body, r->method == MX_PATCH ? MX_PATCHED : MX_TAKEN, 1);
        for (int k = 0; k < MX_ANSWERS_MAX && r->answers[k].status; k++) {
            if (!r->answers[k].shape)
                continue;
            visit(ret_shapes, r->answers[k].shape, MX_GIVEN, 1);
            if (r->flags & MX_R_LIST)
                enter(ret_shapes, r->answers[k].shape)->listed = true;
        }
        if (r->problem)
            visit(ret_shapes, r->problem, MX_GIVEN, 1);
    }
}

const struct mx_shape_use *mx_shapes_find(const struct mx_shapes *s, const struct mx_shape *shape)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->at[i].shape == shape)
            return &s->at[i];
    }
    return NULL;
}
