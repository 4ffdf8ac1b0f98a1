#include "controlplane/mosctl/tcp_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"

namespace mosd::mosctl {
namespace {

struct Case {
  const char* hex;
  const char* text;
};

class TcpOptions : public ::testing::TestWithParam<Case> {};

TEST_P(TcpOptions, AreNamed) {
  const std::string bytes = absl::HexStringToBytes(GetParam().hex);
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  std::vector<std::string> texts;
  for (const TcpOption& option : DecodeTcpOptions(exact)) {
    texts.push_back(option.text);
  }
  EXPECT_EQ(absl::StrJoin(texts, "; "), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Table, TcpOptions,
    ::testing::Values(
        Case{"", ""}, Case{"00ffff", "end"}, Case{"010100", "NOP; NOP; end"},
        Case{"020405b4", "MSS 1460"}, Case{"020305", "unknown (kind 2) 05"},
        Case{"030307", "window scale 7 (x128)"},
        Case{"0303ff", "window scale 255 (too large, used as 14)"},
        Case{"0402", "SACK permitted"},
        Case{"0512000000010000000200000003ffffffff", "SACK 1-2 3-4294967295"},
        Case{"05050a0b0c", "SACK of wrong length: 0a0b0c"},
        Case{"0502", "SACK of wrong length: "},
        Case{"080a0000000100000002", "timestamps 1 echo 2"},
        Case{"1304aabb", "MD5 signature aabb"},
        Case{"1c04801e", "user timeout 30 min"},
        Case{"1c04001e", "user timeout 30 s"},
        Case{"1d060102abcd", "AO key 1 next 2 MAC abcd"},
        Case{"1e030c", "MPTCP MP_CAPABLE 0c"}, Case{"1e0320", "MPTCP DSS 20"},
        Case{"1e03f0", "MPTCP subtype 15 f0"},
        Case{"1e02", "MPTCP without subtype"},
        Case{"2202", "TFO cookie request"}, Case{"2204beef", "TFO cookie beef"},
        Case{"fe06f9891234", "TFO cookie (experimental) 1234"},
        Case{"fd041234", "experiment (kind 253) 1234"},
        Case{"fd02", "experiment (kind 253) "},
        Case{"4d040102", "unknown (kind 77) 0102"},
        Case{"02", "malformed (kind 2) 02"},
        Case{"0200", "malformed (kind 2) 0200"},
        Case{"010201", "NOP; malformed (kind 2) 0201"},
        Case{"0204", "malformed (kind 2) 0204"}));

}  // namespace
}  // namespace mosd::mosctl
