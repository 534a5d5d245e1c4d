# What is made to try the program and to measure it; a part of ../Makefile.

SIM_O   := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c))
CASES_O := $(patsubst %.c,$(B)/%.o,$(wildcard tests/cases*.c tests/fake_*.c))
UNITS   := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/test_*.c))
SHIMS   := $(patsubst tests/crash/%.c,$(B)/%.so,$(wildcard tests/crash/*.c))
BENCH   := $(patsubst %,$(B)/bench/%,load upstream floor empty_responder)

# Each is a script that begins with the tools and what it NEEDs.
SCRIPTS := test demo fuzz valgrind sanitized lint bench bench-guard size \
	proof soak

.PHONY: $(SCRIPTS) compile check race tested units cases servers crash \
	install-tools

$(B)/stockroute-sim: $(SIM_O)
	$(LINK) -lmicrohttpd -ljansson -lpthread

# The fakes come before the library, so that it does not give its own.
$(B)/cases: $(CASES_O) $(B)/libapp.a
	$(LINK) $(LDLIBS)

$(B)/test_%: $(B)/tests/test_%.o $(B)/libapp.a
	$(LINK) $(LDLIBS) -lcmocka

# A database of any size, for size.sh.
$(B)/decisions: $(B)/tests/bench/decisions.o $(B)/src/tool_progress.o \
		$(B)/libapp.a
	$(LINK) $(LDLIBS)

# The benchmark's load, its upstreams, and what it holds the program against.
$(B)/bench/load: $(B)/tests/bench/load.o $(B)/tests/bench/load_event.o
	$(LINK) -lcrypto
$(B)/bench/%: $(B)/tests/bench/%.o
	$(LINK) -lfcgi

# What crash.sh loads before the program, to deceive it.
$(B)/%.so: tests/crash/%.c
	@mkdir -p $(@D); echo "  CC $<"; \
	$(CC) -D_GNU_SOURCE -std=c11 $(WARN) -O2 -fPIC -shared -o $@ $<

$(B)/fuzz_%: tests/fuzz/fuzz_%.c $(B)/libapp.a
	$(LINK) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer $(LDLIBS)

demo soak sanitized: NEED = all
valgrind: NEED = compile
bench bench-guard: NEED = all $(BENCH)
size: NEED = all $(B)/decisions
proof: NEED = all $(SHIMS) $(B)/test_token_processes

test: RUN = run.sh
lint: RUN = lint.sh $(B)
# Peers whose runtime cannot be installed are left out.
bench: RUN = install-tools.sh bench || true; tests/bench/bench.sh
# Has a decision become dearer? Counted in instructions, in half a minute.
bench-guard: RUN = bench/guard.sh $(B)
# Reports, pages and writes with ten million decisions.
size: RUN = bench/size.sh
demo fuzz valgrind sanitized proof soak: RUN = $@.sh

$(SCRIPTS): install-tools
	@$(if $(NEED),$(MAKE) --no-print-directory -j2 $(NEED))
	@tests/$(RUN)

# Everything there is, run nothing.
compile: all $(B)/cases $(UNITS) $(SHIMS) $(BENCH)

# What units and cases run.
tested: $(B)/stockroute-sim $(B)/cases $(UNITS)

units: $(B)/stockroute-sim $(UNITS)
	@tests/units.sh $(B)

cases: $(B)/cases
	@$(B)/cases memory

servers: all
	@for t in tests/servers/test_*.sh; do $$t || exit 1; done

crash: all $(SHIMS)
	@tests/crash.sh
	@tests/crash.sh --prove

GOALS   ?= units cases

check:
	@$(MAKE) --no-print-directory -k B=build/check $(GOALS) \
		HARDEN='-O1 -g' SANITIZE='-fsanitize=address,undefined \
		-fno-sanitize-recover=all -fno-omit-frame-pointer'

race:
	@$(MAKE) --no-print-directory -k B=build/race $(GOALS) \
		HARDEN='-O1 -g' SANITIZE='-fsanitize=thread'

install-tools:
	@tests/install-tools.sh
