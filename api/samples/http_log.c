/* The first line of every HTTP/1 request and response, of each connection.
 *
 *   http_log CONF
 *
 *   192.0.2.1:48001 > 192.0.2.2:8001 client GET /last-words HTTP/1.1
 *   192.0.2.1:48001 > 192.0.2.2:8001 server HTTP/1.1 200 OK
 *
 * Of HTTP only as much as that takes: bodies are passed over by their
 * Content-Length (an answer to HEAD, which has one and no body, hides the
 * next).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "monitor.h"

/* What has come of a side's stream, piece by piece. */
struct stream {
  char line[1024]; /* of a longer one the beginning */
  size_t length;
  bool headless;      /* the beginning of the line was lost */
  bool in_header;     /* after a first line, before an empty one */
  uint64_t announced; /* Content-Length */
  uint64_t body;      /* bytes that are still to be passed over */
};

struct connection {
  struct stream to[2];
};

static bool is_first_line(const char* line, int to) {
  return to == MOS_SIDE_CLI ? strncmp(line, "HTTP/1.", 7) == 0
                            : strstr(line, " HTTP/1.") != NULL;
}

static void on_line(const char* flow, int to, struct stream* stream) {
  static const char header[] = "Content-Length:";
  const char* const line = stream->line;
  if (stream->in_header && *line == '\0') {
    stream->in_header = false;
    stream->body = stream->announced;
    stream->announced = 0;
  } else if (stream->in_header) {
    if (strncasecmp(line, header, sizeof(header) - 1) == 0) {
      stream->announced = strtoull(line + sizeof(header) - 1, NULL, 10);
    }
  } else if (is_first_line(line, to)) {
    stream->in_header = true;
    printf("%s %s %s\n", flow,
           side_name(to == MOS_SIDE_SVR ? MOS_SIDE_CLI : MOS_SIDE_SVR), line);
  }
}

static void on_byte(const char* flow, int to, struct stream* stream, char c) {
  if (stream->body > 0) {
    --stream->body;
  } else if (c == '\n') {
    stream->line[stream->length] = '\0';
    if (!stream->headless) on_line(flow, to, stream);
    stream->length = 0;
    stream->headless = false;
  } else if (c != '\r' && stream->length < sizeof(stream->line) - 1) {
    /* Nobody on the network shall command our terminal. */
    stream->line[stream->length++] = c >= ' ' && c <= '~' ? c : '?';
  }
}

/* Bytes that were never seen, or came faster than they were read. */
static void on_gap(struct stream* stream, uint64_t bytes) {
  if (bytes <= stream->body) {
    stream->body -= bytes;
    return;
  }
  stream->body = stream->announced = 0;
  stream->length = 0;
  stream->in_header = false;
  stream->headless = true;
}

static void on_data(mctx_t mctx, int sock, int side, event_t event,
                    filter_arg_t* arg) {
  struct connection* const connection = mtcp_get_uctx(mctx, sock);
  char bytes[4096];
  (void)event, (void)arg;
  if (connection == NULL) return;
  struct stream* const stream = &connection->to[side];
  const struct flow_name name = name_of(mctx, sock);
  for (;;) {
    const ssize_t got = mtcp_peek(mctx, sock, side, bytes, sizeof(bytes));
    if (got == 0 || (got < 0 && errno != ENODATA)) return;
    if (got < 0) on_gap(stream, (uint64_t)-got);
    for (ssize_t i = 0; i < got; ++i) {
      on_byte(name.text, side, stream, bytes[i]);
    }
  }
}

static void on_start(mctx_t mctx, int sock, int side, event_t event,
                     filter_arg_t* arg) {
  (void)side, (void)event, (void)arg;
  mtcp_set_uctx(mctx, sock, calloc(1, sizeof(struct connection)));
}

/* Both sides are told of the end; by then all bytes were. */
static void on_end(mctx_t mctx, int sock, int side, event_t event,
                   filter_arg_t* arg) {
  (void)side, (void)event, (void)arg;
  free(mtcp_get_uctx(mctx, sock));
  mtcp_set_uctx(mctx, sock, NULL);
}

static int set_up(mctx_t mctx) {
  const int sock = watch_flows(mctx);
  if (sock < 0) return -1;
  if (mtcp_register_callback(mctx, sock, MOS_ON_CONN_START, MOS_HK_SND,
                             on_start) != 0 ||
      mtcp_register_callback(mctx, sock, MOS_ON_CONN_NEW_DATA, MOS_NULL,
                             on_data) != 0) {
    return -1;
  }
  return mtcp_register_callback(mctx, sock, MOS_ON_CONN_END, MOS_HK_SND,
                                on_end);
}

int main(int argc, char** argv) { return run_monitor(argc, argv, set_up); }
