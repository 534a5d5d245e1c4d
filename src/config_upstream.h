#ifndef CONFIG_UPSTREAM_H
#define CONFIG_UPSTREAM_H

#include "config_report.h"

/*
 * How the upstreams are to be reached: that no secret leaves the machine
 * without TLS unless UPSTREAM_HTTP allows it, and that the files of
 * UPSTREAM_CA_FILE, _CLIENT_CERT and _CLIENT_KEY hold what TLS will want of
 * them. Reports what is wrong. Private to the config_*.c files.
 */
void config_check_upstream(struct loading *loading);

#endif
