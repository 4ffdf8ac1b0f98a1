#include "controlplane/grpc/convert.h"

#include "controlplane/grpc/flow_handle.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::Side;
using dataplane::SideSnapshot;

// The dataplane's numbers are those of the proto, but for the TCP states,
// which follow mOS and start at 0.
static_assert(static_cast<int>(dataplane::FlowState::kEnded) ==
              mos::v1::FLOW_STATE_ENDED);
static_assert(static_cast<int>(dataplane::EndReason::kShutdown) ==
              mos::v1::END_REASON_SHUTDOWN);
static_assert(static_cast<int>(dataplane::TcpState::kTimeWait) + 1 ==
              mos::v1::TCP_STATE_TIME_WAIT);
static_assert(static_cast<int>(dataplane::DropReason::kShutdown) ==
              mos::v1::DROP_REASON_SHUTDOWN);
static_assert(static_cast<int>(Side::kServer) + 1 == mos::v1::SIDE_SERVER);

void FillEndpoint(dataplane::IpVersion version,
                  const dataplane::Endpoint& endpoint, mos::v1::Endpoint* out) {
  out->set_address(endpoint.address.data(),
                   version == dataplane::IpVersion::kIpv4 ? 4 : 16);
  out->set_port(endpoint.port);
}

void FillTuple(const FlowSnapshot& flow, mos::v1::FlowTuple* tuple) {
  FillEndpoint(flow.version, flow.side[0].endpoint, tuple->mutable_client());
  FillEndpoint(flow.version, flow.side[1].endpoint, tuple->mutable_server());
}

void FillSide(const SideSnapshot& snapshot, mos::v1::FlowSide* side) {
  side->set_tcp_state(ToProto(snapshot.tcp_state));
  side->set_frames(snapshot.frames);
  side->set_wire_bytes(snapshot.wire_bytes);
  side->set_payload_bytes(snapshot.payload_bytes);
  side->set_retransmitted_frames(snapshot.retransmitted_frames);
  if (snapshot.frames != 0) {
    FillTimestamp(snapshot.last_time_ns, side->mutable_last_time());
  }
  side->set_has_last_pkt(snapshot.has_last_frame);
}

// Reasons that occurred, in the order of the enum; kNone counts nothing.
template <typename Counts, typename Message>
void FillDrops(const Counts& drops, Message* message) {
  for (size_t i = 1; i < dataplane::kDropReasonCount; ++i) {
    if (drops[i] == 0) continue;
    auto* count = message->add_drops();
    count->set_reason(static_cast<mos::v1::DropReason>(i));
    count->set_frames(drops[i]);
  }
}

uint64_t LiveFlows(const dataplane::WorkerSnapshot& worker) {
  uint64_t flows = 0;
  for (size_t i = 1; i < static_cast<size_t>(dataplane::FlowState::kEnded);
       ++i) {
    flows += worker.flows_by_state[i];
  }
  return flows;
}

// Sums `addend` into `sum`, element by element.
template <size_t n>
void AddEach(const uint64_t (&addend)[n], uint64_t (&sum)[n]) {
  for (size_t i = 0; i < n; ++i) sum[i] += addend[i];
}

dataplane::WorkerSnapshot Sum(
    const std::vector<dataplane::WorkerSnapshot>& workers) {
  dataplane::WorkerSnapshot sum;
  for (const dataplane::WorkerSnapshot& worker : workers) {
    sum.received_frames += worker.received_frames;
    sum.received_bytes += worker.received_bytes;
    sum.accounted_frames += worker.accounted_frames;
    sum.handed_out_frames += worker.handed_out_frames;
    sum.handed_in_frames += worker.handed_in_frames;
    sum.started_flows += worker.started_flows;
    sum.midstream_flows += worker.midstream_flows;
    sum.retransmitted_frames += worker.retransmitted_frames;
    sum.last_frames_shortened += worker.last_frames_shortened;
    sum.last_frames_not_kept += worker.last_frames_not_kept;
    AddEach(worker.drops, sum.drops);
    AddEach(worker.flows_by_state, sum.flows_by_state);
    AddEach(worker.flows_ended, sum.flows_ended);
  }
  return sum;
}

void FillFlowCounts(const dataplane::WorkerSnapshot& sum,
                    mos::v1::GetStatsResponse* stats) {
  stats->set_started_flows(sum.started_flows);
  stats->set_midstream_flows(sum.midstream_flows);
  for (size_t i = 1; i < dataplane::kFlowStates; ++i) {
    auto* count = stats->add_flows_by_state();
    count->set_state(static_cast<mos::v1::FlowState>(i));
    count->set_flows(sum.flows_by_state[i]);
  }
  for (size_t i = 1; i < dataplane::kEndReasons; ++i) {
    if (sum.flows_ended[i] == 0) continue;
    auto* count = stats->add_flows_ended();
    count->set_reason(static_cast<mos::v1::EndReason>(i));
    count->set_flows(sum.flows_ended[i]);
  }
}

void FillLastFrameMemory(const dataplane::LastFrameMemorySnapshot& memory,
                         mos::v1::GetStatsResponse* stats) {
  stats->set_last_frame_bytes(memory.used_bytes);
  stats->set_last_frame_capacity_bytes(memory.capacity_bytes);
  for (const dataplane::FrameClassSnapshot& size_class : memory.classes) {
    auto* out = stats->add_frame_classes();
    out->set_frame_bytes(size_class.frame_bytes);
    out->set_buffers_in_use(size_class.in_use);
    out->set_buffers_total(size_class.total);
  }
}

}  // namespace

SplitTime SplitTimeOf(int64_t time_ns) {
  constexpr int64_t kNsPerSecond = 1'000'000'000;
  int64_t seconds = time_ns / kNsPerSecond;
  int64_t nanos = time_ns % kNsPerSecond;
  if (nanos < 0) {
    nanos += kNsPerSecond;
    --seconds;
  }
  return {seconds, static_cast<int32_t>(nanos)};
}

void FillTimestamp(int64_t time_ns, google::protobuf::Timestamp* timestamp) {
  const SplitTime time = SplitTimeOf(time_ns);
  timestamp->set_seconds(time.seconds);
  timestamp->set_nanos(time.nanos);
}

void FillFlow(const FlowSnapshot& snapshot, uint32_t epoch,
              mos::v1::Flow* flow) {
  flow->set_flow_id(FlowHandle{epoch, snapshot.id}.ToText());
  FillTuple(snapshot, flow->mutable_tuple());
  flow->set_state(ToProto(snapshot.state));
  FillSide(snapshot.side[0], flow->mutable_client_side());
  FillSide(snapshot.side[1], flow->mutable_server_side());
  FillTimestamp(snapshot.start_time_ns, flow->mutable_start_time());
  if (snapshot.state == dataplane::FlowState::kEnded) {
    flow->set_end_reason(ToProto(snapshot.end_reason));
    FillTimestamp(snapshot.end_time_ns, flow->mutable_end_time());
  }
  flow->set_last_speaker(ToProto(snapshot.last_speaker));
  flow->set_midstream(snapshot.midstream);
  flow->set_worker(snapshot.id.worker());
}

void FillLastPkt(const FlowSnapshot& flow, Side side,
                 const dataplane::LastFrameInfo& info, uint32_t epoch,
                 mos::v1::LastPkt* pkt) {
  pkt->set_flow_id(FlowHandle{epoch, flow.id}.ToText());
  pkt->set_side(ToProto(side));
  FillTuple(flow, pkt->mutable_tuple());
  FillTimestamp(info.capture_time_ns, pkt->mutable_capture_time());
  pkt->set_cur_ts(static_cast<uint32_t>(info.capture_time_ns / 1'000'000));
  pkt->set_in_ifidx(info.port);
  pkt->set_eth_len(info.wire_length);
  pkt->set_ip_len(info.ip_length);
  pkt->set_offset(info.stream_offset);
  pkt->set_payloadlen(info.payload_length);
  pkt->set_seq(info.seq);
  pkt->set_ack_seq(info.ack);
  pkt->set_window(info.window);
  pkt->set_tcp_flags(info.tcp_flags);
  pkt->set_wire_length(info.wire_length);
  pkt->set_captured_length(info.captured_length);
  pkt->set_ip_offset(info.ip_offset);
  pkt->set_tcp_offset(info.tcp_offset);
  pkt->set_payload_offset(info.payload_offset);
}

void FillWorker(const dataplane::WorkerSnapshot& snapshot, uint32_t index,
                mos::v1::Worker* worker) {
  worker->set_index(index);
  worker->set_cpu(snapshot.cpu);
  worker->set_received_frames(snapshot.received_frames);
  worker->set_received_bytes(snapshot.received_bytes);
  worker->set_accounted_frames(snapshot.accounted_frames);
  FillDrops(snapshot.drops, worker);
  worker->set_handed_out_frames(snapshot.handed_out_frames);
  worker->set_handed_in_frames(snapshot.handed_in_frames);
  worker->set_live_flows(LiveFlows(snapshot));
  worker->set_ended_flows(
      snapshot
          .flows_by_state[static_cast<size_t>(dataplane::FlowState::kEnded)]);
  worker->set_flow_capacity(snapshot.flow_capacity);
  auto* age = worker->mutable_heartbeat_age();
  age->set_seconds(snapshot.heartbeat_age_ns / 1'000'000'000);
  age->set_nanos(
      static_cast<int32_t>(snapshot.heartbeat_age_ns % 1'000'000'000));
  worker->set_turns(snapshot.turns);
  worker->set_busy_turns(snapshot.busy_turns);
  worker->set_slow_turns(snapshot.slow_turns);
}

void FillPort(const dataplane::PortSnapshot& snapshot, uint32_t index,
              mos::v1::Port* port) {
  port->set_index(index);
  port->set_device(snapshot.device);
  port->set_driver(snapshot.driver);
  port->set_link_up(snapshot.link_up);
  port->set_rx_queues(snapshot.rx_queues);
  port->set_rx_frames(snapshot.rx_frames);
  port->set_rx_bytes(snapshot.rx_bytes);
  port->set_missed_frames(snapshot.missed_frames);
  port->set_error_frames(snapshot.error_frames);
  port->set_no_mbuf_frames(snapshot.no_mbuf_frames);
  port->set_exhausted(snapshot.exhausted);
  port->set_error(snapshot.error);
}

void FillStats(const dataplane::Dataplane& dataplane,
               mos::v1::GetStatsResponse* stats) {
  dataplane::WorkerSnapshot sum = Sum(dataplane.Workers());
  // Workers are read one after the other, so that frames may be seen as taken
  // over by one and not yet as passed on by another. Those were received in
  // between: counting them as such keeps the balance exact.
  if (sum.handed_in_frames > sum.handed_out_frames) {
    sum.received_frames += sum.handed_in_frames - sum.handed_out_frames;
    sum.handed_out_frames = sum.handed_in_frames;
  }
  stats->set_received_frames(sum.received_frames);
  stats->set_received_bytes(sum.received_bytes);
  stats->set_accounted_frames(sum.accounted_frames);
  uint64_t dropped = 0;
  for (const uint64_t frames : sum.drops) dropped += frames;
  stats->set_dropped_frames(dropped);
  FillDrops(sum.drops, stats);
  stats->set_in_handoff_frames(sum.handed_out_frames - sum.handed_in_frames);
  FillFlowCounts(sum, stats);
  FillLastFrameMemory(dataplane.LastFrameMemory(), stats);
  stats->set_last_frames_shortened(sum.last_frames_shortened);
  stats->set_last_frames_not_kept(sum.last_frames_not_kept);
  stats->set_retransmitted_frames(sum.retransmitted_frames);
  uint64_t missed = 0;
  for (const dataplane::PortSnapshot& port : dataplane.Ports()) {
    missed += port.missed_frames + port.error_frames + port.no_mbuf_frames;
  }
  stats->set_missed_frames(missed);
}

}  // namespace mosd::controlplane
