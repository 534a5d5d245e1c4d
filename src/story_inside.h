#ifndef STORY_INSIDE_H
#define STORY_INSIDE_H

#include "story.h"

/*
 * A text that the story keeps: a copy, NULL when text is NULL or memory ran
 * out, which story->no_memory tells.
 */
const char *story_keep(struct story *story, const char *text);

/*
 * story_words.c: fills route_why, what of each step and words of each wait
 * from all the rest of the story.
 */
void story_find_words(struct story *story);

#endif
