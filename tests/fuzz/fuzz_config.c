/* fuzz_config.c: a configuration file -> settings and map, or problems */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "routing.h"
#include "text.h"

static FILE *nowhere;
static int file;
static char name[64];

FUZZ_BEGIN make_ready(void)
{
	log_set_level(LOG_ERROR);
	nowhere = fopen("/dev/null", "w");
	file = memfd_create("settings", MFD_CLOEXEC);
	must(nowhere != NULL && file >= 0 && fchmod(file, 0600) == 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", file);
}

static void is_usable(const struct config *config, struct text *problems)
{
	struct routing *routing = NULL;
	enum status status =
	    routing_load(config->routing, name, problems, &routing);

	config_print(config, nowhere);
	if (status == STATUS_OK) {
		must(strlen(routing_digest(routing)) == 64);
		must(routing_is_fallback(
		    routing, routing_choose(routing, "no such word")));
		routing_print(routing, nowhere);
	} else {
		must(status == STATUS_CONFIG_INVALID);
		must(problems->length > 0);
	}
	routing_free(routing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct text problems;
	enum status status;

	must(ftruncate(file, 0) == 0);
	must(pwrite(file, data, size, 0) == (ssize_t)size);
	text_init(&problems, 1000000);
	status = config_load(name, &config, &problems);
	if (status == STATUS_OK) {
		is_usable(config, &problems);
	} else {
		must(status == STATUS_CONFIG_INVALID);
		must(config == NULL && problems.length > 0);
	}
	config_free(config);
	text_done(&problems);
	return 0;
}
