/* Post-mortem: when a flow ends, who spoke last, and what the last packet of
 * each side was.
 *
 *   last_packet CONF
 *
 *   192.0.2.1:48012 > 192.0.2.2:8012 server spoke last
 *     client A seq 3735928610 ack 23 at 1234.567, 66 bytes, 0 of payload
 *     server PA seq 23 ack 3735928610 at 1236.001, 564 bytes, 510 of payload
 */
#include <inttypes.h>
#include <stdio.h>

#include "monitor.h"

/* The user context of a flow points at one of them. */
static int sides[] = {MOS_SIDE_CLI, MOS_SIDE_SVR};

/* Capture times are known to a millisecond, in which both sides may speak. */
static void on_packet(mctx_t mctx, int sock, int side, event_t event,
                      filter_arg_t* arg) {
  (void)event, (void)arg;
  mtcp_set_uctx(mctx, sock, &sides[side]);
}

static void flag_letters(const struct tcphdr* tcp, char letters[7]) {
  if (tcp->syn) *letters++ = 'S';
  if (tcp->fin) *letters++ = 'F';
  if (tcp->rst) *letters++ = 'R';
  if (tcp->psh) *letters++ = 'P';
  if (tcp->ack) *letters++ = 'A';
  if (tcp->urg) *letters++ = 'U';
  *letters = '\0';
}

static void print_last(mctx_t mctx, int sock, int side) {
  struct pkt_info packet;
  char flags[7];
  if (mtcp_getlastpkt(mctx, sock, side, &packet) != 0) {
    printf("  %s was never heard\n", side_name(side));
    return;
  }
  if (packet.tcph == NULL) { /* the snap length cut it off */
    printf("  %s's frame has no TCP header\n", side_name(side));
    return;
  }
  flag_letters(packet.tcph, flags);
  printf("  %s %s seq %" PRIu32 " ack %" PRIu32 " at %" PRIu32
         ".%03u, %u bytes, %u of payload\n",
         side_name(side), flags, packet.seq, packet.ack_seq,
         packet.cur_ts / 1000, (unsigned)(packet.cur_ts % 1000),
         (unsigned)packet.eth_len, (unsigned)packet.payloadlen);
}

/* Both sides are told of the end; once is enough. */
static void on_end(mctx_t mctx, int sock, int side, event_t event,
                   filter_arg_t* arg) {
  const int* const last = mtcp_get_uctx(mctx, sock);
  (void)event, (void)arg;
  if (side != MOS_SIDE_CLI || last == NULL) return;
  flockfile(stdout); /* three lines that belong together */
  printf("%s %s spoke last\n", name_of(mctx, sock).text, side_name(*last));
  print_last(mctx, sock, MOS_SIDE_CLI);
  print_last(mctx, sock, MOS_SIDE_SVR);
  funlockfile(stdout);
}

static int set_up(mctx_t mctx) {
  const int sock = watch_flows(mctx);
  if (sock < 0) return -1;
  if (mtcp_register_callback(mctx, sock, MOS_ON_PKT_IN, MOS_HK_SND,
                             on_packet) != 0) {
    return -1;
  }
  return mtcp_register_callback(mctx, sock, MOS_ON_CONN_END, MOS_HK_SND,
                                on_end);
}

int main(int argc, char** argv) { return run_monitor(argc, argv, set_up); }
