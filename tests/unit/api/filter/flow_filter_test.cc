// Filters of stream sockets: agreement with libpcap, what is refused, bounds.
#include "api/filter/flow_filter.h"

#include <cctype>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/flow_words.h"

namespace mosd::api {
namespace {

using dataplane::IpVersion;
using mosd::testing::FlowTuple;
using mosd::testing::FlowWords;
using mosd::testing::PcapProgram;

FlowFilter Parsed(const std::string& text) {
  const auto filter = FlowFilter::Parse(text);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() ? *filter : FlowFilter();
}

bool Matches(const std::string& text, const FlowTuple& tuple) {
  return Parsed(text).Matches(tuple.version, tuple.source, tuple.destination);
}

TEST(FlowFilterTest, AgreesWithLibpcap) {
  FlowWords words(1);
  int matched = 0;
  constexpr int kRounds = 20'000;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = words.Filter(3);
    // Its optimizer refuses what can never match.
    const PcapProgram pcap(text, false);
    ASSERT_TRUE(pcap.ok()) << text << ": " << pcap.error();
    const std::string same = WithSymbols(text, &words);
    const FlowFilter filter = Parsed(same);
    for (int i = 0; i < 8; ++i) {
      const FlowTuple tuple = words.Tuple();
      const bool matches =
          filter.Matches(tuple.version, tuple.source, tuple.destination);
      ASSERT_EQ(matches, pcap.Matches(SynOf(tuple))) << text << "\n" << same;
      matched += matches;
    }
  }
  EXPECT_GT(matched, kRounds);
  EXPECT_LT(matched, 7 * kRounds);
}

const FlowTuple kHttp = {
    IpVersion::kIpv4, {{10, 0, 0, 1}, 4321}, {{192, 168, 1, 2}, 80}};

TEST(FlowFilterTest, MatchesAllWithoutText) {
  EXPECT_TRUE(
      FlowFilter().Matches(kHttp.version, kHttp.source, kHttp.destination));
  EXPECT_TRUE(Matches("", kHttp));
  EXPECT_TRUE(Matches(" \t\n", kHttp));
}

TEST(FlowFilterTest, TheSourceIsTheClient) {
  EXPECT_TRUE(Matches("tcp and src host 10.0.0.1 and dst port 80", kHttp));
  EXPECT_FALSE(Matches("dst host 10.0.0.1", kHttp));
  EXPECT_FALSE(Matches("src port 80", kHttp));
}

TEST(FlowFilterTest, BindsFromLeftToRight) {
  EXPECT_FALSE(Matches("port 80 or port 80 and port 1", kHttp));
  EXPECT_FALSE(Matches("port 80|port 80&port 1", kHttp));
  EXPECT_TRUE(Matches("port 80 or (port 80 and port 1)", kHttp));
  EXPECT_TRUE(Matches("not port 1 or port 80", kHttp));
}

// What libpcap refuses, but has one meaning.
TEST(FlowFilterTest, TakesWhatIsPlain) {
  EXPECT_TRUE(Matches("tcp host 10.0.0.1", kHttp));
  EXPECT_TRUE(Matches("tcp src net 10.0.0.0/8", kHttp));
  EXPECT_TRUE(Matches("10.0.0.1", kHttp));
  EXPECT_TRUE(Matches("net 10/8", kHttp));
  EXPECT_TRUE(Matches("port (80)", kHttp));
  EXPECT_TRUE(Matches("TCP PORT 80", kHttp));
}

struct ErrorCase {
  const char* text;
  const char* message;
};

constexpr char kTerm[] = "expected a word such as 'tcp', 'host' or 'port'";
constexpr char kWords[] =
    "expected 'tcp', 'host', 'net', 'port', 'portrange', 'src', 'dst' or an "
    "address";

TEST(FlowFilterTest, SaysWhereAndWhatWasExpected) {
  const ErrorCase cases[] = {
      {"udp", kWords},
      {"ip", kWords},
      {"ip6", kWords},
      {"vlan", kWords},
      {"tcp and udp", kWords},
      {"port 80 or icmp", kWords},
      {"ether host 02:00:00:00:00:01", kWords},
      {"tcp[13]=2", "expected 'and', 'or' or the end"},
      {"tcp[tcpflags] & tcp-syn != 0", "expected 'and', 'or' or the end"},
      {"len > 100", kWords},
      {"greater 100", kWords},
      {"state=ended", kWords},
      {"host example.com", "expected an address after 'host'"},
      {"port http", "expected 0 to 65535 after 'port'"},
      {"port 65536", "expected 0 to 65535 after 'port'"},
      {"port 0x50", "expected 0 to 65535 after 'port'"},
      {"port 010", "expected 0 to 65535 after 'port'"},
      {"portrange 2-1", "expected FIRST-LAST, 0 to 65535, after 'portrange'"},
      {"net 10.0.0.1/8", "the network address has bits outside its mask"},
      {"net 10.0.0.0/33", "expected 0 to 32 after '/'"},
      {"net fd00::/129", "expected 0 to 128 after '/'"},
      {"port", "expected 0 to 65535 after 'port'"},
      {"80", kWords},
      {"tcp or 80", kWords},
      {"tcp port 80 port 81", "expected 'and', 'or' or the end"},
      {"tcp tcp", "expected 'and', 'or' or the end"},
      {"(tcp", "expected ')'"},
      {"tcp)", "expected 'and', 'or' or the end"},
      {"()", kTerm},
      {"not", kTerm},
      {"tcp and", kTerm},
      {"and tcp", kWords},
      {"tcp ; tcp", "expected 'and', 'or' or the end"},
      {"tcp and \"x\"", kTerm},
  };
  for (const ErrorCase& error : cases) {
    const auto filter = FlowFilter::Parse(error.text);
    ASSERT_FALSE(filter.ok()) << error.text;
    EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(filter.status().message());
    EXPECT_EQ(message.substr(0, 3), "at ") << error.text;
    EXPECT_EQ(message.substr(message.find(": ") + 2), error.message)
        << error.text;
  }
  EXPECT_EQ(FlowFilter::Parse("tcp and udp").status().message(),
            std::string("at 9: ") + kWords);
}

TEST(FlowFilterTest, HasBounds) {
  const std::string blank(FlowFilter::kMaxText, ' ');
  EXPECT_TRUE(FlowFilter::Parse(blank).ok());
  EXPECT_FALSE(FlowFilter::Parse(blank + " ").ok());
  EXPECT_FALSE(FlowFilter::Parse(std::string(1 << 26, '(')).ok());

  const auto nested = [](size_t depth) {
    return std::string(depth, '(') + "tcp" + std::string(depth, ')');
  };
  EXPECT_TRUE(FlowFilter::Parse(nested(64)).ok());
  EXPECT_FALSE(FlowFilter::Parse(nested(65)).ok());
  EXPECT_FALSE(FlowFilter::Parse(nested(30'000)).ok());
  EXPECT_FALSE(FlowFilter::Parse(std::string(60'000, '!') + "tcp").ok());
  EXPECT_FALSE(
      FlowFilter::Parse("port " + std::string(60'000, '(') + "1").ok());

  std::string chain = "port 1";
  while (chain.size() + 6 <= FlowFilter::kMaxText) chain += " or 80";
  EXPECT_TRUE(Matches(chain, kHttp));
}

TEST(FlowFilterTest, TheDeepestOpenOperandsFitTheStack) {
  std::string text = "tcp";
  for (size_t i = 0; i < 32; ++i) text += " and (tcp";
  text += " and port (80";
  for (size_t i = 0; i < 31; ++i) text += " and (80";
  text += std::string(64, ')');
  EXPECT_TRUE(Matches(text, kHttp));
}

}  // namespace
}  // namespace mosd::api
