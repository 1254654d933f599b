# For the generators of C sources, given to awk before them.

# Contents of a C string literal: gsub treats backslashes differently in each awk.
function escaped(line,    i, c, out) {
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        out = out (c == "\\" || c == "\"" ? "\\" : "") c
    }
    return out
}
