/* config_key.c: every setting -> its name, type, limits, default, meaning */
#include "config_key.h"

#define SOCKET_MAX 107 /* sun_path, less its NUL: unix(7) */
#define KEY_MIN    44  /* 32 bytes in base 64 */
#define KEY_MAX    (CONFIG_KEY_BYTES - 1)
#define TEXT_MAX   (CONFIG_TEXT_BYTES - 1)
#define SECRET_MAX (CONFIG_SECRET_BYTES - 1)
/* No header or prefix in use is near it. */
#define HEADER_MAX   64
#define TEMPLATE_MAX (CONFIG_SHORT_BYTES - 1)

/* The order of each list is that of its enum: the index is the value. */
static const struct config_word sku_rules[] = {
    [SKU_RULE_MEDIA_SUFFIX] = {"media-suffix",
	"SKU-, the media type, the last 6 characters of the "
	"interaction's id"},
    [SKU_RULE_CHANNEL_DEFAULT] = {"channel-default",
	"those characters for chat and email, else SKU-DEFAULT- and the "
	"media type"},
    {NULL, NULL},
};

static const struct config_word breakers[] = {
    [CONFIG_OFF] = {"off", "every request is sent"},
    [CONFIG_ON] = {"on", "none while half of them fail"},
    {NULL, NULL},
};

static const struct config_word upstream_https[] = {
    [CONFIG_OFF] = {"off", "its URL must begin with https"},
    [CONFIG_ON] = {"on", "secrets travel in the clear"},
    {NULL, NULL},
};

static const struct config_word routing_modes[] = {
    [ROUTING_MODE_SYNC] = {"sync", "the answer tells the decision"},
    [ROUTING_MODE_QUEUE] = {"queue", "at once, when the event is on disk"},
    {NULL, NULL},
};

static const struct config_word retry_schedules[] = {
    [BACKOFF_BUILTIN] = {"builtin",
	"CXONE_BACKOFF_MS, doubled each time, plus the jitter; only after "
	"429"},
    [BACKOFF_FULL_JITTER] = {"full-jitter",
	"a random part of that, 20 s at most; also after 5xx and when no "
	"answer came"},
    {NULL, NULL},
};

static const struct config_word webhook_auths[] = {
    [WEBHOOK_AUTH_NONE] = {"none",
	"everybody who reaches the address is served"},
    [WEBHOOK_AUTH_BEARER] = {"bearer",
	"senders must show WEBHOOK_SECRET as Authorization: Bearer"},
    [WEBHOOK_AUTH_BASIC] = {"basic",
	"the same as Authorization: Basic; the secret is user:password"},
    [WEBHOOK_AUTH_HEADER] = {"header", "the same in WEBHOOK_HEADER"},
    [WEBHOOK_AUTH_HMAC] = {"hmac",
	"they must sign each event, see WEBHOOK_SCHEME"},
    {NULL, NULL},
};

static const struct config_word webhook_schemes[] = {
    [WEBHOOK_SCHEME_STANDARD] = {"standard",
	"Standard Webhooks 1.0, v1 (secrets whsec_...) and v1a (public keys "
	"whpk_...)"},
    [WEBHOOK_SCHEME_GITHUB] = {"github", "X-Hub-Signature-256"},
    [WEBHOOK_SCHEME_STRIPE] = {"stripe", "Stripe-Signature"},
    [WEBHOOK_SCHEME_NEXUS] = {"nexus", "X-Nexus-Signature-256 of CXone Expert"},
    [WEBHOOK_SCHEME_CUSTOM] = {"custom", "as the settings below say"},
    {NULL, NULL},
};

static const struct config_word webhook_hashes[] = {
    [WEBHOOK_HASH_SHA256] = {"sha256", "HMAC-SHA256"},
    [WEBHOOK_HASH_SHA512] = {"sha512", "HMAC-SHA512"},
    [WEBHOOK_HASH_SHA1] = {"sha1", "HMAC-SHA1"},
    {NULL, NULL},
};

static const struct config_word webhook_encodings[] = {
    [WEBHOOK_ENCODING_HEX] = {"hex", "two hexadecimal digits a byte"},
    [WEBHOOK_ENCODING_BASE64] = {"base64", "RFC 4648 with padding"},
    {NULL, NULL},
};

static const struct config_word spills[] = {
    [CONFIG_OFF] = {"off", "it is answered 500"},
    [CONFIG_ON] = {"on", "it goes to the queue and is answered 202"},
    {NULL, NULL},
};

static const struct config_word log_levels[] = {
    [LOG_ERROR] = {"error", "what failed"},
    [LOG_WARN] = {"warn", "and what was refused or fell back"},
    [LOG_INFO] = {"info",
	"and one line for each event, starts, stops and new tokens"},
    [LOG_DEBUG] = {"debug", "and each wait and attempt; nothing is held back"},
    {NULL, NULL},
};

static const struct config_word log_formats[] = {
    [LOG_LOGFMT] = {"logfmt", "key=value"},
    [LOG_JSON] = {"json", "one object a line"},
    {NULL, NULL},
};

static const struct config_word landlocks[] = {
    [CONFIG_OFF] = {"off", "all that its user may"},
    [CONFIG_ON] = {"on", "those it needs, where the kernel has Landlock"},
    {NULL, NULL},
};

static const struct config_word seccomps[] = {
    [CONFIG_OFF] = {"off", "all, as a debugger or a sanitizer needs it"},
    [CONFIG_ON] = {"on", "those it needs, where the kernel has seccomp"},
    {NULL, NULL},
};

/*
 * Columns: name, type, field, default, least, most, words, meaning. Least
 * and most are bytes for texts and ms for times. No default: it must be set.
 * EVENT_DEADLINE_MS is less than the 30 s after which senders and proxies
 * commonly give a request up: they shall hear how it ended. QUEUE_MAX_AGE_S is
 * less than EVENT_MAX_AGE_S: a queue so far behind takes no more, before what
 * waits in it becomes too old to be routed. CLAIM_WINDOW_S covers both
 * tolerances, as config_webhook.c wants it. WEBHOOK_AUTH has no default: a
 * program that trusts everybody must have been told so.
 */
#define FIELD(name) offsetof(struct config, name)
const struct config_key config_keys[KEY_COUNT] = {
    [KEY_CONFIG] = {"STOCKROUTE_CONFIG", CONFIG_TEXT, FIELD(file), "", 0,
	TEXT_MAX, NULL, "The JSON file with settings (environment only)"},
    [KEY_DB] = {"STOCKROUTE_DB", CONFIG_PATH, FIELD(db),
	"/var/lib/stockroute/stockroute.db", 2, TEXT_MAX, NULL,
	"The database, on a local file system"},
    [KEY_KEY] = {"STOCKROUTE_KEY", CONFIG_SECRET, FIELD(key), "", KEY_MIN,
	KEY_MAX, NULL,
	"32 bytes in hex or base 64 that seal the token; else the key file"},
    [KEY_KEY_OLD] = {"STOCKROUTE_KEY_OLD", CONFIG_SECRET, FIELD(key_old), "",
	KEY_MIN, KEY_MAX, NULL,
	"The key before, which opens what is still sealed with it"},
    [KEY_SOCKET] = {"STOCKROUTE_SOCKET", CONFIG_TEXT, FIELD(socket), "", 0,
	SOCKET_MAX, NULL,
	"Unix socket to listen on; empty: the web server's descriptor 0"},
    [KEY_CXONE_BASE_URL] = {"CXONE_BASE_URL", CONFIG_URL, FIELD(cxone_base_url),
	NULL, 8, TEXT_MAX, NULL,
	"Where CXone is; /oauth/token and /api/v2 are added"},
    [KEY_CXONE_CLIENT_ID] = {"CXONE_CLIENT_ID", CONFIG_TEXT,
	FIELD(cxone_client_id), NULL, 1, TEXT_MAX, NULL,
	"The OAuth client at CXone"},
    [KEY_CXONE_CLIENT_SECRET] = {"CXONE_CLIENT_SECRET", CONFIG_SECRET,
	FIELD(cxone_client_secret), NULL, 1, SECRET_MAX, NULL,
	"The OAuth client's secret"},
    [KEY_CXONE_TIMEOUT] = {"CXONE_TIMEOUT_MS", CONFIG_MS,
	FIELD(cxone_timeout_us), "5000", 100, 20000, NULL,
	"Longest time for one request to CXone"},
    [KEY_CXONE_ATTEMPT_MIN] = {"CXONE_ATTEMPT_MIN_MS", CONFIG_MS,
	FIELD(cxone_attempt_min_us), "250", 0, 20000, NULL,
	"No request to CXone begins with less time left for its event"},
    [KEY_CXONE_RETRIES] = {"CXONE_RETRIES", CONFIG_COUNT, FIELD(cxone_retries),
	"3", 0, 10, NULL, "Repetitions of one update"},
    [KEY_CXONE_BACKOFF] = {"CXONE_BACKOFF_MS", CONFIG_MS,
	FIELD(cxone_backoff_us), "1000", 1, 60000, NULL,
	"Wait before the first of these; doubles each time"},
    [KEY_CXONE_JITTER] = {"CXONE_JITTER_MS", CONFIG_MS, FIELD(cxone_jitter_us),
	"500", 0, 60000, NULL, "Largest random addition to each wait"},
    [KEY_RETRY_SCHEDULE] = {"RETRY_SCHEDULE", CONFIG_WORDS,
	FIELD(retry_schedule), "builtin", 0, 0, retry_schedules,
	"What is repeated, and after what waits"},
    [KEY_RETRY_BUDGET] = {"RETRY_BUDGET", CONFIG_COUNT, FIELD(retry_budget),
	"500", 0, 1000000, NULL,
	"Tokens for the repetitions of all processes: 5 after 429, else 14"},
    [KEY_INVENTORY_API_URL] = {"INVENTORY_API_URL", CONFIG_URL,
	FIELD(inventory_api_url), NULL, 8, TEXT_MAX, NULL,
	"Where the inventory is; /SKU is added"},
    [KEY_INVENTORY_TIMEOUT] = {"INVENTORY_TIMEOUT_MS", CONFIG_MS,
	FIELD(inventory_timeout_us), "2000", 50, 20000, NULL,
	"Longest wait for the inventory; then the fallback route"},
    [KEY_INVENTORY_CACHE] = {"INVENTORY_CACHE_MS", CONFIG_MS,
	FIELD(inventory_cache_us), "0", 0, 60000, NULL,
	"A good answer so young is used again unasked; 0: none is"},
    [KEY_INVENTORY_STALE] = {"INVENTORY_STALE_S", CONFIG_COUNT,
	FIELD(inventory_stale_s), "0", 0, 3600, NULL,
	"Seconds a good answer stands in while the inventory fails; 0: none"},
    [KEY_UPSTREAM_CA_FILE] = {"UPSTREAM_CA_FILE", CONFIG_PATH,
	FIELD(upstream_ca_file), "", 2, TEXT_MAX, NULL,
	"PEM file of the authorities that both are trusted by; empty: the "
	"system's"},
    [KEY_UPSTREAM_CLIENT_CERT] = {"UPSTREAM_CLIENT_CERT", CONFIG_PATH,
	FIELD(upstream_client_cert), "", 2, TEXT_MAX, NULL,
	"PEM file of our own certificate, for upstreams that want one"},
    [KEY_UPSTREAM_CLIENT_KEY] = {"UPSTREAM_CLIENT_KEY", CONFIG_PATH,
	FIELD(upstream_client_key), "", 2, TEXT_MAX, NULL,
	"PEM file of its key, without a passphrase; empty: the same file"},
    [KEY_UPSTREAM_PROXY] = {"UPSTREAM_PROXY", CONFIG_URL, FIELD(upstream_proxy),
	"", 8, TEXT_MAX, NULL,
	"The proxy to all upstreams but those on this machine; empty: none"},
    [KEY_UPSTREAM_HTTP] = {"UPSTREAM_HTTP", CONFIG_WORDS, FIELD(upstream_http),
	"off", 0, 0, upstream_https,
	"Whether an upstream on another machine is asked without TLS"},
    [KEY_BREAKER] = {"BREAKER", CONFIG_WORDS, FIELD(breaker), "on", 0, 0,
	breakers, "Whether an upstream that fails is left alone for a while"},
    [KEY_BREAKER_MIN_CALLS] = {"BREAKER_MIN_CALLS", CONFIG_COUNT,
	FIELD(breaker_min_calls), "20", 1, 100000, NULL,
	"Requests in 30 s below which it is not left alone"},
    [KEY_BREAKER_OPEN] = {"BREAKER_OPEN_MS", CONFIG_MS, FIELD(breaker_open_us),
	"5000", 10, 3600000, NULL,
	"How long it is left alone first; doubles each time"},
    [KEY_BREAKER_OPEN_MAX] = {"BREAKER_OPEN_MAX_MS", CONFIG_MS,
	FIELD(breaker_open_max_us), "60000", 10, 3600000, NULL,
	"The longest of these times"},
    [KEY_SKU_POINTER] = {"SKU_POINTER", CONFIG_POINTER, FIELD(sku_pointer), "",
	0, TEXT_MAX, NULL,
	"Where the event tells the SKU; tried before the rule"},
    [KEY_SKU_RULE] = {"SKU_RULE", CONFIG_WORDS, FIELD(sku_rule), "media-suffix",
	0, 0, sku_rules, "How a SKU is made when the event tells none"},
    [KEY_SKU_ALPHABET] = {"SKU_ALPHABET", CONFIG_ALPHABET, FIELD(sku_alphabet),
	"", 1, CONFIG_SHORT_BYTES - 1, NULL,
	"What a SKU is made of, such as A-Za-z0-9_-; an event with another is "
	"refused; empty: all but control characters"},
    [KEY_ROUTING_MODE] = {"ROUTING_MODE", CONFIG_WORDS, FIELD(routing_mode),
	"sync", 0, 0, routing_modes, "When the sender is answered"},
    [KEY_EVENT_DEADLINE] = {"EVENT_DEADLINE_MS", CONFIG_MS,
	FIELD(event_deadline_us), "25000", 1000, 120000, NULL,
	"Longest time for one event, waits included"},
    [KEY_SPILL] = {"SPILL", CONFIG_WORDS, FIELD(spill), "on", 0, 0, spills,
	"What becomes of an event that fails for a passing reason"},
    [KEY_EVENT_MAX_AGE] = {"EVENT_MAX_AGE_S", CONFIG_COUNT,
	FIELD(event_max_age_s), "300", 1, 86400, NULL,
	"Queued events older than this many seconds are not routed any more"},
    [KEY_QUEUE_ATTEMPTS] = {"QUEUE_ATTEMPTS", CONFIG_COUNT,
	FIELD(queue_attempts), "8", 1, 100, NULL,
	"Attempts at a queued event before it is parked"},
    [KEY_QUEUE_BACKOFF] = {"QUEUE_BACKOFF_MS", CONFIG_MS,
	FIELD(queue_backoff_us), "1000", 1, 60000, NULL,
	"Wait before the second attempt; doubles each time, to a minute"},
    [KEY_CXONE_MAX_INFLIGHT] = {"CXONE_MAX_INFLIGHT", CONFIG_COUNT,
	FIELD(cxone_max_inflight), "32", 1, 1024, NULL,
	"Queued events in hand at one time, over all processes"},
    [KEY_QUEUE_MAX_ROWS] = {"QUEUE_MAX_ROWS", CONFIG_COUNT,
	FIELD(queue_max_rows), "100000", 1, 100000000, NULL,
	"No event more is queued while so many wait"},
    [KEY_QUEUE_MAX_BYTES] = {"QUEUE_MAX_BYTES", CONFIG_BYTES,
	FIELD(queue_max_bytes), "268435456", 1024, INT64_C(1) << 40, NULL,
	"The same, while all of them, parked ones too, take so much"},
    [KEY_QUEUE_MAX_AGE] = {"QUEUE_MAX_AGE_S", CONFIG_COUNT,
	FIELD(queue_max_age_s), "240", 1, 86400, NULL,
	"The same, while one has waited for more seconds than this"},
    [KEY_DISK_MIN] = {"DISK_MIN_BYTES", CONFIG_BYTES, FIELD(disk_min_bytes),
	"67108864", 0, INT64_C(1) << 50, NULL,
	"The same, while the database's disk has less free"},
    [KEY_CLAIM_WINDOW] = {"CLAIM_WINDOW_S", CONFIG_COUNT, FIELD(claim_window_s),
	"3600", 0, 604800, NULL,
	"How many seconds an event is remembered to know duplicates; 0: not"},
    [KEY_RETENTION_DECISIONS] = {"RETENTION_DECISIONS_DAYS", CONFIG_COUNT,
	FIELD(retention_decisions_days), "90", 0, 36500, NULL,
	"Decisions older than so many days are deleted; 0: none is"},
    [KEY_RETENTION_MINUTES] = {"RETENTION_MINUTES_DAYS", CONFIG_COUNT,
	FIELD(retention_minutes_days), "3", 0, 36500, NULL,
	"The same for their sums by minute"},
    [KEY_RETENTION_HOURS] = {"RETENTION_HOURS_DAYS", CONFIG_COUNT,
	FIELD(retention_hours_days), "100", 0, 36500, NULL,
	"The same for their sums by hour; at least as long as by minute"},
    [KEY_RETENTION_DAYS] = {"RETENTION_DAYS_DAYS", CONFIG_COUNT,
	FIELD(retention_days_days), "3650", 0, 36500, NULL,
	"The same for their sums by day; at least as long as by hour"},
    [KEY_WEBHOOK_AUTH] = {"WEBHOOK_AUTH", CONFIG_WORDS, FIELD(webhook_auth),
	NULL, 0, 0, webhook_auths, "How senders of events prove who they are"},
    [KEY_WEBHOOK_SECRET] = {"WEBHOOK_SECRET", CONFIG_SECRET,
	FIELD(webhook_secret), "", 16, SECRET_MAX, NULL,
	"The secret that senders show or sign with"},
    [KEY_WEBHOOK_SECRETS] = {"WEBHOOK_SECRETS", CONFIG_SECRETS,
	FIELD(webhook_secrets), "", 16, SECRET_MAX, NULL,
	"Up to 10 such secrets, each as good as the other: apart by spaces "
	"or commas, or a list in the file, see below"},
    [KEY_WEBHOOK_SCHEME] = {"WEBHOOK_SCHEME", CONFIG_WORDS,
	FIELD(webhook_scheme), "standard", 0, 0, webhook_schemes,
	"How events are signed, with hmac"},
    [KEY_WEBHOOK_TOLERANCE_PAST] = {"WEBHOOK_TOLERANCE_PAST_S", CONFIG_COUNT,
	FIELD(webhook_tolerance_past_s), "300", 1, 86400, NULL,
	"Signatures older than so many seconds are refused"},
    [KEY_WEBHOOK_TOLERANCE_FUTURE] = {"WEBHOOK_TOLERANCE_FUTURE_S",
	CONFIG_COUNT, FIELD(webhook_tolerance_future_s), "300", 1, 86400, NULL,
	"And those so many seconds ahead of our clock"},
    [KEY_WEBHOOK_HEADER] = {"WEBHOOK_HEADER", CONFIG_HEADER,
	FIELD(webhook_header), "", 1, HEADER_MAX, NULL,
	"The header that holds the secret (header), or the signature "
	"(custom)"},
    [KEY_WEBHOOK_PREFIX] = {"WEBHOOK_PREFIX", CONFIG_TEXT,
	FIELD(webhook_prefix), "", 0, HEADER_MAX, NULL,
	"custom: what stands before the signature, such as sha256="},
    [KEY_WEBHOOK_HASH] = {"WEBHOOK_HASH", CONFIG_WORDS, FIELD(webhook_hash),
	"sha256", 0, 0, webhook_hashes, "custom: what makes the signature"},
    [KEY_WEBHOOK_ENCODING] = {"WEBHOOK_ENCODING", CONFIG_WORDS,
	FIELD(webhook_encoding), "hex", 0, 0, webhook_encodings,
	"custom: how it is written"},
    [KEY_WEBHOOK_TEMPLATE] = {"WEBHOOK_TEMPLATE", CONFIG_TEXT,
	FIELD(webhook_template), "{body}", 6, TEMPLATE_MAX, NULL,
	"custom: what is signed, of {id}, {timestamp}, {body} and text, such "
	"as {timestamp}.{body}"},
    [KEY_WEBHOOK_TIMESTAMP_HEADER] = {"WEBHOOK_TIMESTAMP_HEADER", CONFIG_HEADER,
	FIELD(webhook_timestamp_header), "", 1, HEADER_MAX, NULL,
	"custom: the header of {timestamp}, in whole seconds since 1970; "
	"when it is WEBHOOK_HEADER, its item t="},
    [KEY_WEBHOOK_ID_HEADER] = {"WEBHOOK_ID_HEADER", CONFIG_HEADER,
	FIELD(webhook_id_header), "", 1, HEADER_MAX, NULL,
	"custom: the header of {id}, by which duplicates are known"},
    [KEY_BODY_MAX] = {"BODY_MAX_BYTES", CONFIG_BYTES, FIELD(body_max_bytes),
	"65536", 1024, CONFIG_BODY_BYTES_MAX, NULL, "Longest body of an event"},
    [KEY_GATHER_TIMEOUT] = {"GATHER_TIMEOUT_MS", CONFIG_MS, FIELD(gather_us),
	"10000", 100, 60000, NULL,
	"Longest time for a whole request to arrive"},
    [KEY_MAX_INFLIGHT] = {"MAX_INFLIGHT", CONFIG_COUNT, FIELD(inflight_max),
	"256", 1, 4096, NULL, "Events in hand at one time in one process"},
    [KEY_MAX_TRANSFERS] = {"MAX_TRANSFERS", CONFIG_COUNT, FIELD(transfers_max),
	"192", 1, 1024, NULL, "Requests running at one time to one upstream"},
    [KEY_ADMIN_TOKEN] = {"ADMIN_TOKEN", CONFIG_SECRETS, FIELD(admin_tokens), "",
	16, SECRET_MAX, NULL,
	"Opens /report and the other pages: up to 10, as those of "
	"WEBHOOK_SECRETS; without one there are no pages"},
    [KEY_LOG_LEVEL] = {"LOG_LEVEL", CONFIG_WORDS, FIELD(log_level), "info", 0,
	0, log_levels, "What is logged"},
    [KEY_LOG_FORMAT] = {"LOG_FORMAT", CONFIG_WORDS, FIELD(log_format), "logfmt",
	0, 0, log_formats, "How a line of the log is written"},
    [KEY_LOG_TO] = {"LOG_TO", CONFIG_LOG_TO, FIELD(log_to), "stderr", 6,
	TEXT_MAX, NULL,
	"Where the log goes: stderr, which is the web server's error log, a "
	"file, the system's log or systemd's journal"},
    [KEY_LANDLOCK] = {"LANDLOCK", CONFIG_WORDS, FIELD(landlock), "on", 0, 0,
	landlocks, "Which files and ports a process reaches, once it runs"},
    [KEY_SECCOMP] = {"SECCOMP", CONFIG_WORDS, FIELD(seccomp), "on", 0, 0,
	seccomps, "Which system calls it may make"},
};

_Static_assert(KEY_COUNT <= CONFIG_KEYS_MAX, "origin has a seat per key");

/* Not tolower(): that would ask the locale. */
void config_member(
    const struct config_key *key, char member[CONFIG_MEMBER_BYTES])
{
	size_t i;

	for (i = 0; key->name[i] != '\0'; i++) {
		bool upper = key->name[i] >= 'A' && key->name[i] <= 'Z';

		member[i] = (char)(key->name[i] + (upper ? 'a' - 'A' : 0));
	}
	member[i] = '\0';
}

bool config_is_number(const struct config_key *key)
{
	return key->type == CONFIG_COUNT || key->type == CONFIG_BYTES ||
	       key->type == CONFIG_MS;
}

bool config_is_secret(const struct config_key *key)
{
	return key->type == CONFIG_SECRET || key->type == CONFIG_SECRETS;
}
