/* config_upstream.c: URLs, certificates and keys -> may upstreams be asked */
#include "config_upstream.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"

#define WORDS_MAX 256

/* ---- The URLs ------------------------------------------------------------ */

/* By its name or number alone: who resolves a name may answer anything. */
static bool is_this_machine(const char *host, size_t length)
{
	char name[INET6_ADDRSTRLEN + 2]; /* and the brackets */
	struct in_addr address;

	if (length >= sizeof name)
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, name, &address) == 1 &&
	       ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool config_is_in_the_clear(const char *url)
{
	static const char scheme[] = "http://";
	const char *host = url + sizeof scheme - 1;
	size_t length;

	if (strncasecmp(url, scheme, sizeof scheme - 1) != 0)
		return false;
	length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	return !is_this_machine(host, length);
}

static void check_scheme(
    struct loading *loading, enum config_key_number number, const char *url)
{
	if (loading->wrong[number] || loading->wrong[KEY_UPSTREAM_HTTP] ||
	    loading->config->upstream_http == CONFIG_ON ||
	    !config_is_in_the_clear(url))
		return;
	report_clash(loading, &config_keys[number],
	    "begins with http, and what is sent there could be read on the "
	    "way: give an https URL, or set UPSTREAM_HTTP=on");
}

/* ---- The files ----------------------------------------------------------- */

/* NULL: what is wrong with it was reported. */
static FILE *open_file(struct loading *loading, enum config_key_number number,
    const char *path, bool secret)
{
	enum status status;
	struct text words;
	FILE *file = NULL;
	struct stat facts;
	int fd = -1;

	text_init(&words, WORDS_MAX);
	status = file_open(path, &fd, &facts, &words);
	if (status != STATUS_OK)
		text_add(&words,
		    ": give the path of a PEM file that this user may read");
	else if (secret)
		status = file_check_private(&facts, &words);
	if (status == STATUS_OK)
		file = fdopen(fd, "r");
	if (file == NULL) {
		if (status == STATUS_OK)
			text_add(&words, "cannot be read");
		report_path(
		    loading, &config_keys[number], path, text_string(&words));
		if (fd >= 0)
			close(fd);
	}
	text_done(&words);
	return file;
}

/*
 * The first of the file; NULL: what is wrong was reported. Of the authorities
 * it shows that the file is one of certificates; TLS reads them all.
 */
static X509 *read_certificate(
    struct loading *loading, enum config_key_number number, const char *path)
{
	FILE *file = open_file(loading, number, path, false);
	X509 *certificate;

	if (file == NULL)
		return NULL;
	certificate = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	if (certificate == NULL)
		report_path(loading, &config_keys[number], path,
		    "holds no certificate: give a PEM file, which begins with "
		    "-----BEGIN CERTIFICATE-----");
	return certificate;
}

/* An empty passphrase: else OpenSSL would ask for one at the terminal. */
static EVP_PKEY *read_key(
    struct loading *loading, enum config_key_number number, const char *path)
{
	FILE *file = open_file(loading, number, path, true);
	char passphrase[] = "";
	EVP_PKEY *key;

	if (file == NULL)
		return NULL;
	key = PEM_read_PrivateKey(file, NULL, NULL, passphrase);
	fclose(file);
	if (key == NULL)
		report_path(loading, &config_keys[number], path,
		    "holds no key that can be used: give a PEM file with a "
		    "private key that has no passphrase");
	return key;
}

static void check_pair(struct loading *loading, X509 *certificate,
    enum config_key_number key_number, const char *key_path)
{
	EVP_PKEY *key = read_key(loading, key_number, key_path);

	if (key != NULL && X509_check_private_key(certificate, key) != 1)
		report_path(loading, &config_keys[key_number], key_path,
		    "holds the key of another certificate: give the key that "
		    "UPSTREAM_CLIENT_CERT was made for");
	EVP_PKEY_free(key);
}

/* Not refused: whether it serves is the upstream's to say. */
static void warn_of_end(const char *path, const X509 *certificate)
{
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		log_line(LOG_WARN, NULL,
		    "UPSTREAM_CLIENT_CERT: the certificate in %s has expired",
		    path);
}

static void check_client(struct loading *loading)
{
	const struct config *config = loading->config;
	const char *path = config->upstream_client_cert;
	X509 *certificate;

	if (path[0] == '\0') {
		if (config->upstream_client_key[0] != '\0')
			report_clash(loading,
			    &config_keys[KEY_UPSTREAM_CLIENT_KEY],
			    "is of no use without UPSTREAM_CLIENT_CERT: set "
			    "that too, or remove this");
		return;
	}
	certificate = read_certificate(loading, KEY_UPSTREAM_CLIENT_CERT, path);
	if (certificate == NULL)
		return;
	/* Without a file of its own the key stands beside the certificate. */
	if (config->upstream_client_key[0] != '\0')
		check_pair(loading, certificate, KEY_UPSTREAM_CLIENT_KEY,
		    config->upstream_client_key);
	else
		check_pair(
		    loading, certificate, KEY_UPSTREAM_CLIENT_CERT, path);
	warn_of_end(path, certificate);
	X509_free(certificate);
}

static void check_authorities(struct loading *loading)
{
	const char *path = loading->config->upstream_ca_file;

	if (path[0] != '\0')
		X509_free(
		    read_certificate(loading, KEY_UPSTREAM_CA_FILE, path));
}

void config_check_upstream(struct loading *loading)
{
	const struct config *config = loading->config;

	check_scheme(loading, KEY_CXONE_BASE_URL, config->cxone_base_url);
	check_scheme(loading, KEY_INVENTORY_API_URL, config->inventory_api_url);
	if (!loading->wrong[KEY_UPSTREAM_CA_FILE])
		check_authorities(loading);
	if (!loading->wrong[KEY_UPSTREAM_CLIENT_CERT] &&
	    !loading->wrong[KEY_UPSTREAM_CLIENT_KEY])
		check_client(loading);
}
