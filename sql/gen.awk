# Turns the named statements of sql/queries/<domain>/<noun>.sql into C: mode=headers writes a header
# for each file, <dir>/<noun>.h; mode=source writes all of them as one source, statements.c. Form of
# a statement (in, out and doc may be absent, or be repeated to go on):
#
#   -- name: cart.open
#   -- doc: The account's open cart.
#   -- in: id account, i64 limit
#   -- out: id id, str currency, i64? free_from
#   SELECT id, currency, free_from FROM cart WHERE account_id = :account LIMIT :limit;
#
# Text that several statements share is a part (in and out may be absent, or be repeated):
#
#   -- part: cart.mine
#   -- in: id account
#   account_id = :account AND is_open = 1
#
# It stands above its uses, in the same file or in one given earlier. `{{cart.mine}}` outside
# quotes, in a statement or in another part, is replaced by the text. The slots come with it:
# parameters behind the statement's own (one that is already there must have the same type), and
# columns before those of the statement or part that uses it, in the order of use. A statement
# lists the parameters that its own text names. Unknown and unused parts are faults, as is one
# that uses itself.
#
# A statement that writes several rows lists the parameters that each row has for itself, and its
# text has the row once, between `[[` and `]]`:
#
#   -- name: order.insert_items
#   -- in: id order
#   -- each: id id, i64 quantity
#   INSERT INTO order_item (order_id, id, quantity) VALUES [[(:order, :id, :quantity)]];
#
# It becomes one statement for each number of rows from 1 to ROWS, all of the same name; in C it is
# one function, whose input has the rows as `each[ROWS]` and their number as `n_each`.
#
# In C a statement is a function, q_order_find(); one that is not of several rows is also an object,
# q_order_find_sql, for what runs statements of any noun.
#
# The columns of a noun have a name; every statement that gives them gives one struct, and one that
# takes them takes it, whole:
#
#   -- row: coupon
#   -- out: id id, str code, enum status, money minimum, i64 version
#   id, code, status, minimum, currency, version
#
#   -- name: coupon.find
#   -- in: id id
#   SELECT {{coupon}} FROM coupon WHERE id = :id;
#
#   -- name: coupon.update
#   -- in: row coupon
#   UPDATE coupon SET status = :status, minimum = :minimum, currency = :minimum.currency,
#                     version = version + 1 WHERE id = :id AND version = :version;
#
# Both are of `struct q_coupon_row`. A row stands above its uses, in the file of its noun; parameters
# of a row may be left unused.
#
# `-- rows: page` in the head of a statement says that its rows are a page: they end with the one
# whose texts reach MX_PAGE_BYTES in all.
#
# Types: i64 str bin id time hash bool enum (an int, from 0) money (two columns, the amount and the
# currency; as parameters :x and :x.currency); `?` behind one: may be NULL. Other comment lines are dropped.
# Every fault is reported as file:line; then nothing is written and the exit status is 1.

function fail(at, text) {
    print at ": " text > "/dev/stderr"
    failed = 1
}

function trimmed(text) {
    sub(/^[ \t]+/, "", text)
    sub(/[ \t]+$/, "", text)
    return text
}

# A block is a statement, known by its number, or a part, known by its name.
function begin_block(key, name) {
    block = key
    name_of[block] = name
    at_of[block] = spot
    doc_of[block] = ""
    n_in[block] = n_out[block] = n_front[block] = n_slot[block] = n_line[block] = 0
    n_each[block] = group[block] = 0
    open = 1
    quote = done = row = ""
}

function check_name(kind, key, name, seen) {
    if (name !~ /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/)
        fail(spot, "bad " kind " name '" name "'")
    if (key in seen)
        fail(spot, "duplicate " kind " '" name "', first at " seen[key])
    else
        seen[key] = spot
}

function begin_statement(name) {
    end_block()
    begin_block(++n, name)
    noun_at[n] = noun_of(FILENAME)
    ident[n] = name
    sub(/\./, "_", ident[n])
    check_name("statement", ident[n], name, statement_at)
}

function begin_part(name) {
    end_block()
    begin_block(name, name)
    check_name("part", name, name, part_at)
    part_of[++n_parts] = name
}

function begin_row(name) {
    end_block()
    begin_block(name, name)
    if (name !~ /^[a-z][a-z0-9_]*$/)
        fail(spot, "bad row name '" name "'")
    if (name in part_at)
        fail(spot, "duplicate row '" name "', first at " part_at[name])
    part_at[name] = spot
    part_of[++n_parts] = name
    row_noun[name] = noun_of(FILENAME)
}

# Takes all columns of a row as the statement's parameters.
function take_row(list, name,    k, column) {
    if (!(name in row_noun)) {
        fail(spot, "unknown row '" name "'; it must stand above")
        return
    }
    if (list != "in" || block in part_at || n_in[n] > 0)
        fail(spot, "a row is all that a statement takes")
    in_row[n] = name
    part_used[name] = 1
    for (k = 1; k <= n_out[name]; k++) {
        column = slot[name, "out", k]
        add_slot(n, "in", column, type_of[name, "out", column], null_of[name, "out", column])
    }
}

# Lists `i64? limit, str name` into the block's `list` ("in", "out" or "each").
function add_slots(list, names,    k, m, part, pair, type, null) {
    m = split(names, part, ",")
    for (k = 1; k <= m; k++) {
        part[k] = trimmed(part[k])
        if (split(part[k], pair, /[ \t]+/) != 2) {
            fail(spot, "want 'type name', found '" part[k] "'")
            continue
        }
        if (pair[1] == "row") {
            take_row(list, pair[2])
            continue
        }
        type = pair[1]
        null = sub(/\?$/, "", type)
        if (!(type in c_type))
            fail(spot, "unknown type '" type "' of '" pair[2] "'")
        else
            add_slot(block, list, pair[2], type, null)
    }
}

function add_slot(to, list, name, type, null,    i) {
    if (name !~ /^[a-z][a-z0-9_]*$/ || name in c_word)
        fail(spot, "bad name '" name "'")
    if ((to, list, name) in type_of || (to, list, "member", name) in type_of ||
        list == "each" && (to, "in", name) in type_of)
        fail(spot, "duplicate name '" name "' in " list)
    i = list == "in" ? ++n_in[to] : list == "out" ? ++n_out[to] : ++n_each[to]
    slot[to, list, i] = name
    type_of[to, list, name] = type
    null_of[to, list, name] = null
    if ((type == "i64" || type == "bool") && null) {
        if ((to, list, "has_" name) in type_of)
            fail(spot, "duplicate name 'has_" name "' in " list)
        type_of[to, list, "member", "has_" name] = 1
    }
}

# A part's parameters that the statement lacks, behind those it has.
function take_parameters(part,    k, name) {
    for (k = 1; k <= n_in[part]; k++) {
        name = slot[part, "in", k]
        if (!((n, "in", name) in type_of))
            add_slot(n, "in", name, type_of[part, "in", name], null_of[part, "in", name])
        else if (type_of[n, "in", name] != type_of[part, "in", name] ||
                 null_of[n, "in", name] != null_of[part, "in", name])
            fail(spot, "parameter '" name "' of part '" part "' has another type")
    }
}

# A part's columns, behind those of earlier parts and before the statement's own.
function take_columns(part,    k, i, name) {
    if (part in row_noun)
        out_row[n] = part
    for (k = 1; k <= n_out[part]; k++) {
        name = slot[part, "out", k]
        add_slot(n, "out", name, type_of[part, "out", name], null_of[part, "out", name])
        for (i = n_out[n]; i > n_front[n] + 1; i--)
            slot[n, "out", i] = slot[n, "out", i - 1]
        slot[n, "out", i] = name
        n_front[n]++
    }
}

# Puts a part's text into the statement. Faults in it are told at its own lines.
function use_part(part,    k, user) {
    if (!(part in part_at)) {
        fail(spot, "unknown part '" part "'; it must stand above")
        return
    }
    if (part in within) {
        fail(spot, "part '" part "' uses itself")
        return
    }
    within[part] = part_used[part] = 1
    take_parameters(part)
    depth++
    user = spot
    for (k = 1; k <= n_line[part]; k++) {
        if (k > 1)
            end_line()
        spot = line_at[part, k]
        scan(text[part, k])
    }
    spot = user
    depth--
    if (quote != "")
        fail(at_of[part], "open quote in part '" part "'")
    quote = ""
    take_columns(part)
    delete within[part]
}

function add_sql(line) {
    if (block in part_at) {
        text[block, ++n_line[block]] = line
        line_at[block, n_line[block]] = spot
    } else {
        scan(line)
        end_line()
    }
}

function end_line() {
    text[n, ++n_line[n]] = row
    row = ""
}

# SQL onto the row: parameters become `?`, parts their text; quotes may span lines.
function scan(line,    c, i, two, name) {
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        two = substr(line, i, 2)
        if (quote != "") {
            row = row c
            if (c == "\\")
                row = row substr(line, ++i, 1)
            else if (c == quote)
                quote = ""
        } else if (c == "'" || c == "\"" || c == "`") {
            quote = c
            row = row c
        } else if (c == ":" && match(substr(line, i + 1), /^[a-z][a-z0-9_]*/)) {
            name = substr(line, i + 1, RLENGTH)
            i += RLENGTH
            if (substr(line, i + 1, 9) == ".currency" && (n, "in", name) in type_of && \
                type_of[n, "in", name] == "money") {
                i += 9
                of_currency[n, n_slot[n] + 1] = 1
            }
            use_parameter(name)
            row = row "?"
        } else if (two == "{{" && index(substr(line, i), "}}")) {
            name = substr(line, i + 2, index(substr(line, i), "}}") - 3)
            i += length(name) + 3
            use_part(name)
        } else if (c == ";" && !depth) {
            if (trimmed(substr(line, i + 1)) != "")
                fail(spot, "text behind ';'")
            done = 1
            break
        } else if (two == "[[" || two == "]]") {
            row = row (two == "[[" ? "\001" : "\002")
            i++
            bound_group(two)
        } else {
            refuse(c, two)
            row = row c
        }
    }
}

# group: 0 before the row of a statement, 1 in it, 2 behind it.
function bound_group(mark) {
    if (depth)
        fail(spot, "'" mark "' in a part")
    else if (n_each[n] == 0)
        fail(spot, "'" mark "' without -- each")
    else if (mark == "[[" ? group[n] != 0 : group[n] != 1)
        fail(spot, "'" mark "' out of place")
    group[n]++
}

function refuse(c, two) {
    if (c == ";")
        fail(spot, "';' in a part")
    if (two == "{{" || two == "}}")
        fail(spot, "'" two "' without its pair")
    if (c == "?" || c == ":" || c == "#" || two == "--" || two == "/*")
        fail(spot, "'" c "' outside quotes; parameters are named, comments own their line")
}

function use_parameter(name) {
    if (group[n] == 1 && (n, "each", name) in type_of) {
        own[n, n_slot[n] + 1] = 1
    } else if (!((n, "in", name) in type_of)) {
        fail(spot, "parameter ':" name "' of '" name_of[n] "' is missing in -- in")
        return
    }
    used[n, name] = 1
    param[n, ++n_slot[n]] = name
    in_group[n, n_slot[n]] = group[n] == 1
}

function end_block() {
    if (open && n_line[block] == 0)
        fail(at_of[block], (block in part_at ? "part" : "statement") " '" name_of[block] \
            "' has no text")
    if (open && !(block in part_at))
        end_statement()
    open = 0
}

function end_statement(    all, i, sel) {
    if (quote != "")
        fail(at_of[n], "open quote in '" name_of[n] "'")
    if (n in out_row && n_out[n] > n_out[out_row[n]])
        fail(at_of[n], "'" name_of[n] "' gives more than row '" out_row[n] "'")
    if (n in in_row && n_in[n] > n_out[in_row[n]])
        fail(at_of[n], "'" name_of[n] "' takes more than row '" in_row[n] "'")
    for (i = 1; i <= n_in[n] && !(n in in_row); i++)
        if (!((n, slot[n, "in", i]) in used))
            fail(at_of[n], "parameter '" slot[n, "in", i] "' of '" name_of[n] "' is unused")
    for (i = 1; i <= n_each[n]; i++)
        if (!((n, slot[n, "each", i]) in used))
            fail(at_of[n], "parameter '" slot[n, "each", i] "' of '" name_of[n] "' is unused")
    if (n in paged && n_out[n] == 0)
        fail(at_of[n], "'" name_of[n] "' has -- rows, but no -- out")
    if (n_each[n] > 0 && group[n] != 2)
        fail(at_of[n], "'" name_of[n] "' has -- each, but no '[[' and ']]'")
    if (n_each[n] > 0 && n_out[n] > 0)
        fail(at_of[n], "'" name_of[n] "' has -- each and -- out")
    index_of[n] = n_sql
    n_sql += n_each[n] > 0 ? ROWS : 1
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

# The struct of a statement's parameters or columns: its own, or that of a row.
function struct_of(s, tag) {
    if (tag == "in" && s in in_row)
        return "q_" in_row[s] "_row"
    if (tag == "row" && s in out_row)
        return "q_" out_row[s] "_row"
    return "q_" (s in row_noun ? s : ident[s]) "_" tag
}

function put_struct(s, list, tag, count, to,    i, name, type) {
    printf "struct %s {\n", struct_of(s, tag) > to
    for (i = 1; i <= count; i++) {
        name = slot[s, list, i]
        type = type_of[s, list, name]
        printf "    %s%s;\n", c_type[type], name > to
        if ((type == "i64" || type == "bool") && null_of[s, list, name])
            printf "    bool has_%s;\n", name > to
    }
    if (tag == "in" && n_each[s] > 0)
        printf "    struct q_%s_each each[%d];\n    size_t n_each;\n", ident[s], ROWS > to
    print "};" > to
}

function takes_input(s) {
    return n_in[s] > 0 || n_each[s] > 0
}

function prototype(s,    p) {
    p = "enum mx_err q_" ident[s] "(struct mx_db *db"
    if (takes_input(s))
        p = p ", const struct " struct_of(s, "in") " *in"
    return p (n_out[s] > 0 ? ", struct mx_list *ret_rows)" : ", int64_t *ret_changed)")
}

# The file's name without folders and ".sql".
function noun_of(file) {
    sub(/.*\//, "", file)
    sub(/\.sql$/, "", file)
    return file
}

function put_declarations(s, to) {
    printf "\n" > to
    if (n_each[s] > 0)
        put_struct(s, "each", "each", n_each[s], to)
    if (takes_input(s) && !(s in in_row))
        put_struct(s, "in", "in", n_in[s], to)
    if (n_out[s] > 0 && !(s in out_row))
        put_struct(s, "out", "row", n_out[s], to)
    printf "/* %s */\n%s MX_MUST_CHECK;\n", (doc_of[s] == "" ? name_of[s] : doc_of[s]), \
        prototype(s) > to
    if (n_each[s] == 0)
        printf "extern const struct mx_sql *const q_%s_sql;\n", ident[s] > to
}

function put_header(noun,    to, guard, s, k) {
    to = dir "/" noun ".h"
    guard = "MX_Q_" toupper(noun) "_H"
    printf "/* Generated by sql/gen.awk from %s; do not edit. */\n#ifndef %s\n#define %s\n\n" \
        "#include \"codec/money.h\"\n#include \"codec/secret.h\"\n#include \"io/db.h\"\n", \
        file_of[noun], guard, guard > to
    for (k = 1; k <= n_parts; k++)
        if (part_of[k] in row_noun && row_noun[part_of[k]] == noun) {
            printf "\n" > to
            put_struct(part_of[k], "out", "row", n_out[part_of[k]], to)
        }
    for (s = 1; s <= n; s++)
        if (noun_at[s] == noun)
            put_declarations(s, to)
    print "\n#endif" > to
    close(to)
}

# One parameter or column; `at` is the row that a parameter belongs to, as "each[2].", or empty.
# `half` of money is "minor" or "currency".
function put_slot(s, list, tag, at, name, half,    type, has, of) {
    type = toupper(type_of[s, list, name])
    of = struct_of(s, tag)
    has = "0xffff"
    if ((type == "I64" || type == "BOOL") && null_of[s, list, name])
        has = "offsetof(struct " of ", " at "has_" name ")"
    if (type == "MONEY") {
        type = half == "minor" ? "AMOUNT" : "CURRENCY"
        if (half == "minor" && null_of[s, list, name])
            has = "offsetof(struct " of ", " at name ".currency)"
    }
    half = half == "" ? "" : "." half
    printf "    {\"%s%s\", MX_SQL_%s, %s, offsetof(struct %s, %s%s), %s},\n", at, name half, type, \
        null_of[s, list, name] ? "true" : "false", of, at, name half, has
}

# The half of money that parameter number `i` is; empty for other types.
function half_of(s, list, i) {
    if (type_of[s, list, param[s, i]] != "money")
        return ""
    return (s, i) in of_currency ? "currency" : "minor"
}

# Columns that the statement's names stand for.
function n_columns(s,    i, count) {
    for (i = 1; i <= n_out[s]; i++)
        count += type_of[s, "out", slot[s, "out", i]] == "money" ? 2 : 1
    return count + 0
}

# The parameters from..to; those of a row's own are of row number `k`.
function put_params(s, from, to, k,    i) {
    for (i = from; i <= to; i++)
        if ((s, i) in own)
            put_slot(s, "each", "in", "each[" k "].", param[s, i], half_of(s, "each", i))
        else
            put_slot(s, "in", "in", "", param[s, i], half_of(s, "in", i))
}

# `rows` is 0 for a statement that has no rows; that of all other functions below, too.
function put_slots(s, rows,    i, k, first, last) {
    if (n_slot[s] > 0) {
        first = last = 0
        for (i = 1; i <= n_slot[s]; i++)
            if (in_group[s, i]) {
                first = first ? first : i
                last = i
            }
        printf "static const struct mx_sql_slot in_%s%s[] = {\n", ident[s], suffix(rows)
        put_params(s, 1, rows ? first - 1 : n_slot[s], 0)
        for (k = 0; k < rows; k++)
            put_params(s, first, last, k)
        if (rows)
            put_params(s, last + 1, n_slot[s], 0)
        print "};"
        n_param[s, rows] = rows ? n_slot[s] + (rows - 1) * (last - first + 1) : n_slot[s]
    }
    if (n_out[s] > 0) {
        printf "static const struct mx_sql_slot out_%s[] = {\n", ident[s]
        for (i = 1; i <= n_out[s]; i++)
            if (type_of[s, "out", slot[s, "out", i]] == "money") {
                put_slot(s, "out", "row", "", slot[s, "out", i], "minor")
                put_slot(s, "out", "row", "", slot[s, "out", i], "currency")
            } else {
                put_slot(s, "out", "row", "", slot[s, "out", i])
            }
        print "};"
    }
}

function suffix(rows) {
    return rows ? "_" rows : ""
}

# The text between the marks, `rows` times.
function repeated(all, rows,    from, to, group, k) {
    from = index(all, "\001")
    to = index(all, "\002")
    if (!from)
        return all
    group = substr(all, from + 1, to - from - 1)
    for (k = 1; k < rows; k++)
        group = group ", " substr(all, from + 1, to - from - 1)
    return substr(all, 1, from - 1) group substr(all, to + 1)
}

function put_row(s, rows,    i, m, all, line) {
    for (i = 1; i <= n_line[s]; i++)
        all = all (i > 1 ? "\n" : "") text[s, i]
    m = split(repeated(all, rows), line, "\n")
    printf "    {\"%s\",", name_of[s]
    for (i = 1; i <= m; i++)
        printf "\n     \"%s%s\"", escaped(line[i]), (i < m ? "\\n" : "")
    printf ",\n     %s, %d, %s, %d, %s, %d%s},\n", \
        n_slot[s] ? "in_" ident[s] suffix(rows) : "NULL", n_slot[s] ? n_param[s, rows] : 0, \
        n_out[s] ? "out_" ident[s] : "NULL", n_columns(s), \
        n_out[s] ? "sizeof(struct " struct_of(s, "row") ")" : "0", index_of[s] + (rows ? rows - 1 : 0), \
        s in paged ? ", true" : ""
}

function put_function(s) {
    if (n_each[s] == 0)
        printf "\nconst struct mx_sql *const q_%s_sql = &mx_sql_all[%d];", ident[s], index_of[s]
    printf "\n%s\n{\n", prototype(s)
    if (n_each[s])
        printf "    MX_ASSERT(in->n_each >= 1 && in->n_each <= %d);\n", ROWS
    printf "    return mx_db_%s(db, &mx_sql_all[%d%s], %s, %s);\n}\n", n_out[s] ? "query" : "exec", \
        index_of[s], n_each[s] ? " + in->n_each - 1" : "", \
        takes_input(s) ? "in" : "NULL", n_out[s] ? "ret_rows" : "ret_changed"
}

function put_source(    s, rows, k) {
    print "/* Generated by sql/gen.awk from sql/queries; do not edit. */"
    for (k = 1; k <= n_nouns; k++)
        printf "#include \"q/%s.h\"\n", noun_list[k]
    print "\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
    for (s = 1; s <= n; s++)
        for (rows = n_each[s] > 0; rows <= (n_each[s] > 0 ? ROWS : 0); rows++)
            put_slots(s, rows)
    print "\nconst struct mx_sql mx_sql_all[] = {"
    for (s = 1; s <= n; s++)
        for (rows = n_each[s] > 0; rows <= (n_each[s] > 0 ? ROWS : 0); rows++)
            put_row(s, rows)
    printf "    {0}};\nconst int mx_sql_n = %d;\n", n_sql
    for (s = 1; s <= n; s++)
        put_function(s)
}

BEGIN {
    ROWS = 16
    n_sql = 0
    c_type["i64"] = "int64_t "
    c_type["str"] = c_type["bin"] = "struct mx_str "
    c_type["id"] = "struct mx_id "
    c_type["time"] = "struct mx_time "
    c_type["hash"] = "struct mx_hash "
    c_type["bool"] = "bool "
    c_type["enum"] = "int "
    c_type["money"] = "struct mx_money "
    k = split("auto break case char const continue default do double else enum extern float for " \
        "goto if inline int long register restrict return short signed sizeof static struct " \
        "switch typedef union unsigned void volatile while bool true false member", word, " ")
    for (; k > 0; k--)
        c_word[word[k]] = 1
    if (mode != "headers" && mode != "source") {
        fail("gen.awk", "mode must be headers or source")
        exit
    }
    if (ARGC < 2)
        exit
}

FNR == 1 {
    end_block()
    noun = noun_of(FILENAME)
    if (noun in file_of)
        fail(FILENAME, "another file of this name: " file_of[noun])
    file_of[noun] = FILENAME
    noun_list[++n_nouns] = noun
}

{
    spot = FILENAME ":" FNR
}

/^-- name:/ {
    begin_statement(trimmed(substr($0, 9)))
    next
}

/^-- part:/ {
    begin_part(trimmed(substr($0, 9)))
    next
}

/^-- row:/ {
    begin_row(trimmed(substr($0, 8)))
    next
}

/^-- rows:/ {
    if (!open || n_line[block] > 0 || block in part_at || trimmed(substr($0, 9)) != "page")
        fail(spot, "'-- rows: page' belongs in the head of a statement")
    paged[n] = 1
    next
}

/^-- (in|out|each|doc):/ {
    key = $2
    sub(/:.*/, "", key)
    rest = trimmed(substr($0, length(key) + 5))
    if (!open || n_line[block] > 0 || (key == "doc" || key == "each") && block in part_at)
        fail(spot, "'-- " key ":' outside the head of a statement")
    else if (key == "doc")
        doc_of[n] = doc_of[n] (doc_of[n] == "" ? "" : "\n * ") rest
    else
        add_slots(key, rest)
    next
}

/^[ \t]*--/ {
    if (open && n_line[block] == 0 && $0 ~ /^-- ?[a-z]+:/)
        fail(spot, "unknown heading: " $0)
    next
}

/^[ \t]*$/ {
    next
}

{
    if (!open || done)
        fail(spot, "SQL outside a named statement")
    else
        add_sql($0)
}

END {
    end_block()
    for (k = 1; k <= n_parts; k++)
        if (!(part_of[k] in part_used))
            fail(at_of[part_of[k]], "part '" part_of[k] "' is unused")
    if (failed)
        exit 1
    if (mode == "source")
        put_source()
    else
        for (k = 1; k <= n_nouns; k++)
            put_header(noun_list[k])
}
