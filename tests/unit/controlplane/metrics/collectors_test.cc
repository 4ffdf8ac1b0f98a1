#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "controlplane/metrics/dataplane_collector.h"
#include "controlplane/metrics/process_collector.h"
#include "controlplane/metrics/rpc_collector.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::mosd::testing::FakeDataplane;
using ::testing::HasSubstr;

std::string Text(const prometheus::Collectable& collector) {
  return prometheus::TextSerializer().Serialize(collector.Collect());
}

size_t Samples(const std::string& text) {
  size_t count = 0;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = text.find('\n', begin);
    count += end > begin && text[begin] != '#';
    begin = end + 1;
  }
  return count;
}

dataplane::PortSnapshot Port(const std::string& device) {
  dataplane::PortSnapshot port;
  port.device = device;
  return port;
}

// Every counter has a value of its own, so that a mix-up shows.
FakeDataplane& Busy() {
  static auto* fake = [] {
    auto* busy = new FakeDataplane;
    busy->ports = {Port("pcap:a b\"c.pcap"), Port("null:"), Port("null:")};
    dataplane::PortSnapshot& port = busy->ports[0];
    port.link_up = true;
    port.rx_frames = 11;
    port.rx_bytes = 12;
    port.missed_frames = 13;
    port.error_frames = 14;
    port.no_mbuf_frames = 15;
    busy->workers.resize(2);
    dataplane::WorkerSnapshot& worker = busy->workers[1];
    worker.received_frames = 21;
    worker.received_bytes = 22;
    worker.accounted_frames = 23;
    worker.handed_in_frames = 24;
    worker.handed_out_frames = 25;
    worker.turns = 26;
    worker.busy_turns = 27;
    worker.started_flows = 28;
    worker.midstream_flows = 29;
    worker.retransmitted_frames = 30;
    worker.last_frames_shortened = 31;
    worker.last_frames_not_kept = 32;
    worker.flow_capacity = 33;
    worker.slow_turns = 34;
    worker.heartbeat_age_ns = 1'500'000'000;
    for (size_t i = 0; i < dataplane::kDropReasonCount; ++i) {
      worker.drops[i] = 100 + i;
    }
    for (size_t i = 0; i < dataplane::kFlowStates; ++i) {
      worker.flows_by_state[i] = 200 + i;
      worker.flows_evicted[i] = 400 + i;
    }
    for (size_t i = 0; i < dataplane::kEndReasons; ++i) {
      worker.flows_ended[i] = 300 + i;
    }
    busy->last_frame_memory = {
        .used_bytes = 41,
        .capacity_bytes = 42,
        .classes = {{.frame_bytes = 128, .in_use = 5, .total = 8},
                    {.frame_bytes = 2048, .in_use = 9, .total = 8}}};
    return busy;
  }();
  return *fake;
}

TEST(DataplaneCollectorTest, EachNumberStandsUnderItsName) {
  const std::string text = Text(DataplaneCollector(&Busy()));
  for (const char* line : {
           "mosd_port_received_frames_total{port=\"pcap:a b\\\"c.pcap\"} 11",
           "mosd_port_received_bytes_total{port=\"pcap:a b\\\"c.pcap\"} 12",
           "mosd_port_missed_frames_total{port=\"pcap:a b\\\"c.pcap\"} 13",
           "mosd_port_error_frames_total{port=\"pcap:a b\\\"c.pcap\"} 14",
           "mosd_port_no_buffer_frames_total{port=\"pcap:a b\\\"c.pcap\"} 15",
           "mosd_port_up{port=\"pcap:a b\\\"c.pcap\"} 1",
           "mosd_port_up{port=\"null:\"} 0",
           "mosd_port_up{port=\"null:#2\"} 0",
           "mosd_worker_received_frames_total{worker=\"0\"} 0",
           "mosd_worker_received_frames_total{worker=\"1\"} 21",
           "mosd_worker_received_bytes_total{worker=\"1\"} 22",
           "mosd_worker_accounted_frames_total{worker=\"1\"} 23",
           "mosd_worker_handed_in_frames_total{worker=\"1\"} 24",
           "mosd_worker_handed_out_frames_total{worker=\"1\"} 25",
           "mosd_worker_turns_total{worker=\"1\"} 26",
           "mosd_worker_busy_turns_total{worker=\"1\"} 27",
           "mosd_worker_slow_turns_total{worker=\"1\"} 34",
           "mosd_flows_started_total{worker=\"1\"} 28",
           "mosd_flows_midstream_total{worker=\"1\"} 29",
           "mosd_tcp_retransmitted_frames_total{worker=\"1\"} 30",
           "mosd_last_frames_shortened_total{worker=\"1\"} 31",
           "mosd_last_frames_not_kept_total{worker=\"1\"} 32",
           "mosd_flow_capacity{worker=\"1\"} 33",
           "mosd_worker_heartbeat_age_seconds{worker=\"1\"} 1.5",
           "mosd_dropped_frames_total{worker=\"1\",reason=\"ethernet_"
           "truncated\"} 101",
           "mosd_dropped_frames_total{worker=\"1\",reason=\"shutdown\"} 119",
           "mosd_flows{worker=\"1\",state=\"half_open\"} 201",
           "mosd_flows{worker=\"1\",state=\"ended\"} 205",
           "mosd_flows_ended_total{worker=\"1\",reason=\"fin_client\"} 301",
           "mosd_flows_ended_total{worker=\"1\",reason=\"shutdown\"} 309",
           "mosd_flows_evicted_total{worker=\"1\",state=\"half_open\"} 401",
           "mosd_flows_evicted_total{worker=\"1\",state=\"time_wait\"} 404",
           "mosd_last_frame_bytes 41",
           "mosd_last_frame_capacity_bytes 42",
           "mosd_last_frame_buffers{class=\"128\",state=\"used\"} 5",
           "mosd_last_frame_buffers{class=\"128\",state=\"free\"} 3",
           "mosd_last_frame_buffers{class=\"2048\",state=\"free\"} 0",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("mosd_build_info{version=\""));
}

TEST(DataplaneCollectorTest, SeriesDoNotDependOnTraffic) {
  FakeDataplane idle;
  idle.ports = Busy().ports;
  for (auto& port : idle.ports) port = Port(port.device);
  idle.workers.resize(2);
  idle.last_frame_memory.classes = {{.frame_bytes = 128},
                                    {.frame_bytes = 2048}};
  EXPECT_EQ(Samples(Text(DataplaneCollector(&idle))),
            Samples(Text(DataplaneCollector(&Busy()))));
}

TEST(RpcCollectorTest, EveryMethodAndCodeIsThereFromTheStart) {
  RpcStats stats;
  const size_t before = Samples(Text(RpcCollector(&stats)));
  stats.Started(RpcMethod::kGetLastPkt);
  stats.Started(RpcMethod::kGetLastPkt);
  stats.Handled(RpcMethod::kGetLastPkt, 5, 60'000);
  stats.MessageSent(RpcMethod::kWatchFlows);
  stats.EventsMissed(7);
  const std::string text = Text(RpcCollector(&stats));
  EXPECT_EQ(Samples(text), before);
  for (const char* line : {
           "mosd_grpc_server_started_total{method=\"GetLastPkt\"} 2",
           "mosd_grpc_server_in_flight{method=\"GetLastPkt\"} 1",
           "mosd_grpc_server_handled_total{method=\"GetLastPkt\",code=\"NOT_"
           "FOUND\"} 1",
           "mosd_grpc_server_handled_total{method=\"other\",code="
           "\"UNIMPLEMENTED\"} 0",
           "mosd_grpc_server_stream_messages_total{method=\"WatchFlows\"} 1",
           "mosd_grpc_server_missed_events_total 7",
           "mosd_grpc_server_handling_seconds_count{method=\"GetLastPkt\"} 1",
           "mosd_grpc_server_handling_seconds_bucket{method=\"GetLastPkt\",le="
           "\"0.0001\"} 1",
           "mosd_grpc_server_handling_seconds_bucket{method=\"GetLastPkt\",le="
           "\"+Inf\"} 1",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
}

double ValueOf(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  if (at == text.npos) return std::nan("");
  return std::strtod(text.c_str() + at + 1 + name.size(), nullptr);
}

TEST(ProcessCollectorTest, DescribesThisProcess) {
  const std::string text = Text(ProcessCollector());
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_LT(ValueOf(text, "process_resident_memory_bytes"), 1e11);
  EXPECT_GE(ValueOf(text, "process_virtual_memory_bytes"),
            ValueOf(text, "process_resident_memory_bytes"));
  EXPECT_GT(ValueOf(text, "process_cpu_seconds_total"), 0);
  EXPECT_GE(ValueOf(text, "process_threads"), 1);
  EXPECT_GE(ValueOf(text, "process_open_fds"), 3);
  const double started = ValueOf(text, "process_start_time_seconds");
  const auto now = static_cast<double>(::time(nullptr));
  EXPECT_NEAR(started, now, 600);
}

TEST(CollectorsTest, PromtoolFindsNoFault) {
  if (std::system("command -v promtool >/dev/null") != 0) {
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  }
  RpcStats stats;
  const mosd::testing::TempDir directory;
  std::ofstream(directory / "metrics")
      << Text(DataplaneCollector(&Busy())) << Text(RpcCollector(&stats))
      << Text(ProcessCollector());
  const std::string command = "promtool check metrics < " +
                              (directory / "metrics") + " > " +
                              (directory / "said") + " 2>&1";
  const int code = std::system(command.c_str());
  std::ifstream said(directory / "said");
  EXPECT_EQ(code, 0) << said.rdbuf();
}

}  // namespace
}  // namespace mosd::controlplane
