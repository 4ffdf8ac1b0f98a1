/* Who spoke last? Starts the appliance inside this program, waits until it has
 * seen a connection, and prints the last packet of each of its sides.
 *
 *   lastpkt CONFIG.yaml ADDRESS PORT ADDRESS PORT     (IPv4)
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mos_ext.h"

static int parse_endpoint(char** words, struct sockaddr_in* endpoint) {
  const long port = strtol(words[1], NULL, 10);
  memset(endpoint, 0, sizeof(*endpoint));
  endpoint->sin_family = AF_INET;
  endpoint->sin_port = htons((uint16_t)port);
  return inet_pton(AF_INET, words[0], &endpoint->sin_addr) == 1 && port > 0 &&
         port <= 65535;
}

static void print_last(uint64_t flow, int side) {
  static uint8_t frame[65536];
  struct pkt_info info;
  const char* name = side == MOS_SIDE_CLI ? "client" : "server";
  const ssize_t length =
      mos_getlastpkt_r(flow, side, frame, sizeof(frame), &info);
  if (length < 0) {
    printf("%s: %s\n", name, strerror(errno));
    return;
  }
  printf("%s: %zd bytes, seq %" PRIu32 ", ack %" PRIu32 ", %u of payload\n",
         name, length, info.seq, info.ack_seq, (unsigned)info.payloadlen);
}

int main(int argc, char** argv) {
  struct sockaddr_in a, b;
  uint64_t flow;
  int tries;
  if (argc != 6 || !parse_endpoint(argv + 2, &a) ||
      !parse_endpoint(argv + 4, &b)) {
    fprintf(stderr, "usage: lastpkt CONFIG.yaml ADDRESS PORT ADDRESS PORT\n");
    return 2;
  }
  if (mos_start(argv[1]) != 0) {
    fprintf(stderr, "%s\n", mos_error());
    return 1;
  }
  for (tries = 0; tries < 100; ++tries) {
    const struct timespec moment = {0, 100000000};
    nanosleep(&moment, NULL);
    if (mos_find_flow((struct sockaddr*)&a, (struct sockaddr*)&b, &flow) == 0) {
      print_last(flow, MOS_SIDE_CLI);
      print_last(flow, MOS_SIDE_SVR);
      mos_stop();
      return 0;
    }
  }
  fprintf(stderr, "no such connection was seen in 10 s\n");
  mos_stop();
  return 1;
}
