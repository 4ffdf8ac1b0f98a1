// The filter language: what matches, what is refused and where, and that no
// text whatever does harm.
#include "controlplane/grpc/flow_filter.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;

constexpr int64_t kNowNs = 1'700'000'000'000'000'000;

// 10.0.0.1:4321 to 192.168.1.2:80, established, idle for 30 s, 60 + 50 frames,
// the server spoke last, worker 3.
FlowSnapshot Ipv4Flow() {
  FlowSnapshot flow{};
  flow.id = dataplane::FlowId::Make(3, 1, 1);
  flow.version = dataplane::IpVersion::kIpv4;
  flow.state = dataplane::FlowState::kEstablished;
  flow.last_speaker = dataplane::Side::kServer;
  flow.side[0].endpoint = {{10, 0, 0, 1}, 4321};
  flow.side[1].endpoint = {{192, 168, 1, 2}, 80};
  flow.side[0].tcp_state = dataplane::TcpState::kFinWait1;
  flow.side[1].tcp_state = dataplane::TcpState::kEstablished;
  flow.side[0].frames = 60;
  flow.side[1].frames = 50;
  flow.side[0].last_time_ns = kNowNs - 40'000'000'000;
  flow.side[1].last_time_ns = kNowNs - 30'000'000'000;
  return flow;
}

// fd00::1:4321 to fd00:1::2:443, ended by the server's reset, mid-stream.
FlowSnapshot Ipv6Flow() {
  FlowSnapshot flow = Ipv4Flow();
  flow.version = dataplane::IpVersion::kIpv6;
  flow.side[0].endpoint = {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                           4321};
  flow.side[1].endpoint = {{0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
                           443};
  flow.state = dataplane::FlowState::kEnded;
  flow.end_reason = dataplane::EndReason::kRstServer;
  flow.midstream = true;
  return flow;
}

struct MatchCase {
  const char* text;
  bool ipv4;
  bool ipv6;
};

// Whether a filter matches the two flows above.
constexpr MatchCase kMatchCases[] = {
    {"", true, true},
    {" \t\n", true, true},
    {"tcp", true, true},
    {"ip", true, false},
    {"ip6", false, true},
    {"TCP", true, true},
    // Addresses and networks, either end or one.
    {"host 10.0.0.1", true, false},
    {"host 192.168.1.2", true, false},
    {"host 10.0.0.2", false, false},
    {"src host 10.0.0.1", true, false},
    {"dst host 10.0.0.1", false, false},
    {"dst host 192.168.1.2", true, false},
    {"src 10.0.0.1", true, false},
    {"10.0.0.1", true, false},
    {"host fd00::1", false, true},
    {"host fd00:0:0:0::1", false, true},
    {"dst host fd00:1::2", false, true},
    {"host 253.0.0.0", false, false},
    {"net 10.0.0.0/8", true, false},
    {"net 0.0.0.0/0", true, false},
    {"net ::/0", false, true},
    {"net 10.0.0.0 mask 255.0.0.0", true, false},
    {"src net 192.168.0.0/16", false, false},
    {"dst net 192.168.0.0/16", true, false},
    {"net 192.168.1.2/32", true, false},
    {"net 192.168.1.0/30", true, false},
    {"net 192.168.1.0/31", false, false},
    {"net fd00:1::/32", false, true},
    {"src net fd00:1::/32", false, false},
    {"net fd00:: mask ffff::", false, true},
    // Ports.
    {"port 80", true, false},
    {"src port 80", false, false},
    {"dst port 80", true, false},
    {"port 4321", true, true},
    {"portrange 79-81", true, false},
    {"portrange 80-80", true, false},
    {"dst portrange 0-65535", true, true},
    {"src portrange 1-4320", false, false},
    {"portrange 80-80 or port 1", true, false},
    // Both ends, short networks, and values without words of their own.
    {"src or dst port 80", true, false},
    {"src and dst port 80", false, false},
    {"dst and src net 0.0.0.0/0", true, false},
    {"dst && src portrange 80-4321", true, true},
    {"net 10", true, false},
    {"net 192.168", true, false},
    {"net 192.168.2", false, false},
    {"net 192.168/16", true, false},
    {"net 10.0.0.1", true, false},
    {"net fd00:1::2", false, true},
    {"port 1 or 80", true, false},
    {"src port 80 or 4321", true, true},
    {"dst host 10.0.0.1 or fd00:1::2", false, true},
    {"port (1 or 80)", true, false},
    {"port (80 and (443 or 4321))", true, false},
    {"port not 80", false, true},
    {"ip6 port not 80", true, true},
    {"src (10.0.0.2 or 10.0.0.1)", true, false},
    {"not port 80 or 443", false, true},
    // Protocol words in front.
    {"tcp port 80", true, false},
    {"ip6 port 4321", false, true},
    {"ip src port 4321", true, false},
    {"ip6 host 10.0.0.1", false, false},
    {"tcp 10.0.0.1", true, false},
    // Operators: equal, from left to right.
    {"port 80 or port 443", true, true},
    {"port 80 || port 443", true, true},
    {"port 80 | port 443", true, true},
    {"port 80 and ip6", false, false},
    {"port 80 && ip", true, false},
    {"port 80 & ip", true, false},
    {"not port 80", false, true},
    {"! port 80", false, true},
    {"!port 80", false, true},
    {"not not port 80", true, false},
    {"not port 80 and ip6", false, true},
    {"ip or ip6 and port 443", false, true},
    {"ip or (ip6 and port 443)", true, true},
    {"port 443 and ip6 or ip", true, true},
    {"not (port 80 or port 443)", false, false},
    {"((((port 80))))", true, false},
    {"(port 80)or(port 443)", true, true},
    {"port 80 AND NOT ip6", true, false},
    // Fields with names.
    {"state=established", true, false},
    {"state==established", true, false},
    {"state = ESTABLISHED", true, false},
    {"state=established,ended", true, true},
    {"state=half_open", false, false},
    {"state!=ended", true, false},
    {"state!=ended,established", false, false},
    {"client.state=FIN_WAIT_1", true, true},
    {"client.state=closed", false, false},
    {"server.state=established", true, true},
    {"server.state!=established", false, false},
    {"end_reason=rst_server", false, true},
    {"end_reason!=rst_server", true, false},
    {"end_reason=fin_client,rst_server", false, true},
    {"last_speaker=server", true, true},
    {"last_speaker=client", false, false},
    {"midstream=true", false, true},
    {"midstream=false", true, false},
    {"midstream!=false", false, true},
    {"midstream=true,false", true, true},
    // Fields with numbers.
    {"worker=3", true, true},
    {"worker!=3", false, false},
    {"frames>100", true, true},
    {"frames>=110", true, true},
    {"frames>110", false, false},
    {"frames<110", false, false},
    {"frames<=110", true, true},
    {"frames=110", true, true},
    {"idle>29s", true, true},
    {"idle>30s", false, false},
    {"idle>=30s", true, true},
    {"idle<1m", true, true},
    {"idle<1h30m", true, true},
    {"idle<100ms", false, false},
    {"idle=30s", true, true},
    {"idle>1.5s", true, true},
    // All together.
    {"tcp and (src net 10.0.0.0/8 or ip6) and not state=half_open and idle>10s",
     true, true},
};

TEST(FlowFilterTest, MatchesWhatItSays) {
  const FlowSnapshot ipv4 = Ipv4Flow();
  const FlowSnapshot ipv6 = Ipv6Flow();
  for (const MatchCase& match : kMatchCases) {
    const auto filter = FlowFilter::Parse(match.text);
    ASSERT_TRUE(filter.ok()) << match.text << ": " << filter.status();
    EXPECT_EQ(filter->Matches(ipv4, kNowNs), match.ipv4) << match.text;
    EXPECT_EQ(filter->Matches(ipv6, kNowNs), match.ipv6) << match.text;
  }
}

struct ErrorCase {
  const char* text;
  const char* message;
};

constexpr ErrorCase kErrorCases[] = {
    {"tcp and host", "at 13: expected an address after 'host'"},
    {"host example.com", "at 6: expected an address after 'host'"},
    {"host 10.0.0", "at 6: expected an address after 'host'"},
    {"host 10.0.0.256", "at 6: expected an address after 'host'"},
    {"host 10.0.0.1 10.0.0.2", "at 15: expected 'and', 'or' or the end"},
    {"net 0", "at 5: expected /BITS after the network"},
    {"net 10.256",
     "at 5: expected ADDRESS/BITS, or ADDRESS mask ADDRESS, after "
     "'net'"},
    {"src or host 10.0.0.1", "at 8: expected 'dst' to go with 'src'"},
    {"dst and port 80", "at 9: expected 'src' to go with 'dst'"},
    {"port (80 or host 10.0.0.1)", "at 13: expected 0 to 65535 after 'port'"},
    {"port 80 or 10.0.0.1", "at 12: expected 0 to 65535 after 'port'"},
    {"port 80 or (tcp and 443)",
     "at 21: expected 'host', 'net', 'port', 'portrange', 'tcp', 'ip', "
     "'ip6', an address, or a field such as 'state'"},
    {"port 080", "at 6: expected 0 to 65535 after 'port'"},
    {"net 10.0.0.0/33", "at 5: expected 0 to 32 after '/'"},
    {"net fd00::/129", "at 5: expected 0 to 128 after '/'"},
    {"net 10.0.0.0/", "at 5: expected 0 to 32 after '/'"},
    {"net 10.0.0.0/-1", "at 5: expected 0 to 32 after '/'"},
    {"net 10.0.0.1/8", "at 5: the network address has bits outside its mask"},
    {"net 10.0.0.0 mask ffff::",
     "at 19: expected an address of the same family after 'mask'"},
    {"port", "at 5: expected 0 to 65535 after 'port'"},
    {"port 65536", "at 6: expected 0 to 65535 after 'port'"},
    {"port http", "at 6: expected 0 to 65535 after 'port'"},
    {"port -1", "at 6: expected 0 to 65535 after 'port'"},
    {"port 99999999999999999999", "at 6: expected 0 to 65535 after 'port'"},
    {"portrange 80", "at 11: expected FIRST-LAST after 'portrange'"},
    {"portrange 81-80",
     "at 11: expected FIRST-LAST, 0 to 65535, after 'portrange'"},
    {"and",
     "at 1: expected 'host', 'net', 'port', 'portrange', 'tcp', 'ip', "
     "'ip6', an address, or a field such as 'state'"},
    {"tcp and", "at 8: expected a word such as 'host', 'port' or 'state'"},
    {"(tcp", "at 5: expected ')'"},
    {"tcp)", "at 4: expected 'and', 'or' or the end"},
    {"()", "at 2: expected a word such as 'host', 'port' or 'state'"},
    {"tcp # comment", "at 5: expected 'and', 'or' or the end"},
    {"$", "at 1: expected a word such as 'host', 'port' or 'state'"},
    {"state", "at 6: expected = or != after 'state'"},
    {"state>established", "at 6: expected = or != after 'state'"},
    {"state=",
     "at 7: expected one of half_open, established, closing, "
     "time_wait, ended for 'state'"},
    {"state=unspecified",
     "at 7: expected one of half_open, established, "
     "closing, time_wait, ended for 'state'"},
    {"state=ended,",
     "at 13: expected one of half_open, established, closing, "
     "time_wait, ended for 'state'"},
    {"last_speaker=nobody",
     "at 14: expected one of client, server for 'last_speaker'"},
    {"midstream=1", "at 11: expected true or false for 'midstream'"},
    {"worker", "at 7: expected =, !=, <, <=, > or >= after 'worker'"},
    {"worker=-1", "at 8: expected a number for 'worker'"},
    {"worker=1,2", "at 9: expected 'and', 'or' or the end"},
    {"idle>30", "at 6: expected a duration such as 30s or 1h30m for 'idle'"},
    {"idle>-3s", "at 6: expected a duration such as 30s or 1h30m for 'idle'"},
    {"idle>inf", "at 6: expected a duration such as 30s or 1h30m for 'idle'"},
};

TEST(FlowFilterTest, SaysWhereAndWhatWasExpected) {
  for (const ErrorCase& error : kErrorCases) {
    const auto filter = FlowFilter::Parse(error.text);
    ASSERT_FALSE(filter.ok()) << error.text;
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(filter.status().message()), error.message)
        << error.text;
  }
}

TEST(FlowFilterTest, HasBounds) {
  const std::string blank(FlowFilter::kMaxText, ' ');
  EXPECT_TRUE(FlowFilter::Parse(blank).ok());
  EXPECT_FALSE(FlowFilter::Parse(blank + " ").ok());

  const auto nested = [](size_t depth) {
    return std::string(depth, '(') + "tcp" + std::string(depth, ')');
  };
  const auto deepest = FlowFilter::Parse(nested(FlowFilter::kMaxNesting));
  ASSERT_TRUE(deepest.ok()) << deepest.status();
  EXPECT_TRUE(deepest->Matches(Ipv4Flow(), kNowNs));
  EXPECT_FALSE(FlowFilter::Parse(nested(FlowFilter::kMaxNesting + 1)).ok());
  EXPECT_TRUE(FlowFilter::Parse(std::string(64, '!') + "tcp").ok());
  EXPECT_FALSE(FlowFilter::Parse(std::string(65, '!') + "tcp").ok());
}

TEST(FlowFilterTest, TheDeepestOpenOperandsFitTheStack) {
  // Each level leaves one operand open and goes into parentheses.
  std::string text = "ip";
  for (size_t i = 0; i < FlowFilter::kMaxNesting; ++i) text += " and (tcp";
  text += " and ip and tcp port 80" + std::string(FlowFilter::kMaxNesting, ')');
  const auto filter = FlowFilter::Parse(text);
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_TRUE(filter->Matches(Ipv4Flow(), kNowNs));
  EXPECT_FALSE(filter->Matches(Ipv6Flow(), kNowNs));
}

TEST(FlowFilterTest, ALongChainIsNoProblem) {
  std::string text = "tcp";
  while (text.size() + 7 <= FlowFilter::kMaxText) text += "&tcp";
  const auto filter = FlowFilter::Parse(text);
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_TRUE(filter->Matches(Ipv4Flow(), kNowNs));
}

// Random token soup, biased towards what is nearly a filter. Whatever parses
// must also run; under the address sanitizer this is a fuzzer.
TEST(FlowFilterTest, NoTextDoesHarm) {
  const std::vector<std::string> pieces = {"tcp",
                                           "ip",
                                           "ip6",
                                           "src",
                                           "dst",
                                           "host",
                                           "net",
                                           "port",
                                           "mask",
                                           "and",
                                           "or",
                                           "not",
                                           "(",
                                           ")",
                                           "!",
                                           "&&",
                                           "||",
                                           "=",
                                           "!=",
                                           "<",
                                           ">=",
                                           ",",
                                           "state",
                                           "ended",
                                           "idle",
                                           "30s",
                                           "80",
                                           "10.0.0.1",
                                           "::/0",
                                           "1-2",
                                           "-",
                                           "/",
                                           "::",
                                           "\xff",
                                           "worker",
                                           "established",
                                           std::string(1, '\0'),
                                           "'",
                                           "portrange",
                                           "10.0.0.0/8",
                                           "client.state",
                                           "midstream",
                                           "true",
                                           "frames"};
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> piece(0, pieces.size() - 1);
  std::uniform_int_distribution<int> length(0, 12);
  int parsed = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text;
    for (int i = length(random); i > 0; --i) {
      absl::StrAppend(&text, pieces[piece(random)], i % 3 == 0 ? "" : " ");
    }
    const auto filter = FlowFilter::Parse(text);
    if (!filter.ok()) {
      EXPECT_EQ(filter.status().message().substr(0, 3), "at ") << text;
      continue;
    }
    ++parsed;
    filter->Matches(Ipv4Flow(), kNowNs);
    filter->Matches(Ipv6Flow(), kNowNs);
  }
  EXPECT_GT(parsed, 1000);
}

// A valid filter of random shape against a slow, obvious evaluation.
struct Random {
  std::mt19937 generator{2};
  size_t Below(size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(generator);
  }
};

std::string MakeTerm(Random* random, int depth, bool* value) {
  static constexpr struct {
    const char* text;
    bool value;
  } kTests[] = {{"ip", true},
                {"ip6", false},
                {"port 80", true},
                {"frames<1", false},
                {"state=established", true}};
  const size_t choice = random->Below(depth == 0 ? 5 : 8);
  if (choice < 5) {
    *value = kTests[choice].value;
    return kTests[choice].text;
  }
  if (choice == 5) {
    const std::string inner = MakeTerm(random, depth - 1, value);
    *value = !*value;
    return "not " + inner;
  }
  std::string text = "(" + MakeTerm(random, depth - 1, value);
  for (size_t n = random->Below(4); n > 0; --n) {
    bool right;
    const bool is_and = random->Below(2) == 0;
    const std::string term = MakeTerm(random, depth - 1, &right);
    text += (is_and ? " and " : " or ") + term;
    *value = is_and ? *value && right : *value || right;
  }
  return text + ")";
}

TEST(FlowFilterTest, AgreesWithAnObviousEvaluation) {
  Random random;
  int compared = 0;
  for (int round = 0; round < 20'000; ++round) {
    bool expected;
    const std::string text = MakeTerm(&random, 6, &expected);
    if (text.size() > FlowFilter::kMaxText) continue;
    const auto filter = FlowFilter::Parse(text);
    ASSERT_TRUE(filter.ok()) << text << ": " << filter.status();
    ASSERT_EQ(filter->Matches(Ipv4Flow(), kNowNs), expected) << text;
    ++compared;
  }
  EXPECT_GT(compared, 10'000);
}

}  // namespace
}  // namespace mosd::controlplane
