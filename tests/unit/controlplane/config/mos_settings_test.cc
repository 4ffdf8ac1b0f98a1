#include "controlplane/config/mos_settings.h"

#include <ostream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  MosSettings settings;
  std::string problems;
  std::vector<std::string> notices;
};

Read ReadText(const std::string& text) {
  const auto file = ParseMosConf(text, "f");
  if (!file.ok()) return {{}, std::string(file.status().message()), {}};
  MosConfReport report("f");
  Read read{ReadMosSettings(*file, &report), "", {}};
  read.problems = std::string(report.status().message());
  read.notices = report.notices();
  return read;
}

TEST(MosSettingsTest, NothingWrittenIsNothingSet) {
  const Read read = ReadText("mos { }");
  EXPECT_FALSE(read.settings.forward || read.settings.rmem_size ||
               read.settings.tcp_timeout || read.settings.appliance);
  EXPECT_THAT(read.settings.devices, IsEmpty());
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(read.notices, IsEmpty());
}

TEST(MosSettingsTest, ReadsNumbersAsCWritesThem) {
  const auto [settings, problems, notices] = ReadText(
      "mos {\n rmem_size = 0x2000; wmem_size 020\n tcp_timeout=-1\n"
      " tcp_tw_interval \"10\"\n forward = 0\n}");
  EXPECT_EQ(problems, "");
  EXPECT_EQ(settings.rmem_size->value, 8192);
  EXPECT_EQ(settings.rmem_size->line, 2);
  EXPECT_EQ(settings.wmem_size->value, 16);
  EXPECT_EQ(settings.tcp_timeout->value, -1);
  EXPECT_EQ(settings.tcp_tw_interval->value, 10);
  EXPECT_EQ(settings.forward->value, 0);
}

TEST(MosSettingsTest, ReadsDevicesAndMasks) {
  const auto [settings, problems, notices] = ReadText(
      "mos {\n netdev {\n dpdk0 0x00FF\n 0000:03:00.0 3 10:00.1\n"
      " af_packet:eth0,framecnt=64 -1\n"
      " null:size=64,copy=1 0xFFFFFFFFFFFFFFFF\n}\n}");
  EXPECT_EQ(problems, "");
  ASSERT_EQ(settings.devices.size(), 5u);
  EXPECT_EQ(settings.devices[0].name, "dpdk0");
  EXPECT_EQ(settings.devices[0].core_mask, 0xFFu);
  EXPECT_EQ(settings.devices[0].line, 3);
  EXPECT_EQ(settings.devices[1].name, "0000:03:00.0");
  EXPECT_EQ(settings.devices[1].core_mask, 3u);
  EXPECT_EQ(settings.devices[2].name, "10:00.1");
  EXPECT_EQ(settings.devices[2].core_mask, std::nullopt);
  EXPECT_EQ(settings.devices[3].name, "af_packet:eth0,framecnt=64");
  EXPECT_EQ(settings.devices[3].core_mask, ~uint64_t{0});
  EXPECT_EQ(settings.devices[4].name, "null:size=64,copy=1");
  EXPECT_EQ(settings.devices[4].core_mask, ~uint64_t{0});
}

TEST(MosSettingsTest, ReadsApplications) {
  const auto [settings, problems, notices] = ReadText(
      "application { type = monitor; run = fw -f \"a; b\" ; core_mask = 0x3 }\n"
      "application {\n cpu_mask 4\n ip_forward = 0\n}\n");
  EXPECT_EQ(problems, "");
  ASSERT_EQ(settings.applications.size(), 2u);
  EXPECT_EQ(settings.applications[0].run, "fw -f \"a; b\"");
  EXPECT_EQ(settings.applications[0].cpu_mask, 3u);
  EXPECT_TRUE(settings.applications[0].ip_forward);
  EXPECT_EQ(settings.applications[1].type, "monitor");
  EXPECT_EQ(settings.applications[1].cpu_mask, 4u);
  EXPECT_FALSE(settings.applications[1].ip_forward);
}

TEST(MosSettingsTest, NotesWhatIsIgnoredOnceAKey) {
  const Read read = ReadText(
      "mos {\n arp_table {\n 10.0.0.1/32 00:11:22:33:44:55\n }\n"
      " arp_table { }\n stat_print = dpdk0 dpdk1\n tcp_timout = 5\n"
      " tcp_timout = 6\n \xffx = 1\n}\nforward = 1\nhost { }\n"
      "application { type = end; user = x }");
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(
      read.notices,
      ElementsAre(
          "f:2: arp_table: is not used by a monitor",
          "f:6: stat_print: is not used by a monitor",
          "f:7: tcp_timout: unknown key, ignored; did you mean tcp_timeout?",
          "f:9: \\xffx: unknown key, ignored",
          HasSubstr("f:11: forward: stands outside of mos { }"),
          HasSubstr("f:12: host: unknown block, ignored"),
          HasSubstr("f:13: type: there are monitors only"),
          "f:13: user: unknown key, ignored"));
}

TEST(MosSettingsTest, OfTwoTheLastCounts) {
  const Read read = ReadText("mos {\n forward = 0\n}\nmos {\n forward = 1\n}");
  EXPECT_EQ(read.settings.forward->value, 1);
  EXPECT_THAT(read.notices,
              ElementsAre("f:5: forward: counts; line 2 has it too and is "
                          "ignored"));
}

struct Refused {
  const char* text;
  const char* problems;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.text;
}

class MosSettingsRefusedTest : public ::testing::TestWithParam<Refused> {};

TEST_P(MosSettingsRefusedTest, WithLineAndReason) {
  EXPECT_EQ(ReadText(GetParam().text).problems, GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    All, MosSettingsRefusedTest,
    ::testing::Values(
        Refused{"mos {\n forward = 2\n rmem_size = 8k\n}",
                "f:2: forward: must be 0 to 1, not \"2\"\n"
                "f:3: rmem_size: must be 1 to 1073741824 bytes, not \"8k\""},
        Refused{"mos { max_concurrency = 99999999999999999999 }",
                "f:1: max_concurrency: must be 1 to 100000000 flows, not "
                "\"99999999999999999999\""},
        Refused{"mos { max_concurrency = 0 }",
                "f:1: max_concurrency: must be 1 to 100000000 flows, not "
                "\"0\""},
        Refused{"mos { tcp_timeout = -2 }",
                "f:1: tcp_timeout: must be -1 to 2147483647 seconds (-1: "
                "never), not \"-2\""},
        Refused{"mos { tcp_timeout = -9223372036854775808 }",
                "f:1: tcp_timeout: must be -1 to 2147483647 seconds (-1: "
                "never), not \"-9223372036854775808\""},
        Refused{"mos { tcp_timeout = 08 }",
                "f:1: tcp_timeout: must be -1 to 2147483647 seconds (-1: "
                "never), not \"08\""},
        Refused{"mos { tcp_timeout = }",
                "f:1: tcp_timeout: has no value; write tcp_timeout = -1 to "
                "2147483647 seconds (-1: never)"},
        Refused{"mos { lastpkt = newest; lastpkt { } }",
                "f:1: lastpkt: must be per_side or current, not \"newest\"\n"
                "f:1: lastpkt: is a block; write lastpkt = per_side or "
                "current"},
        Refused{"mos { netdev = dpdk0 }",
                "f:1: netdev: must be a block: netdev { ... }"},
        Refused{"mos { netdev {\n x { } } }",
                "f:2: netdev: must not have blocks in it"},
        Refused{"mos { netdev { dpdk0 0x1FFFFFFFFFFFFFFFF } }",
                "f:1: netdev: the mask must be like 0x3, at most 64 bits, not "
                "\"0x1FFFFFFFFFFFFFFFF\""},
        Refused{"mos { nic_forward_table {\n a b\n a\n a b c } }",
                "f:3: nic_forward_table: must have two devices in a line, not "
                "\"a\"\n"
                "f:4: nic_forward_table: must have two devices in a line, not "
                "\"a b c\""},
        Refused{"application { cpu_mask = all; ip_forward = maybe }",
                "f:1: cpu_mask: the mask must be like 0x3, at most 64 bits, "
                "not \"all\"\n"
                "f:1: ip_forward: must be 0 or 1, not \"maybe\""}));

TEST(MosSettingsTest, TablesAreBounded) {
  std::string devices = "mos { netdev {";
  for (int i = 0; i < 100'000; ++i) devices += " eth" + std::to_string(i);
  EXPECT_EQ(ReadText(devices + "}}").problems,
            "f:1: netdev: names more than 64 devices");
  std::string applications;
  for (int i = 0; i < 1000; ++i) applications += "application { }\n";
  EXPECT_EQ(ReadText(applications).problems,
            "f:21: application: there are more than 20");
}

}  // namespace
}  // namespace mosd::controlplane
