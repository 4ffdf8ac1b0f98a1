/* Writes a line for every callback that a stream socket can have, in the format
 * of the traces that were recorded from mOS: a program like any other written
 * to it, of its public headers alone. Ends when the captures of its
 * configuration are read, or at SIGINT.
 *
 *   trace_monitor FILE.conf [FILE...]
 *
 * With files, there is a context for each, whose lines it gets; else there is
 * one, and standard output.
 *
 * Tab-separated: event, hook, side, client>server, client/server state,
 * P: the last packet of `side`, O: of the other one ("=": the same); of new
 * data also B: the buffer as it was found, and D: the bytes peeked until there
 * were no more, G: those that are missing between them. What fails is
 * "!ERRNO".
 */
#define _GNU_SOURCE /* strerrorname_np */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mos_api.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
  event_t event;
  const char* name;
  int hooks; /* bits of HOOKS */
} EVENTS[] = {
    {MOS_ON_PKT_IN, "PKT_IN", 3},
    {MOS_ON_CONN_START, "CONN_START", 3},
    {MOS_ON_CONN_NEW_DATA, "NEW_DATA", 4},
    {MOS_ON_ERROR, "ERROR", 4},
    {MOS_ON_TCP_STATE_CHANGE, "STATE_CHANGE", 3},
    {MOS_ON_ORPHAN, "ORPHAN", 4},
    {MOS_ON_REXMIT, "REXMIT", 2},
    {MOS_ON_CONN_END, "CONN_END", 3},
};
#define MAX_CONTEXTS 8
static mctx_t contexts[MAX_CONTEXTS];
static FILE* lines[MAX_CONTEXTS]; /* by the core of their context */
static int context_count = 1;

static const int HOOKS[] = {MOS_HK_SND, MOS_HK_RCV, MOS_NULL};

static uint32_t fnv1a(uint32_t hash, const void* bytes, size_t count) {
  const unsigned char* at = bytes;
  while (count-- > 0) hash = (hash ^ *at++) * 16777619u;
  return hash;
}
#define FNV_BASIS 2166136261u

static void format_error(char* text, size_t size) {
  const char* name = strerrorname_np(errno);
  snprintf(text, size, "!%s", name != NULL ? name : "0");
}

static const char* event_name(event_t event) {
  size_t i;
  for (i = 0; i < COUNT_OF(EVENTS); ++i) {
    if (EVENTS[i].event == event) return EVENTS[i].name;
  }
  return "?";
}

static void format_flow(mctx_t mctx, int sock, char* text, size_t size) {
  struct sockaddr_in both[2];
  socklen_t length = sizeof(both);
  char client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
  errno = 0;
  if (mtcp_getpeername(mctx, sock, (struct sockaddr*)both, &length,
                       MOS_SIDE_BOTH) != 0) {
    format_error(text, size);
    return;
  }
  inet_ntop(AF_INET, &both[0].sin_addr, client, sizeof(client));
  inet_ntop(AF_INET, &both[1].sin_addr, server, sizeof(server));
  snprintf(text, size, "%s:%u>%s:%u", client, ntohs(both[0].sin_port), server,
           ntohs(both[1].sin_port));
}

static void format_state(mctx_t mctx, int sock, int option, char* text,
                         size_t size) {
  static const char* const names[] = {"CLOSED",     "LISTEN",      "SYN_SENT",
                                      "SYN_RCVD",   "ESTABLISHED", "FIN_WAIT_1",
                                      "FIN_WAIT_2", "CLOSE_WAIT",  "CLOSING",
                                      "LAST_ACK",   "TIME_WAIT"};
  int state = -1;
  socklen_t length = sizeof(state);
  errno = 0;
  if (mtcp_getsockopt(mctx, sock, SOL_MONSOCKET, option, &state, &length) !=
      0) {
    format_error(text, size);
  } else if (state < 0 || (size_t)state >= COUNT_OF(names)) {
    snprintf(text, size, "?%d", state);
  } else {
    snprintf(text, size, "%s", names[state]);
  }
}

static void format_last_packet(mctx_t mctx, int sock, int side, char* text,
                               size_t size) {
  struct pkt_info p;
  char flags[8];
  size_t n = 0;
  errno = 0;
  if (mtcp_getlastpkt(mctx, sock, side, &p) != 0) {
    format_error(text, size);
    return;
  }
  if (p.tcph == NULL) {
    snprintf(text, size, "?");
    return;
  }
  if (p.tcph->syn) flags[n++] = 'S';
  if (p.tcph->fin) flags[n++] = 'F';
  if (p.tcph->rst) flags[n++] = 'R';
  if (p.tcph->psh) flags[n++] = 'P';
  if (p.tcph->ack) flags[n++] = 'A';
  if (n == 0) flags[n++] = '-';
  flags[n] = '\0';
  snprintf(text, size,
           "%u,%u,%" PRIu64 ",%u,%" PRIu32 ",%" PRIu32 ",%u,%s,%08" PRIx32,
           p.eth_len, p.ip_len, p.offset, p.payloadlen, p.seq, p.ack_seq,
           p.window, flags, fnv1a(FNV_BASIS, p.ethh, p.eth_len));
}

static void print_new_data(mctx_t mctx, int sock, int side) {
  char bytes[16384];
  const int option = side == MOS_SIDE_CLI ? MOS_INFO_CLIBUF : MOS_INFO_SVRBUF;
  struct tcp_buf_info info;
  socklen_t length = sizeof(info);
  uint32_t hash = FNV_BASIS;
  uint64_t peeked = 0, missing = 0;
  ssize_t got;
  int result;
  errno = 0;
  memset(&info, 0, sizeof(info));
  result = mtcp_getsockopt(mctx, sock, SOL_MONSOCKET, option, &info, &length);
  fprintf(lines[mctx->cpu],
          "\tB:%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, result,
          info.tcpbi_init_seq, info.tcpbi_last_byte_read,
          info.tcpbi_next_byte_expected, info.tcpbi_last_byte_received);
  errno = 0;
  while ((got = mtcp_peek(mctx, sock, side, bytes, sizeof(bytes))) != 0) {
    if (got > 0) {
      hash = fnv1a(hash, bytes, (size_t)got);
      peeked += (uint64_t)got;
    } else if (errno == ENODATA) {
      missing += (uint64_t)-got;
    } else {
      char error[32];
      format_error(error, sizeof(error));
      fprintf(lines[mctx->cpu], "\tD:%s", error);
      return;
    }
  }
  if (peeked == 0) {
    fprintf(lines[mctx->cpu], "\tD:nothing-new");
  } else {
    fprintf(lines[mctx->cpu], "\tD:%" PRIu64 ",%08" PRIx32, peeked, hash);
  }
  if (missing != 0) fprintf(lines[mctx->cpu], "\tG:%" PRIu64, missing);
}

static void print_line(mctx_t mctx, int sock, int side, event_t event,
                       const char* hook) {
  static const char* const sides[] = {"CLI", "SVR", "BOTH"};
  char flow[64] = "!-", client[32] = "", server[32] = "";
  char own[128], other[128];
  if (side == MOS_SIDE_BOTH) {
    strcpy(client, "-");
  } else {
    format_flow(mctx, sock, flow, sizeof(flow));
    format_state(mctx, sock, MOS_TCP_STATE_CLI, client, sizeof(client));
    format_state(mctx, sock, MOS_TCP_STATE_SVR, server, sizeof(server));
  }
  format_last_packet(mctx, sock, side, own, sizeof(own));
  format_last_packet(mctx, sock,
                     side == MOS_SIDE_CLI   ? MOS_SIDE_SVR
                     : side == MOS_SIDE_SVR ? MOS_SIDE_CLI
                                            : side,
                     other, sizeof(other));
  fprintf(lines[mctx->cpu], "%s\t%s\t%s\t%s\t%s%s%s\tP:%s\tO:%s",
          event_name(event), hook, side >= 0 && side <= 2 ? sides[side] : "?",
          flow, client, server[0] != '\0' ? "/" : "", server, own,
          strcmp(own, other) == 0 ? "=" : other);
  if (event == MOS_ON_CONN_NEW_DATA) print_new_data(mctx, sock, side);
  fputc('\n', lines[mctx->cpu]);
}

static void on_sender(mctx_t mctx, int sock, int side, event_t event,
                      filter_arg_t* arg) {
  (void)arg;
  print_line(mctx, sock, side, event, "SND");
}

static void on_receiver(mctx_t mctx, int sock, int side, event_t event,
                        filter_arg_t* arg) {
  (void)arg;
  print_line(mctx, sock, side, event, "RCV");
}

static void on_neither(mctx_t mctx, int sock, int side, event_t event,
                       filter_arg_t* arg) {
  (void)arg;
  print_line(mctx, sock, side, event, "NULL");
}

static int register_all(mctx_t mctx, int sock) {
  static const callback_t callbacks[] = {on_sender, on_receiver, on_neither};
  size_t i, hook;
  for (i = 0; i < COUNT_OF(EVENTS); ++i) {
    for (hook = 0; hook < COUNT_OF(HOOKS); ++hook) {
      if ((EVENTS[i].hooks >> hook & 1) != 0 &&
          mtcp_register_callback(mctx, sock, EVENTS[i].event, HOOKS[hook],
                                 callbacks[hook]) != 0) {
        return -1;
      }
    }
  }
  return 0;
}

static int fail(const char* what) {
  fprintf(stderr, "trace_monitor: %s: %s\n", what, strerror(errno));
  return 1;
}

/* mtcp_destroy_context may be called here; mtcp_app_join then returns. */
static void on_interrupt(int number) {
  int i;
  (void)number;
  for (i = 0; i < context_count; ++i) {
    if (contexts[i] != NULL) mtcp_destroy_context(contexts[i]);
  }
}

static int open_context(int core) {
  int sock;
  contexts[core] = mtcp_create_context(core);
  if (contexts[core] == NULL) return fail("mtcp_create_context");
  sock = mtcp_socket(contexts[core], AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
  if (sock < 0) return fail("mtcp_socket");
  if (register_all(contexts[core], sock) != 0) {
    return fail("mtcp_register_callback");
  }
  return 0;
}

static void* join(void* context) {
  mtcp_app_join(context);
  return NULL;
}

static int run(void) {
  pthread_t threads[MAX_CONTEXTS];
  int i;
  for (i = 0; i < context_count; ++i) {
    if (open_context(i) != 0) return 1;
  }
  for (i = 0; i < context_count; ++i) {
    errno = pthread_create(&threads[i], NULL, join, contexts[i]);
    if (errno != 0) return fail("pthread_create");
  }
  for (i = 0; i < context_count; ++i) pthread_join(threads[i], NULL);
  return 0;
}

int main(int argc, char** argv) {
  int i;
  if (argc < 2 || argc > 2 + MAX_CONTEXTS) {
    fprintf(stderr, "usage: trace_monitor FILE.conf [FILE...]\n");
    return 2;
  }
  lines[0] = stdout;
  for (i = 2; i < argc; ++i) {
    lines[i - 2] = fopen(argv[i], "w");
    if (lines[i - 2] == NULL) return fail(argv[i]);
  }
  if (argc > 2) context_count = argc - 2;
  if (mtcp_init(argv[1]) != 0) return fail("mtcp_init");
  mtcp_register_signal(SIGINT, on_interrupt);
  if (run() != 0) return 1;
  if (mtcp_destroy() != 0) return fail("mtcp_destroy");
  for (i = 0; i < context_count; ++i) {
    if (fflush(lines[i]) != 0) return fail("the lines");
  }
  return 0;
}
