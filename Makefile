# Builds and installs the extension as every PostgreSQL extension is built:
#
#   make && sudo make install         against the pg_config in the PATH, or PG_CONFIG=…
#   make installcheck                 on a private server, as an ordinary user, after make install
#   make WERROR=1 CRASH_POINTS=1      the tests' build: warnings are errors, tests can make it crash
#
# The stand-in server, the unit tests and whatever else needs no PostgreSQL are
# built by CMake; both read src/core.sources.

objects := build/extension
version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" kg_batch.control)

core_patterns := $(shell cat src/core.sources)
backend_patterns := $(patsubst %,src/%/*.cpp,backend extension progress store workers)
sources := $(sort $(wildcard $(core_patterns) $(backend_patterns)))
schema := $(sort $(wildcard src/schema/*.sql))

MODULE_big = kg_batch
EXTENSION = kg_batch
OBJS = $(sources:src/%.cpp=$(objects)/%.o)
DATA = $(wildcard src/schema/upgrades/kg_batch--*.sql)
DATA_built = kg_batch--$(version).sql
PGFILEDESC = "kg_batch - turns conversations into a knowledge graph"

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config

# Server headers as system headers: their warnings are not ours. PostgreSQL 15
# still says `register`, which C++17 took out of the language.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
	$(shell $(PKG_CONFIG) --cflags icu-uc icu-i18n libcurl) $(if $(CRASH_POINTS),-DKG_BATCH_CRASH_POINTS)
PG_CXXFLAGS = -std=c++20 -Wall -Wextra -Wshadow -Wno-register $(if $(WERROR),-Werror) $(if $(CRASH_POINTS),-g1)
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcurl icu-uc icu-i18n) -lstdc++
SHLIB_EXPORTS = $(objects)/exports.txt

# Bitcode is for inlining into queries; there is nothing here to inline, and it
# would need a clang that knows the same C++ as the compiler.
override with_llvm := no

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --encoding=UTF8 --temp-instance=tmp_check --temp-config=test/regress.conf
TAP_TESTS = $(if $(wildcard test/tap/*.pl),1)
PROVE_TESTS = test/tap/*.pl
PROVE_FLAGS += -I $(CURDIR)/test/tap
EXTRA_CLEAN = $(objects) regression.diffs regression.out results log tmp_check

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL's development files are missing; tools/install-packages build installs them)
endif
include $(PGXS)

# Objects stay out of the source tree, and know the headers they were made from.
$(OBJS): $(objects)/%.o: src/%.cpp Makefile
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<
-include $(OBJS:.o=.d)

# The server loads libraries with all their symbols visible to each other, so
# only what it looks up by name leaves this one: SQL functions with their
# descriptions, the workers' main functions and the two every module has.
$(objects)/exports.txt: $(OBJS)
	nm -g --defined-only $(OBJS) | awk '\
		$$3 ~ /^pg_finfo_/ { print $$3; print substr($$3, 10) } \
		$$3 ~ /^(Pg_magic_func|_PG_init|kg_batch_.*_main)$$/ { print $$3 }' | sort -u > $@

# What is left undefined the server has to supply; of our own names it cannot,
# and would only say so when it loads the library.
all: $(objects)/complete
$(objects)/complete: kg_batch.so
	@! nm -D --undefined-only -C kg_batch.so | grep ' kg_batch::' || { echo >&2 'declared but never defined: see above'; exit 1; }
	@touch $@

# The install script is its parts in the order of their names, with the page that
# report() gives in the place that is kept for it (web/README.md).
kg_batch--$(version).sql: $(schema) src/schema/report_page.html kg_batch.control Makefile
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION kg_batch" to load this file. \quit'; \
	   for part in $(schema); do echo; cat "$$part"; done; } \
	   | sed -e '/^@report_page\.html@$$/{r src/schema/report_page.html' -e 'd' -e '}' > $@

installcheck: not-as-root
.PHONY: not-as-root
not-as-root:
	@test "$$(id -u)" != 0 || { echo >&2 \
		'make installcheck starts a server, which root may not do: use ./test/run, or runuser -u postgres'; exit 1; }
