/* Helpers of mOS programs. C99 and C++. */
#ifndef MTCP_UTIL_H_
#define MTCP_UTIL_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The core on which the packets of a flow arrive, addresses and ports in
 * network byte order and either direction; `num_queues` is not needed, but is
 * at least 1. EINVAL; EACCES: not started. Any thread. */
int GetRSSCPUCore(in_addr_t sip, in_addr_t dip, in_port_t sp, in_port_t dp,
                  int num_queues);

/* Splits a command line at blanks, in place; quotes keep words together. Fills
 * `argv`, which has room for `max_argc` pointers of which the last is NULL, and
 * `*argc`. Returns 0, or -1 with EINVAL (NULL, no room, an open quote) or E2BIG
 * (more words than fit; those that do are there). Any thread. */
int StrToArgs(char* str, int* argc, char** argv, int max_argc);

#ifdef __cplusplus
}
#endif

#endif /* MTCP_UTIL_H_ */
