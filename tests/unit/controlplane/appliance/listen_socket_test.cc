#include "controlplane/appliance/listen_socket.h"

#include <sys/socket.h>

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::StatusOr<ListenSocket> Bind(const std::string& text) {
  return ListenSocket::Bind(*ParseSocketAddress(text));
}

TEST(ListenSocketTest, KnowsItsRealPort) {
  const auto socket = Bind("127.0.0.1:0");
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(socket->address().host, "127.0.0.1");
  EXPECT_NE(socket->address().port, 0);
}

TEST(ListenSocketTest, ResolvesNames) {
  const auto socket = Bind("localhost:0");
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_TRUE(socket->address().IsLocal());
  EXPECT_NE(socket->address().host, "localhost");
}

TEST(ListenSocketTest, BothFamiliesCanHaveOnePort) {
  const auto ipv6 = Bind("[::]:0");
  if (!ipv6.ok()) GTEST_SKIP() << "no IPv6 here: " << ipv6.status();
  const auto ipv4 = Bind("0.0.0.0:" + std::to_string(ipv6->address().port));
  EXPECT_TRUE(ipv4.ok()) << ipv4.status();
}

TEST(ListenSocketTest, SaysWhyItCannotBe) {
  const auto first = Bind("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(::listen(first->fd(), 1), 0);
  const std::string taken = first->address().ToString();
  const auto second = Bind(taken);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(taken), HasSubstr("in use")));
  // 192.0.2.0/24 is for documentation, RFC 5737.
  EXPECT_EQ(Bind("192.0.2.1:9464").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Bind("no-such-host.invalid:9464").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(Bind("unix:/nonexistent/s").ok());
}

TEST(ListenSocketTest, MovesAndCloses) {
  const mosd::testing::TempDir directory;
  auto socket = Bind("unix:" + (directory / "s"));
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_TRUE(std::filesystem::is_socket(directory / "s"));
  const int fd = socket->fd();
  ListenSocket moved = *std::move(socket);
  EXPECT_EQ(moved.fd(), fd);
  moved = *Bind("127.0.0.1:0");
  EXPECT_EQ(::listen(moved.fd(), 1), 0);
}

}  // namespace
}  // namespace mosd::controlplane
