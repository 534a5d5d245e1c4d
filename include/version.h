#ifndef VERSION_H
#define VERSION_H

#define STOCKROUTE_VERSION "0.1.0"

#endif
