#include "controlplane/config/mos_conf.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <initializer_list>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

class MosConfTest : public ::testing::Test {
 protected:
  using Environment = std::initializer_list<const char*>;

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  // Reads `text` on a machine of four processors.
  absl::StatusOr<MosConf> Read(const std::string& text,
                               Environment environment = {}) {
    return ReadFile(Write("mos.conf", text), environment);
  }

  static absl::StatusOr<MosConf> ReadFile(const std::string& path,
                                          Environment environment = {},
                                          uint64_t usable_cpus = 0xF) {
    std::vector<const char*> variables(environment);
    variables.push_back(nullptr);
    return ReadMosConf(path, variables.data(), usable_cpus);
  }

  // What is wrong, with the folder taken out.
  std::string ErrorOf(const std::string& text, Environment environment = {}) {
    const auto conf = Read(text, environment);
    std::string message(conf.status().message());
    const std::string folder = folder_ / "";
    for (size_t at; (at = message.find(folder)) != message.npos;) {
      message.erase(at, folder.size());
    }
    EXPECT_EQ(conf.status().code(), absl::StatusCode::kInvalidArgument);
    return message;
  }

  static std::vector<std::string> Devices(const MosConf& conf) {
    std::vector<std::string> devices;
    for (const auto& port : conf.config.dataplane().ports()) {
      devices.push_back(port.device());
    }
    return devices;
  }

  const mosd::testing::TempDir folder_;
};

// As a program of mOS has it.
constexpr char kTypical[] = R"(
# application to run
application {
	type = monitor
	run = simple_firewall
	core_mask = 0x0003
}
mos {
	forward = 1
	nb_mem_channels = 4
	netdev {
		dpdk0 0x0003
		dpdk1 0x0003
	}
	stat_print = dpdk0 dpdk1
	mos_log = logs/
	arp_table {
	}
	route_table {
	}
	nic_forward_table {
		dpdk0 dpdk1
	}
	# max_concurrency = 100
	no_ring_buffers = 1
}
)";

TEST_F(MosConfTest, ReadsATypicalFile) {
  const auto conf = Read(kTypical);
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 2);
  EXPECT_EQ(conf->cpu_mask, 3u);
  EXPECT_TRUE(conf->forward);
  EXPECT_THAT(conf->forward_pairs, ElementsAre(Pair(0, 1)));
  EXPECT_TRUE(conf->no_ring_buffers);
  EXPECT_FALSE(conf->last_packet_is_current);
  EXPECT_EQ(conf->rmem_size, 8192u);
  EXPECT_EQ(conf->wmem_size, 8192u);
  EXPECT_EQ(conf->tcp_timeout_s, 30);
  EXPECT_EQ(conf->tcp_tw_interval_s, 0);
  EXPECT_EQ(conf->max_concurrency, 100'000);
  ASSERT_THAT(conf->applications, SizeIs(1));
  EXPECT_EQ(conf->applications[0].run, "simple_firewall");
  EXPECT_EQ(conf->applications[0].cpu_mask, 3u);
  EXPECT_THAT(conf->notices, SizeIs(5));

  const auto& dataplane = conf->config.dataplane();
  EXPECT_THAT(Devices(*conf), ElementsAre("dpdk0", "dpdk1"));
  EXPECT_EQ(dataplane.workers(), 2u);
  EXPECT_THAT(dataplane.cpus(), ElementsAre(0, 1));
  EXPECT_EQ(dataplane.max_flows(), 200'000u);
  EXPECT_EQ(dataplane.timeouts().half_open().seconds(), 30);
  EXPECT_EQ(dataplane.timeouts().established().seconds(), 30);
  EXPECT_EQ(dataplane.timeouts().closing().seconds(), 30);
  EXPECT_EQ(dataplane.timeouts().time_wait().seconds(), 0);
}

TEST_F(MosConfTest, ServesNothingUnlessToldTo) {
  const auto conf = Read(kTypical);
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(conf->config.grpc().listen(), IsEmpty());
  EXPECT_THAT(conf->config.metrics().listen(), IsEmpty());
  const auto told = Read(kTypical, {"MOSD_GRPC_LISTEN=127.0.0.1:1"});
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_THAT(told->config.grpc().listen(), ElementsAre("127.0.0.1:1"));
  const auto yaml =
      ReadFile(Write("a.yaml", "dataplane: {ports: [\"null:\"]}"));
  ASSERT_TRUE(yaml.ok()) << yaml.status();
  EXPECT_THAT(yaml->config.grpc().listen(), IsEmpty());
  EXPECT_THAT(yaml->config.metrics().listen(), IsEmpty());
}

TEST_F(MosConfTest, TimeoutsAreSecondsOrNever) {
  auto conf =
      Read("mos { netdev { null: 1 } tcp_timeout = 5; tcp_tw_interval = 7 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->tcp_timeout_s, 5);
  EXPECT_EQ(conf->tcp_tw_interval_s, 7);
  EXPECT_EQ(conf->config.dataplane().timeouts().closing().seconds(), 5);
  EXPECT_EQ(conf->config.dataplane().timeouts().time_wait().seconds(), 7);
  for (const char* never : {"-1", "0"}) {
    conf = Read(std::string("mos { netdev { null: 1 } tcp_timeout = ") + never +
                "; tcp_tw_interval = " + never + "}");
    ASSERT_TRUE(conf.ok()) << conf.status();
    EXPECT_EQ(conf->tcp_timeout_s, -1) << never;
    EXPECT_GE(conf->config.dataplane().timeouts().half_open().seconds(),
              int64_t{99} * 365 * 86'400);
    EXPECT_EQ(conf->tcp_tw_interval_s, std::atoi(never));
  }
  conf = Read("mos { netdev { null: 1 } tcp_timeout = 2147483647 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->tcp_timeout_s, 2147483647);
}

TEST_F(MosConfTest, ContextsAreTheUsableProcessorsOfAllMasks) {
  auto conf = Read("mos { netdev { null: 0x1\n null: 0xC } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 3);
  EXPECT_EQ(conf->cpu_mask, 0xDu);
  EXPECT_THAT(conf->config.dataplane().cpus(), ElementsAre(0, 2, 3));
  EXPECT_THAT(conf->notices, IsEmpty());

  conf = Read("mos { netdev { null: 0x00FC } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->cpu_mask, 0xCu);
  EXPECT_THAT(conf->notices,
              ElementsAre(HasSubstr("mos.conf:1: netdev: of the processors "
                                    "0xfc this process may run on 0xc; 0xc is "
                                    "used")));
  conf = Read("mos { netdev { null: 0xF0 } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 1);
  EXPECT_EQ(conf->cpu_mask, 1u);
  conf = Read("mos { netdev { null: -1 } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->cpu_mask, 0xFu);
  EXPECT_THAT(conf->notices, IsEmpty());
}

TEST_F(MosConfTest, WithoutMasksOfDevicesApplicationsSay) {
  auto conf = Read("application { cpu_mask = 0x6 }\nmos { netdev { null: } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->cpu_mask, 6u);
  EXPECT_EQ(conf->num_cores, 2);
  conf = Read("mos { netdev { null: } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 1);
  EXPECT_EQ(conf->cpu_mask, 1u);
  EXPECT_THAT(conf->config.dataplane().cpus(), IsEmpty());
}

TEST_F(MosConfTest, NoUsableProcessorIsOneContextThatIsNotPinned) {
  const auto conf =
      ReadFile(Write("mos.conf", "mos { netdev { null: 0x3 } }"), {}, 0);
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 1);
  EXPECT_THAT(conf->config.dataplane().cpus(), IsEmpty());
}

TEST_F(MosConfTest, TheRealMachineHasProcessors) {
  EXPECT_NE(UsableCpus(), 0u);
  const auto conf =
      ReadMosConf(Write("mos.conf", "mos { netdev { null: -1 } }"), nullptr);
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->cpu_mask, UsableCpus());
}

TEST_F(MosConfTest, TheEnvironmentMayChangeTheWorkers) {
  auto conf = Read(kTypical, {"MOSD_DATAPLANE_WORKERS=1"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 1);
  EXPECT_EQ(conf->cpu_mask, 1u);
  EXPECT_EQ(conf->config.dataplane().max_flows(), 100'000u);
  conf = Read(kTypical, {"MOSD_DATAPLANE_WORKERS=5"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 5);
  EXPECT_THAT(conf->config.dataplane().cpus(), IsEmpty());
  conf = Read(kTypical, {"MOSD_DATAPLANE_CPUS=3"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 1);
  EXPECT_EQ(conf->cpu_mask, 8u);
  conf = Read(kTypical, {"MOSD_DATAPLANE_CPUS="});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 2);
  EXPECT_THAT(conf->config.dataplane().cpus(), IsEmpty());
}

TEST_F(MosConfTest, MaxConcurrencyIsOfAContext) {
  auto conf = Read("mos { netdev { null: 0x3 } max_concurrency = 1000 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->max_concurrency, 1000);
  EXPECT_EQ(conf->config.dataplane().max_flows(), 2000u);
  conf = Read("mos { netdev { null: 0x3 }\n max_concurrency = 10 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->max_concurrency, 10);
  EXPECT_EQ(conf->config.dataplane().max_flows(), 64u);
  EXPECT_THAT(conf->notices, ElementsAre(HasSubstr(":2: max_concurrency: ")));
  conf = Read("mos { netdev { null: 0x3 } max_concurrency = 10 }",
              {"MOSD_DATAPLANE_MAX_FLOWS=500"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->max_concurrency, 250);
  EXPECT_EQ(ErrorOf("mos { netdev { null: 0x3 }\n"
                    "max_concurrency = 100000000 }"),
            "mos.conf:2: max_concurrency: dataplane.max_flows: must be 64 to "
            "100000000 flows, not \"200000000\"");
}

TEST_F(MosConfTest, ForwardsByPairs) {
  auto conf = Read(
      "mos { netdev { dpdk0 1\n dpdk1 1\n null: 1\n dpdk3 1 }\n"
      "nic_forward_table { dpdk0 null:\n null: dpdk0\n dpdk3 dpdk1 } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_TRUE(conf->forward);
  EXPECT_THAT(conf->forward_pairs, ElementsAre(Pair(0, 2), Pair(3, 1)));
  conf = Read("mos { netdev { dpdk0 1 }\nforward = 1 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_FALSE(conf->forward);
  EXPECT_THAT(conf->notices,
              ElementsAre(HasSubstr(":2: forward: nothing is forwarded")));
  conf = Read(
      "application { ip_forward = 0 }\nmos { netdev { dpdk0 1\n dpdk1 1 }\n"
      "nic_forward_table { dpdk0 dpdk1 } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_FALSE(conf->forward);
}

TEST_F(MosConfTest, RefusesPairsThatCannotBe) {
  const std::string netdev = "mos { netdev { a:1 1\n b:1 1\n c:1 1 }\n";
  EXPECT_EQ(ErrorOf(netdev + "nic_forward_table { a:1 b:1\n c:1 b:1\n d:1 c:1 "
                             "}\n}"),
            "mos.conf:5: nic_forward_table: b:1 has another partner already\n"
            "mos.conf:6: nic_forward_table: d:1 is not in netdev");
  const auto conf =
      Read(netdev + "nic_forward_table { d:1 a:1 }\nforward = 0 }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(conf->notices, ElementsAre(HasSubstr("d:1 is not in netdev")));
}

TEST_F(MosConfTest, PortsOfTheEnvironmentReplaceDevicesInOrder) {
  auto conf = Read(kTypical, {"MOSD_PORTS=pcap:a.pcap, null:", "OTHER=1"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(Devices(*conf), ElementsAre("pcap:a.pcap", "null:"));
  EXPECT_EQ(conf->num_cores, 2);
  EXPECT_THAT(conf->forward_pairs, ElementsAre(Pair(0, 1)));
  EXPECT_THAT(conf->notices, SizeIs(5));
  conf = Read(kTypical, {"MOSD_PORTS=pcap:a.pcap"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_FALSE(conf->forward);
  EXPECT_THAT(conf->notices,
              ::testing::Contains(HasSubstr("nic_forward_table: dpdk1 has no "
                                            "port: there are only 1")));
  conf = Read(kTypical, {"MOSD_PORTS="});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(Devices(*conf), ElementsAre("dpdk0", "dpdk1"));
  EXPECT_THAT(ErrorOf(kTypical, {"MOSD_PORTS=a:1,,b:1"}),
              HasSubstr("environment variable MOSD_PORTS: dataplane.ports: "
                        "must not be empty"));
}

TEST_F(MosConfTest, TheApplianceFileHasTheRest) {
  Write("rest.yaml", R"(
node: lab-1
dataplane:
  workers: 4
  max_flows: 5000
  timeouts: {half_open: 9s, established: 5m}
  ports:
    - {device: "pcap:a.pcap", loop: true, queues: 2}
    - {device: "null:"}
metrics: {listen: ["127.0.0.1:2"]}
)");
  const auto conf = Read(
      "mos {\n appliance = rest.yaml\n tcp_timeout = 40\n"
      "netdev { null:size=64 0x1\n pcap:a.pcap 0x2 } }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->config.node(), "lab-1");
  EXPECT_THAT(conf->config.metrics().listen(), ElementsAre("127.0.0.1:2"));
  EXPECT_EQ(conf->num_cores, 2);
  const auto& dataplane = conf->config.dataplane();
  // What the mOS file does not say, it says, although mOS has a default.
  EXPECT_EQ(dataplane.max_flows(), 5000u);
  EXPECT_EQ(conf->max_concurrency, 2500);
  EXPECT_EQ(dataplane.timeouts().half_open().seconds(), 40);
  EXPECT_EQ(dataplane.timeouts().established().seconds(), 40);
  EXPECT_THAT(Devices(*conf), ElementsAre("null:size=64", "pcap:a.pcap"));
  EXPECT_FALSE(dataplane.ports(0).loop());
  EXPECT_TRUE(dataplane.ports(1).loop());
  EXPECT_EQ(dataplane.ports(1).queues(), 2u);
}

TEST_F(MosConfTest, TheApplianceFileMayHaveThePorts) {
  Write("rest.yaml",
        "dataplane: {workers: 2, ports: [\"null:\"], timeouts: {established: "
        "1500ms}}");
  const auto conf = Read("mos { appliance \"rest.yaml\" }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(Devices(*conf), ElementsAre("null:"));
  EXPECT_EQ(conf->num_cores, 2);
  EXPECT_EQ(conf->cpu_mask, 3u);
  EXPECT_EQ(conf->tcp_timeout_s, 2);
}

TEST_F(MosConfTest, ConfigOfTheEnvironmentReplacesTheApplianceFile) {
  Write("rest.yaml", "node: rest");
  const std::string variable =
      "MOSD_CONFIG=" + Write("other.yaml", "log: {level: debug}");
  const std::string text = "mos { appliance = rest.yaml; netdev { null: 1 } }";
  auto conf = Read(text, {variable.c_str(), "MOSD_LOG_LEVEL=warn"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_NE(conf->config.node(), "rest");
  EXPECT_EQ(conf->config.log().level(), mos::v1::LOG_LEVEL_WARN);
  conf = Read(text, {"MOSD_CONFIG="});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->config.node(), "rest");
}

TEST_F(MosConfTest, ReadsOurYaml) {
  const auto conf =
      ReadFile(Write("f.YML",
                     "dataplane: {workers: 2, cpus: [1, 3], max_flows: 1000, "
                     "ports: [\"null:\"]}"),
               {"MOSD_CONFIG=/nonexistent"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_EQ(conf->num_cores, 2);
  EXPECT_EQ(conf->cpu_mask, 0xAu);
  EXPECT_EQ(conf->max_concurrency, 500);
  EXPECT_EQ(conf->tcp_timeout_s, 1800);
  EXPECT_EQ(conf->rmem_size, 8192u);
  EXPECT_FALSE(conf->forward);
  EXPECT_THAT(conf->notices, ElementsAre(HasSubstr("MOSD_CONFIG is not used")));
}

TEST_F(MosConfTest, LastPacketOnRequest) {
  const auto conf = Read("mos { netdev { null: 1 } lastpkt = current }");
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_TRUE(conf->last_packet_is_current);
}

TEST_F(MosConfTest, AllProblemsAreInOneMessage) {
  Write("rest.yaml", "dataplane:\n  wrokers: 2\n");
  EXPECT_EQ(ErrorOf("mos {\n forward = 7\n appliance = rest.yaml\n"
                    " netdev { \xff:1 1\n dpdk1 1 } }",
                    {"MOSD_DATAPLANE_IDLE=x"}),
            "mos.conf:2: forward: must be 0 to 1, not \"7\"\n"
            "rest.yaml:2:3: dataplane.wrokers: unknown key; did you mean "
            "workers?\n"
            "mos.conf:4: netdev: dataplane.ports[0].device: must be a text "
            "without control characters, not \"\\xff:1\"\n"
            "environment variable MOSD_DATAPLANE_IDLE: dataplane.idle: must be "
            "busy_poll or adaptive, not \"x\"");
  EXPECT_EQ(ErrorOf("mos {\n netdev { dpdk0 1\n dpdk1 1\n dpdk1 1 }\n"
                    " nic_forward_table { dpdk0 dpdk2 } }"),
            "mos.conf:4: netdev: dataplane.ports[2].device: dpdk1 is named "
            "twice; every frame would be seen twice\n"
            "mos.conf:5: nic_forward_table: dpdk2 is not in netdev");
}

TEST_F(MosConfTest, WithoutPortsThereIsNothingToDo) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("mos.conf: there is no port: "));
  const auto conf = Read("", {"MOSD_PORTS=null:"});
  EXPECT_TRUE(conf.ok()) << conf.status();
}

TEST_F(MosConfTest, TheFilesMustBeReadable) {
  EXPECT_EQ(ReadFile(folder_ / "none.conf").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(folder_ / "").status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto missing = Read("mos {\n appliance = none.yaml }");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()),
              AllOf(HasSubstr("mos.conf:2: appliance: "),
                    HasSubstr("none.yaml: the configuration file cannot be")));
  const auto variable = Read("", {"MOSD_CONFIG=/nonexistent/x.yaml"});
  EXPECT_THAT(std::string(variable.status().message()),
              HasSubstr("environment variable MOSD_CONFIG: /nonexistent/"));
}

TEST_F(MosConfTest, AFileOfOthersIsNoPermission) {
  const std::string path = Write("secret.conf", "");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  // Root may read everything, nobody may not.
  constexpr uid_t kNobody = 65534;
  const uid_t self = ::geteuid();
  ASSERT_EQ(::seteuid(self == 0 ? kNobody : self), 0);
  const auto conf = ReadFile(path);
  ASSERT_EQ(::seteuid(self), 0);
  EXPECT_EQ(conf.status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(MosConfTest, NoticesTellWhatTheEnvironmentMisspells) {
  const auto conf =
      Read("mos { netdev { null: 1 } }", {"MOSD_DATAPLAN_IDLE=adaptive"});
  ASSERT_TRUE(conf.ok()) << conf.status();
  EXPECT_THAT(conf->notices, ElementsAre(HasSubstr("MOSD_DATAPLANE_IDLE?")));
}

}  // namespace
}  // namespace mosd::controlplane
