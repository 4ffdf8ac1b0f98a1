#include "controlplane/grpc/flow_wire.h"

#include <algorithm>

#include "controlplane/grpc/convert.h"
#include "controlplane/grpc/flow_handle.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wire_format_lite.h"
#include "mos/v1/flow.pb.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::SideSnapshot;
using google::protobuf::Timestamp;
using google::protobuf::internal::WireFormatLite;
using mos::v1::Endpoint;
using mos::v1::Flow;
using mos::v1::FlowSide;
using mos::v1::FlowTuple;

// The number of a field is a template's, so that its tag is one constant byte.

// An integer, enum value or bool: all are varints of 64 bits, with their sign.
// Zero is left out, as proto3 has it.
template <int kField, typename Number>
uint8_t* WriteNumber(Number number, uint8_t* out) {
  const auto value = static_cast<uint64_t>(number);
  return value == 0 ? out
                    : WireFormatLite::WriteUInt64ToArray(kField, value, out);
}

// A message or bytes below 128 bytes, so that the length is one byte: `write`
// puts the content where it is told and returns the end.
template <int kField, typename Write>
uint8_t* WriteShort(uint8_t* out, const Write& write) {
  out = WireFormatLite::WriteTagToArray(
      kField, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, out);
  uint8_t* const end = write(out + 1);
  *out = static_cast<uint8_t>(end - out - 1);
  return end;
}

template <int kField>
uint8_t* WriteTime(int64_t time_ns, uint8_t* out) {
  return WriteShort<kField>(out, [time_ns](uint8_t* to) {
    const SplitTime time = SplitTimeOf(time_ns);
    to = WriteNumber<Timestamp::kSecondsFieldNumber>(time.seconds, to);
    return WriteNumber<Timestamp::kNanosFieldNumber>(time.nanos, to);
  });
}

template <int kField>
uint8_t* WriteEndpoint(dataplane::IpVersion version,
                       const dataplane::Endpoint& endpoint, uint8_t* out) {
  return WriteShort<kField>(out, [&](uint8_t* to) {
    to = WriteShort<Endpoint::kAddressFieldNumber>(to, [&](uint8_t* address) {
      return std::copy_n(endpoint.address.data(),
                         version == dataplane::IpVersion::kIpv4 ? 4 : 16,
                         address);
    });
    return WriteNumber<Endpoint::kPortFieldNumber>(endpoint.port, to);
  });
}

template <int kField>
uint8_t* WriteTuple(const FlowSnapshot& flow, uint8_t* out) {
  return WriteShort<kField>(out, [&](uint8_t* to) {
    to = WriteEndpoint<FlowTuple::kClientFieldNumber>(
        flow.version, flow.side[0].endpoint, to);
    return WriteEndpoint<FlowTuple::kServerFieldNumber>(
        flow.version, flow.side[1].endpoint, to);
  });
}

template <int kField>
uint8_t* WriteSide(const SideSnapshot& side, uint8_t* out) {
  return WriteShort<kField>(out, [&](uint8_t* to) {
    to = WriteNumber<FlowSide::kTcpStateFieldNumber>(ToProto(side.tcp_state),
                                                     to);
    to = WriteNumber<FlowSide::kFramesFieldNumber>(side.frames, to);
    to = WriteNumber<FlowSide::kWireBytesFieldNumber>(side.wire_bytes, to);
    to =
        WriteNumber<FlowSide::kPayloadBytesFieldNumber>(side.payload_bytes, to);
    to = WriteNumber<FlowSide::kRetransmittedFramesFieldNumber>(
        side.retransmitted_frames, to);
    if (side.frames != 0) {
      to = WriteTime<FlowSide::kLastTimeFieldNumber>(side.last_time_ns, to);
    }
    return WriteNumber<FlowSide::kHasLastPktFieldNumber>(side.has_last_frame,
                                                         to);
  });
}

}  // namespace

uint8_t* WriteFlow(const FlowSnapshot& flow, uint32_t epoch, uint8_t* out) {
  out = WriteShort<Flow::kFlowIdFieldNumber>(out, [&](uint8_t* to) {
    FlowHandle{epoch, flow.id}.Write(reinterpret_cast<char*>(to));
    return to + FlowHandle::kTextSize;
  });
  out = WriteTuple<Flow::kTupleFieldNumber>(flow, out);
  out = WriteNumber<Flow::kStateFieldNumber>(ToProto(flow.state), out);
  out = WriteSide<Flow::kClientSideFieldNumber>(flow.side[0], out);
  out = WriteSide<Flow::kServerSideFieldNumber>(flow.side[1], out);
  const bool ended = flow.state == dataplane::FlowState::kEnded;
  if (ended) {
    out =
        WriteNumber<Flow::kEndReasonFieldNumber>(ToProto(flow.end_reason), out);
  }
  out = WriteTime<Flow::kStartTimeFieldNumber>(flow.start_time_ns, out);
  if (ended) {
    out = WriteTime<Flow::kEndTimeFieldNumber>(flow.end_time_ns, out);
  }
  out = WriteNumber<Flow::kLastSpeakerFieldNumber>(ToProto(flow.last_speaker),
                                                   out);
  out = WriteNumber<Flow::kMidstreamFieldNumber>(flow.midstream, out);
  return WriteNumber<Flow::kWorkerFieldNumber>(flow.id.worker(), out);
}

}  // namespace mosd::controlplane
