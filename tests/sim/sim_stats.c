/* sim_stats.c: requests coming and going -> counts */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim_stats.h"

struct stats {
	pthread_mutex_t lock;
	unsigned epoch; /* grows with every reset; conns start at 0 */
	unsigned connections;
	unsigned inflight;
	unsigned inflight_max;
	unsigned long requests[ROUTE_COUNT];
};

struct stats *stats_new(void)
{
	struct stats *stats = calloc(1, sizeof *stats);

	if (!stats)
		return NULL;
	stats->epoch = 1;
	pthread_mutex_init(&stats->lock, NULL);
	return stats;
}

void stats_free(struct stats *stats)
{
	if (!stats)
		return;
	pthread_mutex_destroy(&stats->lock);
	free(stats);
}

unsigned stats_arrive(struct stats *stats, enum route route, struct conn *conn)
{
	pthread_mutex_lock(&stats->lock);
	stats->requests[route]++;
	stats->inflight++;
	if (stats->inflight > stats->inflight_max)
		stats->inflight_max = stats->inflight;
	if (conn->epoch != stats->epoch) {
		conn->epoch = stats->epoch;
		conn->number = ++stats->connections;
	}
	pthread_mutex_unlock(&stats->lock);
	return conn->number;
}

void stats_leave(struct stats *stats)
{
	pthread_mutex_lock(&stats->lock);
	stats->inflight--;
	pthread_mutex_unlock(&stats->lock);
}

void stats_reset(struct stats *stats)
{
	pthread_mutex_lock(&stats->lock);
	stats->epoch++;
	stats->connections = 0;
	stats->inflight_max = stats->inflight;
	memset(stats->requests, 0, sizeof stats->requests);
	pthread_mutex_unlock(&stats->lock);
}

json_t *stats_json(struct stats *stats)
{
	json_t *value = json_object();

	pthread_mutex_lock(&stats->lock);
	for (int i = 0; i < ROUTE_WITH_FAULTS; i++)
		json_object_set_new(value, route_name((enum route)i),
		    json_integer((json_int_t)stats->requests[i]));
	json_object_set_new(value, "inflight", json_integer(stats->inflight));
	json_object_set_new(
	    value, "inflight_max", json_integer(stats->inflight_max));
	json_object_set_new(
	    value, "connections", json_integer(stats->connections));
	pthread_mutex_unlock(&stats->lock);
	return value;
}
