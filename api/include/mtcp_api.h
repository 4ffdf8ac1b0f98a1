/* The appliance and its contexts, as in mOS 0.3. C99 and C++.
 *
 * Functions return -1 (or NULL) with errno set when they fail; the log says
 * more. No argument ends the process. */
#ifndef MTCP_API_H_
#define MTCP_API_H_

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef UNUSED
#define UNUSED(x) (void)x
#endif
#ifndef INPORT_ANY
#define INPORT_ANY (uint16_t)0
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char byte;

/* One worker of the appliance, as a program knows it. */
struct mtcp_context {
  int cpu;
};
typedef struct mtcp_context* mctx_t;

/* Kinds of sockets; a monitor has MONITOR_STREAM and MONITOR_RAW, and is given
 * one of MONITOR_STREAM_ACTIVE for each flow. */
enum socket_type {
  MOS_SOCK_UNUSED = 0,
  MOS_SOCK_STREAM_LISTEN = 1,
  MOS_SOCK_PROXY_LISTEN = 2,
  MOS_SOCK_MONITOR_STREAM = 3,
  MOS_SOCK_STREAM = 4,
  MOS_SOCK_PROXY = 5,
  MOS_SOCK_MONITOR_STREAM_ACTIVE = 6,
  MOS_SOCK_MONITOR_RAW = 7,
  MOS_SOCK_EPOLL = 8,
  MOS_SOCK_PIPE = 9
};

#define APP_NAME_LEN 40
#define MOS_APP 20
#define MOS_APP_ARGC 20

/* What a program may ask of the configuration, and change before it creates a
 * context. */
struct mtcp_conf {
  int num_cores;       /* contexts */
  int max_concurrency; /* flows of a context */
  uint64_t cpu_mask;
  int max_num_buffers;
  int rcvbuf_size;  /* bytes */
  int sndbuf_size;  /* bytes */
  int tcp_timewait; /* seconds; -1: for ever */
  int tcp_timeout;  /* seconds; -1: never */
  uint64_t app_cpu_mask[MOS_APP];
  char* app_argv[MOS_APP][MOS_APP_ARGC];
  int app_argc[MOS_APP];
  int num_app;
};

/* For programs to keep what belongs together; no function takes one. */
struct conn_filter;
struct app_context {
  mctx_t mctx;
  int socket_id;
  struct conn_filter* cf;
  int ep_id;
};

typedef void (*mtcp_sighandler_t)(int);

/* Starts the appliance of a file in mOS's format (or of a .yaml): packet
 * processing, which waits for contexts, and gRPC and metrics where they are
 * configured. ENOENT, EACCES (file, interface), EINVAL (NULL; a mistake, which
 * the log names by file and line), EBUSY (called twice, or in a child of
 * fork(2)), EADDRINUSE, ENOMEM, EIO. */
int mtcp_init(const char* config_file);

/* Ends all contexts and the appliance. EBUSY: not started; EDEADLK: called in a
 * callback. */
int mtcp_destroy(void);

/* EINVAL: NULL. setconf: EINVAL, a value out of range; EBUSY, not started, or
 * there are contexts. */
int mtcp_getconf(struct mtcp_conf* conf);
int mtcp_setconf(const struct mtcp_conf* conf);

/* Pins the calling thread. EINVAL: no such processor. */
int mtcp_core_affinitize(int cpu);

/* The context of a core, 0 to num_cores - 1. EINVAL: there is no such core;
 * EEXIST: it has one; EACCES: not started. */
mctx_t mtcp_create_context(int cpu);

/* Ends a context: its flows end, mtcp_app_join returns. Also in signal
 * handlers. EACCES: no context. */
int mtcp_destroy_context(mctx_t mctx);

/* As signal(2). */
mtcp_sighandler_t mtcp_register_signal(int signum, mtcp_sighandler_t handler);

/* Lets a context take packets, and returns when it has ended: destroyed, or all
 * captures are read (unless dataplane.exit_on_eof is false). */
void mtcp_app_join(mctx_t mctx);

/* A new socket: `type` is MOS_SOCK_MONITOR_STREAM or MOS_SOCK_MONITOR_RAW.
 * AF_INET sees IPv4, AF_INET6 IPv6, AF_UNSPEC both. EACCES, EAFNOSUPPORT,
 * EINVAL (type), ENFILE. Any thread. */
int mtcp_socket(mctx_t mctx, int domain, int type, int protocol);

/* Ends a socket; a listening one with all its flows' sockets. EACCES, EBADF.
 * Any thread. */
int mtcp_close(mctx_t mctx, int sock);

/* Addresses of a flow: of one side, or with MOS_SIDE_BOTH of the client and the
 * server, in this order. `*addrlen` becomes what was written. EINVAL: NULL,
 * side, too small; ENOTCONN: not an active socket. Own thread. */
int mtcp_getpeername(mctx_t mctx, int sock, struct sockaddr* addr,
                     socklen_t* addrlen, int side);

/* See mtcp_getsockopt(3). Own thread: ENOTSOCK, ENOPROTOOPT, EINVAL. */
int mtcp_getsockopt(mctx_t mctx, int sock, int level, int optname, void* optval,
                    socklen_t* optlen);
/* See mtcp_setsockopt(3). Any thread: ENOPROTOOPT, EINVAL, EPERM. */
int mtcp_setsockopt(mctx_t mctx, int sock, int level, int optname,
                    const void* optval, socklen_t optlen);

/* Live flows of a context. Any thread. */
uint32_t mtcp_get_connection_cnt(mctx_t mctx);

/* Of an end host. This is a monitor: all fail with EOPNOTSUPP. */
int mtcp_bind(mctx_t mctx, int sock, const struct sockaddr* addr,
              socklen_t addrlen);
int mtcp_listen(mctx_t mctx, int sock, int backlog);
int mtcp_accept(mctx_t mctx, int sock, struct sockaddr* addr,
                socklen_t* addrlen);
int mtcp_init_rss(mctx_t mctx, in_addr_t saddr_base, int num_addr,
                  in_addr_t daddr, in_addr_t dport);
int mtcp_connect(mctx_t mctx, int sock, const struct sockaddr* addr,
                 socklen_t addrlen);
int mtcp_abort(mctx_t mctx, int sock);
int mtcp_getsockname(mctx_t mctx, int sock, struct sockaddr* addr,
                     socklen_t* addrlen);
int mtcp_setsock_nonblock(mctx_t mctx, int sock);
int mtcp_ioctl(mctx_t mctx, int sock, int cmd, void* argp);
int mtcp_pipe(mctx_t mctx, int pipeid[2]);
ssize_t mtcp_read(mctx_t mctx, int sock, char* buf, size_t len);
ssize_t mtcp_recv(mctx_t mctx, int sock, char* buf, size_t len, int flags);
ssize_t mtcp_readv(mctx_t mctx, int sock, const struct iovec* iov, int numiov);
ssize_t mtcp_write(mctx_t mctx, int sock, const char* buf, size_t len);
ssize_t mtcp_writev(mctx_t mctx, int sock, const struct iovec* iov, int numiov);

#ifdef __cplusplus
}
#endif

#endif /* MTCP_API_H_ */
