// A frame means the same whichever way it goes through the pipeline: plain ones
// the short one, tagged ones the long one, and both another one where a program
// is told of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/flow/flow_index.h"
#include "dataplane/last_frame_reader.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_frame.h"
#include "tests/support/counting_sink.h"
#include "tests/support/heap_frame.h"
#include "tests/support/packet.h"
#include "tests/support/pipeline_rig.h"
#include "tests/support/tcp_chaos.h"

namespace mosd::dataplane {
namespace {

using testing::Bytes;
using testing::CountingSink;
using testing::HeapFrame;
using testing::Packet;
using testing::PipelineRig;

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kFlows = 4;
constexpr uint32_t kConnections = 6;  // more than there are places for flows
constexpr uint32_t kMostInABurst = 8;
constexpr ptrdiff_t kTagAt = 12;
constexpr uint32_t kTagBytes = 4;

// A pipeline and its frames of one burst.
class Line {
 public:
  explicit Line(bool tagged) : tagged_(tagged), rig_(kFlows, 1514, true) {}
  Line(bool tagged, uint32_t interest) : Line(tagged) {
    sink_ = std::make_unique<CountingSink>(interest);
    rig_.Attach(sink_.get());
  }

  void Add(const Bytes& bytes, int64_t time_ns) {
    Bytes tagged = bytes;
    if (tagged_) {
      const std::array<uint8_t, kTagBytes> tag = {0x81, 0x00, 0x00, 0x05};
      tagged.insert(tagged.begin() + kTagAt, tag.begin(), tag.end());
    }
    frames_.push_back(std::make_unique<HeapFrame>(tagged, time_ns));
  }
  void Run() {
    std::vector<rte_mbuf*> burst;
    for (const auto& frame : frames_) burst.push_back(frame->mbuf());
    rig_.pipeline().Receive(burst.data(), static_cast<uint32_t>(burst.size()));
    for (const auto& frame : frames_) EXPECT_TRUE(frame->IsFreed());
    frames_.clear();
  }

  const PipelineRig& rig() const { return rig_; }
  const CountingSink& sink() const { return *sink_; }

  // Of the record with this number, without the tag; empty: there is none.
  Bytes LastFrame(FlowId id, Side side, LastFrameInfo* info) const {
    Bytes bytes(2048);
    if (ReadLastFrame(rig_.flows(), rig_.frame_pool(), id, side, bytes, info) !=
        ReadResult::kOk) {
      return {};
    }
    bytes.resize(info->captured_length);
    if (tagged_) {
      const auto tag = bytes.begin() + kTagAt;
      bytes.erase(tag, tag + kTagBytes);
      info->captured_length -= kTagBytes;
      info->wire_length -= kTagBytes;
    }
    return bytes;
  }
  uint64_t TagBytes(uint64_t frames) const {
    return tagged_ ? frames * kTagBytes : 0;
  }

 private:
  const bool tagged_;
  PipelineRig rig_;
  std::unique_ptr<CountingSink> sink_;
  std::vector<std::unique_ptr<HeapFrame>> frames_;
};

void ExpectSameFrame(const Line& a, const Line& b, FlowId a_id, FlowId b_id,
                     Side side) {
  LastFrameInfo a_info{};
  LastFrameInfo b_info{};
  ASSERT_EQ(a.LastFrame(a_id, side, &a_info), b.LastFrame(b_id, side, &b_info));
  EXPECT_EQ(a_info.capture_time_ns, b_info.capture_time_ns);
  EXPECT_EQ(a_info.stream_offset, b_info.stream_offset);
  EXPECT_EQ(a_info.wire_length, b_info.wire_length);
  EXPECT_EQ(a_info.payload_length, b_info.payload_length);
  EXPECT_EQ(a_info.seq, b_info.seq);
}

void ExpectSame(const Line& a, const Line& b) {
  const FrameCounts& a_counts = a.rig().pipeline().counts();
  const FrameCounts& b_counts = b.rig().pipeline().counts();
  EXPECT_EQ(a_counts.accounted, b_counts.accounted);
  EXPECT_EQ(a_counts.retransmitted, b_counts.retransmitted);
  EXPECT_TRUE(std::ranges::equal(a_counts.drops, b_counts.drops));
  const uint32_t records = a.rig().flows().record_count();
  ASSERT_EQ(records, b.rig().flows().record_count());
  for (uint32_t i = 0; i < records; ++i) {
    FlowSnapshot x{};
    FlowSnapshot y{};
    const bool there = a.rig().flows().ReadAt(i, &x);
    ASSERT_EQ(there, b.rig().flows().ReadAt(i, &y));
    if (!there) continue;
    ASSERT_EQ(x.id.generation(), y.id.generation());
    EXPECT_EQ(x.state, y.state);
    EXPECT_EQ(x.end_reason, y.end_reason);
    EXPECT_EQ(x.last_speaker, y.last_speaker);
    for (const Side side : {Side::kClient, Side::kServer}) {
      const SideSnapshot& of_x = x.side[Index(side)];
      const SideSnapshot& of_y = y.side[Index(side)];
      EXPECT_EQ(of_x.frames, of_y.frames);
      EXPECT_EQ(of_x.wire_bytes - a.TagBytes(of_x.frames),
                of_y.wire_bytes - b.TagBytes(of_y.frames));
      EXPECT_EQ(of_x.payload_bytes, of_y.payload_bytes);
      EXPECT_EQ(of_x.last_time_ns, of_y.last_time_ns);
      ExpectSameFrame(a, b, x.id, y.id, side);
    }
  }
}

// Buffers are those of last frames, and no others: one for each slot.
void ExpectNoBufferLost(const Line& line) {
  uint64_t in_use = 0;
  for (size_t i = 0; i < kFrameClasses; ++i) {
    in_use += line.rig().frame_pool().InUse(i);
  }
  uint64_t frames = 0;
  for (uint32_t i = 0; i < line.rig().flows().record_count(); ++i) {
    FlowSnapshot flow{};
    if (!line.rig().flows().ReadAt(i, &flow)) continue;
    for (const Side side : {Side::kClient, Side::kServer}) {
      LastFrameInfo info{};
      frames += line.LastFrame(flow.id, side, &info).empty() ? 0 : 1;
    }
  }
  EXPECT_EQ(in_use, frames);
  EXPECT_GT(frames, 0u);
}

class PipelineWaysTest : public ::testing::Test {
 protected:
  // What the short way knows of a connection, to be nearly right for it.
  const FlowRecord* FlowOf(const FlowKey& key) const {
    const FlowTable& flows = plain_.rig().flows();
    const FlowId id = flows.FindId(plain_.rig().hash()(key), key);
    return id.value != 0 ? flows.RecordOf(id) : nullptr;
  }

  Bytes NextFrame() {
    const Side sender = chaos_.NextSide();
    const auto port = static_cast<uint16_t>(40000 + chaos_.Below(kConnections));
    const Endpoint client{{10, 0, 0, 1}, port};
    const Endpoint server{{10, 0, 0, 2}, 80};
    size_t source = 0;
    const FlowRecord* const flow =
        FlowOf(MakeFlowKey(IpVersion::kIpv4, client, server, &source));
    TcpSegment segment = chaos_.NextSegment(
        flow != nullptr ? flow->tcp : TcpConnection{}, sender);
    // Some must open, and few may close, or there is nothing to go on with.
    if (flow == nullptr || flow->Status().state() == FlowState::kEnded) {
      segment.flags = sender == Side::kClient ? kTcpSyn : kTcpSyn | kTcpAck;
    } else if (chaos_.Below(8) != 0) {
      segment.flags = kTcpAck;
    }
    const bool from_client = sender == Side::kClient;
    constexpr const char* kClient = "10.0.0.1";
    constexpr const char* kServer = "10.0.0.2";
    Packet packet;
    packet
        .Ipv4(from_client ? kClient : kServer, from_client ? kServer : kClient)
        .Tcp(from_client ? port : 80, from_client ? 80 : port)
        .Flags(segment.flags)
        .Seq(segment.seq)
        .Ack(segment.ack)
        .Window(segment.window);
    const auto fill = static_cast<char>(chaos_.Below(256));
    packet.Payload(std::string(std::min(segment.payload_length, 1460u), fill));
    return packet.Build();
  }

  void Burst() {
    const uint32_t frames = 1 + chaos_.Below(kMostInABurst);
    for (uint32_t i = 0; i < frames; ++i) {
      now_ns_ += chaos_.Below(100) == 0 ? 400 * kSecond : kSecond / 100;
      // Not the first: timers go by that, and nobody but who is told of all
      // frames takes such a one for the first.
      const bool udp = i != 0 && chaos_.Below(30) == 0;
      const Bytes bytes =
          udp ? Packet().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build()
              : NextFrame();
      const auto length = static_cast<uint32_t>(bytes.size());
      plain_frames_ += PlainFrame::Look(FrameBytes({bytes.data(), length}),
                                        length) != nullptr
                           ? 1
                           : 0;
      for (Line* line : lines_) line->Add(bytes, now_ns_);
    }
    for (Line* line : lines_) line->Run();
  }

  testing::TcpChaos chaos_{11};
  Line plain_{false};
  Line tagged_{true};
  Line told_{false, FlowSink::kFlows | FlowSink::kOrphans};
  Line shown_{true, FlowSink::kFlows | FlowSink::kFrames};
  const std::vector<Line*> lines_{&plain_, &tagged_, &told_, &shown_};
  int64_t now_ns_ = 1'700'000'000 * kSecond;
  uint64_t plain_frames_ = 0;
};

TEST_F(PipelineWaysTest, MeanTheSame) {
  for (int i = 0; i < 20'000; ++i) {
    Burst();
    for (const Line* line : {&tagged_, &told_, &shown_}) {
      ExpectSame(plain_, *line);
    }
    if (HasFailure()) return;
  }
  for (const Line* line : lines_) ExpectNoBufferLost(*line);
  EXPECT_GT(plain_frames_, 20'000u) << "the short way was not tried";
  const FrameCounts& counts = plain_.rig().pipeline().counts();
  EXPECT_GT(counts.drops[static_cast<size_t>(DropReason::kUdp)], 1000u);
  EXPECT_EQ(shown_.sink().frames, counts.received);
  EXPECT_EQ(counts.received - shown_.sink().segments,
            counts.drops[static_cast<size_t>(DropReason::kUdp)]);
  EXPECT_GT(told_.sink().told, 10'000u);
  EXPECT_GT(told_.sink().orphans, 1000u);
  EXPECT_EQ(told_.sink().told, shown_.sink().told);
  EXPECT_EQ(told_.sink().payload_bytes, shown_.sink().payload_bytes);
}

// On the short way and on the long one, and when the flow is over.
TEST_F(PipelineWaysTest, CountTheSameFar) {
  constexpr const char* kClient = "10.0.0.1";
  constexpr const char* kServer = "10.0.0.2";
  uint32_t seq = 1000;
  const auto send = [&](bool from_client, uint8_t flags, uint32_t number,
                        uint32_t payload) {
    Packet packet;
    packet
        .Ipv4(from_client ? kClient : kServer, from_client ? kServer : kClient)
        .Tcp(from_client ? 4000 : 80, from_client ? 80 : 4000)
        .Flags(flags)
        .Seq(number)
        .Ack(from_client ? 5001 : seq)
        .Payload(std::string(payload, 'x'));
    for (Line* line : lines_) line->Add(packet.Build(), now_ns_);
    for (Line* line : lines_) line->Run();
    now_ns_ += 1000;
  };
  send(true, kTcpSyn, seq++, 0);
  send(false, kTcpSyn | kTcpAck, 5000, 0);
  send(true, kTcpAck, seq, 0);
  constexpr uint32_t kFrames = 70'000;
  constexpr uint32_t kPayload = 20;
  for (uint32_t i = 0; i < kFrames; ++i) {
    send(true, kTcpAck, seq, kPayload);
    if (i % 1000 == 0) send(true, kTcpAck, seq, kPayload);
    seq += kPayload;
    if (i % 1000 == 0) send(false, kTcpAck, 5001, 0);
  }
  send(false, kTcpRst | kTcpAck, 5001, 0);
  for (uint32_t i = 0; i < kFrames; ++i) send(false, kTcpAck, 5001, 0);
  FlowSnapshot flow{};
  ASSERT_TRUE(plain_.rig().flows().ReadAt(0, &flow));
  EXPECT_EQ(flow.state, FlowState::kEnded);
  EXPECT_EQ(flow.side[0].frames, kFrames + kFrames / 1000 + 2);
  EXPECT_EQ(flow.side[0].retransmitted_frames, kFrames / 1000);
  EXPECT_EQ(flow.side[0].payload_bytes, (kFrames + kFrames / 1000) * kPayload);
  EXPECT_EQ(flow.side[1].frames, kFrames + kFrames / 1000 + 2);
  for (const Line* line : {&tagged_, &told_, &shown_}) {
    ExpectSame(plain_, *line);
  }
}

// Clients of one server, by number: of IPv4 they differ in their ports, of IPv6
// in the end of their addresses.
struct Client {
  Client(IpVersion version, uint16_t number)
      : ipv4(version == IpVersion::kIpv4), which(number) {}

  std::string address() const {
    return ipv4 ? "10.0.0.1" : absl::StrCat("2001:db8::", absl::Hex(which));
  }
  uint16_t port() const { return ipv4 ? which : 4000; }
  Packet Segment(bool from_client) const {
    const std::string server = ipv4 ? "10.0.0.2" : "2001:db8::ffff:2";
    const std::string source = from_client ? address() : server;
    const std::string destination = from_client ? server : address();
    Packet packet;
    (ipv4 ? packet.Ipv4(source, destination) : packet.Ipv6(source, destination))
        .Tcp(from_client ? port() : 80, from_client ? 80 : port());
    return packet;
  }
  ParsedFrame Parse() const {
    ParsedFrame parsed{};
    const Bytes bytes = Segment(true).Build();
    const auto length = static_cast<uint32_t>(bytes.size());
    EXPECT_EQ(ParseFrame(bytes, {length, length}, &parsed), DropReason::kNone);
    return parsed;
  }

  bool ipv4;
  uint16_t which;
};

class PipelineTagTest : public ::testing::TestWithParam<IpVersion> {
 protected:
  // Two clients of which a flow index for as many flows takes one for the
  // other.
  static std::vector<Client> FindTwins(const FlowHash& hash) {
    std::map<uint16_t, std::vector<uint16_t>> by_tag;
    for (uint16_t number = 1024; number != 0; ++number) {
      const Client client(GetParam(), number);
      const uint64_t of_client = hash(client.Parse().key);
      auto& others = by_tag[static_cast<uint16_t>(of_client | 1)];
      for (const uint16_t other : others) {
        auto index = FlowIndex::Create(kRecords);
        EXPECT_TRUE(index.ok());
        const Client twin(GetParam(), other);
        index->Insert(hash(twin.Parse().key), 7);
        uint32_t likely = 0;
        if (FlowIndex::FindLikely(index->Prefetch(of_client), of_client,
                                  &likely))
          return {twin, client};
      }
      others.push_back(number);
    }
    return {};
  }

  // Of a PipelineRig.
  static constexpr uint32_t kRecords =
      kFlows + PipelineRig::kEndedFlows + FlowTable::kBurstSlack;
};

TEST_P(PipelineTagTest, TheKeyDecidesWhereTagsAreEqual) {
  Line line(false);
  const std::vector<Client> clients = FindTwins(line.rig().hash());
  ASSERT_EQ(clients.size(), 2u);
  int64_t now_ns = kSecond;
  const auto send = [&](const Client& client, bool from_client, uint8_t flags,
                        uint32_t seq, uint32_t ack, size_t payload) {
    line.Add(client.Segment(from_client)
                 .Flags(flags)
                 .Seq(seq)
                 .Ack(ack)
                 .Payload(std::string(payload, 'x'))
                 .Build(),
             now_ns += 1000);
  };
  for (const Client& client : clients) {
    send(client, true, kTcpSyn, 99, 0, 0);
    send(client, false, kTcpSyn | kTcpAck, 499, 100, 0);
    send(client, true, kTcpAck, 100, 500, 0);
    line.Run();
  }
  // Numbers that fit both.
  for (uint32_t i = 0; i < 20; ++i) {
    for (const Client& client : clients) {
      send(client, true, kTcpAck, 100 + 8 * i, 500, 8);
    }
    line.Run();
  }
  EXPECT_EQ(line.rig().flows().record_count(), 2u);
  EXPECT_EQ(line.rig().pipeline().counts().retransmitted, 0u);
  for (uint32_t i = 0; i < 2; ++i) {
    FlowSnapshot flow{};
    ASSERT_TRUE(line.rig().flows().ReadAt(i, &flow));
    const ParsedFrame sent = clients[i].Parse();
    EXPECT_EQ(flow.version, GetParam());
    EXPECT_EQ(flow.side[0].endpoint, sent.key.endpoint(sent.source_index));
    EXPECT_EQ(flow.side[0].frames, 22u);
    EXPECT_EQ(flow.side[0].payload_bytes, 160u);
    const FlowTable& flows = line.rig().flows();
    EXPECT_EQ(flows.FindId(line.rig().hash()(sent.key), sent.key), flow.id);
    LastFrameInfo info{};
    const Bytes last = line.LastFrame(flow.id, Side::kClient, &info);
    ParsedFrame kept{};
    const auto length = static_cast<uint32_t>(last.size());
    ASSERT_EQ(ParseFrame(last, {length, length}, &kept), DropReason::kNone);
    EXPECT_EQ(kept.key, sent.key);
    EXPECT_EQ(info.seq, 252u);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, PipelineTagTest,
                         ::testing::Values(IpVersion::kIpv4, IpVersion::kIpv6),
                         [](const auto& version) {
                           return version.param == IpVersion::kIpv4 ? "Ipv4"
                                                                    : "Ipv6";
                         });

}  // namespace
}  // namespace mosd::dataplane
