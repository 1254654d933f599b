# Compiles the texts of all mail into build/gen/mail_texts.c: frame.html first, then NAME.LANGUAGE.txt
# and NAME.LANGUAGE.html of each mail in each language (that of `BEGIN` below). Form of a .txt:
#
#   Subject: Your code for {shop}
#
#   Hello,
#   ...
#
# {code} stands for the value of that name which the caller of mx_mail_queue gives. Always there:
# {shop}, the shop's name, and {shop_url}, its address from the settings; a link begins with it and
# never with a value. All forms of a mail in all languages use the same names, and so do its subjects.
# A .html is what stands in the body, between the texts of the frame; values are escaped in it. There
# {lang}, {subject} and {content} are the frame's. The .txt is for people, too: a code stands on a line
# of its own. Nothing that a stranger can choose (a name, a note) goes into mail to an address that is
# not proved.
#
# Every error is reported as file:line; then nothing is written and the exit status is 1.

function fail(at, text) {
    print at ": " text > "/dev/stderr"
    failed = 1
}

# The names in a line, into `used` of [set, name].
function take_names(set, line,    name) {
    while (match(line, /[{}]/)) {
        line = substr(line, RSTART)
        if (!match(line, /^\{[a-z][a-z0-9_]*\}/)) {
            fail(FILENAME ":" FNR, "a brace that is no {name}")
            return
        }
        name = substr(line, 2, RLENGTH - 2)
        if (!((set, name) in used)) {
            used[set, name] = 1
            names[set] = names[set] " " name
        }
        line = substr(line, RLENGTH + 1)
    }
}

# Every name of `a` is used by `b`.
function check_names(a, b,    list, n, k) {
    n = split(names[a], list, " ")
    for (k = 1; k <= n; k++)
        if (!((b, list[k]) in used))
            fail(b, "lacks {" list[k] "} of " a)
}

function file_of(mail, language, form) {
    return dir mail "." language "." form
}

function check_pair(a, b) {
    check_names(a, b)
    check_names(b, a)
}

# All forms in all languages, with the names that the first one has.
function check_mail(mail,    first, file, l, f) {
    first = file_of(mail, language[1], form[1])
    for (l = 1; l <= n_languages; l++)
        for (f = 1; f <= 2; f++) {
            file = file_of(mail, language[l], form[f])
            if (!(file in seen)) {
                fail(file, "is missing")
                continue
            }
            if (n_line[file] == 0)
                fail(file, "has no text")
            if (first in seen)
                check_pair(first, file)
            if (form[f] == "txt" && first in seen)
                check_pair("subject of " first, "subject of " file)
        }
}

function begin_file(    base, part, n) {
    base = FILENAME
    sub(/.*\//, "", base)
    dir = substr(FILENAME, 1, length(FILENAME) - length(base))
    n = split(base, part, ".")
    seen[FILENAME] = 1
    names[FILENAME] = ""
    n_line[FILENAME] = 0
    if (base == "frame.html")
        return
    if (n != 3 || part[1] !~ /^[a-z][a-z0-9_]*$/ || !(part[2] in speaks) || !(part[3] in is_form))
        fail(FILENAME, "want NAME.LANGUAGE.txt or .html")
    else if (!(part[1] in is_mail)) {
        is_mail[part[1]] = 1
        mails[++n_mails] = part[1]
    }
}

function take_subject(line) {
    if (line !~ /^Subject: [^ ]/ || line ~ /[<>&"]/)
        fail(FILENAME ":" FNR, "want 'Subject: ...' without markup")
    subject[FILENAME] = substr(line, 10)
    names["subject of " FILENAME] = ""
    take_names("subject of " FILENAME, subject[FILENAME])
}

function put_line(line) {
    printf "\n     \"%s\\n\"", escaped(line)
}

function put_lines(file,    i) {
    for (i = 1; i <= n_line[file]; i++)
        put_line(text[file, i])
}

# `line` with `mark` replaced once by `by`: sub() would read its backslashes and ampersands.
function replaced(line, mark, by,    at) {
    at = index(line, mark)
    if (at == 0)
        return line
    return substr(line, 1, at - 1) by substr(line, at + length(mark))
}

function put_framed(mail, lang,    i, line) {
    for (i = 1; i <= n_line[frame]; i++) {
        line = text[frame, i]
        if (line ~ /^\{content\}$/)
            put_lines(file_of(mail, lang, "html"))
        else
            put_line(replaced(replaced(line, "{lang}", lang), "{subject}", \
                              subject[file_of(mail, lang, "txt")]))
    }
}

function put_mail(mail,    l) {
    for (l = 1; l <= n_languages; l++) {
        printf "    {\"%s\", \"%s\",", mail, language[l]
        printf "\n     \"%s\",", escaped(subject[file_of(mail, language[l], "txt")])
        put_lines(file_of(mail, language[l], "txt"))
        printf ","
        put_framed(mail, language[l])
        print "},"
    }
}

BEGIN {
    n_languages = split("en de", language, " ")
    split("txt html", form, " ")
    for (k = 1; k <= n_languages; k++)
        speaks[language[k]] = 1
    is_form["txt"] = is_form["html"] = 1
    frame = ARGV[1]
}

FNR == 1 {
    begin_file()
}

FNR <= 2 && FILENAME ~ /\.txt$/ {
    if (FNR == 1)
        take_subject($0)
    else if ($0 != "")
        fail(FILENAME ":2", "want an empty line")
    next
}

{
    text[FILENAME, ++n_line[FILENAME]] = $0
    take_names(FILENAME, $0)
}

END {
    if (!(frame in seen) || !((frame, "content") in used))
        fail(frame, "want the frame first, with a line {content}")
    for (k = 1; k <= n_mails; k++)
        check_mail(mails[k])
    if (failed)
        exit 1
    print "/* Generated by lib/shop/mail/gen.awk from lib/shop/mail; do not edit. */"
    print "#include \"shop/mail.h\"\n"
    print "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
    print "const struct mx_mail_text mx_mail_texts[] = {"
    for (k = 1; k <= n_mails; k++)
        put_mail(mails[k])
    print "};\nconst size_t mx_mail_texts_n = MX_LEN(mx_mail_texts);"
}
