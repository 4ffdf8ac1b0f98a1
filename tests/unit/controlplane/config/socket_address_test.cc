#include "controlplane/config/socket_address.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "controlplane/config/default_socket.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

TEST(SocketAddressTest, ReadsEachForm) {
  const auto tcp = ParseSocketAddress("127.0.0.1:50051");
  ASSERT_TRUE(tcp.ok());
  EXPECT_EQ(tcp->host, "127.0.0.1");
  EXPECT_EQ(tcp->port, 50051);
  EXPECT_FALSE(tcp->is_unix());
  const auto v6 = ParseSocketAddress("[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->ToString(), "[::1]:0");
  const auto socket = ParseSocketAddress("unix:/run/x.sock");
  ASSERT_TRUE(socket.ok());
  EXPECT_EQ(socket->path, "/run/x.sock");
  EXPECT_EQ(ParseSocketAddress("unix:///run/x.sock")->path, "/run/x.sock");
  EXPECT_EQ(ParseSocketAddress("unix:x.sock")->path, "x.sock");
}

TEST(SocketAddressTest, KnowsWhatIsLocal) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1",
                           "localhost:1", "LOCALHOST:1", "unix:/x"}) {
    EXPECT_TRUE(ParseSocketAddress(text)->IsLocal()) << text;
  }
  for (const char* text :
       {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "host.example:1", "128.0.0.1:1",
        "[::ffff:127.0.0.1]:1", "127.0.0.1.example.org:1"}) {
    EXPECT_FALSE(ParseSocketAddress(text)->IsLocal()) << text;
  }
}

TEST(SocketAddressTest, RefusesTheRest) {
  for (const char* text :
       {"",       ":",           "x",      "x:",    "x:65536", "x:-1",
        "x:+1",   "x: 1",        "x:1 ",   ":80",   "*:80",    "::1:80",
        "[::1]",  "[::1]80",     "[x]:80", "[]:80", "[::1:80", "unix:",
        "x:y:80", "http://x:80", "a/b:80"}) {
    EXPECT_FALSE(ParseSocketAddress(text).ok()) << text;
  }
  EXPECT_TRUE(ParseSocketAddress("unix:/" + std::string(106, 'x')).ok());
  EXPECT_FALSE(ParseSocketAddress("unix:/" + std::string(107, 'x')).ok());
}

TEST(DefaultSocketTest, IsInTheFolderOfTheService) {
  ASSERT_EQ(::setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1), 0);
  EXPECT_EQ(DefaultSocketPath(), "/run/one/mosd.sock");
  ASSERT_EQ(::unsetenv("RUNTIME_DIRECTORY"), 0);
  EXPECT_NE(DefaultSocketPath(), "/run/one/mosd.sock");
}

TEST(DefaultSocketTest, IsAnAddressThatCanBeServed) {
  const auto address = ParseSocketAddress("unix:" + DefaultSocketPath());
  ASSERT_TRUE(address.ok());
  EXPECT_TRUE(absl::EndsWith(address->path, ".sock"));
  EXPECT_EQ(address->path[0], '/');
}

}  // namespace
}  // namespace mosd::controlplane
