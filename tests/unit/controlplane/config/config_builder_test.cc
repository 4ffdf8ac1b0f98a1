#include "controlplane/config/config_builder.h"

#include <chrono>
#include <ostream>

#include "controlplane/config/effective_yaml.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// What is said of a text, from reading it or from building it.
absl::Status StatusOf(const std::string& yaml) {
  ConfigBuilder builder;
  absl::Status status = builder.ReadText(yaml, "f.yaml");
  return status.ok() ? builder.Build().status() : status;
}

TEST(ConfigBuilderTest, DefaultsAreThoseOfTheRules) {
  const auto config = ConfigBuilder().Build();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->dataplane().workers(), 1u);
  EXPECT_EQ(config->dataplane().max_flows(), 1'000'000u);
  EXPECT_EQ(config->dataplane().timeouts().established().seconds(), 1800);
  EXPECT_EQ(config->dataplane().last_frame().memory(), 1u << 30);
  EXPECT_TRUE(config->dataplane().midstream_pickup());
  EXPECT_EQ(config->dataplane().idle(), mos::v1::IDLE_MODE_ADAPTIVE);
  EXPECT_THAT(config->grpc().listen(),
              ElementsAre(StartsWith("unix:/"), "127.0.0.1:50051"));
  EXPECT_THAT(config->metrics().listen(), ElementsAre("127.0.0.1:9464"));
  EXPECT_THAT(config->node(), Not(IsEmpty()));
}

TEST(ConfigBuilderTest, AnEmptyFileIsTheDefaults) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "dataplane:\n", "~"}) {
    ConfigBuilder builder;
    ASSERT_TRUE(builder.ReadText(yaml, "f.yaml").ok()) << yaml;
    EXPECT_TRUE(
        MessageDifferencer::Equals(builder.config(), ConfigBuilder().config()));
  }
}

TEST(ConfigBuilderTest, BeyondLoopbackWithTlsOrWhenToldTo) {
  for (const char* how :
       {"insecure: true", "tls: {certificate: c.pem, key: k.pem}"}) {
    const absl::Status status = StatusOf(
        std::string("grpc: {listen: [\"0.0.0.0:50051\"], ") + how + "}");
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(ConfigBuilderTest, ReadsEveryKindOfValue) {
  ConfigBuilder builder;
  ASSERT_EQ(builder.ReadText(R"(
node: lab-1
dataplane:
  workers: 2
  cpus: [2, 3]
  idle: busy_poll
  midstream_pickup: false
  timeouts: {half_open: 1m30s, time_wait: 250ms}
  last_frame: {memory: 2GiB, snaplen: "128"}
  ports:
    - device: pcap:a,b.pcap
      loop: true
      pace: timestamps
    - af_packet:eth0
grpc: {listen: []}
log: {level: debug}
)",
                             "f.yaml"),
            absl::OkStatus());
  const auto config = builder.Build();
  ASSERT_TRUE(config.ok()) << config.status();
  const auto& dataplane = config->dataplane();
  EXPECT_EQ(config->node(), "lab-1");
  EXPECT_THAT(dataplane.cpus(), ElementsAre(2, 3));
  EXPECT_EQ(dataplane.idle(), mos::v1::IDLE_MODE_BUSY_POLL);
  EXPECT_FALSE(dataplane.midstream_pickup());
  EXPECT_EQ(dataplane.timeouts().half_open().seconds(), 90);
  EXPECT_EQ(dataplane.timeouts().time_wait().nanos(), 250'000'000);
  EXPECT_EQ(dataplane.last_frame().memory(), uint64_t{2} << 30);
  EXPECT_EQ(dataplane.last_frame().snaplen(), 128u);
  ASSERT_EQ(dataplane.ports_size(), 2);
  EXPECT_EQ(dataplane.ports(0).device(), "pcap:a,b.pcap");
  EXPECT_TRUE(dataplane.ports(0).loop());
  EXPECT_EQ(dataplane.ports(1).device(), "af_packet:eth0");
  EXPECT_EQ(dataplane.ports(1).pace(), mos::v1::CAPTURE_PACE_FULL);
  EXPECT_THAT(config->grpc().listen(), IsEmpty());
}

struct Rejected {
  const char* yaml;
  const char* error;  // the beginning of the message
};

void PrintTo(const Rejected& rejected, std::ostream* out) {
  *out << rejected.yaml;
}

class RejectedTest : public ::testing::TestWithParam<Rejected> {};

TEST_P(RejectedTest, NamesPlaceKeyAndReason) {
  const absl::Status status = StatusOf(GetParam().yaml);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, RejectedTest,
    ::testing::Values(
        Rejected{"dataplan:\n  workers: 1\n",
                 "f.yaml:1:1: dataplan: unknown key; did you mean dataplane?"},
        Rejected{"dataplane:\n  worker: 1\n",
                 "f.yaml:2:3: dataplane.worker: unknown key; did you mean "
                 "workers?"},
        Rejected{"workers: 1\n",
                 "f.yaml:1:1: workers: unknown key; did you mean "
                 "dataplane.workers?"},
        Rejected{"qqqqqq: 1\n",
                 "f.yaml:1:1: qqqqqq: unknown key; the keys here are node, "
                 "dataplane, grpc, metrics, log"},
        Rejected{"log:\n  level: info\n  level: warn\n",
                 "f.yaml:3:3: log.level: is written twice, first in line 2"},
        Rejected{"[a]: 1\n", "f.yaml:1:1: a key must be a plain word"},
        Rejected{"- a\n", "f.yaml:1:1: must be a map with the keys node"},
        Rejected{"dataplane: 5\n",
                 "f.yaml:1:12: dataplane: must be a map with the keys ports"},
        Rejected{"dataplane:\n  ports: pcap:x\n",
                 "f.yaml:2:10: dataplane.ports: must be a list"},
        Rejected{"dataplane:\n  ports:\n    - [a]\n",
                 "f.yaml:3:7: dataplane.ports[0]: must be a map"},
        Rejected{"dataplane:\n  ports:\n    - devise: a\n",
                 "f.yaml:3:7: dataplane.ports[0].devise: unknown key; did you "
                 "mean device?"},
        Rejected{"grpc:\n  listen:\n",
                 "f.yaml:2:3: grpc.listen: must be a list"},
        Rejected{"grpc:\n  listen: [[a]]\n",
                 "f.yaml:2:12: grpc.listen[0]: must be a text"}));

INSTANTIATE_TEST_SUITE_P(
    Values, RejectedTest,
    ::testing::Values(
        Rejected{"dataplane:\n  workers: 0\n",
                 "f.yaml:2:12: dataplane.workers: must be 1 to 64 threads, "
                 "not \"0\""},
        Rejected{"dataplane: {workers: 65}", "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: -1}", "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: 1.5}", "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: two}", "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: 99999999999999999999}",
                 "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: 1KiB}",
                 "f.yaml:1:22: dataplane.workers"},
        Rejected{"dataplane: {workers: [1]}",
                 "f.yaml:1:22: dataplane.workers: must be 1 to 64 threads, "
                 "not a list or a map"},
        Rejected{"dataplane: {workers: }",
                 "f.yaml:1:13: dataplane.workers: has no value"},
        Rejected{"dataplane: {last_frame: {memory: 1KiB}}",
                 "f.yaml:1:34: dataplane.last_frame.memory: must be 1MiB to "
                 "1TiB, not \"1KiB\""},
        Rejected{"dataplane: {last_frame: {memory: 1GB}}",
                 "f.yaml:1:34: dataplane.last_frame.memory"},
        Rejected{"dataplane: {last_frame: {memory: 99999999999TiB}}",
                 "f.yaml:1:34: dataplane.last_frame.memory"},
        Rejected{"dataplane: {timeouts: {half_open: 30}}",
                 "f.yaml:1:35: dataplane.timeouts.half_open: needs a unit: "
                 "30s, 30ms, ..."},
        Rejected{"dataplane: {timeouts: {half_open: 876001h}}",
                 "f.yaml:1:35: dataplane.timeouts.half_open: must be a "
                 "duration of 1s to 876000h, not \"876001h\""},
        Rejected{"dataplane: {timeouts: {half_open: inf}}",
                 "f.yaml:1:35: dataplane.timeouts.half_open"},
        Rejected{"dataplane: {timeouts: {half_open: -5s}}",
                 "f.yaml:1:35: dataplane.timeouts.half_open"},
        Rejected{"dataplane: {timeouts: {time_wait: -1ns}}",
                 "f.yaml:1:35: dataplane.timeouts.time_wait"},
        Rejected{"dataplane: {midstream_pickup: yes}",
                 "f.yaml:1:31: dataplane.midstream_pickup: must be true or "
                 "false, not \"yes\""},
        Rejected{"dataplane: {idle: IDLE_MODE_ADAPTIVE}",
                 "f.yaml:1:19: dataplane.idle: must be busy_poll or adaptive"},
        Rejected{"dataplane: {idle: unspecified}",
                 "f.yaml:1:19: dataplane.idle: must be busy_poll or adaptive"},
        Rejected{"log: {level: loud}",
                 "f.yaml:1:14: log.level: must be trace, debug, info, warn, "
                 "error or off, not \"loud\""},
        Rejected{"dataplane: {cpus: [1, x]}",
                 "f.yaml:1:23: dataplane.cpus[1]: must be 0 to 1023"},
        Rejected{"node: \"\"", "f.yaml:1:7: node: must not be empty"},
        Rejected{"node: \"a\\tb\"", "f.yaml:1:7: node: must be a text"}));

INSTANTIATE_TEST_SUITE_P(
    Together, RejectedTest,
    ::testing::Values(
        Rejected{"node: a/b", "f.yaml:1:7: node: must be 1 to 253 letters"},
        Rejected{"dataplane:\n  cpus: [1, 2]\n",
                 "f.yaml:2:9: dataplane.cpus: names 2 processors for 1"},
        Rejected{"dataplane:\n  workers: 2\n  cpus: [4, 4]\n",
                 "f.yaml:3:13: dataplane.cpus[1]: processor 4 is named twice"},
        Rejected{"dataplane:\n  ports:\n    - queues: 2\n",
                 "f.yaml:3:7: dataplane.ports[0].device: is missing"},
        Rejected{
            "dataplane:\n  ports:\n    - device: tap:x\n      loop: true\n",
            "f.yaml:4:13: dataplane.ports[0].loop: only a capture"},
        Rejected{"dataplane: {ports: [{device: tap:x, pace: timestamps}]}",
                 "f.yaml:1:43: dataplane.ports[0].pace: only a capture"},
        Rejected{"dataplane: {ports: [tap:x, tap:x]}",
                 "f.yaml:1:28: dataplane.ports[1].device: tap:x is named "
                 "twice"},
        Rejected{"grpc: {listen: [\"0.0.0.0:50051\"]}",
                 "f.yaml:1:17: grpc.listen[0]: \"0.0.0.0:50051\" can be "
                 "reached from other machines"},
        Rejected{"grpc: {listen: [\"[::]:50051\"]}",
                 "f.yaml:1:17: grpc.listen[0]: \"[::]:50051\" can be"},
        Rejected{"grpc: {tls: {certificate: a}}",
                 "f.yaml:1:27: grpc.tls.certificate: needs grpc.tls.key"},
        Rejected{"grpc: {tls: {key: a}}",
                 "f.yaml:1:19: grpc.tls.key: is of no use without "
                 "grpc.tls.certificate"},
        Rejected{"grpc: {tls: {client_ca: a}}",
                 "f.yaml:1:25: grpc.tls.client_ca: is of no use without"},
        Rejected{
            "grpc: {insecure: true, tls: {certificate: a, key: b}}",
            "f.yaml:1:18: grpc.insecure: contradicts grpc.tls.certificate"},
        Rejected{"grpc: {listen: [\"localhost\"]}",
                 "f.yaml:1:17: grpc.listen[0]: \"localhost\" has no port"},
        Rejected{"grpc: {listen: [\"127.0.0.1:7\"]}\n"
                 "metrics: {listen: [\"127.0.0.1:7\"]}",
                 "f.yaml:2:20: metrics.listen[0]: 127.0.0.1:7 is named "
                 "twice"}));

INSTANTIATE_TEST_SUITE_P(
    Hostile, RejectedTest,
    ::testing::Values(
        Rejected{"a: &x 1\nb: *x\n",
                 "f.yaml:1:4: anchors (&name) are not supported"},
        Rejected{"a: *x\n", "f.yaml:1:4: "},
        Rejected{"a: !!binary x\n", "f.yaml:1:4: tags"},
        Rejected{"a: 1\n---\nb: 2\n", "f.yaml:3:1: a second document"},
        Rejected{"a: [1\n", "f.yaml:"}, Rejected{"a: \"x\n", "f.yaml:"},
        Rejected{"\ta: 1\n", "f.yaml:"}, Rejected{"a: b: c\n", "f.yaml:1:5:"},
        Rejected{"node: x\n\x04grpc: {}\n", "f.yaml:2:1: control character"},
        Rejected{"node: \xff\xfe\n", "f.yaml:1:7: not UTF-8"},
        Rejected{"node: \xc0\xaf\n", "f.yaml:1:7: not UTF-8"},
        Rejected{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                 "f.yaml:1:9: nested deeper than 16 levels"}));

TEST(ConfigBuilderTest, ReportsSeveralProblemsAtOnce) {
  const absl::Status status =
      StatusOf("dataplane:\n  workers: 0\n  max_flows: x\nlgo: 1\n");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("f.yaml:2:12: dataplane.workers"),
                    HasSubstr("\nf.yaml:3:14: dataplane.max_flows"),
                    HasSubstr("\nf.yaml:4:1: lgo")));
}

TEST(ConfigBuilderTest, ReportsNoMoreProblemsThanAPersonReads) {
  std::string yaml;
  for (int i = 0; i < 10'000; ++i) yaml += "x" + std::to_string(i) + ": 1\n";
  const absl::Status status = StatusOf(yaml);
  EXPECT_THAT(std::string(status.message()), HasSubstr("... and more"));
  EXPECT_LT(status.message().size(), 4000u);
}

TEST(ConfigBuilderTest, AListReplacesTheOriginsOfAList) {
  ConfigBuilder builder;
  ASSERT_TRUE(builder
                  .ReadText("dataplane: {ports: [a, {device: b, loop: true}]}",
                            "f.yaml")
                  .ok());
  ASSERT_TRUE(builder.Set("dataplane.ports", "c,d", "flag").ok());
  EXPECT_EQ(builder.OriginOf("dataplane.ports[1].loop"), "flag");
  EXPECT_EQ(builder.OriginOf("dataplane.ports[0]"), "flag");
}

TEST(ConfigBuilderTest, ALongListTakesNoLongTime) {
  std::string yaml = "dataplane:\n  ports:\n";
  while (yaml.size() < kMaxYamlBytes - 8) yaml += "  - a\n";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(StatusOf(yaml).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(ConfigBuilderTest, TheFileMustExistAndBeSmall) {
  ConfigBuilder builder;
  const absl::Status missing = builder.ReadFile("/nonexistent/mosd.yaml");
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr("/nonexistent/mosd.yaml"));
  EXPECT_FALSE(builder.ReadFile("/").ok());
  EXPECT_THAT(std::string(builder.ReadFile("/dev/zero").message()),
              HasSubstr("has more than 1048576 bytes"));
}

TEST(ConfigBuilderTest, LaterSourcesWin) {
  ConfigBuilder builder;
  ASSERT_TRUE(builder
                  .ReadText("dataplane: {workers: 2, max_flows: 100, ports: "
                            "[{device: pcap:a, loop: true}, tap:x]}",
                            "f.yaml")
                  .ok());
  const char* environment[] = {"PATH=/bin", "MOSD_DATAPLANE_MAX_FLOWS=200",
                               "MOSD_DATAPLANE_PORTS=pcap:b.pcap, tap:y",
                               "MOSD_DATAPLANE_TIMEOUTS_HALF_OPEN=5s", nullptr};
  std::vector<std::string> warnings;
  ASSERT_EQ(builder.ReadEnvironment(environment, &warnings), absl::OkStatus());
  EXPECT_THAT(warnings, IsEmpty());
  ASSERT_EQ(builder.Set("dataplane.workers", "3", "--workers"),
            absl::OkStatus());
  ASSERT_EQ(builder.Set("dataplane.ports[0].loop", "true", "--loop"),
            absl::OkStatus());

  const auto config = builder.Build();
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->dataplane().workers(), 3u);
  EXPECT_EQ(config->dataplane().max_flows(), 200u);
  ASSERT_EQ(config->dataplane().ports_size(), 2);
  EXPECT_EQ(config->dataplane().ports(0).device(), "pcap:b.pcap");
  EXPECT_TRUE(config->dataplane().ports(0).loop());
  EXPECT_EQ(config->dataplane().ports(1).device(), "tap:y");
  EXPECT_EQ(builder.OriginOf("dataplane.workers"), "--workers");
  EXPECT_EQ(builder.OriginOf("dataplane.ports[1].device"),
            "environment variable MOSD_DATAPLANE_PORTS");
  EXPECT_EQ(builder.OriginOf("dataplane.ports[0].loop"), "--loop");
  EXPECT_EQ(builder.OriginOf("grpc.reflection"), "default");
}

TEST(ConfigBuilderTest, WarnsOfVariablesThatNameNoKey) {
  ConfigBuilder builder;
  const char* environment[] = {
      "MOSD_DATAPLANE_WORKER=2", "MOSD_ZZZ=1", "MOSD_CONFIG=/etc/x",
      // What Kubernetes sets for a service named mosd.
      "MOSD_SERVICE_HOST=10.0.0.1", "MOSD_PORT=tcp://10.0.0.1:1",
      "MOSD_PORT_50051_TCP_ADDR=10.0.0.1", nullptr};
  std::vector<std::string> warnings;
  EXPECT_TRUE(builder.ReadEnvironment(environment, &warnings).ok());
  EXPECT_THAT(warnings,
              ElementsAre(HasSubstr("did you mean MOSD_DATAPLANE_WORKERS?"),
                          HasSubstr("MOSD_ZZZ")));
}

TEST(ConfigBuilderTest, BadVariablesAndFlagsAreNamed) {
  ConfigBuilder builder;
  const char* environment[] = {"MOSD_DATAPLANE_WORKERS=0",
                               "MOSD_LOG_LEVEL=loud", nullptr};
  std::vector<std::string> warnings;
  EXPECT_THAT(
      std::string(builder.ReadEnvironment(environment, &warnings).message()),
      AllOf(StartsWith("environment variable MOSD_DATAPLANE_WORKERS: "
                       "dataplane.workers: must be 1 to 64 threads"),
            HasSubstr("\nenvironment variable MOSD_LOG_LEVEL: log.level: ")));
  const auto error = [&builder](const char* path, const char* value) {
    return std::string(builder.Set(path, value, "--set").message());
  };
  EXPECT_THAT(error("dataplane.workers", "0"), StartsWith("--set: dataplane"));
  EXPECT_THAT(error("dataplane", "0"), HasSubstr("is a group"));
  EXPECT_THAT(error("log.levle", "0"), HasSubstr("did you mean level?"));
  EXPECT_THAT(error("log.level.x", "0"), HasSubstr("has no keys below it"));
  EXPECT_THAT(error("dataplane.ports[0].loop", "true"),
              HasSubstr("is a list of 0"));
  EXPECT_THAT(error("dataplane.ports.loop", "true"), HasSubstr("is a list"));
  EXPECT_THAT(error("dataplane.ports[0", "x"), HasSubstr("is a"));
  for (const char* path : {"", ".", "..", "[", "dataplane.", ".node", "node[0]",
                           "dataplane.ports[-1].loop", "grpc.listen[0]"}) {
    EXPECT_FALSE(builder.Set(path, "x", "--set").ok()) << path;
  }
  EXPECT_FALSE(builder.SetList("node", {"a"}, "--set").ok());
}

TEST(ConfigBuilderTest, AnEmptyListSwitchesOff) {
  ConfigBuilder builder;
  ASSERT_TRUE(builder.Set("grpc.listen", "", "--set").ok());
  EXPECT_EQ(builder.config().grpc().listen_size(), 0);
}

TEST(ConfigBuilderTest, EffectiveYamlLoadsBackEqual) {
  ConfigBuilder builder;
  ASSERT_TRUE(builder
                  .ReadText(R"(
node: "null"
dataplane:
  workers: 2
  cpus: [0, 1]
  midstream_pickup: false
  timeouts: {half_open: 1500ms, closing: 1h0m1s}
  last_frame: {enabled: false, memory: 1048577}
  ended_flows: {max_count: 0, retention: 0}
  ports: ['pcap:/a b/"c": #d.pcap', {device: 'pcap:é', loop: true, pace: timestamps}]
grpc: {listen: [], reflection: false}
metrics: {listen: ["[::1]:0"]}
)",
                            "f.yaml")
                  .ok());
  const auto config = builder.Build();
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string yaml = EffectiveYaml(*config);
  ConfigBuilder again;
  ASSERT_EQ(again.ReadText(yaml, "again.yaml"), absl::OkStatus()) << yaml;
  EXPECT_TRUE(MessageDifferencer::Equals(again.config(), *config)) << yaml;
  EXPECT_EQ(EffectiveYaml(again.config()), yaml);
}

}  // namespace
}  // namespace mosd::controlplane
