/* settle.c: how an event ended -> record, claim and queue, at one stroke */
#include "settle.h"

#include "clock.h"

static bool has_claim(const struct settlement *settlement)
{
	return settlement->claim != NULL && settlement->claim->key[0] != '\0';
}

/*
 * Without an answer to repeat, the next delivery is decided anew. A queued
 * event that failed has none either, but its claim was answered when it came
 * in: such a one is not released, and goes on saying "queued".
 */
static enum status settle_claim(
    struct db *db, const struct settlement *settlement)
{
	if (!has_claim(settlement))
		return STATUS_OK;
	if (settlement->answer == NULL)
		return claim_row_release(db, settlement->claim);
	return claim_row_finish(db, settlement->claim, settlement->record->http,
	    settlement->answer);
}

/* What failed at once is the first attempt of the event's history. */
static enum status settle_put(
    struct db *db, struct settlement *settlement, const struct outbox_end *end)
{
	struct outbox_item *item = settlement->item;
	enum status status = outbox_put(db, item, settlement->due_us);

	if (status == STATUS_OK && settlement->queue == SETTLE_PUT)
		status = outbox_note(db, item, end);
	return status;
}

static enum status settle_queue(struct db *db, struct settlement *settlement)
{
	struct outbox_item *item = settlement->item;
	const struct record *record = settlement->record;
	struct outbox_end end = {
	    .status = record->status,
	    .http = record->cxone_http,
	    .error = record->error,
	    .waits = record->waits.text,
	};

	switch (settlement->queue) {
	case SETTLE_ACCEPT:
	case SETTLE_PUT:
		return settle_put(db, settlement, &end);
	case SETTLE_DONE:
		return outbox_done(db, item);
	case SETTLE_AGAIN:
		return outbox_again(db, item, &end, settlement->due_us, true);
	case SETTLE_GIVE_BACK:
		return outbox_again(db, item, &end, settlement->due_us, false);
	case SETTLE_PARK:
		return outbox_park(db, item, &end);
	case SETTLE_NO_QUEUE:
		break;
	}
	return STATUS_OK;
}

/*
 * A waiting event of this interaction is older than the one that CXone was
 * just told of: it must not undo that.
 */
static enum status settle_older(
    struct db *db, const struct settlement *settlement)
{
	const struct record *record = settlement->record;

	if (settlement->undecided || record->status != STATUS_OK)
		return STATUS_OK;
	return outbox_supersede(
	    db, record->interaction_id, record->received_us);
}

/*
 * An item has its attempts in a table of their own, which outbox_done leaves:
 * they go into the decision, and only then, with the event, away.
 */
static enum status settle_record(
    struct db *db, const struct settlement *settlement)
{
	const struct outbox_item *item = settlement->item;
	enum status status = record_insert(db, settlement->record);

	if (status != STATUS_OK || item == NULL)
		return status;
	status = outbox_keep_history(db, item->id);
	if (status == STATUS_OK && settlement->queue == SETTLE_DONE)
		status = outbox_forget(db, item->id);
	if (status != STATUS_OK || !item->recorded)
		return status;
	return record_replace(db, settlement->record);
}

/*
 * Runs on the store's thread, perhaps again when another's body had all of
 * the group undone: what it leaves in the structs (what was found, the item's
 * id, the record's time) each run writes anew.
 */
static enum status settle_body(struct db *db, void *arg)
{
	struct settlement *settlement = arg;
	enum status status = STATUS_OK;

	/* In one with the put: else a crash between would lose the event. */
	if (settlement->queue == SETTLE_ACCEPT && has_claim(settlement)) {
		status = claim_row_take(db, settlement->claim);
		if (status != STATUS_OK ||
		    settlement->claim->found != CLAIM_OURS)
			return status;
	}
	/* Who took it over answers for it; in the queue it would come twice. */
	if (settlement->queue == SETTLE_PUT && has_claim(settlement))
		status = claim_row_check(db, settlement->claim);
	if (status != STATUS_OK)
		return status;
	/* First, since it finds out whether the rest is ours to write. */
	status = settle_queue(db, settlement);
	if (status == STATUS_OK && !settlement->undecided)
		status = settle_record(db, settlement);
	if (status == STATUS_OK)
		status = settle_older(db, settlement);
	if (status == STATUS_OK)
		status = settle_claim(db, settlement);
	return status;
}

static void settled(void *arg, enum status status)
{
	struct settlement *settlement = arg;

	settlement->done(settlement->arg, status);
}

/* Only an acknowledgement must outlive a power cut; a record need not. */
static enum store_lane lane(const struct settlement *settlement)
{
	bool puts = settlement->queue == SETTLE_ACCEPT ||
		    settlement->queue == SETTLE_PUT;

	return puts ? STORE_DURABLE : STORE_RECORD;
}

void settle(struct store *store, struct settlement *settlement,
    store_done *done, void *arg)
{
	settlement->record->write_from_us = clock_mono_us();
	settlement->done = done;
	settlement->arg = arg;
	settlement->job = (struct store_job){
	    .lane = lane(settlement),
	    .body = settle_body,
	    .done = settled,
	    .arg = settlement,
	};
	store_submit(store, &settlement->job);
}
