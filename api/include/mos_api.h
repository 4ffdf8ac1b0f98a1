/* The monitoring functions of mOS 0.3: events, callbacks, last packets, the
 * bytes of a stream. C99 and C++.
 *
 * Functions return -1 (or NULL, or event 0) with errno set when they fail; each
 * names its own errors, and all that take a context fail with EACCES when it is
 * not one, or has ended. No argument ends the process. "Own thread" means: in
 * callbacks, filters and timers of the context only; elsewhere they fail with
 * EPERM. A socket that is not one is EBADF. Manual pages: mtcp_init(3) and
 * following. */
#ifndef MOS_API_H_
#define MOS_API_H_

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include "mos_net_headers.h"
#include "mos_pkt_info.h"
#include "mos_side.h"
#include "mtcp_api.h"
#include "mtcp_epoll.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hook points: when nothing in particular, when the packet's receiver was
 * brought up to date, when its sender was. */
enum mtcp_hook_point {
  MOS_NULL = 1 << 29,
  MOS_HK_RCV = 1 << 30,
  MOS_HK_SND = (int)(1u << 31)
};

/* Events: one bit each, or a number made by mtcp_define_event(). */
typedef uint64_t event_t;
enum mos_event_type {
  MOS_NULL_EVENT = 0,
  MOS_ON_PKT_IN = 1 << 0,
  MOS_ON_PKT_OUT = 1 << 1,
  MOS_ON_CONN_START = 1 << 2,
  MOS_ON_CONN_SETUP = 1 << 3,
  MOS_ON_CONN_NEW_DATA = 1 << 4,
  MOS_ON_ERROR = 1 << 5,
  MOS_ON_TIMEOUT = 1 << 6,
  MOS_ON_TCP_STATE_CHANGE = 1 << 7,
  MOS_ON_ORPHAN = 1 << 8,
  MOS_ON_REXMIT = 1 << 9,
  MOS_ON_CONN_END = 1 << 10,
  MOS_ON_DEBUG_MESSAGE = 1 << 11
};

/* Options of mtcp_setlastpkt(). */
#define MOS_ETH_HDR (1 << 0)
#define MOS_IP_HDR (1 << 1)
#define MOS_TCP_HDR (1 << 2)
#define MOS_TCP_PAYLOAD (1 << 3)
#define MOS_UPDATE_IP_CHKSUM (1 << 4)
#define MOS_UPDATE_TCP_CHKSUM (1 << 5)
#define MOS_DROP (1 << 6)
#define MOS_OVERWRITE (1 << 7)
#define MOS_CHOMP (1 << 8)
#define MOS_INSERT (1 << 9)

/* Options of sockets, at level SOL_MONSOCKET. */
#define SOL_MONSOCKET 0xfffe
enum mos_socket_opts {
  MOS_FRAGINFO_CLIBUF = 1,
  MOS_FRAGINFO_SVRBUF = 2,
  MOS_INFO_CLIBUF = 3,
  MOS_INFO_SVRBUF = 4,
  MOS_TCP_STATE_CLI = 5,
  MOS_TCP_STATE_SVR = 6,
  MOS_TIMESTAMP = 7,
  MOS_CLIBUF = 9,
  MOS_SVRBUF = 0xa,
  MOS_SEQ_REMAP = 0xb,
  MOS_STOP_MON = 0xc,
  MOS_FRAG_CLIBUF = 0xd,
  MOS_FRAG_SVRBUF = 0xe,
  MOS_CLIOVERLAP = 0xf,
  MOS_SVROVERLAP = 0x10
};

/* Which bytes count when segments overlap: those seen first, or last. */
enum {
  MOS_OVERLAP_POLICY_FIRST = 0,
  MOS_OVERLAP_POLICY_LAST = 1,
  MOS_OVERLAP_CNT /* how many policies there are */
};

/* States of one side, as MOS_TCP_STATE_CLI and _SVR give them. */
enum tcpstate {
  MOS_TCPSTATE_CLOSED = 0,
  MOS_TCPSTATE_LISTEN,
  MOS_TCPSTATE_SYN_SENT,
  MOS_TCPSTATE_SYN_RCVD,
  MOS_TCPSTATE_ESTABLISHED,
  MOS_TCPSTATE_FIN_WAIT_1,
  MOS_TCPSTATE_FIN_WAIT_2,
  MOS_TCPSTATE_CLOSE_WAIT,
  MOS_TCPSTATE_CLOSING,
  MOS_TCPSTATE_LAST_ACK,
  MOS_TCPSTATE_TIME_WAIT
};
/* By their names in mOS, some of which <netinet/tcp.h> has with the numbers of
 * the kernel: as macros they win over those. */
#define TCP_CLOSED MOS_TCPSTATE_CLOSED
#define TCP_LISTEN MOS_TCPSTATE_LISTEN
#define TCP_SYN_SENT MOS_TCPSTATE_SYN_SENT
#define TCP_SYN_RCVD MOS_TCPSTATE_SYN_RCVD
#define TCP_ESTABLISHED MOS_TCPSTATE_ESTABLISHED
#define TCP_FIN_WAIT_1 MOS_TCPSTATE_FIN_WAIT_1
#define TCP_FIN_WAIT_2 MOS_TCPSTATE_FIN_WAIT_2
#define TCP_CLOSE_WAIT MOS_TCPSTATE_CLOSE_WAIT
#define TCP_CLOSING MOS_TCPSTATE_CLOSING
#define TCP_LAST_ACK MOS_TCPSTATE_LAST_ACK
#define TCP_TIME_WAIT MOS_TCPSTATE_TIME_WAIT

/* A receive buffer, in TCP sequence numbers. */
struct tcp_buf_info {
  uint32_t tcpbi_init_seq;           /* of the first byte of the stream */
  uint32_t tcpbi_last_byte_read;     /* of the next byte mtcp_peek reads */
  uint32_t tcpbi_next_byte_expected; /* of the next byte in order */
  uint32_t tcpbi_last_byte_received; /* after the last byte there is */
};

/* Bytes that are there, in stream offsets. */
struct tcp_ring_fragment {
  uint64_t offset;
  uint32_t len;
};

/* For MOS_SEQ_REMAP, which this appliance does not have. */
typedef struct {
  int64_t seq_off;
  int side;
  uint32_t base_seq;
} seq_remap_info;

/* What a program gives to the filter and the callbacks of its own event; kept
 * by pointer. */
struct filter_arg {
  void* arg;
  size_t len;
};
typedef struct filter_arg filter_arg_t;

/* Called for an event on a socket: `side` is the sender's at MOS_HK_SND, the
 * receiver's at MOS_HK_RCV and MOS_NULL, MOS_SIDE_BOTH where there is neither.
 * Of a timer: its id, 0, event 0. */
typedef void (*callback_t)(mctx_t mctx, int sock, int side, event_t event,
                           filter_arg_t* arg);
/* Whether an event occurs, now that its base event has; `event` is the base. */
typedef bool (*filter_t)(mctx_t mctx, int sock, int side, event_t event,
                         filter_arg_t* arg);

/* For raw sockets an expression of pcap-filter(7); for stream sockets flow
 * words (tcp host src dst net mask port portrange and or not). NULL: all. */
union monitor_filter {
  char* raw_pkt_filter;
  __extension__ struct {
    char* stream_syn_filter;
    char* stream_orphan_filter;
  };
};
typedef union monitor_filter* monitor_filter_t;

/* A packet inside mOS, declared so that programs compile: no function here
 * gives or takes one. PKT_INFO_LEN: of pkt_info, the bytes before its
 * pointers. */
struct pkt_ctx {
  struct pkt_info p;
  int8_t direction;
  uint8_t forward;
  int8_t out_ifidx;
  int8_t batch_index;
};
#define PKT_INFO_LEN offsetof(struct pkt_info, ethh)
#define MTCP_CB_GETCURPKT_CREATE_COPY

/* Chooses which flows (stream sockets: by their first SYN; and which orphans)
 * or frames (raw sockets) a socket sees. EINVAL: not an expression;
 * ENOPROTOOPT: not such a socket. A NULL filter changes nothing. Any thread. */
int mtcp_bind_monitor_filter(mctx_t mctx, int sock, monitor_filter_t filter);

/* Calls `callback` for an event at a hook; NULL: no longer. On a listening or
 * raw socket for all that comes later, on an active one for its flow. EINVAL:
 * no such event, or not at this hook. Any thread. */
int mtcp_register_callback(mctx_t mctx, int sock, event_t event, int hook,
                           callback_t callback);

/* A new event below `base`, which occurs when `filter` says so. Process-wide.
 * EINVAL: no such base, no filter; ENOMEM: too many. Any thread. */
event_t mtcp_define_event(event_t base, filter_t filter,
                          struct filter_arg* arg);

/* A new event that the filter of `parent` may raise. As mtcp_define_event. */
event_t mtcp_alloc_event(event_t parent);

/* Raises an event, from inside the filter of its parent; elsewhere EINVAL. Own
 * thread. */
int mtcp_raise_event(mctx_t mctx, event_t event);

/* A pointer of the program's, per flow on an active socket, per socket on
 * others. The first: own thread; the second: any. */
void mtcp_set_uctx(mctx_t mctx, int sock, void* uctx);
void* mtcp_get_uctx(mctx_t mctx, int sock);

/* Copies bytes in order that `side` received, from where this socket has read
 * to, and moves on. Returns their number; 0: nothing new; minus n with ENODATA:
 * n bytes were overwritten or never seen, and are skipped. EINVAL: side, NULL,
 * buffer switched off; ENOTSOCK: not an active socket. Own thread. */
ssize_t mtcp_peek(mctx_t mctx, int sock, int side, char* buf, size_t len);

/* The same from an offset of the stream, 0 being its first byte, and without
 * moving on. ENODATA: nothing there. ESOCKTNOSUPPORT: not an active socket. */
ssize_t mtcp_ppeek(mctx_t mctx, int sock, int side, char* buf, size_t len,
                   uint64_t off);

/* The last Ethernet frame that `side` sent in this flow; on listening and raw
 * sockets the one being processed. The copy is good until the next call on this
 * thread; it has eth_len bytes, zeros for those that were not kept. EINVAL:
 * side, NULL; ENODATA: none. Own thread. */
int mtcp_getlastpkt(mctx_t mctx, int sock, int side, struct pkt_info* pinfo);

/* Changes the packet being processed: `option` is one of MOS_DROP,
 * MOS_OVERWRITE, MOS_CHOMP, MOS_INSERT, with the part it is about and the
 * checksums to bring up to date. EINVAL: options, bounds; EACCES: bytes of the
 * Ethernet header may not be added or removed; EMSGSIZE: no room; ENODATA: no
 * packet is being processed. Own thread. */
int mtcp_setlastpkt(mctx_t mctx, int sock, int side, off_t offset, byte* data,
                    uint16_t datalen, int option);

/* Send a packet; reset both ends of a flow. EOPNOTSUPP: this appliance does not
 * forward. Own thread. */
int mtcp_sendpkt(mctx_t mctx, int sock, const struct pkt_info* pinfo);
int mtcp_reset_conn(mctx_t mctx, int sock);

/* Calls `callback` once, `timeout` from now, on the context's thread. EINVAL:
 * NULL, not a time; ENOMEM: too many. Any thread. */
int mtcp_settimer(mctx_t mctx, int id, struct timeval* timeout,
                  callback_t callback);

/* Time of the packet being processed, else of the context: microseconds, 32
 * bits of them. Own thread. */
uint32_t mtcp_cb_get_ts(mctx_t mctx);

#ifdef __cplusplus
}
#endif

#endif /* MOS_API_H_ */
