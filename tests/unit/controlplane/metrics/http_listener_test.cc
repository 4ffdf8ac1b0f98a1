#include "controlplane/metrics/http_listener.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <random>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::mosd::testing::HttpGet;
using ::mosd::testing::RawClient;
using ::mosd::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

HttpHandlers Handlers() {
  return {.metrics = [] { return std::string("a_metric 1\n"); },
          .live = [] { return absl::OkStatus(); },
          .ready = [] { return absl::UnavailableError("draining"); }};
}

std::unique_ptr<HttpListener> Listen(
    const std::vector<std::string>& addresses = {"127.0.0.1:0"}) {
  std::vector<ListenSocket> sockets;
  for (const std::string& address : addresses) {
    auto socket = ListenSocket::Bind(*ParseSocketAddress(address));
    EXPECT_TRUE(socket.ok()) << socket.status();
    if (!socket.ok()) return nullptr;
    sockets.push_back(*std::move(socket));
  }
  auto listener = HttpListener::Start(std::move(sockets), Handlers());
  EXPECT_TRUE(listener.ok()) << listener.status();
  return listener.ok() ? *std::move(listener) : nullptr;
}

TEST(HttpListenerTest, ServesMetricsAndProbes) {
  const auto listener = Listen();
  ASSERT_NE(listener, nullptr);
  ASSERT_EQ(listener->addresses().size(), 1u);
  const std::string& address = listener->addresses()[0];
  EXPECT_THAT(address, AllOf(StartsWith("127.0.0.1:"), Not(EndsWith(":0"))));
  EXPECT_THAT(HttpGet(address, "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                    HasSubstr("text/plain; version=0.0.4"),
                    HasSubstr("Content-Length: 11\r\n"),
                    EndsWith("\r\n\r\na_metric 1\n")));
  EXPECT_THAT(HttpGet(address, "/metrics?x=y"), EndsWith("a_metric 1\n"));
  EXPECT_THAT(HttpGet(address, "/livez"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("ok\n")));
  EXPECT_THAT(HttpGet(address, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("draining\n")));
}

TEST(HttpListenerTest, AnswersNothingElse) {
  const auto listener = Listen();
  ASSERT_NE(listener, nullptr);
  const std::string& address = listener->addresses()[0];
  for (const char* path : {"/", "/metrics/", "/metric", "/../etc/passwd",
                           "/%2e%2e/etc/passwd", "/livez/x"}) {
    EXPECT_THAT(HttpGet(address, path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_THAT(HttpGet(address, "/metrics", method),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET")))
        << method;
  }
  EXPECT_THAT(HttpGet(address, "/metrics", "HEAD"),
              AllOf(HasSubstr("Content-Length: 11\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpListenerTest, ListensOnSeveralAddresses) {
  const auto listener = Listen({"127.0.0.1:0", "127.0.0.1:0", "localhost:0"});
  ASSERT_NE(listener, nullptr);
  ASSERT_EQ(listener->addresses().size(), 3u);
  for (const std::string& address : listener->addresses()) {
    if (address[0] == '[') continue;  // localhost may be ::1
    EXPECT_THAT(HttpGet(address, "/livez"), EndsWith("ok\n")) << address;
  }
}

TEST(HttpListenerTest, ListensOnAUnixSocket) {
  const TempDir directory;
  const std::string address = "unix:" + (directory / "s");
  const auto listener = Listen({address});
  ASSERT_NE(listener, nullptr);
  EXPECT_THAT(listener->addresses(), ElementsAre(address));
  EXPECT_THAT(HttpGet(address, "/livez"), EndsWith("ok\n"));
}

TEST(HttpListenerTest, IdleClientsHoldUpNobody) {
  const auto listener = Listen();
  ASSERT_NE(listener, nullptr);
  const std::string& address = listener->addresses()[0];
  std::deque<RawClient> idle;
  for (int i = 0; i < 40; ++i) idle.emplace_back(address).Send("GET /met");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(HttpGet(address, "/livez"), EndsWith("ok\n"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(HttpListenerTest, OutlivesMalformedRequests) {
  const auto listener = Listen();
  ASSERT_NE(listener, nullptr);
  const std::string& address = listener->addresses()[0];
  std::mt19937 random(1);
  std::vector<std::string> requests = {
      "\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "GET " + std::string(100'000, '/') + " HTTP/1.1\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string(1, '\0') + "\r\n\r\n",
  };
  for (int i = 0; i < 30; ++i) {
    std::string noise(1 + random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    requests.push_back(noise + "\r\n\r\n");
  }
  for (const std::string& request : requests) {
    RawClient client(address);
    client.Send(request);
  }
  EXPECT_THAT(HttpGet(address, "/livez"), EndsWith("ok\n"));
}

TEST(HttpListenerTest, StopsWhileClientsAsk) {
  auto listener = Listen();
  ASSERT_NE(listener, nullptr);
  const std::string address = listener->addresses()[0];
  std::atomic<bool> stop{false};
  std::thread client([&] {
    while (!stop) HttpGet(address, "/metrics");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  listener.reset();
  stop = true;
  client.join();
}

}  // namespace
}  // namespace mosd::controlplane
