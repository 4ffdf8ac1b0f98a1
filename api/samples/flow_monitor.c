/* The life of each flow: its start, the states of both ends as they change, its
 * end.
 *
 *   flow_monitor CONF
 *
 *   192.0.2.1:48001 > 192.0.2.2:8001 start
 *   192.0.2.1:48001 > 192.0.2.2:8001 client SYN_SENT
 *   ...
 *   192.0.2.1:48001 > 192.0.2.2:8001 end
 */
#include <stdio.h>
#include <stdlib.h>

#include "monitor.h"

struct flow {
  int state[2]; /* as last printed, of each side */
  int ended;    /* sides */
};

static const char* const state_names[] = {
    "CLOSED",      "LISTEN",     "SYN_SENT",   "SYN_RCVD",
    "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT",
    "CLOSING",     "LAST_ACK",   "TIME_WAIT"};

static void on_start(mctx_t mctx, int sock, int side, event_t event,
                     filter_arg_t* arg) {
  (void)side, (void)event, (void)arg;
  /* TCP_CLOSED is 0: nothing is known of the server yet. */
  mtcp_set_uctx(mctx, sock, calloc(1, sizeof(struct flow)));
  printf("%s start\n", name_of(mctx, sock).text);
}

static void on_state(mctx_t mctx, int sock, int side, event_t event,
                     filter_arg_t* arg) {
  struct flow* const flow = mtcp_get_uctx(mctx, sock);
  int state = TCP_CLOSED;
  socklen_t length = sizeof(state);
  (void)event, (void)arg;
  if (flow == NULL) return;
  if (mtcp_getsockopt(
          mctx, sock, SOL_MONSOCKET,
          side == MOS_SIDE_CLI ? MOS_TCP_STATE_CLI : MOS_TCP_STATE_SVR, &state,
          &length) != 0) {
    return;
  }
  /* When a flow ends, each side is told at both hooks. */
  if (state == flow->state[side]) return;
  flow->state[side] = state;
  printf("%s %s %s\n", name_of(mctx, sock).text, side_name(side),
         state_names[state]);
}

static void on_end(mctx_t mctx, int sock, int side, event_t event,
                   filter_arg_t* arg) {
  struct flow* const flow = mtcp_get_uctx(mctx, sock);
  (void)side, (void)event, (void)arg;
  if (flow == NULL || ++flow->ended < 2) return;
  printf("%s end\n", name_of(mctx, sock).text);
  mtcp_set_uctx(mctx, sock, NULL);
  free(flow);
}

static int set_up(mctx_t mctx) {
  const int sock = watch_flows(mctx);
  if (sock < 0) return -1;
  if (mtcp_register_callback(mctx, sock, MOS_ON_CONN_START, MOS_HK_SND,
                             on_start) != 0 ||
      mtcp_register_callback(mctx, sock, MOS_ON_TCP_STATE_CHANGE, MOS_HK_SND,
                             on_state) != 0 ||
      mtcp_register_callback(mctx, sock, MOS_ON_TCP_STATE_CHANGE, MOS_HK_RCV,
                             on_state) != 0) {
    return -1;
  }
  return mtcp_register_callback(mctx, sock, MOS_ON_CONN_END, MOS_HK_SND,
                                on_end);
}

int main(int argc, char** argv) { return run_monitor(argc, argv, set_up); }
