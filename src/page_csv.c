/* page_csv.c: what was read for the report -> lines for a spreadsheet */
#include "page_write.h"

#include <string.h>

#include "breaker.h"
#include "clock.h"
#include "moment.h"
#include "table.h"

#define END "\r\n" /* RFC 4180 section 2 */

/* Writes one of the tables. */
typedef void write_table(const struct page_facts *facts, struct text *text);

static write_table write_times, write_slowest, write_state;

static const struct {
	const char *name;
	write_table *write;
} tables[] = {
    {"times", write_times},
    {"slowest", write_slowest},
    {"state", write_state},
};

/* A quote within is doubled (RFC 4180 section 2); a formula is told to be
 * text, for the spreadsheet that would run it. */
static void add_field(struct text *text, const char *field)
{
	bool formula = table_is_formula(field);

	if (!formula && strpbrk(field, ",\"\r\n") == NULL) {
		text_add(text, field);
		return;
	}
	text_add(text, formula ? "\"'" : "\"");
	for (; *field != '\0'; field++) {
		if (*field == '"')
			text_add(text, "\"");
		text_add_bytes(text, field, 1);
	}
	text_add(text, "\"");
}

static void add_moment(struct text *text, int64_t at_us)
{
	char moment[MOMENT_BYTES];

	if (at_us <= 0)
		return;
	moment_write(at_us / CLOCK_SECOND, MOMENT_UTC, moment);
	text_add(text, moment);
}

/* ---- times ---------------------------------------------------------- */

/* One line: of what, and over which time. */
struct line {
	int64_t start_s;
	int64_t end_s;
	const char *kind;
	const char *part;
};

/* Outcomes of a step are those of the events that went through it. NULL: they
 * are not known, and their columns stay empty, as those of times do where
 * nothing was counted. */
static void add_line(struct text *text, const struct line *line,
    const struct histogram *times, const int64_t *outcomes)
{
	add_moment(text, line->start_s * CLOCK_SECOND);
	text_add(text, ",");
	add_moment(text, line->end_s * CLOCK_SECOND);
	text_add_format(text, ",%s,", line->kind);
	add_field(text, line->part);
	text_add_format(text, ",%lld", (long long)times->count);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		text_add(text, ",");
		if (outcomes != NULL)
			text_add_int(text, outcomes[i]);
	}
	if (times->count > 0)
		text_add_format(text, ",%.3f,%.3f,%.3f,%.3f,%.3f" END,
		    (double)times->sum_us / (double)times->count / 1e3,
		    histogram_percentile_us(times, 50) / 1e3,
		    histogram_percentile_us(times, 95) / 1e3,
		    histogram_percentile_us(times, 99) / 1e3,
		    (double)times->max_us / 1e3);
	else
		text_add(text, ",,,,," END);
}

static void add_periods(const struct page_facts *facts, struct text *text)
{
	struct line line = {
	    facts->period.from_s, facts->period.to_s, "total", ""};

	add_line(text, &line, &facts->all.times, facts->all.outcomes);
	line.kind = "step";
	for (int i = 0; i < STEP_COUNT; i++) {
		line.part = step_name((enum step)i);
		add_line(text, &line, &facts->step_times[i], NULL);
	}
	line.kind = "inventory";
	for (size_t i = 0; i < facts->inventory.count; i++) {
		const struct rollup_sum *sum = &facts->inventory.sums[i];

		line.part = sum->part;
		add_line(text, &line, &sum->times, sum->outcomes);
	}
}

/* The total's parts are of no name: kind says it. */
static void add_slots(const struct page_facts *facts,
    const struct rollup *rollup, const char *kind, struct text *text)
{
	for (size_t i = 0; i < rollup->count; i++) {
		const struct rollup_sum *sum = &rollup->sums[i];
		struct line line = {sum->start_s, sum->start_s + facts->slot_s,
		    kind, rollup == &facts->total ? "" : sum->part};

		add_line(text, &line, &sum->times, sum->outcomes);
	}
}

static void write_times(const struct page_facts *facts, struct text *text)
{
	text_add(text, "start,end,kind,part,count");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		text_add_format(text, ",%s", outcome_name((enum outcome)i));
	text_add(text, ",mean_ms,p50_ms,p95_ms,p99_ms,max_ms" END);
	add_periods(facts, text);
	add_slots(facts, &facts->total, "total", text);
	add_slots(facts, &facts->steps, "step", text);
}

/* ---- slowest -------------------------------------------------------- */

static void write_slowest(const struct page_facts *facts, struct text *text)
{
	text_add(text, "id,received,interaction_id,media_type,sku,"
		       "inventory_status,outcome,status,total_ms" END);
	for (size_t i = 0; i < facts->slow_count; i++) {
		const struct page_slow *slow = &facts->slow[i];
		const char *const words[] = {slow->interaction_id,
		    slow->media_type, slow->sku, slow->inventory_status,
		    slow->outcome, slow->status};

		text_add_format(text, "%lld,", (long long)slow->id);
		add_moment(text, slow->received_us);
		for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
			text_add(text, ",");
			add_field(text, words[w]);
		}
		text_add_format(
		    text, ",%.3f" END, (double)slow->total_us / 1e3);
	}
}

/* ---- state ---------------------------------------------------------- */

static void add_word(struct text *text, const char *name, const char *value)
{
	text_add_format(text, "%s,", name);
	add_field(text, value);
	text_add(text, END);
}

static void add_number(struct text *text, const char *name, int64_t value)
{
	text_add_format(text, "%s,%lld" END, name, (long long)value);
}

static void add_time(struct text *text, const char *name, int64_t at_us)
{
	text_add_format(text, "%s,", name);
	add_moment(text, at_us);
	text_add(text, END);
}

static void add_breaker(struct text *text, const struct page_facts *facts,
    enum http_upstream upstream)
{
	const struct page_breaker *breaker = &facts->state.breakers[upstream];
	const char *name = breaker_upstreams[upstream];

	text_add_format(text, "%s_breaker,%s" END, name,
	    circuit_state_name(breaker->state));
	text_add_format(text, "%s_breaker_mode,%s" END, name,
	    circuit_mode_name(breaker->mode));
	text_add_format(text, "%s_breaker_since,", name);
	add_moment(text, breaker->since_us);
	text_add(text, END);
}

/* One thing a line: what comes later needs no new column. Of reasons there may
 * be several lines, or none. */
static void write_state(const struct page_facts *facts, struct text *text)
{
	const struct page_state *state = &facts->state;

	text_add(text, "name,value" END);
	add_time(text, "at", facts->now_us);
	add_word(text, "health", page_health_name(facts->verdict.health));
	add_time(text, "health_since", facts->verdict.since_us);
	for (size_t i = 0; i < facts->verdict.reason_count; i++)
		add_word(text, "reason", facts->verdict.reasons[i].text);
	for (int i = 0; i < HTTP_UPSTREAM_COUNT; i++)
		add_breaker(text, facts, (enum http_upstream)i);
	add_time(text, "not_before",
	    state->pause_us > 0 ? facts->now_us + state->pause_us : 0);
	add_time(text, "token_obtained", state->token.obtained_us);
	add_time(text, "token_expires", state->token.expires_us);
	add_word(text, "token_failure", state->token.failure);
	add_number(text, "queue_waiting", state->queue.waiting);
	add_number(text, "queue_running", state->queue.running);
	add_number(text, "queue_parked", state->queue.parked);
	add_number(text, "queue_bytes", state->queue.bytes);
	add_number(
	    text, "queue_oldest_s", state->queue.oldest_us / CLOCK_SECOND);
}

bool page_csv_write(
    const struct page_facts *facts, const char *which, struct text *text)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (strcmp(which, tables[i].name) != 0)
			continue;
		tables[i].write(facts, text);
		return true;
	}
	return false;
}
