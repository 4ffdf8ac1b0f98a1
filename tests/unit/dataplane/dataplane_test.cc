// The whole dataplane: captures in, flows and last frames out.
#include "dataplane/dataplane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "dataplane/flow/flow_sink.h"
#include "dataplane/packet/parser.h"
#include "tests/support/packet.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/port/capture_bytes.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::Bytes;
using ::mosd::testing::Packet;
using ::mosd::testing::TempDir;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(60);
constexpr uint32_t kSeconds = 1'700'000'000;

std::string Text(const Bytes& bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// A segment between a client's port and port 80 of a server.
Packet Segment(uint16_t port, bool from_client) {
  Packet packet;
  if (from_client) {
    packet.Ipv4("10.0.0.1", "10.0.0.2").Tcp(port, 80);
  } else {
    packet.Ipv4("10.0.0.2", "10.0.0.1").Tcp(80, port);
  }
  return packet;
}

Endpoint Ipv4Endpoint(uint8_t last, uint16_t port) {
  Endpoint endpoint{};
  const uint8_t address[4] = {10, 0, 0, last};
  std::copy(std::begin(address), std::end(address), endpoint.address.begin());
  endpoint.port = port;
  return endpoint;
}

class DataplaneTest : public ::testing::Test {
 protected:
  DataplaneOptions Reading(const std::string& capture) const {
    DataplaneOptions options;
    options.ports.push_back({.device = "pcap:" + capture});
    options.max_flows = 4096;
    options.max_ended_flows = 4096;
    options.last_frame_bytes = 64 << 20;
    return options;
  }

  std::string Write(const std::string& text) const {
    return WriteFile(dir_ / "test.pcap", text);
  }

  // Started, and all is read; null after a failure.
  static std::unique_ptr<Dataplane> Finished(const DataplaneOptions& options) {
    auto dataplane = Dataplane::Start(options);
    if (!dataplane.ok()) {
      ADD_FAILURE() << dataplane.status();
      return nullptr;
    }
    const auto deadline = Clock::now() + kPatience;
    while (!(*dataplane)->InputExhausted()) {
      if (Clock::now() > deadline) {
        ADD_FAILURE() << "the capture is not read";
        return nullptr;
      }
      std::this_thread::yield();
    }
    return *std::move(dataplane);
  }

  static std::vector<FlowSnapshot> Flows(const Dataplane& dataplane) {
    std::vector<FlowSnapshot> flows;
    ScanCursor cursor;
    bool more = true;
    while (more) {
      FlowSnapshot scanned[7];
      size_t found;
      more = dataplane.ScanFlows(&cursor, 100, scanned, &found);
      flows.insert(flows.end(), scanned, scanned + found);
    }
    return flows;
  }

  // The balance of every worker; returns the frames received in all.
  static uint64_t ExpectBalance(const Dataplane& dataplane) {
    uint64_t received = 0;
    uint64_t handed = 0;
    for (const WorkerSnapshot& worker : dataplane.Workers()) {
      const uint64_t dropped = std::accumulate(std::begin(worker.drops),
                                               std::end(worker.drops), 0ul);
      EXPECT_EQ(worker.received_frames + worker.handed_in_frames,
                worker.accounted_frames + dropped + worker.handed_out_frames);
      received += worker.received_frames;
      handed += worker.handed_out_frames - worker.handed_in_frames;
    }
    EXPECT_EQ(handed, 0u);
    EXPECT_EQ(dataplane.Ports()[0].rx_frames, received);
    return received;
  }

  TempDir dir_;
};

// The bytes of a last frame, or what there is instead of it.
std::string LastFrame(const Dataplane& dataplane, FlowId id, Side side,
                      LastFrameInfo* info) {
  std::vector<uint8_t> buffer(65535);
  switch (dataplane.ReadLastFrame(id, side, buffer, info)) {
    case ReadResult::kOk:
      break;
    case ReadResult::kNoFlow:
      return "no flow";
    case ReadResult::kNoFrame:
      return "no frame";
    case ReadResult::kContended:
      return "contended";
  }
  buffer.resize(info->captured_length);
  return std::string(buffer.begin(), buffer.end());
}

TEST_F(DataplaneTest, ServesTheLastFrameOfEachSide) {
  const std::string syn =
      Text(Segment(4000, true).Flags(kTcpSyn).Seq(10).WindowScale(7).Build());
  const std::string request = Text(
      Segment(4000, true).Seq(11).Ack(21).Window(77).Payload("ask").Build());
  const std::string answer = Text(
      Segment(4000, false).Flags(kTcpSyn | kTcpAck).Seq(20).Ack(11).Build());
  auto dataplane = Finished(Reading(Write(Classic()
                                              .Header(kNanoseconds)
                                              .Frame(kSeconds, 1, syn)
                                              .Frame(kSeconds, 2, answer)
                                              .Frame(kSeconds, 3, request, 90)
                                              .text)));
  ASSERT_NE(dataplane, nullptr);
  EXPECT_EQ(ExpectBalance(*dataplane), 3u);
  const FlowId id = dataplane->FindFlow(IpVersion::kIpv4, Ipv4Endpoint(2, 80),
                                        Ipv4Endpoint(1, 4000));
  FlowSnapshot flow{};
  ASSERT_TRUE(dataplane->ReadFlow(id, &flow));
  EXPECT_EQ(flow.side[0].frames, 2u);
  EXPECT_EQ(flow.side[0].endpoint.port, 4000);
  EXPECT_EQ(flow.start_time_ns, int64_t{kSeconds} * 1'000'000'000 + 1);

  LastFrameInfo info{};
  EXPECT_EQ(LastFrame(*dataplane, id, Side::kServer, &info), answer);
  EXPECT_EQ(info.tcp_flags, kTcpSyn | kTcpAck);
  EXPECT_EQ(LastFrame(*dataplane, id, Side::kClient, &info), request);
  EXPECT_EQ(info.capture_time_ns, int64_t{kSeconds} * 1'000'000'000 + 3);
  EXPECT_EQ(info.captured_length, request.size());
  EXPECT_EQ(info.wire_length, 90u);
  EXPECT_EQ(info.stream_offset, 0u);
  EXPECT_EQ(info.payload_length, 3u);
  EXPECT_EQ(info.ip_length, 43u);
  EXPECT_EQ(info.seq, 11u);
  EXPECT_EQ(info.ack, 21u);
  EXPECT_EQ(info.window, 77);
  EXPECT_EQ(info.ip_offset, 14);
  EXPECT_EQ(info.tcp_offset, 34);
  EXPECT_EQ(info.payload_offset, 54);
  EXPECT_EQ(info.port, 0);
  EXPECT_EQ(dataplane->NowNs(0), info.capture_time_ns);
}

TEST_F(DataplaneTest, SaysWhatIsNotThere) {
  const std::string syn = Text(Segment(4000, true).Flags(kTcpSyn).Build());
  auto dataplane =
      Finished(Reading(Write(Classic().Header().Frame(kSeconds, 0, syn).text)));
  ASSERT_NE(dataplane, nullptr);
  const FlowId id = Flows(*dataplane).at(0).id;
  LastFrameInfo info{};
  EXPECT_EQ(LastFrame(*dataplane, id, Side::kServer, &info), "no frame");
  for (const FlowId other :
       {FlowId{}, FlowId{id.value + 1}, FlowId{id.value + 2},
        FlowId::Make(0, id.record() + 1, 1), FlowId::Make(0, 4'000'000, 1),
        FlowId::Make(1, id.record(), id.generation()), FlowId{UINT64_MAX}}) {
    FlowSnapshot flow{};
    EXPECT_FALSE(dataplane->ReadFlow(other, &flow)) << other.value;
    EXPECT_EQ(LastFrame(*dataplane, other, Side::kClient, &info), "no flow");
  }
  EXPECT_EQ(dataplane->FindFlow(IpVersion::kIpv4, Ipv4Endpoint(1, 1),
                                Ipv4Endpoint(2, 2)),
            FlowId{});
}

TEST_F(DataplaneTest, CopiesNoMoreThanTheBufferHolds) {
  const std::string syn = Text(Segment(4000, true).Flags(kTcpSyn).Build());
  auto dataplane =
      Finished(Reading(Write(Classic().Header().Frame(kSeconds, 0, syn).text)));
  ASSERT_NE(dataplane, nullptr);
  const FlowId id = Flows(*dataplane).at(0).id;
  LastFrameInfo info{};
  std::string buffer(20, '?');
  auto* bytes = reinterpret_cast<uint8_t*>(buffer.data());
  EXPECT_EQ(dataplane->ReadLastFrame(id, Side::kClient, {bytes, 18}, &info),
            ReadResult::kOk);
  EXPECT_EQ(info.captured_length, syn.size());
  EXPECT_EQ(info.tcp_offset, 34);
  EXPECT_EQ(buffer, syn.substr(0, 18) + "??");
  EXPECT_EQ(dataplane->ReadLastFrame(id, Side::kClient, {}, &info),
            ReadResult::kOk);
}

TEST_F(DataplaneTest, KeepsFramesOfAnySizeUpToTheSnapLength) {
  Classic capture;
  capture.Header();
  std::map<uint16_t, std::string> sent;
  uint16_t port = 1000;
  for (const size_t payload : {0ul, 9ul, 1'460ul, 2'100ul, 8'948ul, 65'400ul}) {
    ++port;
    sent[port] =
        Text(Segment(port, true).Seq(1).Payload(Bytes(payload, 0x55)).Build());
    capture.Frame(kSeconds, 0, sent[port]);
  }
  DataplaneOptions options = Reading(Write(capture.text));
  for (const uint32_t snaplen : {64u, 2'000u, 65'535u}) {
    options.snaplen_bytes = snaplen;
    auto dataplane = Finished(options);
    ASSERT_NE(dataplane, nullptr);
    ASSERT_EQ(Flows(*dataplane).size(), sent.size());
    for (const FlowSnapshot& flow : Flows(*dataplane)) {
      LastFrameInfo info{};
      const Side side =
          flow.side[0].frames != 0 ? Side::kClient : Side::kServer;
      const std::string& whole = sent[std::max(flow.side[0].endpoint.port,
                                               flow.side[1].endpoint.port)];
      EXPECT_EQ(LastFrame(*dataplane, flow.id, side, &info),
                whole.substr(0, snaplen));
      EXPECT_EQ(info.wire_length, whole.size());
      EXPECT_EQ(info.payload_length, whole.size() - 54);
    }
  }
}

TEST_F(DataplaneTest, KeepsNoFramesIfToldSo) {
  const std::string syn = Text(Segment(4000, true).Flags(kTcpSyn).Build());
  DataplaneOptions options =
      Reading(Write(Classic().Header().Frame(kSeconds, 0, syn).text));
  options.last_frame = false;
  auto dataplane = Finished(options);
  ASSERT_NE(dataplane, nullptr);
  LastFrameInfo info{};
  EXPECT_EQ(
      LastFrame(*dataplane, Flows(*dataplane).at(0).id, Side::kClient, &info),
      "no frame");
  EXPECT_EQ(dataplane->LastFrameMemory().used_bytes, 0u);
}

// A capture of `flows` connections, each of a SYN and a SYN/ACK, in between
// `noise` frames that are no TCP.
std::string ManyFlows(uint16_t flows, int noise) {
  Classic capture;
  capture.Header();
  const std::string udp =
      Text(Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build());
  for (int i = 0; i < noise; ++i) capture.Frame(kSeconds, 0, udp);
  for (const bool from_client : {true, false}) {
    for (uint16_t i = 0; i < flows; ++i) {
      const auto port = static_cast<uint16_t>(10'000 + i);
      capture.Frame(kSeconds, from_client ? 1 : 2,
                    Text(Segment(port, from_client)
                             .Flags(from_client ? kTcpSyn : kTcpSyn | kTcpAck)
                             .Seq(from_client ? 5 : 9)
                             .Ack(from_client ? 0 : 6)
                             .Build()));
    }
  }
  return capture.text;
}

TEST_F(DataplaneTest, GivesBothDirectionsOfAFlowToOneOfSeveralWorkers) {
  DataplaneOptions options = Reading(Write(ManyFlows(1'000, 100)));
  for (const uint32_t workers : {1u, 2u, 5u}) {
    options.workers = workers;
    auto dataplane = Finished(options);
    ASSERT_NE(dataplane, nullptr);
    EXPECT_EQ(ExpectBalance(*dataplane), 2'100u);
    const std::vector<FlowSnapshot> flows = Flows(*dataplane);
    EXPECT_EQ(flows.size(), 1'000u);
    std::vector<size_t> of_worker(workers);
    for (const FlowSnapshot& flow : flows) {
      EXPECT_EQ(flow.side[0].frames, 1u);
      EXPECT_EQ(flow.side[1].frames, 1u);
      EXPECT_EQ(dataplane->FindFlow(flow.version, flow.side[0].endpoint,
                                    flow.side[1].endpoint),
                flow.id);
      LastFrameInfo info{};
      EXPECT_NE(LastFrame(*dataplane, flow.id, Side::kServer, &info),
                "no frame");
      EXPECT_EQ(info.ack, 6u);
      ++of_worker[flow.id.worker()];
    }
    for (const size_t count : of_worker) {
      EXPECT_GT(count, flows.size() / workers / 2) << "uneven";
    }
  }
}

TEST_F(DataplaneTest, CountsWhatIsQueuedWhenItStops) {
  DataplaneOptions options = Reading(Write(ManyFlows(1'000, 0)));
  options.ports[0].loop = true;
  for (const uint32_t workers : {1u, 3u}) {
    options.workers = workers;
    auto started = Dataplane::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    Dataplane& dataplane = **started;
    while (dataplane.Workers()[0].accounted_frames < 5'000) {
      std::this_thread::yield();
    }
    EXPECT_FALSE(dataplane.InputExhausted());
    dataplane.Stop();
    dataplane.Stop();
    EXPECT_GT(ExpectBalance(dataplane), 5'000u);
    const std::vector<FlowSnapshot> flows = Flows(dataplane);
    EXPECT_FALSE(flows.empty());
    for (const FlowSnapshot& flow : flows) {
      EXPECT_EQ(flow.state, FlowState::kEnded);
      EXPECT_EQ(flow.end_reason, EndReason::kShutdown);
      LastFrameInfo info{};
      EXPECT_NE(LastFrame(dataplane, flow.id, Side::kClient, &info), "no flow");
    }
  }
}

TEST_F(DataplaneTest, ServesConcurrentReadersWhileItRuns) {
  DataplaneOptions options = Reading(Write(ManyFlows(500, 10)));
  options.ports[0].loop = true;
  options.workers = 2;
  auto started = Dataplane::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  const Dataplane& dataplane = **started;
  uint64_t frames = 0;
  const auto end = Clock::now() + std::chrono::milliseconds(500);
  while (Clock::now() < end) {
    for (const FlowSnapshot& flow : Flows(dataplane)) {
      ASSERT_EQ(flow.side[1].endpoint.port, 80);
      ASSERT_GE(flow.side[0].endpoint.port, 10'000);
      LastFrameInfo info{};
      std::vector<uint8_t> buffer(128);
      const ReadResult result =
          dataplane.ReadLastFrame(flow.id, Side::kClient, buffer, &info);
      ASSERT_NE(result, ReadResult::kContended);
      if (result != ReadResult::kOk) continue;
      ++frames;
      ParsedFrame parsed;
      ASSERT_EQ(ParseFrame({buffer.data(), info.captured_length},
                           {info.captured_length, info.wire_length}, &parsed),
                DropReason::kNone);
      ASSERT_EQ(parsed.key.endpoint(parsed.source_index).port,
                flow.side[0].endpoint.port);
    }
    dataplane.Workers();
    dataplane.Ports();
    dataplane.LastFrameMemory();
  }
  EXPECT_GT(frames, 0u);
}

TEST_F(DataplaneTest, QueuesEventsForAWatcher) {
  const std::string path = Write(ManyFlows(100, 0));
  DataplaneOptions options = Reading(path);
  options.ports[0].loop = true;
  auto started = Dataplane::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  Dataplane& dataplane = **started;
  while (dataplane.Workers()[0].accounted_frames < 200) {
    std::this_thread::yield();
  }
  dataplane.EnableEvents(true);
  dataplane.Stop();
  std::vector<FlowEvent> events;
  dataplane.PollEvents(100'000, &events);
  const auto ended =
      std::count_if(events.begin(), events.end(), [](const FlowEvent& event) {
        return event.kind == FlowEventKind::kEnded;
      });
  ASSERT_GT(ended, 0);
  FlowSnapshot flow{};
  EXPECT_TRUE(dataplane.ReadFlow(events.back().id, &flow));
  EXPECT_EQ(flow.state, FlowState::kEnded);
}

// Holds its worker up at every frame.
class SlowSink : public FlowSink {
 public:
  explicit SlowSink(std::chrono::milliseconds pause) : pause_(pause) {
    interest_ = kFrames;
  }
  void Attach(const WorkerAccess&) override {}
  bool BeginTurn(int64_t) override { return true; }
  void OnFrame(const FrameView&) override {
    std::this_thread::sleep_for(pause_);
  }
  void OnSegment(const FrameView&, const TrackedFrame&) override {}
  void OnOrphan(const FrameView&) override {}
  void OnFlowEnd(uint32_t, EndReason) override {}
  void OnBurstEnd() override {}
  void EndWorker() override {}

 private:
  const std::chrono::milliseconds pause_;
};

TEST_F(DataplaneTest, CountsTurnsThatAProgramHoldsUp) {
  Classic capture;
  capture.Header();
  for (uint16_t port = 1; port <= 3; ++port) {
    capture.Frame(kSeconds, port, Text(Segment(port, true).Build()));
  }
  DataplaneOptions options = Reading(Write(capture.text));
  options.burst = 1;
  for (const int pause_ms : {20, 150}) {
    SlowSink sink{std::chrono::milliseconds(pause_ms)};
    options.sinks.assign(1, &sink);
    const auto dataplane = Finished(options);
    ASSERT_NE(dataplane, nullptr);
    // The last frame is accounted before its turn is over.
    dataplane->Stop();
    const WorkerSnapshot worker = dataplane->Workers()[0];
    EXPECT_EQ(worker.busy_turns, 3u);
    // A machine with other work may take the processor for a while.
    if (pause_ms == 150) {
      EXPECT_GE(worker.slow_turns, 3u);
    } else {
      EXPECT_LT(worker.slow_turns, 3u);
    }
  }
}

TEST_F(DataplaneTest, IsAloneInItsProcess) {
  const DataplaneOptions options = Reading(Write(ManyFlows(1, 0)));
  auto first = Dataplane::Start(options);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Dataplane::Start(options).status().code(),
            absl::StatusCode::kFailedPrecondition);
  first->reset();
  EXPECT_TRUE(Dataplane::Start(options).ok());
}

TEST_F(DataplaneTest, RunsWithoutAPort) {
  DataplaneOptions options = Reading(Write(ManyFlows(1, 0)));
  options.ports.clear();
  auto dataplane = Dataplane::Start(options);
  ASSERT_TRUE(dataplane.ok()) << dataplane.status();
  EXPECT_FALSE((*dataplane)->InputExhausted());
  EXPECT_TRUE((*dataplane)->Ports().empty());
  const auto turns = [&] { return (*dataplane)->Workers()[0].turns; };
  for (int i = 0; i < 1000 && turns() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_GT(turns(), 0u);
  EXPECT_EQ((*dataplane)->Workers()[0].received_frames, 0u);
}

TEST_F(DataplaneTest, RefusesOptionsThatCannotBe) {
  const DataplaneOptions good = Reading(Write(ManyFlows(1, 0)));
  const auto refused = [&](auto change) {
    DataplaneOptions options = good;
    change(&options);
    return Dataplane::Start(options).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(
      [](auto* options) { options->ports.resize(65, options->ports[0]); }));
  EXPECT_TRUE(refused([](auto* options) { options->workers = 0; }));
  EXPECT_TRUE(refused([](auto* options) { options->workers = 65; }));
  EXPECT_TRUE(refused([](auto* options) { options->cpus = {0, 1}; }));
  EXPECT_TRUE(refused([](auto* options) { options->cpus = {1023}; }));
  EXPECT_TRUE(refused([](auto* options) { options->cpus = {UINT32_MAX}; }));
  EXPECT_TRUE(refused([](auto* options) { options->max_flows = 0; }));
  EXPECT_TRUE(refused([](auto* options) {
    options->max_flows = UINT32_MAX;
    options->max_ended_flows = UINT32_MAX;
  }));
  EXPECT_TRUE(refused(
      [](auto* options) { options->ports.push_back({.device = "null:"}); }));
  EXPECT_TRUE(Dataplane::Start(good).ok());
}

}  // namespace
}  // namespace mosd::dataplane
