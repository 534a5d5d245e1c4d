# stockroute. Two commands for a fresh Debian machine: make demo, make test.
# Every path and tool can be overridden; B is the build tree. What tries and
# measures the program is in tests/tests.mk.

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
TOOL_C  := tool tool_check tool_doctor tool_doctor_settings \
	tool_doctor_files tool_doctor_server tool_doctor_web tool_config \
	tool_reader tool_report tool_events tool_events_words \
	tool_events_list tool_events_show tool_prune tool_breaker tool_pause \
	tool_token tool_queue tool_queue_words tool_queue_change \
	tool_queue_export tool_queue_import tool_queue_room tool_drain \
	tool_replay tool_worker tool_lines tool_progress

APP_O   := $(patsubst %,$(B)/src/%.o,$(PATH_C) $(BASE_C) $(SHOW_C)) $(B)/sql.o \
	$(B)/page_text.o
TOOL_O  := $(patsubst %,$(B)/src/%.o,$(TOOL_C))
SQL     := $(sort $(wildcard sql/*.sql))

# The shipped binary stays in cgi-bin/; other build trees keep their own.
ifneq ($(B),build)
FCGI    := $(B)/stockroute.fcgi
endif

.PHONY: all map install clean
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

map:
	@for f in $(PATH_C) $(BASE_C) $(SHOW_C) $(TOOL_C); do \
		sed -n '1s|^/\* \(.*\) \*/|\1|p' src/$$f.c; done

install: all
	install -d $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(FCGI) $(DESTDIR)$(LIBEXEC)/stockroute.fcgi
	install -m 755 $(B)/stockroute $(DESTDIR)$(PREFIX)/bin/stockroute
	for s in 1 5 8; do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$$s \
			man/*.$$s || exit 1; done

clean:
	rm -rf $(B) cgi-bin/stockroute.fcgi

include tests/tests.mk
-include $(wildcard $(addprefix $(B)/,*.d cgi-bin/*.d src/*.d tests/*.d \
	tests/*/*.d))
