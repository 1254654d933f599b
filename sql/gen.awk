# Turns the named statements of sql/queries/*.sql into C: mode=header writes statements.h,
# mode=source writes statements.c. Form of a statement (in, out and doc may be absent, or be
# repeated to go on):
#
#   -- name: cart.open
#   -- doc: The account's open cart.
#   -- in: id account, i64 limit
#   -- out: id id, str currency, i64? free_from
#   SELECT id, currency, free_from FROM cart WHERE account_id = :account LIMIT :limit;
#
# Types: i64 str bin id time hash; `?` behind one: may be NULL. Other comment lines are dropped.
# Every fault is reported as file:line; then nothing is written and the exit status is 1.

function fail(at, text) {
    print at ": " text > "/dev/stderr"
    failed = 1
}

function here() {
    return FILENAME ":" FNR
}

function trimmed(text) {
    sub(/^[ \t]+/, "", text)
    sub(/[ \t]+$/, "", text)
    return text
}

function begin_statement(name) {
    end_statement()
    n++
    name_of[n] = name
    at_of[n] = here()
    doc_of[n] = ""
    n_in[n] = n_out[n] = n_slot[n] = n_line[n] = 0
    open = 1
    quote = done = last_line = ""
    if (name !~ /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/)
        fail(here(), "bad statement name '" name "'")
    ident[n] = name
    sub(/\./, "_", ident[n])
    if (ident[n] in seen)
        fail(here(), "duplicate statement '" name "', first at " seen[ident[n]])
    else
        seen[ident[n]] = here()
}

# Lists `i64? limit, str name` into the statement's `dir` ("in" or "out").
function add_slots(dir, list,    k, m, part, pair, type, null) {
    m = split(list, part, ",")
    for (k = 1; k <= m; k++) {
        part[k] = trimmed(part[k])
        if (split(part[k], pair, /[ \t]+/) != 2) {
            fail(here(), "want 'type name', found '" part[k] "'")
            continue
        }
        type = pair[1]
        null = sub(/\?$/, "", type)
        if (!(type in c_type))
            fail(here(), "unknown type '" type "' of '" pair[2] "'")
        else
            add_slot(dir, pair[2], type, null)
    }
}

function add_slot(dir, name, type, null,    i) {
    if (name !~ /^[a-z][a-z0-9_]*$/ || name in c_word)
        fail(here(), "bad name '" name "'")
    if ((n, dir, name) in type_of || (n, dir, "member", name) in type_of)
        fail(here(), "duplicate name '" name "' in " dir)
    i = dir == "in" ? ++n_in[n] : ++n_out[n]
    slot[n, dir, i] = name
    type_of[n, dir, name] = type
    null_of[n, dir, name] = null
    if (type == "i64" && null) {
        if ((n, dir, "has_" name) in type_of)
            fail(here(), "duplicate name 'has_" name "' in " dir)
        type_of[n, dir, "member", "has_" name] = 1
    }
}

# One line of SQL: parameters become `?`, quotes may span lines.
function add_sql(line,    out, c, i, name) {
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (quote != "") {
            out = out c
            if (c == "\\")
                out = out substr(line, ++i, 1)
            else if (c == quote)
                quote = ""
        } else if (c == "'" || c == "\"" || c == "`") {
            quote = c
            out = out c
        } else if (c == ":" && match(substr(line, i + 1), /^[a-z][a-z0-9_]*/)) {
            name = substr(line, i + 1, RLENGTH)
            i += RLENGTH
            use_parameter(name)
            out = out "?"
        } else if (c == ";") {
            if (trimmed(substr(line, i + 1)) != "")
                fail(here(), "text behind ';'")
            done = 1
            break
        } else {
            if (c == "?" || c == ":" || c == "#" || substr(line, i, 2) == "--" ||
                substr(line, i, 2) == "/*")
                fail(here(), "'" c "' outside quotes; parameters are named, comments own their line")
            out = out c
        }
    }
    text[n, ++n_line[n]] = out
}

function use_parameter(name) {
    if (!((n, "in", name) in type_of)) {
        fail(here(), "parameter ':" name "' of '" name_of[n] "' is missing in -- in")
        return
    }
    used[n, name] = 1
    param[n, ++n_slot[n]] = name
}

function end_statement(    all, i, sel) {
    if (!open)
        return
    open = 0
    if (quote != "")
        fail(at_of[n], "open quote in '" name_of[n] "'")
    if (n_line[n] == 0)
        fail(at_of[n], "statement '" name_of[n] "' has no text")
    for (i = 1; i <= n_in[n]; i++)
        if (!((n, slot[n, "in", i]) in used))
            fail(at_of[n], "parameter '" slot[n, "in", i] "' of '" name_of[n] "' is unused")
    for (i = 1; i <= n_line[n]; i++)
        all = all " " text[n, i]
    all = toupper(all)
    sel = all ~ /^[ (]*(SELECT|WITH)[ (]/
    if (sel && n_out[n] == 0 || !sel && n_out[n] > 0)
        fail(at_of[n], "'" name_of[n] "': -- out belongs to a SELECT, and to nothing else")
    if (all ~ /(SELECT|,)[ ]+([A-Z_]+\.)?\*/)
        fail(at_of[n], "'" name_of[n] "' selects *")
    if (all ~ /[ )]RETURNING /)
        fail(at_of[n], "'" name_of[n] "' uses RETURNING, which MySQL lacks")
}

function put_struct(s, dir, tag, count,    i, name, type) {
    printf "struct q_%s_%s {\n", ident[s], tag
    for (i = 1; i <= count; i++) {
        name = slot[s, dir, i]
        type = type_of[s, dir, name]
        printf "    %s%s;\n", c_type[type], name
        if (type == "i64" && null_of[s, dir, name])
            printf "    bool has_%s;\n", name
    }
    print "};"
}

function prototype(s,    p) {
    p = "enum mx_err q_" ident[s] "(struct mx_db *db"
    if (n_in[s] > 0)
        p = p ", const struct q_" ident[s] "_in *in"
    return p (n_out[s] > 0 ? ", struct mx_list *ret_rows)" : ", int64_t *ret_changed)")
}

function put_header(    s) {
    print "/* Generated by sql/gen.awk from sql/queries; do not edit. */"
    print "#ifndef MX_STATEMENTS_H\n#define MX_STATEMENTS_H\n"
    print "#include \"codec/secret.h\"\n#include \"io/db.h\"\n"
    print "/* All statements, by index; mx_sql_n of them. */"
    print "extern const struct mx_sql mx_sql_all[];\nextern const int mx_sql_n;"
    for (s = 1; s <= n; s++) {
        print ""
        if (n_in[s] > 0)
            put_struct(s, "in", "in", n_in[s])
        if (n_out[s] > 0)
            put_struct(s, "out", "row", n_out[s])
        printf "/* %s */\n", doc_of[s] == "" ? name_of[s] : doc_of[s]
        print prototype(s) " MX_MUST_CHECK;"
    }
    print "\n#endif"
}

function put_slot(s, dir, tag, name,    type, has) {
    type = type_of[s, dir, name]
    has = "0xffff"
    if (type == "i64" && null_of[s, dir, name])
        has = "offsetof(struct q_" ident[s] "_" tag ", has_" name ")"
    printf "    {\"%s\", MX_SQL_%s, %s, offsetof(struct q_%s_%s, %s), %s},\n", name, \
        toupper(type), null_of[s, dir, name] ? "true" : "false", ident[s], tag, name, has
}

function put_slots(s,    i) {
    if (n_slot[s] > 0) {
        printf "static const struct mx_sql_slot in_%s[] = {\n", ident[s]
        for (i = 1; i <= n_slot[s]; i++)
            put_slot(s, "in", "in", param[s, i])
        print "};"
    }
    if (n_out[s] > 0) {
        printf "static const struct mx_sql_slot out_%s[] = {\n", ident[s]
        for (i = 1; i <= n_out[s]; i++)
            put_slot(s, "out", "row", slot[s, "out", i])
        print "};"
    }
}

# Contents of a C string literal: gsub treats backslashes differently in each awk.
function escaped(line,    i, c, out) {
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        out = out (c == "\\" || c == "\"" ? "\\" : "") c
    }
    return out
}

function put_row(s,    i) {
    printf "    {\"%s\",", name_of[s]
    for (i = 1; i <= n_line[s]; i++) {
        printf "\n     \"%s%s\"", escaped(text[s, i]), (i < n_line[s] ? "\\n" : "")
    }
    printf ",\n     %s, %d, %s, %d, %s, %d},\n", n_slot[s] ? "in_" ident[s] : "NULL", n_slot[s], \
        n_out[s] ? "out_" ident[s] : "NULL", n_out[s], \
        n_out[s] ? "sizeof(struct q_" ident[s] "_row)" : "0", s - 1
}

function put_function(s) {
    printf "\n%s\n{\n    return mx_db_%s(db, &mx_sql_all[%d], %s, %s);\n}\n", prototype(s), \
        n_out[s] ? "query" : "exec", s - 1, n_in[s] ? "in" : "NULL", \
        n_out[s] ? "ret_rows" : "ret_changed"
}

function put_source(    s) {
    print "/* Generated by sql/gen.awk from sql/queries; do not edit. */"
    print "#include \"statements.h\"\n"
    print "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
    for (s = 1; s <= n; s++)
        put_slots(s)
    print "\nconst struct mx_sql mx_sql_all[] = {"
    for (s = 1; s <= n; s++)
        put_row(s)
    printf "    {0}};\nconst int mx_sql_n = %d;\n", n
    for (s = 1; s <= n; s++)
        put_function(s)
}

BEGIN {
    c_type["i64"] = "int64_t "
    c_type["str"] = c_type["bin"] = "struct mx_str "
    c_type["id"] = "struct mx_id "
    c_type["time"] = "struct mx_time "
    c_type["hash"] = "struct mx_hash "
    k = split("auto break case char const continue default do double else enum extern float for " \
        "goto if inline int long register restrict return short signed sizeof static struct " \
        "switch typedef union unsigned void volatile while bool true false member", word, " ")
    for (; k > 0; k--)
        c_word[word[k]] = 1
    if (mode != "header" && mode != "source") {
        fail("gen.awk", "mode must be header or source")
        exit
    }
    if (ARGC < 2)
        exit
}

FNR == 1 {
    end_statement()
}

/^-- name:/ {
    begin_statement(trimmed(substr($0, 9)))
    next
}

/^-- (in|out|doc):/ {
    key = $2
    sub(/:.*/, "", key)
    rest = trimmed(substr($0, length(key) + 5))
    if (!open || n_line[n] > 0)
        fail(here(), "'-- " key ":' outside the head of a statement")
    else if (key == "doc")
        doc_of[n] = doc_of[n] (doc_of[n] == "" ? "" : "\n * ") rest
    else
        add_slots(key, rest)
    next
}

/^[ \t]*--/ {
    if (open && n_line[n] == 0 && $0 ~ /^-- ?[a-z]+:/)
        fail(here(), "unknown heading: " $0)
    next
}

/^[ \t]*$/ {
    next
}

{
    if (!open || done)
        fail(here(), "SQL outside a named statement")
    else
        add_sql($0)
}

END {
    end_statement()
    if (failed)
        exit 1
    if (mode == "header")
        put_header()
    else
        put_source()
}
