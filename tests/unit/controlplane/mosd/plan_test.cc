#include "controlplane/mosd/plan.h"

#include <map>
#include <utility>

#include "controlplane/config/config_builder.h"
#include "controlplane/config/dataplane_options.h"
#include "controlplane/mosd/plan_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

mos::v1::Config Configure(const Settings& settings) {
  ConfigBuilder builder;
  for (const auto& [path, value] : settings) {
    EXPECT_TRUE(builder.Set(path, value, "test").ok()) << path;
  }
  return *builder.Build();
}

Machine MachineOf(uint64_t available) {
  Machine machine;
  machine.memory = 2 * available;
  machine.available = available;
  machine.transparent_hugepages = "madvise";
  return machine;
}

Plan PlanOf(const Settings& settings, const Machine& machine) {
  return MakePlan(Configure(settings), machine);
}

std::map<std::string, uint64_t> Parts(const Plan& plan) {
  std::map<std::string, uint64_t> parts;
  for (const auto* groups : {&plan.groups, &plan.client_groups}) {
    for (const PlanGroup& group : *groups) {
      for (const PlanPart& part : group.parts) parts[part.name] += part.most;
    }
  }
  return parts;
}

// No line is longer than a terminal is wide, nor ends in a blank.
void ExpectPrintable(const Plan& plan) {
  const std::string text = PlanText(plan);
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != text.npos;
       begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    EXPECT_LE(line.size(), 80u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
  EXPECT_EQ(begin, text.size());
}

TEST(PlanTest, DefaultsAreWhatTheGuideSays) {
  const Plan plan = PlanOf({}, MachineOf(64 * kGiB));
  const auto parts = Parts(plan);
  EXPECT_EQ(parts.at("flow records"), 136 * kMiB);
  EXPECT_EQ(parts.at("their cold parts"), 34 * kMiB);
  EXPECT_EQ(parts.at("flow index"), 14 * kMiB);
  EXPECT_EQ(parts.at("IPv6 key tails"), 26 * kMiB);
  EXPECT_EQ(parts.at("last frames"), kGiB);
  EXPECT_EQ(parts.at("gRPC buffers"), 256 * kMiB);
  uint64_t sum = 0;
  for (const auto& [name, bytes] : parts) sum += bytes;
  EXPECT_EQ(plan.full + plan.full_clients, sum);
  EXPECT_EQ(plan.pages_2mib, 97u);
  EXPECT_EQ(plan.pages_1gib, 1u);
  EXPECT_EQ(plan.flows, 1'100'000u);
  EXPECT_TRUE(plan.fits());
  EXPECT_FALSE(plan.clients_limit);
}

TEST(PlanTest, GrowsWithTheKeys) {
  const auto with = [](const char* key, const char* value) {
    return Parts(PlanOf({{key, value}}, Machine()));
  };
  const auto usual = Parts(PlanOf({}, Machine()));
  EXPECT_EQ(
      with("dataplane.max_flows", "10000000").at("flow records"),
      (uint64_t{10'100'256} * 128 + 2 * kMiB - 1) / (2 * kMiB) * 2 * kMiB);
  EXPECT_GT(with("dataplane.ended_flows.max_count", "5000000").at("flow index"),
            4 * usual.at("flow index"));
  EXPECT_EQ(with("dataplane.last_frame.memory", "8GiB").at("last frames"),
            8 * kGiB);
  EXPECT_GT(
      with("dataplane.memory.packet_buffers", "1000000").at("packet buffers"),
      10 * usual.at("packet buffers"));
  EXPECT_EQ(with("dataplane.workers", "8").at("events, bursts") / 8,
            Parts(PlanOf({{"dataplane.workers", "2"}}, Machine()))
                        .at("events, bursts") /
                    2 +
                6 * (64 * 8 + 8));  // a list of frames for each worker more
  EXPECT_EQ(with("grpc.max_watches", "128").at("watch queues"),
            2 * usual.at("watch queues"));
}

TEST(PlanTest, WhatIsSwitchedOffTakesNothing) {
  const Plan plan =
      PlanOf({{"dataplane.last_frame.enabled", "false"}, {"grpc.listen", ""}},
             MachineOf(kGiB));
  EXPECT_EQ(Parts(plan).count("last frames"), 0u);
  EXPECT_TRUE(plan.last_frames.empty());
  EXPECT_EQ(plan.full_clients, 0u);
  EXPECT_TRUE(plan.fits());
  ExpectPrintable(plan);
  EXPECT_THAT(PlanText(plan), HasSubstr("Last frames are not kept"));
}

TEST(PlanTest, SaysWhichKeysToLower) {
  Plan plan = PlanOf({}, MachineOf(kGiB));
  ASSERT_FALSE(plan.fits());
  ASSERT_EQ(plan.limits.size(), 1u);
  // What is missing is less than the largest takes.
  ASSERT_EQ(plan.limits[0].lower.size(), 1u);
  EXPECT_EQ(plan.limits[0].lower[0].first, "dataplane.last_frame.memory");
  EXPECT_THAT(PlanText(plan), HasSubstr("It does not fit: 1.6 GiB needed, 1.0 "
                                        "GiB available\n  lower:\n    "
                                        "dataplane.last_frame.memory (1.1 "));
  ExpectPrintable(plan);

  // Of live and ended flows, those that are more.
  plan = PlanOf({{"dataplane.ended_flows.max_count", "50000000"}},
                MachineOf(kGiB));
  EXPECT_EQ(plan.limits[0].lower[0].first, "dataplane.ended_flows.max_count");

  plan = PlanOf({}, MachineOf(300 * kMiB));
  ASSERT_EQ(plan.limits[0].lower.size(), 2u);
  EXPECT_EQ(plan.limits[0].lower[1].first, "dataplane.max_flows");
  ExpectPrintable(plan);
}

TEST(PlanTest, KeepsTheControlGroupsLimit) {
  Machine machine = MachineOf(64 * kGiB);
  machine.group_limit = 2 * kGiB;
  EXPECT_TRUE(PlanOf({}, machine).fits());
  machine.group_limit = kGiB;
  const Plan plan = PlanOf({}, machine);
  EXPECT_FALSE(plan.fits());
  EXPECT_THAT(PlanText(plan), HasSubstr("allowed by the control group"));
  ExpectPrintable(plan);
}

TEST(PlanTest, WarnsOfClientsAtWorst) {
  const Plan plan = PlanOf({}, MachineOf(4 * kGiB));
  EXPECT_TRUE(plan.fits());
  ASSERT_TRUE(plan.clients_limit);
  EXPECT_EQ(plan.clients_limit->lower[0].first, "grpc.max_concurrent_calls");
  EXPECT_THAT(PlanText(plan), HasSubstr("With clients at worst it does not"));
  ExpectPrintable(plan);
  EXPECT_FALSE(
      PlanOf({{"grpc.max_concurrent_calls", "32"}, {"grpc.max_watches", "4"}},
             MachineOf(4 * kGiB))
          .clients_limit);
}

TEST(PlanTest, HugePagesAreUsedWhereTheyAreEnough) {
  Machine machine = MachineOf(64 * kGiB);
  Plan plan = PlanOf({}, machine);
  EXPECT_FALSE(plan.in_hugepages);
  EXPECT_THAT(PlanText(plan), HasSubstr("MOSD_HUGEPAGES=97 in "));
  const uint64_t on_usual_pages = plan.limits[0].needed;

  machine.hugepages = {{2 * kMiB, 97, 97 * 2 * kMiB}};
  plan = PlanOf({}, machine);
  EXPECT_TRUE(plan.in_hugepages);
  EXPECT_LT(plan.limits[0].needed, on_usual_pages - 100 * kMiB);
  EXPECT_THAT(PlanText(plan), HasSubstr("enough are free"));
  ExpectPrintable(plan);

  machine.hugepages = {{2 * kMiB, 97, 96 * 2 * kMiB}};
  EXPECT_FALSE(PlanOf({}, machine).in_hugepages);
  machine.hugepages = {{kGiB, 1, kGiB}};
  EXPECT_TRUE(PlanOf({}, machine).in_hugepages);
  EXPECT_FALSE(
      PlanOf({{"dataplane.memory.hugepages", "off"}}, machine).in_hugepages);
}

TEST(PlanTest, HugePagesThatAreRequiredMustBeThere) {
  Machine machine = MachineOf(64 * kGiB);
  const Settings on = {{"dataplane.memory.hugepages", "on"}};
  Plan plan = PlanOf(on, machine);
  EXPECT_FALSE(plan.fits());
  EXPECT_THAT(PlanText(plan), HasSubstr("free in huge pages"));
  ExpectPrintable(plan);
  machine.hugepages = {{2 * kMiB, 97, 97 * 2 * kMiB}};
  EXPECT_TRUE(PlanOf(on, machine).fits());
}

TEST(PlanTest, LockedMemoryMustBeAllowed) {
  Machine machine = MachineOf(64 * kGiB);
  machine.lock_limit = 8 * kMiB;
  const Plan plan = PlanOf({{"dataplane.ports", "af_packet:eth0"}}, machine);
  EXPECT_FALSE(plan.fits());
  EXPECT_THAT(PlanText(plan), HasSubstr("CAP_IPC_LOCK"));
  ExpectPrintable(plan);
  EXPECT_TRUE(PlanOf({{"dataplane.ports", "pcap:x"}}, machine).fits());
  // No port yet: who is going to open it is not known.
  EXPECT_TRUE(PlanOf({}, machine).fits());
  machine.lock_limit = kGiB;
  EXPECT_TRUE(PlanOf({{"dataplane.ports", "af_packet:eth0"}}, machine).fits());
}

TEST(PlanTest, AMachineThatSaysNothingIsNotCompared) {
  const Plan plan = PlanOf({}, Machine());
  EXPECT_TRUE(plan.fits());
  EXPECT_THAT(PlanText(plan), HasSubstr("Whether it fits is not known."));
  EXPECT_THAT(PlanText(plan), Not(HasSubstr("It fits")));
}

TEST(PlanTest, LastFramesOfTypicalSizes) {
  Plan plan = PlanOf({}, Machine());
  ASSERT_EQ(plan.last_frames.size(), 3u);
  EXPECT_EQ(plan.last_frames[0].buffer_bytes, 96u);
  EXPECT_EQ(plan.last_frames[0].flows, 5'592'405u);
  EXPECT_EQ(plan.last_frames[1].buffer_bytes, 1600u);
  EXPECT_EQ(plan.last_frames[2].frame_bytes, 9216u);
  // Sizes above snaplen are not kept.
  plan = PlanOf({{"dataplane.last_frame.snaplen", "128"}}, Machine());
  ASSERT_EQ(plan.last_frames.size(), 2u);
  EXPECT_EQ(plan.last_frames[1].frame_bytes, 128u);
}

TEST(PlanTest, TheSuggestedMemoryKeepsAll) {
  for (const char* workers : {"1", "3", "7"}) {
    const Settings settings = {{"dataplane.workers", workers},
                               {"dataplane.max_flows", "5000"},
                               {"dataplane.ended_flows.max_count", "1000"},
                               {"dataplane.last_frame.snaplen", "1514"}};
    Plan plan = PlanOf(settings, Machine());
    Settings suggested = settings;
    suggested.emplace_back(
        "dataplane.last_frame.memory",
        std::to_string((plan.last_frames.back().bytes_for_all + kMiB - 1) /
                       kMiB) +
            "MiB");
    plan = PlanOf(suggested, Machine());
    EXPECT_GE(plan.last_frames.back().flows, 6000u) << workers;
    EXPECT_LE(plan.last_frames.back().flows, 10000u) << workers;
  }
}

TEST(PlanTest, TheLargestOfAllFitsTheTerminal) {
  Machine machine = MachineOf(3 * kGiB);
  machine.lock_limit = 1;
  machine.group_limit = kGiB;
  machine.hugepages = {{2 * kMiB, 123'456'789, 2 * kMiB}, {kGiB, 0, 0}};
  machine.transparent_hugepages = "never";
  ExpectPrintable(PlanOf({{"dataplane.max_flows", "100000000"},
                          {"dataplane.ended_flows.max_count", "100000000"},
                          {"dataplane.workers", "64"},
                          {"dataplane.last_frame.memory", "1TiB"},
                          {"dataplane.last_frame.snaplen", "65535"},
                          {"dataplane.memory.packet_buffers", "16777216"},
                          {"dataplane.memory.hugepages", "on"},
                          {"grpc.max_concurrent_calls", "1000000"},
                          {"grpc.max_watches", "10000"},
                          {"grpc.watch_queue", "16777216"},
                          {"dataplane.ports", "af_packet:a,null:,af_xdp:b"}},
                         machine));
}

TEST(PlanTextTest, BytesHaveOneDecimal) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(kMiB - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(1536 * kMiB), "1.5 GiB");
  EXPECT_EQ(BytesText(UINT64_MAX), "16.0 EiB");
}

TEST(PlanTextTest, CountsAreGrouped) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(1234567), "1,234,567");
}

}  // namespace
}  // namespace mosd::controlplane
