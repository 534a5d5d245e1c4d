#ifndef FLOW_STEPS_H
#define FLOW_STEPS_H

#include "answer.h"
#include "app.h"
#include "event.h"
#include "flow.h"
#include "record.h"
#include "settle.h"
#include "trace.h"

/*
 * One event on its way, and all that belongs to it. Private to flow.c (the
 * order of the steps), flow_steps.c (the steps to the decision) and
 * flow_end.c (what becomes of it).
 *
 * request is NULL for an event from the queue, and after the answer. item
 * is NULL but for an event from the queue. route is NULL until routing
 * chose one. status is OK until a step failed. let_in: the door has let the
 * event in; strangers write no rows.
 */
struct flow {
	struct app *app;
	const struct way *way;
	size_t at; /* the step of the way in hand */
	enum status status;
	struct gateway_request *request;
	struct outbox_item *item;
	bool let_in;
	bool claimed;     /* the claim is ours, to be settled */
	int64_t begun_us; /* monotonic: the request was whole */
	int64_t step_from_us;
	struct trace trace;
	struct event event;
	struct event_problem problem;
	struct claim claim;
	struct inventory_question question;
	struct cxone_update update;
	const struct route *route;
	int64_t retry_after_s; /* 0 but for one refused at the door */
	struct pressure_wait pressure;
	struct record record;
	struct outbox_item own_item; /* what is put into the queue */
	struct settlement settlement;
	struct text text;  /* of the answer */
	struct flow *next; /* in app->idle_flows */
};

#define FLOW_ANSWER_MAX 32768

/* A pending step has ended with status: the way goes on. */
void flow_resume(struct flow *flow, enum status status);

/*
 * The steps. Each gives OK, what failed, or PENDING when flow_resume will
 * be called.
 */
enum status flow_check_webhook(struct flow *flow);
enum status flow_check_item(struct flow *flow);
enum status flow_read_event(struct flow *flow);
enum status flow_take_claim(struct flow *flow);
enum status flow_find_sku(struct flow *flow);
enum status flow_ask_inventory(struct flow *flow);
enum status flow_choose_route(struct flow *flow);
enum status flow_update_cxone(struct flow *flow);

/* flow_end.c: what becomes of the event. */
enum status flow_accept(struct flow *flow);
enum status flow_write_record(struct flow *flow);
enum status flow_send_answer(struct flow *flow);

#endif
