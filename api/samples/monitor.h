/* What all monitors here have in common: they start, set up a context for each
 * core, wait until the traffic ends or somebody presses Ctrl-C, and end. */
#ifndef MOSD_SAMPLES_MONITOR_H_
#define MOSD_SAMPLES_MONITOR_H_

#include "mos_api.h"

/* Opens sockets and registers callbacks of one context. -1: errno says why. */
typedef int (*set_up_t)(mctx_t mctx);

/* The whole program, `prog CONF`. Returns its exit code: 0; 1, something failed
 * (stderr says what); 2, wrong usage. */
int run_monitor(int argc, char** argv, set_up_t set_up);

/* A socket for all IPv4 flows; -1 with errno. */
int watch_flows(mctx_t mctx);

/* "client" or "server". */
const char* side_name(int side);

/* Of a flow, "CLIENT:PORT > SERVER:PORT". */
struct flow_name {
  char text[64];
};
struct flow_name name_of(mctx_t mctx, int sock);

#endif /* MOSD_SAMPLES_MONITOR_H_ */
