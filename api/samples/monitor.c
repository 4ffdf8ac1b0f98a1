#include "monitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CORES = 64 };

static mctx_t contexts[MAX_CORES];

/* mtcp_destroy_context may be called here; mtcp_app_join then returns. */
static void on_signal(int number) {
  const int saved_errno = errno;
  (void)number;
  for (int i = 0; i < MAX_CORES && contexts[i] != NULL; ++i) {
    mtcp_destroy_context(contexts[i]);
  }
  errno = saved_errno;
}

static int complain(const char* what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return -1;
}

static int set_up_all(int cores, set_up_t set_up) {
  for (int i = 0; i < cores; ++i) {
    contexts[i] = mtcp_create_context(i);
    if (contexts[i] == NULL) return complain("mtcp_create_context");
    if (set_up(contexts[i]) != 0) return complain("set-up of a context");
  }
  return 0;
}

static int run(set_up_t set_up) {
  struct mtcp_conf conf;
  if (mtcp_getconf(&conf) != 0) return complain("mtcp_getconf");
  const int cores = conf.num_cores < MAX_CORES ? conf.num_cores : MAX_CORES;
  if (set_up_all(cores, set_up) != 0) return -1;
  mtcp_register_signal(SIGINT, on_signal);
  mtcp_register_signal(SIGTERM, on_signal);
  for (int i = 0; i < cores; ++i) mtcp_app_join(contexts[i]);
  return 0;
}

int run_monitor(int argc, char** argv, set_up_t set_up) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CONF\n", argc > 0 ? argv[0] : "monitor");
    return 2;
  }
  /* Lines of several cores stay whole, and come at once. */
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (mtcp_init(argv[1]) != 0) {
    complain(argv[1]);
    return 1;
  }
  int result = run(set_up);
  if (mtcp_destroy() != 0) result = complain("mtcp_destroy");
  if (fflush(stdout) != 0) result = complain("stdout");
  return result == 0 ? 0 : 1;
}

int watch_flows(mctx_t mctx) {
  return mtcp_socket(mctx, AF_INET, MOS_SOCK_MONITOR_STREAM, 0);
}

const char* side_name(int side) {
  return side == MOS_SIDE_CLI ? "client" : "server";
}

struct flow_name name_of(mctx_t mctx, int sock) {
  struct flow_name name = {"?"};
  struct sockaddr_in ends[2];
  socklen_t length = sizeof(ends);
  char client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
  if (mtcp_getpeername(mctx, sock, (struct sockaddr*)ends, &length,
                       MOS_SIDE_BOTH) != 0) {
    return name;
  }
  inet_ntop(AF_INET, &ends[0].sin_addr, client, sizeof(client));
  inet_ntop(AF_INET, &ends[1].sin_addr, server, sizeof(server));
  snprintf(name.text, sizeof(name.text), "%s:%u > %s:%u", client,
           (unsigned)ntohs(ends[0].sin_port), server,
           (unsigned)ntohs(ends[1].sin_port));
  return name;
}
