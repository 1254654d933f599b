# merx: everything is built out of tree under build/. `make help` lists the targets.

ifeq ($(origin CC),default)
CC       := gcc
endif
PREFIX   ?= /usr/local
RUN      ?= build/run
PORT     ?= 8443
TIME     ?= 30
SAN      ?=
DB       ?= mariadb
DB_LIB   ?=
# The section of deploy/packages that brings the database server.
DB_SERVER := $(if $(MYSQLD),,$(DB))
GENUINE  := DB=mysql DB_LIB=mysql MYSQLD=$(CURDIR)/build/mysql/bin/mysqld MYSQL=$(CURDIR)/build/mysql/bin/mysql
comma    := ,
CONFIG   := $(if $(SAN),san-$(subst $(comma),-,$(SAN)),release)-$(notdir $(CC))$(addprefix -,$(DB_LIB))
B        := build/$(CONFIG)
GEN      := build/gen
export CC SAN RUN PORT TIME DB DB_LIB

# Members that a designated initialiser leaves out are zero, which clang calls missing.
WARN  := -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Werror \
         -Wconversion -Wshadow -Wvla -Wwrite-strings \
         -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef \
         -Wcast-qual -Wdeclaration-after-statement
HARD  := -O2 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
         -fno-common -fvisibility=hidden -fPIE
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
ifneq ($(SAN),)
HARD    := -O1 -fno-omit-frame-pointer -fno-common -fvisibility=hidden -fPIE -fsanitize=$(SAN) -fno-sanitize-recover=all
FORTIFY :=
LDSAN   := -fsanitize=$(SAN)
ifeq ($(notdir $(CC)),clang)
HARD    += -fsanitize=fuzzer-no-link
endif
else ifeq ($(notdir $(CC)),gcc)
HARD    += -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
endif
DB_CONFIG := $(firstword $(shell command -v mysql_config mariadb_config 2>/dev/null))
# The client library: what is installed, or with DB_LIB=mysql the one that deploy/mysql unpacked.
ifeq ($(DB_LIB),mysql)
DB_CFLAGS := $(shell cat build/mysql/cflags)
DB_LIBS   := $(shell cat build/mysql/libs)
else ifneq ($(DB_CONFIG),)
DB_CFLAGS := $(shell $(DB_CONFIG) --cflags)
DB_LIBS   := $(shell $(DB_CONFIG) --libs)
endif
CFLAGS_ALL  = -std=c11 -D_GNU_SOURCE -g $(WARN) $(HARD) $(FORTIFY) -Ilib -I$(GEN) \
              $(patsubst -I%,-isystem %,$(DB_CFLAGS)) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDSAN) $(LDFLAGS)
LIBS_ALL    = -lfcgi -ljwt -lfido2 -lcbor -lcjson -lsodium -largon2 -lzxcvbn -lcurl -loath -licuuc -lcrypto $(DB_LIBS)

SRC  := $(wildcard lib/*/*.c lib/*/*/*.c)
OBJ  := $(SRC:%.c=$(B)/%.o) $(B)/gen/statements.o $(B)/gen/migrations.o $(B)/gen/demo_files.o \
        $(B)/gen/mail_texts.o $(B)/gen/examples.o
PROG := $(wildcard cgi-bin/*.c)
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
QUERIES := $(sort $(wildcard sql/queries/*/*.sql))
QUERY_HEADERS := $(patsubst %.sql,$(GEN)/q/%.h,$(notdir $(QUERIES)))
GENERATED := $(QUERY_HEADERS) $(GEN)/statements.c $(GEN)/migrations.c $(GEN)/demo_files.h $(GEN)/demo_files.c \
             $(GEN)/mail_texts.c $(GEN)/examples.c

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help deps run start stop test test-mysql test-trixie test-systemd unit http fuzz bench bench-token lint format check-sql install uninstall clean attack browser clients interop examples

all: $(B)/merx ## build the program

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

deps: ## install what is missing (Debian 12 or 13, root or sudo)
	@deploy/deps build run $(DB_SERVER) tests bench

run: ## serve a demo store in the foreground (RUN=dir PORT=n), Ctrl-C stops all of it
	@deploy/deps build run $(DB_SERVER)
	@$(MAKE) --no-print-directory all
	@deploy/run foreground

start: ## the same in the background; writes $(RUN)/merx.env
	@deploy/deps build run $(DB_SERVER)
	@$(MAKE) --no-print-directory all
	@deploy/run start

stop: ## stop what `make start` started
	@deploy/run stop

test: deps ## all tests: unit, HTTP, faults, fuzz (30 s each), generated files; prints a total
	@$(MAKE) --no-print-directory all
	@tests/run

test-mysql: deps ## all tests on a genuine MySQL server with its own client library, brought from Debian sid
	@deploy/mysql
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory $(GENUINE) all
	@$(GENUINE) tests/run

test-trixie: ## all tests in a root of Debian 13 below build/ (root only)
	@deploy/deps trixie
	@tests/trixie/run

test-systemd: ## installation and operation as documented, in roots that boot systemd, below build/ (root only)
	@deploy/deps tests systemd
	@tests/systemd/run $(ARGS)

unit: $(UNIT) ## unit tests alone
	@tests/unit/run $(UNIT)

http: all ## black-box tests alone (ARGS for pytest)
	@tests/http/run $(ARGS)

browser: ## tests in a real browser, Chromium
	@deploy/deps build run $(DB_SERVER) tests browser
	@$(MAKE) --no-print-directory all
	@tests/browser/run

fuzz: ## fuzz targets, TIME seconds each
	@$(MAKE) --no-print-directory CC=clang SAN=address,undefined fuzz-targets
	@tests/fuzz/run $(TIME) $(FUZZ)

interop: deps ## an OpenID provider and libraries of others against merx (npm packages below build/)
	@command -v node >/dev/null && command -v npm >/dev/null || deploy/deps interop
	@$(MAKE) --no-print-directory all
	@tests/interop/run

clients: all ## the OpenAPI document against linters and five generators of TypeScript clients (npm packages below build/)
	@command -v node >/dev/null && command -v npm >/dev/null || deploy/deps interop
	@tests/clients/run

examples: all ## record lib/api/examples.txt, the examples of the OpenAPI document, from the HTTP tests (ARGS for pytest)
	@tests/examples/run $(ARGS)

bench: ## merx beside a bare libfcgi loop: requests a second, CPU, ratio; writes build/bench.json (BESIDE=PROGRAM: and beside an older merx; BENCH_WORKERS="1 2 4": by number of workers)
	@deploy/deps build run $(DB_SERVER) tests bench
	@$(MAKE) --no-print-directory all
	@tests/bench/run

bench-token: $(B)/tests/bench/token ## what a token costs: made, checked, checked again
	@$<

attack: ## scanners, floods and timing against a private store (STAGE=sqlmap for one)
	@deploy/deps build run $(DB_SERVER) tests bench attack
	@$(MAKE) --no-print-directory all
	@tests/attack/run $(STAGE)

lint: deps ## layers, limits, format, comments, clang-tidy, cppcheck, both compilers
	@tests/lint/run

format: ## format all C sources
	clang-format -i $(wildcard lib/*/*.[ch] lib/*/*/*.[ch] cgi-bin/*.[ch] tests/*/*.[ch])

check-sql: all ## prepare every statement against a freshly migrated schema, and look at how it is read
	@tests/lint/sql
	@tests/lint/explain

install: all ## install program, nginx files and units below DESTDIR; edited files are kept
	@deploy/install install "$(DESTDIR)" "$(PREFIX)" $(B)/merx

uninstall: ## remove it; settings, keys, mail and logs stay unless PURGE=1
	@deploy/install uninstall "$(DESTDIR)" "$(PREFIX)"

clean: ## remove build/
	rm -rf build

# Flags in a file: objects follow when they change.
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)' > $@
.PHONY: FORCE
FORCE:

AWK := LC_ALL=C awk -f lib/base/c_string.awk
$(GENERATED): lib/base/c_string.awk

# A header that stays as it was keeps its time: what includes it is not compiled again.
$(GEN)/q.stamp: sql/gen.awk $(QUERIES)
	@rm -rf $(GEN)/q.new; mkdir -p $(GEN)/q.new $(GEN)/q; $(AWK) -v mode=headers -v dir=$(GEN)/q.new -f $(filter %.awk,$^) $(QUERIES)
	@for f in $(GEN)/q.new/*.h; do cmp -s $$f $(GEN)/q/$${f##*/} || mv $$f $(GEN)/q/; done
	@for f in $(GEN)/q/*.h; do case " $(QUERY_HEADERS) " in *" $$f "*) ;; *) rm -f $$f ;; esac; done; touch $@
$(QUERY_HEADERS): $(GEN)/q.stamp ; @:
$(GEN)/statements.c: sql/gen.awk $(QUERIES)
	@mkdir -p $(@D); $(AWK) -v mode=source -f sql/gen.awk $(QUERIES) > $@
# Beside the library, so that a commit links the program again and no test.
$(GEN)/build.c: FORCE
	@mkdir -p $(@D); printf '#include "base/build.h"\n\nconst char mx_build_name[] = "%s";\n' "$$(deploy/build-name)" > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(GEN)/migrations.c: sql/gen_migrations.awk $(wildcard sql/migrations/*.sql)
	@mkdir -p $(@D); $(AWK) -f sql/gen_migrations.awk $(sort $(filter %.sql,$^)) > $@
$(GEN)/mail_texts.c: lib/shop/mail/gen.awk lib/shop/mail/frame.html $(wildcard lib/shop/mail/*.*.*)
	@mkdir -p $(@D); $(AWK) -f lib/shop/mail/gen.awk lib/shop/mail/frame.html $(sort $(wildcard lib/shop/mail/*.*.*)) > $@
$(GEN)/examples.c: lib/api/gen_examples.awk lib/api/examples.txt
	@mkdir -p $(@D); $(AWK) -f lib/api/gen_examples.awk lib/api/examples.txt > $@

DEMO := $(sort $(wildcard sql/demo/*.json sql/demo/*/*.json))
$(GEN)/demo_files.h: sql/gen_demo.awk
	@mkdir -p $(@D); $(AWK) -v mode=header -f sql/gen_demo.awk > $@
$(GEN)/demo_files.c: sql/gen_demo.awk $(DEMO)
	@mkdir -p $(@D); $(AWK) -v mode=source -f sql/gen_demo.awk $(DEMO) > $@

# Are the compiler and all headers of libraries there? Asked once, and again when flags change.
$(B)/libraries: $(B)/flags
	@grep -rhE '^#include <' lib cgi-bin | sort -u | $(CC) $(CFLAGS_ALL) -E -x c - -o /dev/null 2>$@.out || { \
	    grep -m 1 -E 'error|not found' $@.out; deploy/deps -n build; echo "deploy/deps build installs what merx is built with"; exit 1; } >&2
	@touch $@

$(B)/%.o: %.c $(B)/flags | $(GENERATED) $(B)/libraries
	@mkdir -p $(@D); echo "  CC  $<"; $(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(B)/gen/%.o: $(GEN)/%.c $(B)/flags | $(GENERATED) $(B)/libraries
	@mkdir -p $(@D); echo "  CC  $<"; $(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/libmerx.a: $(OBJ)
	@rm -f $@; ar rcs $@ $^
$(B)/merx: $(PROG:%.c=$(B)/%.o) $(B)/gen/build.o $(B)/libmerx.a
	@echo "  LD  $@"; $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libmerx.a
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)
$(B)/tests/faults/%: $(B)/tests/faults/%.o $(B)/libmerx.a
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libmerx.a
	@$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ:%=$(B)/tests/fuzz/%)
$(B)/tests/fuzz/%: tests/fuzz/fuzz_%.c $(B)/libmerx.a
	@mkdir -p $(@D); $(CC) $(CFLAGS_ALL) -fsanitize=fuzzer $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)

-include $(OBJ:.o=.d) $(PROG:%.c=$(B)/%.d) $(B)/gen/build.d $(wildcard $(B)/tests/*/*.d)
