/* settle.c: how an event ended -> its record and its claim, at one stroke */
#include "settle.h"

#include "clock.h"

static enum status settle_claim(
    struct db *db, const struct settlement *settlement)
{
	if (settlement->claim == NULL || settlement->claim->key[0] == '\0')
		return STATUS_OK;
	if (settlement->answer == NULL)
		return claim_row_release(db, settlement->claim);
	return claim_row_finish(db, settlement->claim, settlement->record->http,
	    settlement->answer);
}

static enum status settle_body(struct db *db, void *arg)
{
	struct settlement *settlement = arg;
	enum status status = record_insert(db, settlement->record);

	if (status != STATUS_OK)
		return status;
	return settle_claim(db, settlement);
}

static void settled(void *arg, enum status status)
{
	struct settlement *settlement = arg;

	settlement->done(settlement->arg, status);
}

void settle(struct store *store, struct settlement *settlement,
    store_done *done, void *arg)
{
	settlement->record->write_from_us = clock_mono_us();
	settlement->done = done;
	settlement->arg = arg;
	settlement->job = (struct store_job){
	    .lane = STORE_RECORD,
	    .body = settle_body,
	    .done = settled,
	    .arg = settlement,
	};
	store_submit(store, &settlement->job);
}
