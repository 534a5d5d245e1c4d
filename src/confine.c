/* confine.c: an open program -> one that can do no more than it needs */
#include "confine.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine_calls.h"
#include "confine_files.h"
#include "log.h"

#define WORDS_MAX 96

void confine_begin(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	umask(077);
}

/*
 * The store's thread enters by itself: a domain is a thread's own, and only
 * threads that begin later have that of who began them: so has the reader's,
 * which this thread begins with the first question.
 */
struct entering {
	int rules;
	enum status status;
	int why; /* errno */
};

/* errno here and now: the other thread has one of its own. */
static void enter_files(void *arg)
{
	struct entering *entering = arg;

	entering->status = confine_files_enter(entering->rules);
	entering->why = errno;
}

/* True: nothing that is on has failed. So words tells what came of it. */
static bool confine_files(
    const struct config *config, struct store *store, char words[WORDS_MAX])
{
	struct entering entering = {.rules = -1};
	int version = confine_files_version();

	snprintf(words, WORDS_MAX, "off (LANDLOCK=off)");
	if (config->landlock == CONFIG_OFF)
		return true;
	snprintf(words, WORDS_MAX, "none (this kernel has no Landlock)");
	if (version == 0)
		return true;
	entering.status = confine_files_open(config, &entering.rules);
	entering.why = errno;
	if (entering.status == STATUS_OK)
		store_do(store, enter_files, &entering);
	if (entering.status == STATUS_OK)
		enter_files(&entering);
	if (entering.rules >= 0)
		close(entering.rules);
	if (entering.status == STATUS_OK)
		snprintf(words, WORDS_MAX, "Landlock %d", version);
	else
		snprintf(words, WORDS_MAX, "failed (Landlock %d: %s)", version,
		    strerror(entering.why));
	return entering.status == STATUS_OK;
}

static bool confine_calls(const struct config *config, char words[WORDS_MAX])
{
	bool good = true;

	if (config->seccomp == CONFIG_OFF) {
		snprintf(words, WORDS_MAX, "off (SECCOMP=off)");
	} else if (!confine_calls_known()) {
		snprintf(words, WORDS_MAX, "none (this kernel has no seccomp)");
	} else if (confine_calls_enter() == STATUS_OK) {
		snprintf(words, WORDS_MAX, "seccomp");
	} else {
		snprintf(
		    words, WORDS_MAX, "failed (seccomp: %s)", strerror(errno));
		good = false;
	}
	return good;
}

/* Files first: the calls that this takes are not allowed any more then. */
void confine(
    const struct config *config, struct store *store, enum log_level level)
{
	char files[WORDS_MAX];
	char calls[WORDS_MAX];
	bool good = confine_files(config, store, files);

	good = confine_calls(config, calls) && good;
	log_line(good ? level : LOG_WARN, NULL,
	    "confined: files and ports: %s, system calls: %s", files, calls);
}

static void print_one(FILE *out, enum config_switch wanted, bool known,
    const char *key, const char *what)
{
	const char *verdict = "ok";

	if (wanted == CONFIG_ON && !known)
		verdict = "warn";
	fprintf(out, "%-4s  %-13s %s%s\n", verdict, key,
	    wanted == CONFIG_ON ? "" : "off; ", what);
}

void confine_print(const struct config *config, FILE *out)
{
	int version = confine_files_version();
	char words[WORDS_MAX] =
	    "this kernel has none: files and ports are not confined";

	if (version > 0)
		snprintf(words, sizeof words, "this kernel has version %d: %s",
		    version,
		    version >= 4 ? "files and ports" : "files, but not ports");
	print_one(out, config->landlock, version > 0, "LANDLOCK", words);
	print_one(out, config->seccomp, confine_calls_known(), "SECCOMP",
	    confine_calls_known()
		? "this kernel has it"
		: "this kernel has none: system calls are not confined");
}
