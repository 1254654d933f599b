#include "base/arena.h"
#include "base/fault.h"
#include "tap.h"

static struct mx_arena *arena;

static void too_many_extras(void)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct mx_faults f;

    mx_faults_init(&f, arena);
    for (size_t i = 0; i < MX_LEN(names); i++)
        mx_fault_extra(&f, names[i], MX_S("x"));
}

static void test_faults(void)
{
    char pointer[] = "/items/0";
    struct mx_faults f;

    mx_faults_init(&f, arena);
    tap_ok(f.n == 0 && !f.detail.p && f.n_extra == 0 && f.retry_after_s == 0, "empty at first");
    mx_fault_at(&f, mx_str_c(pointer), "out_of_range", "must be at most %d", 999);
    pointer[1] = 'X';
    mx_fault_param(&f, MX_S("limit"), "required", "is required");
    mx_fault_at(&f, MX_S(""), "wrong_type", "must be an object");
    tap_int(f.n, 3, "three faults");
    tap_str(f.at[0].pointer, "/items/0", "the pointer is copied");
    tap_str(f.at[0].parameter, NULL, "and no parameter");
    tap_str(mx_str_c(f.at[0].code), "out_of_range", "code");
    tap_str(f.at[0].detail, "must be at most 999", "detail");
    tap_str(f.at[1].pointer, NULL, "a parameter has no pointer");
    tap_str(f.at[1].parameter, "limit", "but its name");
    tap_str(f.at[2].pointer, "", "the whole body is the empty pointer");
    mx_fault_params(&f, MX_S("{\"max\":9}"));
    tap_str(f.at[2].params, "{\"max\":9}", "params belong to the last fault");
    tap_str(f.at[1].params, NULL, "and to no other");
}

static void test_maximum(void)
{
    struct mx_faults f;

    mx_faults_init(&f, arena);
    for (int i = 0; i < MX_FAULTS_MAX + 5; i++)
        mx_fault_at(&f, MX_S("/x"), "required", "%d", i);
    mx_fault_param(&f, MX_S("y"), "required", "too late");
    tap_int(f.n, MX_FAULTS_MAX, "no more than the maximum");
    tap_str(f.at[MX_FAULTS_MAX - 1].detail, "19", "the first ones are kept");
    mx_fault_params(&f, MX_S("{}"));
    tap_str(f.at[MX_FAULTS_MAX - 1].params, NULL, "params of one too many go nowhere");
}

static void test_fail_and_extra(void)
{
    struct mx_faults f;

    mx_faults_init(&f, arena);
    tap_err(mx_fail(&f, MX_E_CONFLICT, "order %s", "A1"), MX_E_CONFLICT, "fail returns its error");
    tap_str(f.detail, "order A1", "and keeps the detail");
    mx_fault_extra(&f, "order_id", MX_S("1"));
    mx_fault_extra(&f, "reason", MX_S("x"));
    mx_fault_extra(&f, "order_id", MX_S("2"));
    tap_int(f.n_extra, 2, "a name is there once");
    tap_str(f.extra[0].value, "2", "with its last value");
    tap_str(f.extra[1].value, "x", "the other one stays");
}

int main(void)
{
    arena = mx_arena_new(4096, 1 << 20);
    test_faults();
    test_maximum();
    test_fail_and_extra();
    tap_dies(too_many_extras, "too many extra members abort");
    mx_arena_free(arena);
    return tap_done();
}
