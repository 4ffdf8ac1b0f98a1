// The calls of end hosts, which a monitor is not.
#include "api/call.h"
#include "mtcp_api.h"
#include "mtcp_epoll.h"

using mosd::api::Fail;

int mtcp_bind(mctx_t, int, const sockaddr*, socklen_t) {
  return Fail(EOPNOTSUPP);
}
int mtcp_listen(mctx_t, int, int) { return Fail(EOPNOTSUPP); }
int mtcp_accept(mctx_t, int, sockaddr*, socklen_t*) { return Fail(EOPNOTSUPP); }
int mtcp_init_rss(mctx_t, in_addr_t, int, in_addr_t, in_addr_t) {
  return Fail(EOPNOTSUPP);
}
int mtcp_connect(mctx_t, int, const sockaddr*, socklen_t) {
  return Fail(EOPNOTSUPP);
}
int mtcp_abort(mctx_t, int) { return Fail(EOPNOTSUPP); }
int mtcp_getsockname(mctx_t, int, sockaddr*, socklen_t*) {
  return Fail(EOPNOTSUPP);
}
int mtcp_setsock_nonblock(mctx_t, int) { return Fail(EOPNOTSUPP); }
int mtcp_ioctl(mctx_t, int, int, void*) { return Fail(EOPNOTSUPP); }
int mtcp_pipe(mctx_t, int*) { return Fail(EOPNOTSUPP); }
ssize_t mtcp_read(mctx_t, int, char*, size_t) { return Fail(EOPNOTSUPP); }
ssize_t mtcp_recv(mctx_t, int, char*, size_t, int) { return Fail(EOPNOTSUPP); }
ssize_t mtcp_readv(mctx_t, int, const iovec*, int) { return Fail(EOPNOTSUPP); }
ssize_t mtcp_write(mctx_t, int, const char*, size_t) {
  return Fail(EOPNOTSUPP);
}
ssize_t mtcp_writev(mctx_t, int, const iovec*, int) { return Fail(EOPNOTSUPP); }
int mtcp_epoll_create(mctx_t, int) { return Fail(EOPNOTSUPP); }
int mtcp_epoll_ctl(mctx_t, int, int, int, mtcp_epoll_event*) {
  return Fail(EOPNOTSUPP);
}
int mtcp_epoll_wait(mctx_t, int, mtcp_epoll_event*, int, int) {
  return Fail(EOPNOTSUPP);
}
