// The small functions that make words: printable text, names, numbers, exit
// codes, dumps and addresses of servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "controlplane/mosctl/exit_code.h"
#include "controlplane/mosctl/hex_dump.h"
#include "controlplane/mosctl/message_output.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"
#include "controlplane/mosctl/server_address.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::mosctl {
namespace {

using ::testing::HasSubstr;

TEST(Printable, LeavesNoControlByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  for (const char c : Printable(all)) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
  EXPECT_EQ(Printable("a\\b\t\x1b\x9b\n"), "a\\\\b\\t\\x1b\\x9b\\n");
}

TEST(Names, AreThoseOfTheFilterLanguage) {
  EXPECT_EQ(Name(mos::v1::FLOW_STATE_HALF_OPEN), "half_open");
  EXPECT_EQ(Name(mos::v1::FLOW_STATE_UNSPECIFIED), "-");
  EXPECT_EQ(Name(static_cast<mos::v1::FlowState>(77)), "77");
  EXPECT_EQ(Name(mos::v1::END_REASON_RST_SERVER), "rst_server");
  EXPECT_EQ(Name(mos::v1::SIDE_CLIENT), "client");
  EXPECT_EQ(Name(mos::v1::TCP_STATE_FIN_WAIT_1), "FIN_WAIT_1");
  EXPECT_EQ(Name(mos::v1::DROP_REASON_NOT_IP), "not_ip");
  EXPECT_EQ(Name(mos::v1::FLOW_EVENT_KIND_STARTED), "started");
}

TEST(Numbers, AreShort) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1.0k");
  EXPECT_EQ(HumanCount(9949), "9.9k");
  EXPECT_EQ(HumanCount(9951), "10k");
  EXPECT_EQ(HumanCount(999499), "999k");
  EXPECT_EQ(HumanCount(999500), "1.0M");
  EXPECT_EQ(HumanCount(~uint64_t{0}), "18E");
  EXPECT_EQ(HumanBytes(1500), "1.5 kB");
  EXPECT_EQ(HumanBytes(7), "7 B");
}

TEST(Numbers, AreRoundedAsPrintfDoes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t count = 1000 + random() % 20'000;
    const double thousands = static_cast<double>(count) / 1000;
    EXPECT_EQ(HumanCount(count),
              absl::StrFormat("%.*fk", thousands < 9.95 ? 1 : 0, thousands));
    const auto ns = absl::Nanoseconds(random() % 59'000'000'000);
    const double seconds = absl::ToDoubleSeconds(ns);
    EXPECT_EQ(HumanDuration(ns), seconds < 0.0995
                                     ? absl::StrFormat("%.0fms", seconds * 1e3)
                                     : absl::StrFormat("%.1fs", seconds));
  }
  // Halves, which are exact in binary, go to the even neighbour.
  EXPECT_EQ(HumanDuration(absl::Milliseconds(250)), "0.2s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(750)), "0.8s");
  EXPECT_EQ(HumanCount(2250), "2.2k");
}

TEST(Durations, AreShort) {
  EXPECT_EQ(HumanDuration(-absl::Seconds(5)), "0ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(99)), "99ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(3200)), "3.2s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(59960)), "0m59s");
  EXPECT_EQ(HumanDuration(absl::Seconds(312)), "5m12s");
  EXPECT_EQ(HumanDuration(absl::Seconds(7380)), "2h03m");
  EXPECT_EQ(HumanDuration(absl::Hours(49)), "2d");
  const absl::Time then = absl::FromUnixSeconds(0);
  EXPECT_EQ(HumanAge(then, then + absl::Seconds(2)), "2.0s ago");
  EXPECT_EQ(HumanDuration(absl::Hours(24 * 729)), "729d");
  EXPECT_EQ(HumanDuration(absl::Hours(24 * 3650)), "10y");
}

TEST(ExitCodes, FollowTheTable) {
  using grpc::StatusCode;
  const std::pair<StatusCode, int> rows[] = {
      {StatusCode::OK, 0},
      {StatusCode::CANCELLED, 1},
      {StatusCode::UNKNOWN, 1},
      {StatusCode::INVALID_ARGUMENT, 2},
      {StatusCode::DEADLINE_EXCEEDED, 3},
      {StatusCode::NOT_FOUND, 4},
      {StatusCode::ALREADY_EXISTS, 1},
      {StatusCode::PERMISSION_DENIED, 5},
      {StatusCode::UNAUTHENTICATED, 5},
      {StatusCode::RESOURCE_EXHAUSTED, 5},
      {StatusCode::FAILED_PRECONDITION, 5},
      {StatusCode::ABORTED, 1},
      {StatusCode::OUT_OF_RANGE, 2},
      {StatusCode::UNIMPLEMENTED, 1},
      {StatusCode::INTERNAL, 1},
      {StatusCode::UNAVAILABLE, 3},
      {StatusCode::DATA_LOSS, 1},
  };
  for (const auto& [code, exit_code] : rows) {
    EXPECT_EQ(static_cast<int>(ExitCodeOf(code)), exit_code) << code;
  }
}

TEST(HexDump, HasOffsetHexAndAscii) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 18; ++i) bytes.push_back(static_cast<uint8_t>(0x1b + i));
  EXPECT_EQ(HexDump(bytes),
            "0000  1b 1c 1d 1e 1f 20 21 22  23 24 25 26 27 28 29 2a  "
            "..... !\"#$%&'()*\n"
            "0010  2b 2c                                             +,\n");
  EXPECT_EQ(HexDump({}), "");
}

TEST(Yaml, KeepsOrderAndTypes) {
  mos::v1::ListFlowsResponse response;
  EXPECT_EQ(ToYaml(response), "flows: []\nnextPageToken: \"\"\n");
  mos::v1::Flow* flow = response.add_flows();
  flow->set_flow_id("123");
  flow->mutable_client_side()->set_frames(7);
  flow->set_worker(3);
  const std::string yaml = ToYaml(response);
  EXPECT_THAT(yaml, HasSubstr("flows:\n  - flowId: \"123\"\n"));
  EXPECT_THAT(yaml, HasSubstr("frames: \"7\"\n"));
  EXPECT_THAT(yaml, HasSubstr("worker: 3\n"));
  EXPECT_THAT(yaml, HasSubstr("midstream: false\n"));
  EXPECT_THAT(yaml, HasSubstr("state: FLOW_STATE_UNSPECIFIED\n"));
}

TEST(ServerTarget, TakesTheFormsOfMosd) {
  EXPECT_EQ(*ServerTarget("unix:/run/x.sock"), "unix:/run/x.sock");
  EXPECT_EQ(*ServerTarget("localhost:50051"), "dns:///localhost:50051");
  EXPECT_EQ(*ServerTarget("[::1]:50051"), "dns:///[::1]:50051");
  for (const char* bad :
       {"", "localhost", ":1", "host:", "host:0", "host:65536", "::1:80",
        "unix:", "http://host:80", "[::1:80"}) {
    EXPECT_EQ(ServerTarget(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_FALSE(ServerTarget("unix:/" + std::string(200, 'x')).ok());
}

TEST(FindServer, TakesTheFirstThatListens) {
  char name[] = "/tmp/mosctl-test-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string directory = name;
  const std::string absent = directory + "/absent",
                    stale = directory + "/stale", live = directory + "/live";
  const auto bind_to = [](const std::string& path, bool listens) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address),
              0);
    if (listens) {
      EXPECT_EQ(listen(fd, 1), 0);
    }
    return fd;
  };
  close(bind_to(stale, false));
  const int fd = bind_to(live, true);
  EXPECT_EQ(*FindServer({absent, stale, live}), "unix:" + live);
  close(fd);
  const auto none = FindServer({absent, stale});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kUnavailable);
  const std::string message(none.status().message());
  EXPECT_THAT(message, HasSubstr(absent + ": No such file"));
  EXPECT_THAT(message, HasSubstr(stale + ": left behind"));
  EXPECT_THAT(message, HasSubstr("mosd --pcap"));
  unlink(stale.c_str());
  unlink(live.c_str());
  rmdir(name);
}

}  // namespace
}  // namespace mosd::mosctl
