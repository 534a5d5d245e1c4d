#ifndef PAGE_EVENT_H
#define PAGE_EVENT_H

#include "page.h"

/*
 * /report/event/ID and /report/event?id=ID: the story of one event (story.h).
 * ID is a decision's number or an interaction's id; in the query any byte
 * passes all web servers. Who accepts application/json, and no HTML, gets
 * JSON. 404 where there is no such event.
 */
page_write page_event;

#endif
