/* test_keyfile.c: one key for all who start, whole, and for us alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyfile.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct place {
	char dir[64];
	char path[96];
	struct text problem;
	struct keyfile file;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	assert_non_null(place);
	strcpy(place->dir, "/tmp/stockroute-key-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof place->path, "%s/s.db.key", place->dir);
	text_init(&place->problem, 1000);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];

	snprintf(command, sizeof command, "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	text_done(&place->problem);
	free(place);
	return 0;
}

static enum status read_file(struct place *place)
{
	text_clear(&place->problem);
	return keyfile_read(place->path, &place->file, &place->problem);
}

static void must_read(struct place *place)
{
	if (read_file(place) != STATUS_OK)
		fail_msg("%s", text_string(&place->problem));
}

static void must_make(struct place *place)
{
	if (keyfile_make(place->path, &place->problem) != STATUS_OK)
		fail_msg("%s", text_string(&place->problem));
}

static void write_text(struct place *place, const char *text)
{
	FILE *file = fopen(place->path, "w");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Files in the directory: nothing may be left of how they were made. */
static int count_files(const struct place *place)
{
	char command[160];
	FILE *pipe;
	char digits[16] = "";

	snprintf(command, sizeof command, "ls -A %s | wc -l", place->dir);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_non_null(fgets(digits, sizeof digits, pipe));
	pclose(pipe);
	return (int)strtol(digits, NULL, 10);
}

static void it_is_made_once_and_private(void **state)
{
	struct place *place = *state;
	struct keyfile first;
	struct stat about;

	umask(0);
	must_make(place);
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	assert_int_equal(about.st_nlink, 1);
	assert_int_equal(count_files(place), 1);
	must_read(place);
	first = place->file;
	assert_int_equal(first.count, 1);
	must_make(place);
	must_read(place);
	assert_memory_equal(&place->file, &first, sizeof first);
}

static void made_by_root_it_belongs_to_the_folders_owner(void **state)
{
	struct place *place = *state;
	struct stat about;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(place->dir, 65534, 65534), 0);
	must_make(place);
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_uid, 65534);
	assert_int_equal(chown(place->dir, 0, 0), 0);
	assert_int_equal(
	    keyfile_renew(place->path, &place->problem), STATUS_OK);
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_uid, 65534);
	assert_int_equal(about.st_mode & 07777, 0600);
}

static void no_two_files_have_the_same_key(void **state)
{
	struct place *place = *state;
	unsigned char before[SEAL_KEY_BYTES] = {0};

	for (int i = 0; i < 10; i++) {
		must_make(place);
		must_read(place);
		assert_memory_not_equal(
		    place->file.keys[0], before, sizeof before);
		memcpy(before, place->file.keys[0], sizeof before);
		unlink(place->path);
	}
}

/* What one of many that start at once finds, on the pipe. */
static void start_one(struct place *place, int go, int told)
{
	char byte;
	bool found;

	if (read(go, &byte, 1) != 0) /* ends when all are there */
		_exit(1);
	found = keyfile_make(place->path, &place->problem) == STATUS_OK &&
		read_file(place) == STATUS_OK;
	if (!found)
		_exit(2);
	if (write(told, place->file.keys[0], SEAL_KEY_BYTES) != SEAL_KEY_BYTES)
		_exit(3);
	_exit(0);
}

static void thirty_two_processes_that_start_at_once_find_one_key(void **state)
{
	enum { PROCESSES = 32 };
	struct place *place = *state;
	unsigned char keys[PROCESSES][SEAL_KEY_BYTES];
	int go[2];
	int told[2];
	int how;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(told), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			close(go[1]);
			start_one(place, go[0], told[1]);
		}
	}
	close(go[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&how) > 0);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	/* 1 kB has room in a pipe. */
	assert_int_equal(read(told[0], keys, sizeof keys), sizeof keys);
	for (int i = 1; i < PROCESSES; i++)
		assert_memory_equal(keys[i], keys[0], SEAL_KEY_BYTES);
	assert_int_equal(count_files(place), 1);
	close(go[0]);
	close(told[0]);
	close(told[1]);
}

static void a_renewed_file_keeps_the_key_before(void **state)
{
	struct place *place = *state;
	struct keyfile before;
	struct stat about;

	must_make(place);
	must_read(place);
	before = place->file;
	assert_int_equal(
	    keyfile_renew(place->path, &place->problem), STATUS_OK);
	must_read(place);
	assert_int_equal(place->file.count, 2);
	assert_memory_equal(
	    place->file.keys[1], before.keys[0], SEAL_KEY_BYTES);
	assert_memory_not_equal(
	    place->file.keys[0], before.keys[0], SEAL_KEY_BYTES);
	before = place->file;
	assert_int_equal(
	    keyfile_renew(place->path, &place->problem), STATUS_OK);
	must_read(place);
	assert_int_equal(place->file.count, 2);
	assert_memory_equal(
	    place->file.keys[1], before.keys[0], SEAL_KEY_BYTES);
	assert_int_equal(stat(place->path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	assert_int_equal(count_files(place), 1);
}

/* The service may make files there, but not open the folder to sync it. */
static void what_cannot_be_put_on_the_disk_is_not_renewed(void **state)
{
	struct place *place = *state;
	struct keyfile before;
	pid_t child;
	int how;

	must_make(place);
	must_read(place);
	before = place->file;
	if (geteuid() == 0) {
		assert_int_equal(chown(place->dir, 65534, 65534), 0);
		assert_int_equal(chown(place->path, 65534, 65534), 0);
	}
	assert_int_equal(chmod(place->dir, 0300), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && seteuid(65534) != 0)
			_exit(2);
		_exit(keyfile_renew(place->path, &place->problem) != STATUS_IO);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_int_equal(chmod(place->dir, 0700), 0);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	must_read(place);
	assert_memory_equal(&place->file, &before, sizeof before);
	assert_int_equal(count_files(place), 1);
}

static void operators_may_write_it_themselves(void **state)
{
	struct place *place = *state;

	write_text(place, HEX_A);
	must_read(place);
	assert_int_equal(place->file.count, 1);
	assert_int_equal(place->file.keys[0][31], 0xaa);
	write_text(place, HEX_A "\n" HEX_B "\n");
	must_read(place);
	assert_int_equal(place->file.count, 2);
	assert_int_equal(place->file.keys[1][0], 0xbb);
	write_text(place, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
	must_read(place);
	assert_int_equal(place->file.keys[0][31], 31);
}

static void what_is_no_key_file_is_refused(void **state)
{
	static const char *const texts[] = {"", "\n", "hello\n",
	    HEX_A "\n" HEX_B "\n" HEX_A "\n", HEX_A "0\n", HEX_A " \n",
	    HEX_A "\nhello\n"};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_text(place, texts[i]);
		assert_int_equal(read_file(place), STATUS_CONFIG_INVALID);
		assert_non_null(strstr(text_string(&place->problem),
		    "holds something else than one or two lines"));
		assert_null(strstr(text_string(&place->problem), "aaaa"));
	}
}

static void one_that_others_can_touch_is_refused(void **state)
{
	static const mode_t modes[] = {0620, 0604, 0602, 0644};
	struct place *place = *state;

	must_make(place);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(place->path, modes[i]), 0);
		assert_int_equal(read_file(place), STATUS_CONFIG_INVALID);
	}
}

static void a_missing_folder_is_told(void **state)
{
	struct place *place = *state;

	snprintf(
	    place->path, sizeof place->path, "%s/none/s.db.key", place->dir);
	assert_int_equal(keyfile_make(place->path, &place->problem), STATUS_IO);
	assert_non_null(strstr(text_string(&place->problem),
	    "cannot be made, the directory must be writable to this user: No "
	    "such file"));
	assert_int_equal(read_file(place), STATUS_CONFIG_INVALID);
	assert_int_equal(
	    keyfile_renew(place->path, &place->problem), STATUS_CONFIG_INVALID);
}

#define IN_PLACE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(it_is_made_once_and_private),
	    IN_PLACE(made_by_root_it_belongs_to_the_folders_owner),
	    IN_PLACE(no_two_files_have_the_same_key),
	    IN_PLACE(thirty_two_processes_that_start_at_once_find_one_key),
	    IN_PLACE(a_renewed_file_keeps_the_key_before),
	    IN_PLACE(what_cannot_be_put_on_the_disk_is_not_renewed),
	    IN_PLACE(operators_may_write_it_themselves),
	    IN_PLACE(what_is_no_key_file_is_refused),
	    IN_PLACE(one_that_others_can_touch_is_refused),
	    IN_PLACE(a_missing_folder_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
