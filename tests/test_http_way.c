/* test_http_way.c: certificates good and bad, keys and proxies -> trusted? */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>

#include "confine.h"
#include "test_http.h"

/* No name resolves here, so that only a proxy could. */
int getaddrinfo(const char *name, const char *service,
    const struct addrinfo *req, struct addrinfo **pai)
{
	(void)name;
	(void)service;
	(void)req;
	*pai = NULL;
	return EAI_NONAME;
}

/* ---- Certificates, made here and now ------------------------------------ */

/*
 * Two authorities, of which only the first is ours; certificates of servers
 * that are good, expired, another's, and of the other authority; two of our
 * own, with the key apart, and in one file. And settings of a system that
 * would allow the oldest TLS.
 */
static const char make_all[] =
    "set -e; cd \"$1\"; exec 2>/dev/null; key='rsa:2048 -nodes'\n"
    "for ca in ours theirs; do\n"
    "	openssl req -x509 -newkey $key -days 2 -subj /CN=$ca \\\n"
    "		-keyout $ca.key -out $ca.pem\n"
    "done\n"
    "make() { # NAME CA DAYS SAN\n"
    "	openssl req -newkey $key -subj /CN=$1 -keyout $1.key -out $1.csr\n"
    "	echo subjectAltName=$4 >$1.ext\n"
    "	openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -days $3 \\\n"
    "		-CAcreateserial -extfile $1.ext -out $1.pem\n"
    "}\n"
    "make good ours 2 IP:127.0.0.1\n"
    "make expired ours -1 IP:127.0.0.1\n"
    "make name ours 2 DNS:cxone.example\n"
    "make other theirs 2 IP:127.0.0.1\n"
    "make us ours 2 DNS:stockroute.example\n"
    "cat us.pem us.key >both.pem\n"
    "cat >lax.cnf <<END\n"
    "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
    "system_default = lax\n[lax]\nMinProtocol = TLSv1\n"
    "CipherString = DEFAULT@SECLEVEL=0\n"
    "END\n";

static char folder[] = "/tmp/stockroute-tls-XXXXXX";

static int run_shell(const char *script)
{
	pid_t pid = fork();
	int code;

	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, "sh", folder, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &code, 0), pid);
	return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

/* Eight of them are valid at a time. */
static const char *path_of(const char *name)
{
	static char paths[8][96];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

static int begin_all(void **state)
{
	assert_non_null(mkdtemp(folder));
	assert_int_equal(run_shell(make_all), 0);
	/* Before the first use of TLS, which reads it. */
	setenv("OPENSSL_CONF", path_of("lax.cnf"), 1);
	return world_start(state);
}

static int end_all(void **state)
{
	assert_int_equal(run_shell("rm -rf \"$1\""), 0);
	return world_end(state);
}

/* ---- A TLS server -------------------------------------------------------- */

struct tls_server {
	pid_t pid;
	int port;
};

/* A port that is still refused would be unreachable as well. */
static bool is_up(int port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int left_ms = HELP_WAIT_MS / 2;
	bool up = false;

	for (; !up && left_ms > 0; left_ms -= 20) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_true(fd >= 0);
		up = connect(fd, (struct sockaddr *)&address, sizeof address) ==
		     0;
		close(fd);
		help_nap_ms(20);
	}
	return up;
}

/* options: more words for openssl s_server, or "". */
static struct tls_server serve_tls(const char *name, const char *options)
{
	struct tls_server server = {.port = dead_port()};
	char script[512];

	snprintf(script, sizeof script,
	    "cd \"$1\" && exec openssl s_server -www -accept 127.0.0.1:%d "
	    "-cert %s.pem -key %s.key %s </dev/null >/dev/null 2>&1",
	    server.port, name, name, options);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		alarm(HELP_WAIT_MS / 1000);
		execl("/bin/sh", "sh", "-c", script, "sh", folder, NULL);
		_exit(127);
	}
	assert_true(is_up(server.port));
	return server;
}

static void end_server(pid_t pid)
{
	int code;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &code, 0), pid);
}

static void go_by(struct world *world, const struct http_way *way)
{
	if (world->http == NULL)
		open_http(world, 4, 4);
	http_set_way(world->http, way);
}

/* Once, from a server with the named certificate. */
static struct asked get_tls(struct world *world, const char *name,
    const char *options, const struct http_way *way)
{
	struct tls_server server = serve_tls(name, options);
	struct asked asked;
	char url[64];

	http_free(world->http);
	world->http = NULL;
	go_by(world, way);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/x", server.port);
	asked = get(world, url, SECONDS(5));
	end_server(server.pid);
	return asked;
}

static void is_refused(struct asked asked)
{
	assert_int_equal(asked.status, STATUS_UNREACHABLE);
	assert_int_equal(asked.answer.code, 0);
	assert_true(asked.has_problem);
}

static void is_trusted(struct asked asked)
{
	assert_int_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 200);
}

static struct http_way trusting(const char *authority)
{
	return (struct http_way){
	    .ca_file = authority[0] == '\0' ? "" : path_of(authority),
	    .client_cert = "",
	    .client_key = "",
	    .proxy = "",
	};
}

/* ---- Whom we trust ------------------------------------------------------- */

static void a_server_that_our_authority_vouches_for_is_trusted(void **state)
{
	struct http_way way = trusting("ours.pem");

	is_trusted(get_tls(*state, "good", "", &way));
}

static void an_authority_of_our_own_replaces_the_systems(void **state)
{
	struct http_way way = trusting("ours.pem");

	is_refused(get_tls(*state, "other", "", &way));
	way = trusting("theirs.pem");
	is_trusted(get_tls(*state, "other", "", &way));
	is_refused(get_tls(*state, "good", "", &way));
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
	struct http_way way = trusting("");

	is_refused(get_tls(*state, "good", "", &way));
	/* It signed itself, and is no authority of ours. */
	is_refused(get_tls(*state, "theirs", "", &way));
	way = trusting("ours.pem");
	is_refused(get_tls(*state, "theirs", "", &way));
}

static void a_certificate_that_has_expired_is_refused(void **state)
{
	struct http_way way = trusting("ours.pem");

	is_refused(get_tls(*state, "expired", "", &way));
}

static void a_certificate_for_another_name_is_refused(void **state)
{
	struct http_way way = trusting("ours.pem");

	is_refused(get_tls(*state, "name", "", &way));
}

/* The system would allow it here: see lax.cnf. */
static void tls_older_than_1_2_is_refused(void **state)
{
	struct http_way way = trusting("ours.pem");

	is_refused(
	    get_tls(*state, "good", "-tls1_1 -cipher ALL:@SECLEVEL=0", &way));
	is_trusted(get_tls(*state, "good", "-tls1_2", &way));
	is_trusted(get_tls(*state, "good", "-tls1_3", &way));
}

static void an_authority_that_is_gone_trusts_nobody(void **state)
{
	struct http_way way = trusting("nowhere.pem");

	is_refused(get_tls(*state, "good", "", &way));
}

static void a_server_that_speaks_no_tls_is_unreachable(void **state)
{
	struct world *world = *state;
	struct asked asked;
	char url[64];

	snprintf(url, sizeof url, "https://127.0.0.1:%d/x", world->port);
	asked = get(world, url, SECONDS(2));
	assert_int_equal(asked.status, STATUS_UNREACHABLE);
	assert_int_equal(asked.answer.code, 0);
	assert_int_equal(sim_stat(world, "inventory"), 0);
}

/* ---- Who we are ---------------------------------------------------------- */

/* With TLS 1.3 the refusal comes when the request has been sent. */
static void a_server_that_wants_our_certificate_gets_it(void **state)
{
	static const char wants[] =
	    "-Verify 1 -CAfile ours.pem -verify_return_error";
	struct http_way way = trusting("ours.pem");
	struct asked asked = get_tls(*state, "good", wants, &way);

	assert_int_not_equal(asked.status, STATUS_OK);
	assert_int_equal(asked.answer.code, 0);
	way.client_cert = path_of("both.pem");
	is_trusted(get_tls(*state, "good", wants, &way));
	way.client_cert = path_of("us.pem");
	way.client_key = path_of("us.key");
	is_trusted(get_tls(*state, "good", wants, &way));
}

/* ---- The proxy ----------------------------------------------------------- */

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define REFUSAL                                                                \
	"HTTP/1.1 403 Forbidden\r\nRetry-After: 9\r\nContent-Length: 2\r\n"    \
	"\r\nno"

/* Serves one request, and writes what came into the file. */
static pid_t serve_proxy(int fd, const char *answer, const char *seen)
{
	pid_t pid = fork();
	char bytes[4096];
	ssize_t got;
	int peer, file;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(HELP_WAIT_MS / 1000);
	peer = accept(fd, NULL, NULL);
	file = open(seen, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	got = peer < 0 ? -1 : read(peer, bytes, sizeof bytes);
	if (got < 0 || write(file, bytes, (size_t)got) != got ||
	    write(peer, answer, strlen(answer)) < 0)
		_exit(1);
	while (read(peer, bytes, sizeof bytes) > 0)
		;
	_exit(0);
}

/* What a proxy that answers so sees of a request with a token. */
static struct asked get_through(
    struct world *world, const char *url, const char *answer, char seen[4096])
{
	struct http_headers *headers =
	    http_headers_add(NULL, "Authorization: Bearer secret");
	struct asked asked;
	char proxy[64];
	int count = 0;
	int port;
	int fd = listen_here(4, &port);
	pid_t pid = serve_proxy(fd, answer, path_of("seen"));
	struct http_way way = trusting("");
	FILE *file;

	close(fd);
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", port);
	way.proxy = proxy;
	go_by(world, &way);
	prepare(world, &asked, url, SECONDS(2));
	asked.request.headers = headers;
	asked.ended = &count;
	send_asked(&asked);
	assert_true(run_until(world->loop, &count, 1, HELP_WAIT_MS));
	http_headers_free(headers);
	http_free(world->http);
	world->http = NULL;
	end_server(pid);
	memset(seen, 0, 4096);
	file = fopen(path_of("seen"), "r");
	if (file != NULL) {
		size_t got = fread(seen, 1, 4095, file);

		assert_int_equal(got, strlen(seen));
		fclose(file);
	}
	return asked;
}

static void an_upstream_is_asked_through_the_proxy_that_is_set(void **state)
{
	char seen[4096];
	struct asked asked =
	    get_through(*state, "http://cxone.test/x", ANSWER, seen);

	is_trusted(asked);
	assert_string_equal(asked.body, "ok");
	assert_memory_equal(seen, "GET http://cxone.test/x ", 24);
}

static void the_proxy_sees_no_token_on_the_way_to_https(void **state)
{
	char seen[4096];
	struct asked asked =
	    get_through(*state, "https://cxone.test/x", REFUSAL, seen);

	assert_memory_equal(seen, "CONNECT cxone.test:443 ", 23);
	assert_null(strstr(seen, "Authorization"));
	assert_null(strstr(seen, "secret"));
	/* Its refusal is not the upstream's answer. */
	is_refused(asked);
	assert_int_equal(asked.answer.retry_after_us, -1);
	assert_string_equal(asked.body, "");
}

static void this_machine_is_asked_without_the_proxy(void **state)
{
	struct world *world = *state;
	struct http_way way = trusting("");
	char proxy[64];

	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", dead_port());
	way.proxy = proxy;
	go_by(world, &way);
	is_trusted(get(world, "/inventory/A", SECONDS(2)));
}

static void a_proxy_that_is_down_is_unreachable(void **state)
{
	struct world *world = *state;
	struct http_way way = trusting("");
	char proxy[64];

	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", dead_port());
	way.proxy = proxy;
	go_by(world, &way);
	is_refused(get(world, "https://cxone.test/x", SECONDS(2)));
	way.proxy = "http://proxy.test:3128";
	http_free(world->http);
	world->http = NULL;
	go_by(world, &way);
	is_refused(get(world, "https://cxone.test/x", SECONDS(2)));
}

/* Whoever starts us may have one in the environment. */
static void no_proxy_comes_from_the_environment(void **state)
{
	struct world *world = *state;

	setenv("http_proxy", world->url, 1);
	setenv("all_proxy", world->url, 1);
	is_refused(get(world, "http://cxone.test/inventory/A", SECONDS(2)));
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	assert_int_equal(sim_stat(world, "inventory"), 0);
}

/* ---- Confined ------------------------------------------------------------ */

/* In a process of its own: there is no way back. */
static void ask_confined(struct world *world, int port)
{
	const struct http_way way = trusting("ours.pem");
	struct asked asked;
	char url[64];

	alarm(HELP_WAIT_MS / 1000);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/x", port);
	strcpy(world->config.cxone_base_url, url);
	strcpy(world->config.upstream_ca_file, way.ca_file);
	world->config.landlock = CONFIG_ON;
	world->config.seccomp = CONFIG_ON;
	if (!world_try_connect(world))
		_exit(1);
	http_set_way(world->http, &way);
	confine_begin();
	confine(&world->config, world->store, LOG_INFO);
	asked = get(world, url, SECONDS(5));
	_exit(asked.status == STATUS_OK && asked.answer.code == 200 ? 0 : 1);
}

static void a_confined_process_reads_authorities_and_speaks_tls(void **state)
{
	struct world *world = *state;
	struct tls_server server = serve_tls("good", "");
	pid_t child = fork();
	int code;

	assert_true(child >= 0);
	if (child == 0)
		ask_confined(world, server.port);
	assert_int_equal(waitpid(child, &code, 0), child);
	end_server(server.pid);
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(a_server_that_our_authority_vouches_for_is_trusted),
	    IN_WORLD(an_authority_of_our_own_replaces_the_systems),
	    IN_WORLD(a_certificate_that_nobody_vouches_for_is_refused),
	    IN_WORLD(a_certificate_that_has_expired_is_refused),
	    IN_WORLD(a_certificate_for_another_name_is_refused),
	    IN_WORLD(tls_older_than_1_2_is_refused),
	    IN_WORLD(an_authority_that_is_gone_trusts_nobody),
	    IN_WORLD(a_server_that_speaks_no_tls_is_unreachable),
	    IN_WORLD(a_server_that_wants_our_certificate_gets_it),
	    IN_WORLD(an_upstream_is_asked_through_the_proxy_that_is_set),
	    IN_WORLD(the_proxy_sees_no_token_on_the_way_to_https),
	    IN_WORLD(this_machine_is_asked_without_the_proxy),
	    IN_WORLD(a_proxy_that_is_down_is_unreachable),
	    IN_WORLD(no_proxy_comes_from_the_environment),
	    IN_WORLD(a_confined_process_reads_authorities_and_speaks_tls),
	};

	return cmocka_run_group_tests_name(
	    "http_way", tests, begin_all, end_all);
}
