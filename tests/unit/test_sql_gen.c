/* sql/gen.awk and sql/gen_migrations.awk: what they refuse, with file and line, and what they
 * write. Run from the top of the tree, as `make unit` does. */
#include "shell.h"

#define AWK "LC_ALL=C awk -f lib/base/c_string.awk "

static char dir[] = "/tmp/merx-sql-gen-XXXXXX";

#define HEAD "-- name: t.get\n-- doc: d\n"

static void refusals(void)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"unknown type", HEAD "-- in: int x\nUPDATE t SET a = :x;", ":3: unknown type 'int'"},
        {"missing parameter", HEAD "UPDATE t SET a = :x;", ":3: parameter ':x'"},
        {"unused parameter", HEAD "-- in: i64 x, i64 y\nUPDATE t SET a = :x;",
         ":1: parameter 'y' of 't.get' is unused"},
        {"duplicate statement", HEAD "UPDATE t SET a = 1;\n" HEAD "UPDATE t SET a = 2;",
         ":4: duplicate statement 't.get'"},
        {"duplicate parameter", HEAD "-- in: i64 x, str x\nUPDATE t SET a = :x;",
         ":3: duplicate name 'x'"},
        {"duplicate column", HEAD "-- out: i64 x\n-- out: str x\nSELECT 1, 2;",
         ":4: duplicate name 'x'"},
        {"column against has_ member", HEAD "-- out: i64? x, i64 has_x\nSELECT 1, 2;",
         ":3: duplicate name 'has_x'"},
        {"bad statement name", "-- name: get\nUPDATE t SET a = 1;", ":1: bad statement name"},
        {"C word as a name", HEAD "-- out: i64 int\nSELECT 1;", ":3: bad name 'int'"},
        {"no type", HEAD "-- in: x\nUPDATE t SET a = :x;", ":3: want 'type name'"},
        {"unnamed parameter", HEAD "UPDATE t SET a = ?;", ":3: '?'"},
        {"two statements", HEAD "UPDATE t SET a = 1; DELETE FROM t;", ":3: text behind ';'"},
        {"text behind the end", HEAD "UPDATE t SET a = 1;\nDELETE FROM t;", ":4: SQL outside"},
        {"text before a name", "DELETE FROM t;", ":1: SQL outside"},
        {"no text", HEAD, ":1: statement 't.get' has no text"},
        {"open quote", HEAD "UPDATE t SET a = 'x;", ":1: open quote"},
        {"select without out", HEAD "SELECT 1;", ":1: 't.get': -- out belongs"},
        {"out without select", HEAD "-- out: i64 x\nDELETE FROM t;", ":1: 't.get': -- out belongs"},
        {"select star", HEAD "-- out: i64 x\nSELECT t.* FROM t;", ":1: 't.get' selects *"},
        {"returning", HEAD "DELETE FROM t RETURNING id;", ":1: 't.get' uses RETURNING"},
        {"unknown heading", HEAD "-- inn: i64 x\nUPDATE t SET a = 1;", ":3: unknown heading"},
        {"heading behind text", HEAD "DELETE FROM t\n-- in: i64 x\nWHERE a = :x;",
         ":4: '-- in:' outside"},
        {"unknown part", HEAD "UPDATE t SET {{t.set}};", ":3: unknown part 't.set'"},
        {"part below its use", HEAD "UPDATE t SET {{t.set}};\n-- part: t.set\na = 1",
         ":3: unknown part 't.set'"},
        {"unused part", "-- part: t.set\na = 1\n" HEAD "UPDATE t SET a = 1;",
         ":1: part 't.set' is unused"},
        {"part in itself", "-- part: t.set\n{{t.set}}\n" HEAD "UPDATE t SET {{t.set}};",
         ":2: part 't.set' uses itself"},
        {"parts in each other",
         "-- part: t.a\n{{t.b}}\n-- part: t.b\n{{t.a}}\n" HEAD "UPDATE t SET {{t.a}};",
         ":4: part 't.a' uses itself"},
        {"duplicate part",
         "-- part: t.a\na = 1\n-- part: t.a\na = 2\n" HEAD "UPDATE t SET {{t.a}};",
         ":3: duplicate part 't.a'"},
        {"bad part name", "-- part: set\na = 1\n" HEAD "UPDATE t SET {{set}};",
         ":1: bad part name 'set'"},
        {"part without text", "-- part: t.a\n" HEAD "UPDATE t SET {{t.a}} a = 1;",
         ":1: part 't.a' has no text"},
        {"end in a part", "-- part: t.a\na = 1;\n" HEAD "UPDATE t SET {{t.a}};",
         ":2: ';' in a part"},
        {"open quote in a part", "-- part: t.a\na = '1\n" HEAD "UPDATE t SET {{t.a}};",
         ":1: open quote in part 't.a'"},
        {"doc of a part", "-- part: t.a\n-- doc: d\na = 1\n" HEAD "UPDATE t SET {{t.a}};",
         ":2: '-- doc:' outside"},
        {"part's parameter missing", "-- part: t.a\na = :x\n" HEAD "UPDATE t SET {{t.a}};",
         ":2: parameter ':x' of 't.get'"},
        {"part's parameter of another type",
         "-- part: t.a\n-- in: i64? x\na = :x\n" HEAD "-- in: i64 x\nUPDATE t SET {{t.a}}, b = :x;",
         ":7: parameter 'x' of part 't.a' has another type"},
        {"part's column twice",
         "-- part: t.a\n-- out: i64 x\na\n" HEAD "-- out: i64 x\nSELECT {{t.a}}, b FROM t;",
         ":7: duplicate name 'x'"},
        {"open part", HEAD "UPDATE t SET {{t.a;", ":3: '{{' without its pair"},
        {"unknown row", HEAD "-- in: row t\nUPDATE t SET a = 1;", ":3: unknown row 't'"},
        {"row beside a parameter",
         "-- row: t\n-- out: i64 a\na\n" HEAD "-- in: i64 x, row t\nUPDATE t SET a = :a + :x;",
         ":6: a row is all that a statement takes"},
        {"parameter beside a row",
         "-- row: t\n-- out: i64 a\na\n" HEAD "-- in: row t, i64 x\nUPDATE t SET a = :a + :x;",
         ":4: 't.get' takes more than row 't'"},
        {"column beside a row",
         "-- row: t\n-- out: i64 a\na\n" HEAD "-- out: i64 x\nSELECT {{t}}, x FROM t;",
         ":4: 't.get' gives more than row 't'"},
        {"bad row name", "-- row: t.a\n-- out: i64 a\na\n" HEAD "SELECT {{t.a}} FROM t;",
         ":1: bad row name 't.a'"},
        {"duplicate row", "-- row: t\n-- out: i64 a\na\n-- row: t\n-- out: i64 a\na\n",
         ":4: duplicate row 't'"},
        {"row without each", HEAD "-- in: i64 x\nINSERT INTO t VALUES [[(:x)]];",
         ":4: '[[' without -- each"},
        {"each without a row", HEAD "-- each: i64 x\nINSERT INTO t VALUES (:x);",
         ":4: parameter ':x' of 't.get' is missing"},
        {"open row", HEAD "-- each: i64 x\nINSERT INTO t VALUES [[(:x);",
         ":1: 't.get' has -- each, but no"},
        {"two rows", HEAD "-- each: i64 x\nINSERT INTO t VALUES [[(:x)]], [[(:x)]];",
         ":4: '[[' out of place"},
        {"end of a row alone", HEAD "-- each: i64 x\nINSERT INTO t VALUES ]];",
         ":4: ']]' out of place"},
        {"row in a part", "-- part: t.a\n[[(1)]]\n" HEAD "INSERT INTO t VALUES {{t.a}};",
         ":2: '[[' in a part"},
        {"each of a part", "-- part: t.a\n-- each: i64 x\na\n" HEAD "UPDATE t SET {{t.a}};",
         ":2: '-- each:' outside"},
        {"unused parameter of a row", HEAD "-- each: i64 x, i64 y\nINSERT INTO t VALUES [[(:x)]];",
         ":1: parameter 'y' of 't.get' is unused"},
        {"a row's parameter twice",
         HEAD "-- in: i64 x\n-- each: i64 x\nINSERT INTO t VALUES [[(:x)]];",
         ":4: duplicate name 'x'"},
        {"a row's parameter outside",
         HEAD "-- each: i64 x\nINSERT INTO t VALUES [[(:x)]] ON DUPLICATE KEY UPDATE x = :x;",
         ":4: parameter ':x' of 't.get' is missing"},
        {"rows that are read", HEAD "-- each: i64 x\n-- out: i64 y\nSELECT y WHERE x IN ([[:x]]);",
         ":1: 't.get' has -- each and -- out"},
        {"rows of another kind", HEAD "-- rows: all\n-- out: i64 x\nSELECT x;",
         ":3: '-- rows: page' belongs"},
        {"a page of nothing", HEAD "-- rows: page\nDELETE FROM t;",
         ":1: 't.get' has -- rows, but no -- out"},
        {"end of a part alone", HEAD "UPDATE t SET t.a}};", ":3: '}}' without its pair"},
    };
    char out[4096];

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        int status;

        shell_write(dir, "bad.sql", cases[i].text);
        status = shell_run(
            out, sizeof out,
            AWK "-v mode=headers -v dir=$D -f sql/gen.awk $D/bad.sql 2>&1 </dev/null; s=$?; "
                "cat $D/*.h 2>/dev/null; exit $s");
        if (!tap_ok(status != 0 && strstr(out, "bad.sql:") && strstr(out, cases[i].want),
                    "%s is refused", cases[i].name))
            printf("#   %s\n", out);
        tap_ok(strstr(out, "#ifndef") == NULL, "%s: nothing is written", cases[i].name);
    }
}

static void output(void)
{
    static const char *const header[] = {
        "struct q_t_get_in {\n    struct mx_id id;\n    int64_t n;\n    bool has_n;\n};",
        "struct q_t_get_row {\n    struct mx_str a;\n    struct mx_time b;\n};",
        "const struct q_t_get_in *in, struct mx_list *ret_rows) MX_MUST_CHECK;",
        "enum mx_err q_t_clear(struct mx_db *db, int64_t *ret_changed) MX_MUST_CHECK;",
    };
    static const char *const source[] = {
        "\"SELECT a, ':id \\\\' \\\"' FROM t\\n\"\n     \" WHERE id = ? AND (? IS NULL OR n = ?)\"",
        "in_t_get, 3, out_t_get, 2, sizeof(struct q_t_get_row), 0}",
        "const int mx_sql_n = 2;",
        "return mx_db_exec(db, &mx_sql_all[1], NULL, ret_changed);",
    };
    char out[8192];

    shell_write(dir, "good.sql",
                "-- A file.\n\n" HEAD "-- in: id id\n-- in: i64? n\n-- out: str a, time? b\n"
                "SELECT a, ':id \\' \"' FROM t\n-- a word\n"
                " WHERE id = :id AND (:n IS NULL OR n = :n);\n\n"
                "-- name: t.clear\nDELETE FROM t;\n");
    tap_int(shell_run(out, sizeof out,
                      AWK
                      "-v mode=headers -v dir=$D -f sql/gen.awk $D/good.sql 2>&1 && cat $D/good.h"),
            0, "a good file gives a header");
    for (size_t i = 0; i < MX_LEN(header); i++)
        tap_ok(strstr(out, header[i]) != NULL, "header part %zu", i);
    tap_int(shell_run(out, sizeof out, AWK "-v mode=source -f sql/gen.awk $D/good.sql 2>&1"), 0,
            "a good file gives a source");
    for (size_t i = 0; i < MX_LEN(source); i++)
        tap_ok(strstr(out, source[i]) != NULL, "source part %zu", i);
}

/* Parts: text at its place, slots beside the statement's own, in one file and over two. */
static void parts(void)
{
    static const char *const header[] = {
        "struct q_t_get_in {\n    struct mx_id id;\n    int64_t n;\n    bool has_n;\n};",
        ("struct q_t_get_row {\n    struct mx_str a;\n    struct mx_time b;\n    int64_t c;\n"
         "    struct mx_str d;\n};"),
        "struct q_u_drop_in {\n    int64_t n;\n    bool has_n;\n};",
    };
    static const char *const source[] = {
        ("\"SELECT '{{t.row}}', a, b,\\n\"\n     \"c, d FROM t\\n\"\n"
         "     \" WHERE id = ? AND (? IS NULL\\n\"\n     \" OR n = ?) AND n = ?\""),
        "in_t_get, 4, out_t_get, 4, sizeof(struct q_t_get_row), 0}",
        "\"DELETE FROM t WHERE (? IS NULL\\n\"\n     \" OR n = ?)\"",
        "in_u_drop, 2, NULL, 0, 0, 1}",
    };
    char out[8192];

    shell_write(dir, "t.sql",
                "-- part: t.few\n-- out: str a, time? b\n-- a word\na, b\n\n"
                "-- part: t.row\n-- out: i64 c\n{{t.few}},\nc\n\n"
                "-- part: t.old\n-- in: i64? n\n(:n IS NULL\n OR n = :n)\n\n" HEAD
                "-- in: id id, i64? n\n-- out: str d\nSELECT '{{t.row}}', {{t.row}}, d FROM t\n"
                " WHERE id = :id AND {{t.old}} AND n = :n;\n");
    shell_write(dir, "u.sql", "-- name: u.drop\nDELETE FROM t WHERE {{t.old}};\n");
    tap_int(shell_run(out, sizeof out,
                      AWK
                      "-v mode=headers -v dir=$D -f sql/gen.awk $D/[tu].sql 2>&1 && cat $D/[tu].h"),
            0, "parts give a header");
    for (size_t i = 0; i < MX_LEN(header); i++)
        tap_ok(strstr(out, header[i]) != NULL, "header with parts %zu", i);
    tap_int(shell_run(out, sizeof out, AWK "-v mode=source -f sql/gen.awk $D/[tu].sql 2>&1"), 0,
            "parts give a source");
    for (size_t i = 0; i < MX_LEN(source); i++)
        if (!tap_ok(strstr(out, source[i]) != NULL, "source with parts %zu", i))
            printf("#   %s\n", out);
}

/* Several rows: a statement for each number of them, one function for all. */
static void rows(void)
{
    static const char *const header[] = {
        "struct q_t_put_each {\n    int64_t b;\n    bool has_b;\n};",
        ("struct q_t_put_in {\n    struct mx_id a;\n    int64_t c;\n"
         "    struct q_t_put_each each[16];\n    size_t n_each;\n};"),
        "enum mx_err q_t_put(struct mx_db *db, const struct q_t_put_in *in, int64_t *ret_changed)",
    };
    static const char *const source[] = {
        "\"INSERT INTO t VALUES (?,\\n\"\n     \" ?) ON DUPLICATE KEY UPDATE c = ?\",",
        ("\"INSERT INTO t VALUES (?,\\n\"\n     \" ?), (?,\\n\"\n"
         "     \" ?) ON DUPLICATE KEY UPDATE c = ?\",\n     in_t_put_2, 5, NULL, 0, 0, 1}"),
        "in_t_put_16, 33, NULL, 0, 0, 15}",
        ("{\"each[1].b\", MX_SQL_I64, true, offsetof(struct q_t_put_in, each[1].b), "
         "offsetof(struct q_t_put_in, each[1].has_b)},\n    {\"c\","),
        "MX_ASSERT(in->n_each >= 1 && in->n_each <= 16);",
        "return mx_db_exec(db, &mx_sql_all[0 + in->n_each - 1], in, ret_changed);",
        "return mx_db_exec(db, &mx_sql_all[16], NULL, ret_changed);",
        "const int mx_sql_n = 17;",
    };
    static char out[65536];

    shell_write(dir, "rows.sql",
                "-- name: t.put\n-- doc: d\n-- in: id a, i64 c\n-- each: i64? b\n"
                "INSERT INTO t VALUES [[(:a,\n :b)]] ON DUPLICATE KEY UPDATE c = :c;\n"
                "-- name: t.clear\nDELETE FROM t;\n");
    tap_int(shell_run(out, sizeof out,
                      AWK
                      "-v mode=headers -v dir=$D -f sql/gen.awk $D/rows.sql 2>&1 && cat $D/rows.h"),
            0, "rows give a header");
    for (size_t i = 0; i < MX_LEN(header); i++)
        tap_ok(strstr(out, header[i]) != NULL, "header with rows %zu", i);
    tap_int(shell_run(out, sizeof out, AWK "-v mode=source -f sql/gen.awk $D/rows.sql 2>&1"), 0,
            "rows give a source");
    for (size_t i = 0; i < MX_LEN(source); i++)
        if (!tap_ok(strstr(out, source[i]) != NULL, "source with rows %zu", i))
            printf("#   %s\n", out);
}

/* A row: one struct for all that give it and all that take it. */
static void whole_rows(void)
{
    static const char *const header[] = {
        ("struct q_c_row {\n    struct mx_id id;\n    bool on;\n    int kind;\n"
         "    struct mx_money least;\n    struct mx_money most;\n    bool is;\n    bool has_is;\n"
         "};"),
        "enum mx_err q_c_find(struct mx_db *db, const struct q_c_find_in *in, struct mx_list",
        "enum mx_err q_c_put(struct mx_db *db, const struct q_c_row *in, int64_t *ret_changed)",
        "extern const struct mx_sql *const q_c_put_sql;",
    };
    static const char *const source[] = {
        "in_c_find, 1, out_c_find, 8, sizeof(struct q_c_row), 0}",
        "\"UPDATE c SET on_ = ?, low = ?, cur = ?, up = ? WHERE id = ?\",\n     in_c_put, 5,",
        ("{\"least.minor\", MX_SQL_AMOUNT, false, offsetof(struct q_c_row, least.minor), 0xffff},\n"
         "    {\"least.currency\", MX_SQL_CURRENCY, false, offsetof(struct q_c_row, "
         "least.currency), "
         "0xffff},"),
        ("{\"most.minor\", MX_SQL_AMOUNT, true, offsetof(struct q_c_row, most.minor), "
         "offsetof(struct q_c_row, most.currency)},"),
        ("{\"is\", MX_SQL_BOOL, true, offsetof(struct q_c_row, is), "
         "offsetof(struct q_c_row, has_is)},"),
        "{\"kind\", MX_SQL_ENUM, false, offsetof(struct q_c_row, kind), 0xffff},",
        "const struct mx_sql *const q_c_find_sql = &mx_sql_all[0];",
    };
    static char out[16384];

    shell_write(dir, "c.sql",
                "-- row: c\n-- out: id id, bool on, enum kind, money least, money? most, bool? is\n"
                "id, on_, kind, low, cur, up, cur, is_\n\n"
                "-- name: c.find\n-- in: id id\nSELECT {{c}} FROM c WHERE id = :id;\n"
                "-- name: c.put\n-- in: row c\nUPDATE c SET on_ = :on, low = :least, "
                "cur = :least.currency, up = :most WHERE id = :id;\n");
    tap_int(shell_run(out, sizeof out,
                      AWK "-v mode=headers -v dir=$D -f sql/gen.awk $D/c.sql 2>&1 && cat $D/c.h"),
            0, "a row gives a header");
    for (size_t i = 0; i < MX_LEN(header); i++)
        tap_ok(strstr(out, header[i]) != NULL, "header with a row %zu", i);
    tap_int(shell_run(out, sizeof out, AWK "-v mode=source -f sql/gen.awk $D/c.sql 2>&1"), 0,
            "a row gives a source");
    for (size_t i = 0; i < MX_LEN(source); i++)
        if (!tap_ok(strstr(out, source[i]) != NULL, "source with a row %zu", i))
            printf("#   %s\n", out);
}

static void migrations(void)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"0001_a.sql", "-- c;\nCREATE TABLE a (b INT DEFAULT ';');\n", "{1, \"0001_a\","},
        {"0001_a.sql", "CREATE TABLE a (b INT); CREATE TABLE c (d INT);", ":1: text behind ';'"},
        {"0001_a.sql", "CREATE TABLE a (b INT);\nCREATE TABLE c (d INT);",
         ":2: a second statement"},
        {"0001_a.sql", "CREATE TABLE a (b INT)", "no ';' at the end"},
        {"0001_a.sql", "-- nothing\n", "no statement"},
        {"0003_c.sql", "CREATE TABLE c (b INT);", "want number"},
        {"0001-a.sql", "CREATE TABLE a (b INT);", "want NNNN_name.sql"},
    };
    char out[4096];

    for (size_t i = 0; i < MX_LEN(cases); i++) {
        shell_run(out, sizeof out, "rm -f $D/*.sql");
        shell_write(dir, cases[i].name, cases[i].text);
        shell_run(out, sizeof out, AWK "-f sql/gen_migrations.awk $D/*.sql 2>&1 </dev/null");
        if (!tap_ok(strstr(out, cases[i].want) != NULL, "migration: %s", cases[i].want))
            printf("#   %s\n", out);
        tap_int(strstr(out, "mx_migrations_n") != NULL, i == 0, "written only when it is right");
    }
}

int main(void)
{
    char out[64];

    if (!mkdtemp(dir))
        MX_BUG("mkdtemp failed");
    setenv("D", dir, 1);
    refusals();
    output();
    parts();
    rows();
    whole_rows();
    migrations();
    shell_run(out, sizeof out, "rm -rf $D");
    return tap_done();
}
