/* The check of the route table at start-up. */
#include "tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include "exchange.h"

/* True when the check of a table of `n` rows aborts. */
static bool refused(const struct mx_route *rows, size_t n)
{
    struct mx_route table[MX_LEN(ex_routes) + 1] = {{0}};
    pid_t child;
    const struct mx_route *const tables[] = {table, NULL};
    int status;

    MX_ASSERT(n < MX_LEN(table));
    memcpy(table, rows, n * sizeof *rows);
    child = fork();

    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        mx_route_check(tables);
        _exit(0);
    }
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

static struct mx_route good(void)
{
    return ex_routes[5];
}

#define WRONG(change, name)                              \
    do {                                                 \
        struct mx_route row[2] = {good(), ex_routes[3]}; \
        change;                                          \
        tap_ok(refused(row, 2), "%s", name);             \
    } while (0)

/* A shape of one row, for input. */
#define ONE(...)                                                                  \
    &(const struct mx_shape)                                                      \
    {                                                                             \
        "One", sizeof(struct ex_in), &(const struct mx_field)__VA_ARGS__, 1, NULL \
    }

static void test_check(void)
{
    struct mx_route fine[2] = {good(), ex_routes[3]};

    mx_route_check(ex_tables);
    tap_ok(true, "a good table passes");
    tap_ok(!refused(fine, 2), "two rows of it pass");
    WRONG(row[0].fn = NULL, "no handler");
    WRONG(row[0].doc = NULL, "no words");
    WRONG(row[0].id = row[1].id, "an id twice");
    WRONG(row[0].path = row[1].path; row[0].in = NULL, "a method and path twice");
    WRONG(row[1] = row[0]; row[1].id = "x"; row[1].method = MX_POST; row[1].flags = 0;
          row[1].in = NULL; row[1].path = "/v1/things/{other}", "a path spelled twice");
    WRONG(row[0].who = MX_WHO_UNSET, "nobody may call");
    WRONG(row[0].who = MX_WHO_STAFF, "staff without a permission");
    WRONG(row[0].permission = MX_PERM(AUDIT_READ), "a permission for anyone");
    WRONG(row[0].who = MX_WHO_TOKEN, "public with a token");
    WRONG(row[0].flags = MX_R_IDEMPOTENT, "a key on GET");
    WRONG(row[0].method = MX_HEAD, "HEAD");
    WRONG(row[0].path = "v1/things/{slug}", "a path without a slash in front");
    WRONG(row[0].path = "/v1/things/{slug", "an open brace");
    WRONG(row[0].path = "/v1/things/{slug}.json", "a brace within a segment");
    WRONG(row[0].path = "/v1/things/{id}", "a name that is not bound");
    WRONG(row[0].path = "/v1/things", "a binding without a name");
    WRONG(row[0].answers[0].status = 0, "no answer");
    WRONG(row[0].answers[0].status = 404, "no success");
    WRONG(row[0].answers[0].status = 204, "204 with a body");
    WRONG(row[0].answers[0].media = "text/plain", "shape and media type");
    WRONG(row[1].in = &ex_password, "GET with a body");
    WRONG(row[1].in = ONE(MX_F(struct ex_in, price, MX_QUERY, 0, 0, 9, MX_LINE, "")),
          "money in the query");
    WRONG(row[1].in = ONE(MX_F(struct ex_in, name, MX_QUERY, 0, 0, 0, MX_LINE, "")),
          "text without a maximum");
    WRONG(row[1].in = ONE(MX_F(struct ex_in, name, MX_QUERY, 0, 2, 1, MX_LINE, "")),
          "bounds the wrong way round");
    WRONG(row[1].in = ONE(MX_F(struct ex_in, limit, MX_QUERY, 0, 0, 0, MX_LINE, "")),
          "an integer without bounds");
    WRONG(row[1].in = ONE(MX_F(struct ex_in, limit, MX_HEADER, 0, 0, 9, MX_LINE, "")),
          "another header");
    WRONG(row[1].in = ONE(
              MX_F_KIND(struct ex_in, attrs, "attr.", MX_K_MAP, MX_QUERY, 0, 0, 9, MX_LINE, "")),
          "a map in the query that is no prefix");
    WRONG(row[1].in = ONE(MX_F_ENUM(struct ex_in, sort, MX_QUERY, 0, NULL, "")),
          "an enum without names");
    WRONG(row[0].answers[0].shape = ONE(MX_O(struct ex_in, flag, ""));
          row[1].answers[0].shape = ONE(MX_O(struct ex_in, flag, "")), "two shapes of one name");
}

static void test_permissions(void)
{
    uint64_t bit = 0;

    tap_str(mx_str_c(mx_permission_name(0)), "catalog.read", "first permission");
    tap_str(mx_str_c(mx_permission_name(13)), "audit.read", "last permission");
    tap_ok(!mx_permission_name(14) && !mx_permission_name(-1), "no others");
    tap_ok(mx_permission_parse(MX_S("refunds.write"), &bit) && bit == MX_PERM(REFUNDS_WRITE),
           "name to bit");
    tap_ok(!mx_permission_parse(MX_S("refunds"), &bit), "unknown name");
}

int main(void)
{
    test_check();
    test_permissions();
    return tap_done();
}
