// Calls of end hosts: a monitor refuses them all, whatever it is given.
#include <gtest/gtest.h>

#include <cerrno>
#include <climits>

#include "mtcp_api.h"
#include "mtcp_epoll.h"

namespace mosd::testing {
namespace {

// Each is called before the appliance is started, with nothing and with
// nonsense: none of them looks at its arguments.
void ExpectRefused(mctx_t mctx, int sock) {
  int calls = 0;
  const auto expect = [&](ssize_t result) {
    EXPECT_EQ(result, -1) << "call " << calls;
    EXPECT_EQ(errno, EOPNOTSUPP) << "call " << calls;
    errno = 0;
    ++calls;
  };
  errno = 0;
  expect(mtcp_bind(mctx, sock, nullptr, 0));
  expect(mtcp_listen(mctx, sock, INT_MIN));
  expect(mtcp_accept(mctx, sock, nullptr, nullptr));
  expect(mtcp_init_rss(mctx, 0, -1, 0, 0));
  expect(mtcp_connect(mctx, sock, nullptr, 0));
  expect(mtcp_abort(mctx, sock));
  expect(mtcp_getsockname(mctx, sock, nullptr, nullptr));
  expect(mtcp_setsock_nonblock(mctx, sock));
  expect(mtcp_ioctl(mctx, sock, 0, nullptr));
  expect(mtcp_pipe(mctx, nullptr));
  expect(mtcp_read(mctx, sock, nullptr, SIZE_MAX));
  expect(mtcp_recv(mctx, sock, nullptr, SIZE_MAX, -1));
  expect(mtcp_readv(mctx, sock, nullptr, INT_MAX));
  expect(mtcp_write(mctx, sock, nullptr, SIZE_MAX));
  expect(mtcp_writev(mctx, sock, nullptr, INT_MAX));
  expect(mtcp_epoll_create(mctx, -1));
  expect(mtcp_epoll_ctl(mctx, sock, MOS_EPOLL_CTL_ADD, sock, nullptr));
  expect(mtcp_epoll_wait(mctx, sock, nullptr, INT_MAX, -1));
}

TEST(EndHostTest, RefusesEverything) {
  mtcp_context foreign{INT_MAX};
  for (const int sock : {-1, 0, INT_MAX, INT_MIN}) {
    ExpectRefused(nullptr, sock);
    ExpectRefused(&foreign, sock);
  }
}

}  // namespace
}  // namespace mosd::testing
