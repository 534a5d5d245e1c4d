# stockroute. Two commands for a fresh Debian machine: make demo, make test.
# Every path and tool can be overridden; B is the build tree.

B       ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
FCGI    ?= cgi-bin/stockroute.fcgi
PREFIX  ?= /usr/local
LIBEXEC ?= $(PREFIX)/lib/stockroute

HARDEN  ?= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Werror
CPPFLAGS += -D_GNU_SOURCE -Iinclude -I$(B)
CFLAGS  += -std=c11 $(WARN) $(HARDEN) $(SANITIZE)
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(SANITIZE)
LDLIBS  := -lfcgi -lcurl -ljansson -lcrypto -lsqlite3 -lseccomp -lpthread -lm

# The path of an event, in its order; flow.c knows the order.
PATH_C  := gateway gateway_fastcgi gateway_cgi gate listener path webhook \
	auth auth_secret auth_signature event claim sku inventory stock \
	routing routing_check cxone waits record answer settle flow flow_steps \
	flow_end
# What it stands on.
BASE_C  := app confine confine_files confine_calls loop timers http \
	http_call http_multi store db db_open db_wal writegate tally \
	tally_keeper tally_words claim_row outbox queue pressure \
	health health_row token token_held token_row token_answer \
	token_request token_reseal seal keyfile keyring breaker breaker_row \
	circuit throttle retry backoff retry_after trace hex json base64 \
	auth_scheme auth_key config config_key config_secret config_read \
	config_value config_webhook config_upstream config_report \
	config_print problem file text log log_format log_sink log_repeat \
	clock status
# What it shows, and the command-line tool.
SHOW_C  := reader admin page page_report page_facts page_state page_verdict \
	page_html page_tables page_now page_chart page_style page_words \
	page_event page_json page_csv html utf8 \
	period moment figures figures_sums \
	figures_exact slo view view_text view_table view_json view_html \
	chart_text config_terminal report story story_words story_json \
	event_list rollup rollup_row rollup_fold histogram prune keeper \
	metrics metrics_times metrics_tally metrics_write metrics_accept \
	outbox_admin table
TOOL_C  := tool tool_check tool_doctor tool_doctor_settings tool_doctor_files \
	tool_doctor_server tool_doctor_web tool_config tool_reader \
	tool_report tool_events tool_events_words tool_events_list \
	tool_events_show tool_prune tool_breaker tool_token tool_queue \
	tool_queue_words tool_queue_change tool_queue_export \
	tool_queue_import tool_queue_room tool_drain tool_replay \
	tool_worker tool_lines tool_progress

APP_O   := $(patsubst %,$(B)/src/%.o,$(PATH_C) $(BASE_C) $(SHOW_C)) $(B)/sql.o \
	$(B)/page_text.o
TOOL_O  := $(patsubst %,$(B)/src/%.o,$(TOOL_C))
SIM_O   := $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c))
CASES_O := $(patsubst %.c,$(B)/%.o,$(wildcard tests/cases*.c tests/fake_*.c))
UNITS   := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/test_*.c))
SHIMS   := $(patsubst tests/crash/%.c,$(B)/%.so,$(wildcard tests/crash/*.c))
BENCH   := $(patsubst %,$(B)/bench/%,load upstream floor empty_responder)
SQL     := $(sort $(wildcard sql/*.sql))

# The shipped binary stays in cgi-bin/; other build trees keep their own.
ifneq ($(B),build)
FCGI    := $(B)/stockroute.fcgi
endif

# Each is a script that begins with the tools and what it NEEDs.
SCRIPTS := test demo fuzz valgrind sanitized lint bench bench-guard size \
	proof soak

.PHONY: $(SCRIPTS) all compile check race tested units cases servers crash \
	map install install-tools clean
.DEFAULT_GOAL := all
.SECONDARY:

all: $(FCGI) $(B)/stockroute $(B)/stockroute-sim

LINK    = @mkdir -p $(@D); echo "  LD $@"; $(CC) $(LDFLAGS) -o $@ $^
EMBED   = awk -v want=$(subst .,,$(suffix $@)) -f sql/embed.awk $(SQL) \
	> $@.new && mv $@.new $@

$(FCGI): $(B)/cgi-bin/main.o $(B)/libapp.a
	$(LINK) $(LDLIBS)

$(B)/stockroute: $(TOOL_O) $(B)/libapp.a
	$(LINK) $(LDLIBS)

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

$(B)/libapp.a: $(APP_O)
	@echo "  AR $@"; $(AR) rcs $@ $^

$(B)/sql.h: $(SQL) sql/embed.awk
	@mkdir -p $(@D); echo "  SQL $@"; $(EMBED)

$(B)/sql.c: $(SQL) sql/embed.awk $(B)/sql.h
	@echo "  SQL $@"; $(EMBED)

$(B)/page_text.c: src/page.awk src/page.css src/page.js
	@mkdir -p $(@D); echo "  TXT $@"; LC_ALL=C awk -f $^ > $@

COMPILE = @mkdir -p $(@D); echo "  CC $<"; \
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# sql.h is made before the first that may include it; .d knows who does.
$(B)/%.o: %.c | $(B)/sql.h
	$(COMPILE)
$(B)/%.o: $(B)/%.c
	$(COMPILE)

demo soak: NEED = all
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

map:
	@for f in $(PATH_C) $(BASE_C) $(SHOW_C) $(TOOL_C); do \
		sed -n '1s|^/\* \(.*\) \*/|\1|p' src/$$f.c; done

install-tools:
	@tests/install-tools.sh

install: all
	install -d $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(FCGI) $(DESTDIR)$(LIBEXEC)/stockroute.fcgi
	install -m 755 $(B)/stockroute $(DESTDIR)$(PREFIX)/bin/stockroute
	for s in 1 5 8; do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$$s \
			man/*.$$s || exit 1; done

clean:
	rm -rf $(B) cgi-bin/stockroute.fcgi

-include $(wildcard $(addprefix $(B)/,*.d cgi-bin/*.d src/*.d tests/*.d \
	tests/*/*.d))
