# Parts of a private stack below one directory, sourced by deploy/run: processes with pid files, a
# database server of its own, nginx. Expects $RUN (absolute), $SOCKETS, $program, $ROOT; 9 is the lock
# of $RUN, 8 what a keeper listens to, 7 the other end of it.

say() { printf '%s\n' "$*"; }
die() {
    printf 'run: %s\n' "$*" >&2
    exit 1
}

# ---- processes: $RUN/pids/NAME holds "pid start-time", so that a reused pid is not taken for ours

start_time() { # pid: of a zombie, too
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    set -- ${stat##*) }
    echo "${20}"
}

note_pid() { # name pid
    mkdir -p "$RUN/pids"
    echo "$2 $(start_time "$2")" >"$RUN/pids/$1"
}

pid_of() { # name: prints the pid when that process still runs
    local pid began
    { read -r pid began <"$RUN/pids/$1"; } 2>/dev/null || return 1
    [ "$(start_time "$pid")" = "$began" ] || return 1
    ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null || return 1
    echo "$pid"
}

spawn() { # name command...: in the background, apart from the terminal, output to NAME.out
    local name=$1
    shift
    setsid "$@" >>"$RUN/$name.out" 2>&1 </dev/null 7>&- 8<&- 9>&- &
    note_pid "$name" $!
}

wait_for() { # seconds name command...: until the command succeeds; fails when the process ends
    local tries=$(($1 * 20)) name=$2
    shift 2
    while [ "$tries" -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        pid_of "$name" >/dev/null || break
        sleep 0.05
        tries=$((tries - 1))
    done
    say "$name did not come up:" >&2
    tail -n 20 "$RUN/$name.out" >&2 || true
    return 1
}

members() { # name: what runs in the session of that process, which it may have left behind
    local pid began now
    { read -r pid began <"$RUN/pids/$1"; } 2>/dev/null || return 0
    now=$(start_time "$pid") || now=$began
    if [ "$now" = "$began" ]; then
        ps -o pid=,stat= -s "$pid" | awk '$2 !~ /^Z/ { print $1 }'
    fi
}

signal_all() { # signal pid...
    local signal=$1 pid
    shift
    for pid in "$@"; do
        kill -s "$signal" "$pid" 2>/dev/null || true
    done
}

end_process() { # name signal seconds: then KILL
    local pid tries=$(($3 * 20))
    if pid=$(pid_of "$1"); then
        signal_all "$2" "$pid"
    else
        signal_all "$2" $(members "$1")
    fi
    while [ -n "$(members "$1")" ]; do
        if [ "$tries" -le 0 ] && [ $((tries % 20)) -eq 0 ]; then
            say "run: $1 had to be killed" >&2
            signal_all KILL $(members "$1")
        fi
        tries=$((tries - 1))
        sleep 0.05
    done
    rm -f "$RUN/pids/$1"
}

# ---- the keeper: stops the stack when its standard input ends, which is the pipe of a caller who
# ends, in whatever way

keeper_start() {
    RUN=$RUN DB=$DB setsid "$ROOT/deploy/run" keep <&8 >>"$RUN/keeper.out" 2>&1 7>&- 8<&- 9>&- &
    note_pid keeper $!
    disown # nobody need hear that it was killed
}

keeper_of_this_process() {
    rm -f "$RUN/life"
    mkfifo "$RUN/life"
    exec 7<>"$RUN/life" 8<"$RUN/life"
    keeper_start
}

keeper_end() { # unless it is this process
    [ "$(pid_of keeper)" != $$ ] || return 0
    signal_all KILL $(members keeper)
    rm -f "$RUN/pids/keeper"
}

keep() {
    while read -r; do :; done
    flock 9
    [ "$(pid_of keeper)" = $$ ] || return 0 # the directory has another stack by now
    stop_and_tidy
    rm -f "$RUN/pids/keeper"
}

# ---- files

# Template to file: @NAME@ becomes the value of NAME=value.
fill() { # from to NAME=value...
    local text pair
    text=$(cat "$1")
    local to=$2
    shift 2
    for pair in "$@"; do
        text=${text//"@${pair%%=*}@"/"${pair#*=}"}
    done
    printf '%s\n' "$text" >"$to"
}

random_word() { head -c 15 /dev/urandom | base64 | tr '+/' 'xy'; }

# ---- database

# The programs of DB, mariadb (built in) or mysql. Debian's packages of MariaDB bring a mysqld of
# their own, which is not meant.
choose_database() {
    DB=${DB:-mariadb}
    case $DB in
        mariadb) db_server=mariadbd db_client=mariadb ;;
        mysql)
            db_server=${MYSQLD:-mysqld} db_client=${MYSQL:-mysql}
            if [[ $("$db_server" --version 2>&1) == *MariaDB* ]] || ! "$db_server" --version >/dev/null 2>&1; then
                die "there is no MySQL server at $db_server: set MYSQLD, or use make test-mysql, which brings one"
            fi
            ;;
        *) die "DB is mariadb or mysql" ;;
    esac
}

sql() { "$db_client" --no-defaults --socket="$SOCKETS/db.sock" --user="$(id -un)" --batch "$@"; }

# A data directory in which the user who runs this is the owner of everything.
mariadb_install() {
    # --force: it need not find the name of this machine.
    TMPDIR=$RUN/db-tmp mariadb-install-db --no-defaults --force --skip-test-db \
        --datadir="$RUN/db" "$@" --auth-root-authentication-method=socket \
        --auth-root-socket-user="$(id -un)" >"$RUN/db-install.out" 2>&1
}

# The same of MySQL, which takes seconds to make one: a copy of one that is kept for each version.
mysql_install() {
    local kept
    kept=$ROOT/build/mysql-data/$("$db_server" --version | cksum | cut -d' ' -f1)
    mkdir -p "${kept%/*}"
    (
        flock 8
        [ ! -d "$kept" ] || exit 0
        rm -rf "$kept.new"
        cat >"$kept.sql" <<SQL
INSTALL PLUGIN auth_socket SONAME 'auth_socket.so';
CREATE USER IF NOT EXISTS '$(id -un)'@'localhost';
ALTER USER '$(id -un)'@'localhost' IDENTIFIED WITH auth_socket;
GRANT ALL ON *.* TO '$(id -un)'@'localhost' WITH GRANT OPTION;
SQL
        "$db_server" --no-defaults --initialize-insecure "$@" --datadir="$kept.new" \
            --init-file="$kept.sql" --secure-file-priv=NULL --innodb-redo-log-capacity=64M &&
            mv "$kept.new" "$kept"
    ) 8>"$kept.lock" >"$RUN/db-install.out" 2>&1 || return 1
    cp -r --sparse=always "$kept/." "$RUN/db"
    rm "$RUN/db/auto.cnf" # each server makes its own name
}

database_start() {
    local user=() options=() more=()
    [ "$(id -u)" -ne 0 ] || user=(--user=root)
    mkdir -p "$RUN/db-tmp" # a server clears its temporary directory when it starts
    if [ ! -e "$RUN/db/ready" ]; then
        rm -rf "$RUN/db"
        mkdir -p "$RUN/db"
        "${DB}_install" "${user[@]}" || {
            tail -n 20 "$RUN/db-install.out" >&2
            die "the database's directory could not be made"
        }
        echo "$DB" >"$RUN/db/ready"
    fi
    [ "$(cat "$RUN/db/ready")" = "$DB" ] ||
        die "$RUN holds a database of $(cat "$RUN/db/ready"), not of $DB: take another RUN"
    [ "$DB" = mariadb ] || options=(--mysqlx=OFF --skip-log-bin --secure-file-priv=NULL
        --innodb-redo-log-capacity=64M)
    read -ra more <<<"${DB_OPTIONS:-}" # of a test
    spawn db "$db_server" --no-defaults "${user[@]}" --datadir="$RUN/db" --socket="$SOCKETS/db.sock" \
        --tmpdir="$RUN/db-tmp" --pid-file="$RUN/db/server.pid" --skip-networking --skip-name-resolve \
        --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=512M --local-infile=0 \
        --character-set-server=utf8mb4 --collation-server=utf8mb4_bin --max-connections=400 \
        "${options[@]}" "${more[@]}"
    wait_for 60 db sql -e 'SELECT 1'
}

# Accounts: the program's, the migrator's, and one that may read everything, for people and tests.
# The passwords of the first two are made once and stay in files.
database_accounts() {
    local name
    for name in merx merx_migrate; do
        [ -s "$RUN/$name.password" ] || random_word >"$RUN/$name.password"
    done
    sql <<SQL
CREATE DATABASE IF NOT EXISTS merx CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER IF NOT EXISTS 'merx'@'localhost';
CREATE USER IF NOT EXISTS 'merx_migrate'@'localhost';
CREATE USER IF NOT EXISTS 'merx_read'@'localhost';
ALTER USER 'merx'@'localhost' IDENTIFIED BY '$(cat "$RUN/merx.password")';
ALTER USER 'merx_migrate'@'localhost' IDENTIFIED BY '$(cat "$RUN/merx_migrate.password")';
GRANT ALL ON merx.* TO 'merx_migrate'@'localhost';
GRANT SELECT, PROCESS, SHOW DATABASES ON *.* TO 'merx_read'@'localhost';
SQL
}

# merx ... as the migrator: schema and demo data.
as_migrator() {
    MERX_DB_USER=merx_migrate MERX_DB_PASSWORD_FILE="$RUN/merx_migrate.password" "$program" "$@"
}

database_schema() {
    as_migrator migrate >"$RUN/migrate.out" 2>&1 || {
        cat "$RUN/migrate.out" >&2
        die "the migration failed"
    }
    sql merx <"$ROOT/sql/roles.sql"
}

# ---- web server

certificate() {
    local dir=$RUN/tls
    if openssl x509 -checkend 86400 -noout -in "$dir/cert.pem" >/dev/null 2>&1; then
        return
    fi
    mkdir -p "$dir"
    cat >"$dir/request.conf" <<'CONF'
[req]
distinguished_name = name
x509_extensions = v3
prompt = no
[name]
CN = localhost
[v3]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = IP:127.0.0.1, DNS:localhost
CONF
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
        -config "$dir/request.conf" -keyout "$dir/key.pem" -out "$dir/cert.pem" \
        >/dev/null 2>&1 || die "openssl could not make a certificate"
}

address() { # of a FastCGI socket, as nginx writes it
    case $1 in
        */*) echo "unix:$1" ;;
        *) echo "$1" ;;
    esac
}

# Maps of nginx that follow from the route table, and brotli beside gzip where nginx has it.
nginx_maps() { # directory of merx's files
    local map brotli
    "$program" nginx pools >"$1/merx-pool-routes.conf"
    # A merx-http.conf of earlier releases, which was edited and kept, includes the list of slow routes.
    for map in slow plain; do
        "$program" nginx "$map" >"$1/merx-$map-routes.conf"
    done
    for brotli in /etc/nginx/modules-enabled/*brotli-filter.conf; do
        [ -e "$brotli" ] || continue
        sed -n 's/^gzip\( on\|_types\|_min_length\)/brotli\1/p' "$1/merx-compress.conf" >"$1/merx-brotli"
        cat "$1/merx-brotli" >>"$1/merx-compress.conf"
        rm "$1/merx-brotli"
        echo "brotli off;" >>"$1/merx-plain.conf"
        return
    done
}

web_files() {
    local dir=$RUN/nginx user='' file
    mkdir -p "$dir/merx"
    [ "$(id -u)" -ne 0 ] || user='user root;'
    fill "$ROOT/deploy/nginx.conf" "$dir/nginx.conf" USER="$user" RUN="$RUN"
    fill "$ROOT/nginx/site.conf" "$dir/site.conf" MOUNT="$MOUNT" LISTEN="127.0.0.1:$PORT" \
        SERVER_NAME='127.0.0.1 localhost' \
        CERTIFICATE="$RUN/tls/cert.pem" CERTIFICATE_KEY="$RUN/tls/key.pem"
    for file in "$ROOT"/nginx/merx*.conf; do
        fill "$file" "$dir/merx/${file##*/}" MOUNT="$MOUNT" \
            SOCKET="$(address "$MERX_SOCKET")" SOCKET_SLOW="$(address "$MERX_SOCKET_SLOW")" \
            SOCKET_PAY="$(address "$MERX_SOCKET_PAY")" SOCKET_STAFF="$(address "$MERX_SOCKET_STAFF")"
    done
    nginx_maps "$dir/merx"
}

web_start() {
    certificate
    web_files
    nginx -p "$RUN/nginx" -c nginx.conf -e "$RUN/nginx/error.log" -t -q 2>"$RUN/nginx/test.out" ||
        die "$(cat "$RUN/nginx/test.out")"
    spawn nginx nginx -p "$RUN/nginx" -c nginx.conf -e "$RUN/nginx/error.log" -g 'daemon off;'
}
