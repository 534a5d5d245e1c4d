#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

struct request;

/* The first three carry faults and are counted one by one. */
enum route {
	ROUTE_TOKEN,
	ROUTE_INTERACTION,
	ROUTE_INVENTORY,
	ROUTE_OTHER,
	ROUTE_CONTROL,
	ROUTE_COUNT
};

enum { ROUTE_WITH_FAULTS = ROUTE_INVENTORY + 1 };

/* The word for a route in fault files, journal and stats. */
const char *route_name(enum route route);

/* Sets request->route from the path of request->target as it was sent, and
 * request->segment, whose room the caller made, to the decoded last segment
 * (NULL on routes without one). The method plays no part in it. */
void route_find(struct request *request);

/* Fills request->reply with the route's normal answer, or 404, 405, 413. */
void route_play(struct request *request);

#endif
