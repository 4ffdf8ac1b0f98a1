/* Counts, for each flow, the data that was sent again: by an event of our own,
 * which occurs when a retransmission has payload. Lost SYNs and FINs do not
 * count.
 *
 *   rexmit_counter CONF
 *
 *   192.0.2.1:48003 > 192.0.2.2:8003 client 0 (0 bytes) server 3 (4344 bytes)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "monitor.h"

/* What each side sent again. */
struct counts {
  uint64_t packets[2];
  uint64_t bytes[2];
};

static event_t data_again; /* one event for all contexts */

/* Retransmissions are told where they arrive: `side` received. */
static int sender(int side) {
  return side == MOS_SIDE_CLI ? MOS_SIDE_SVR : MOS_SIDE_CLI;
}

static bool has_payload(mctx_t mctx, int sock, int side, event_t event,
                        filter_arg_t* arg) {
  struct pkt_info packet;
  (void)event, (void)arg;
  return mtcp_getlastpkt(mctx, sock, sender(side), &packet) == 0 &&
         packet.payloadlen > 0;
}

static void on_start(mctx_t mctx, int sock, int side, event_t event,
                     filter_arg_t* arg) {
  (void)side, (void)event, (void)arg;
  mtcp_set_uctx(mctx, sock, calloc(1, sizeof(struct counts)));
}

static void on_data_again(mctx_t mctx, int sock, int side, event_t event,
                          filter_arg_t* arg) {
  struct counts* const counts = mtcp_get_uctx(mctx, sock);
  struct pkt_info packet;
  (void)event, (void)arg;
  if (counts == NULL ||
      mtcp_getlastpkt(mctx, sock, sender(side), &packet) != 0) {
    return;
  }
  ++counts->packets[sender(side)];
  counts->bytes[sender(side)] += packet.payloadlen;
}

/* Both sides are told of the end; the counts go with the first. */
static void on_end(mctx_t mctx, int sock, int side, event_t event,
                   filter_arg_t* arg) {
  struct counts* const counts = mtcp_get_uctx(mctx, sock);
  (void)side, (void)event, (void)arg;
  if (counts == NULL) return;
  printf("%s client %" PRIu64 " (%" PRIu64 " bytes) server %" PRIu64
         " (%" PRIu64 " bytes)\n",
         name_of(mctx, sock).text, counts->packets[MOS_SIDE_CLI],
         counts->bytes[MOS_SIDE_CLI], counts->packets[MOS_SIDE_SVR],
         counts->bytes[MOS_SIDE_SVR]);
  mtcp_set_uctx(mctx, sock, NULL);
  free(counts);
}

static int set_up(mctx_t mctx) {
  const int sock = watch_flows(mctx);
  if (sock < 0) return -1;
  if (data_again == MOS_NULL_EVENT) {
    data_again = mtcp_define_event(MOS_ON_REXMIT, has_payload, NULL);
    if (data_again == MOS_NULL_EVENT) return -1;
  }
  if (mtcp_register_callback(mctx, sock, MOS_ON_CONN_START, MOS_HK_SND,
                             on_start) != 0 ||
      mtcp_register_callback(mctx, sock, data_again, MOS_HK_RCV,
                             on_data_again) != 0) {
    return -1;
  }
  return mtcp_register_callback(mctx, sock, MOS_ON_CONN_END, MOS_HK_SND,
                                on_end);
}

int main(int argc, char** argv) { return run_monitor(argc, argv, set_up); }
