/* The appliance inside a C or C++ program: started from a configuration file,
 * its flows' last packets read from any thread. Link with `-lmos`.
 *
 * Functions return -1 with errno set, and mos_error() says what to do, where
 * that is noted; no argument ends the process. */
#ifndef MOS_EXT_H_
#define MOS_EXT_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mos_pkt_info.h"
#include "mos_side.h"
#include "mtcp_api.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sockaddr;
struct ip6_hdr; /* <netinet/ip6.h> */

/* Starts the appliance that mosd would start from this file and the MOSD_*
 * variables: packet processing, and gRPC and metrics where they are configured.
 * One at a time in a process. The signal mask and dispositions are left alone.
 * Returns 0, or -1: EINVAL (NULL, or a mistake in the file), ENOENT, EACCES
 * (file, interface or address), EADDRINUSE, EBUSY (one is running), ENOMEM,
 * EIO; mos_error() names file, line and reason. */
int mos_start(const char* config_file);

/* Ends it: what is queued is counted, calls in flight finish. Waits for calls
 * of the functions below. Nothing to do if none is running. */
void mos_stop(void);

/* Why mos_start last failed in this thread; "" if it did not. Valid until the
 * thread's next call of it. */
const char* mos_error(void);

/* Finds the newest flow, live or ended, between two endpoints of AF_INET or
 * AF_INET6 in either order. Any thread. Returns 0 and its id in `*flow`, or -1:
 * EINVAL (NULL, or another or mixed families), ENOENT (none), EACCES (no
 * appliance is running). */
int mos_find_flow(const struct sockaddr* a, const struct sockaddr* b,
                  uint64_t* flow);

/* Copies the last Ethernet frame that `side` of a flow sent into `frame`, at
 * most `size` bytes of it, and fills `*info`, whose pointers point into the
 * copy, as aligned as the headers happen to be, or are NULL where it does not
 * reach. The bytes and numbers are those
 * that gRPC's GetLastPkt serves. Any thread; it never waits for a worker.
 * Returns the length of the whole frame as kept, which may exceed `size`, or
 * -1: EINVAL (side, NULL), EBADF (no such flow, or no longer), ENODATA (that
 * side has sent nothing, or it could not be kept), EAGAIN (replaced again and
 * again meanwhile), EACCES (no appliance is running). */
ssize_t mos_getlastpkt_r(uint64_t flow, int side, void* frame, size_t size,
                         struct pkt_info* info);

/* The id of an active socket's flow, for the functions above and for gRPC. Own
 * thread of the context. EACCES, EPERM, EBADF; ENOTSOCK: a listening or raw
 * socket; EINVAL: NULL. */
int mos_flow_id(mctx_t mctx, int sock, uint64_t* flow);

/* Time of the packet being processed, else of the context, in nanoseconds since
 * 1970; of a context whose capture has not begun, 0. Own thread. -1: EACCES,
 * EPERM. */
int64_t mos_rx_time_ns(mctx_t mctx);

/* 4 or 6; 0: no IP, or NULL. And the IPv6 header, NULL unless it is one. Any
 * thread. */
int mos_ip_version(const struct pkt_info* info);
struct ip6_hdr* mos_ip6h(const struct pkt_info* info);

#ifdef __cplusplus
}
#endif

#endif /* MOS_EXT_H_ */
