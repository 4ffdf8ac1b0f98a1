#include "controlplane/grpc/flow_wire.h"

#include <cstring>

#include "controlplane/grpc/convert.h"
#include "controlplane/grpc/flow_handle.h"
#include "controlplane/grpc/varint.h"
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

// What a list costs is how many instructions this takes. The number of a field
// is a template's, so that its tag is one constant byte; bytes that stand
// together are made in a register and stored as one word, which may go beyond
// the end that is returned: what comes next is stored over that.

constexpr auto kNumber = WireFormatLite::WIRETYPE_VARINT;
constexpr auto kBytes = WireFormatLite::WIRETYPE_LENGTH_DELIMITED;

template <int kField, WireFormatLite::WireType kType>
constexpr uint64_t Tag() {
  static_assert(kField < 16);
  return kField << 3 | kType;
}

template <typename Word>
void Store(uint64_t word, uint8_t* out) {
  std::memcpy(out, &word, sizeof(Word));
}

// Apart, so that it is not inlined everywhere.
[[gnu::noinline]] uint8_t* WriteLargeNumber(int field, uint64_t value,
                                            uint8_t* out) {
  return WireFormatLite::WriteUInt64ToArray(field, value, out);
}

// An integer, enum value or bool: all are varints of 64 bits, with their sign.
// Zero is left out, as proto3 has it.
template <int kField, typename Number>
uint8_t* WriteNumber(Number number, uint8_t* out) {
  const auto value = static_cast<uint64_t>(number);
  if (value < VarintEnd(1)) {
    Store<uint16_t>(Tag<kField, kNumber>() | value << 8, out);
    return out + (value == 0 ? 0 : 2);
  }
  if (value >= VarintEnd(4)) [[unlikely]] {
    return WriteLargeNumber(kField, value, out);
  }
  const Varint varint = VarintOf(static_cast<uint32_t>(value));
  Store<uint64_t>(Tag<kField, kNumber>() | varint.bytes << 8, out);
  return out + 1 + varint.size;
}

// A message or bytes below 128 bytes, so that the length is one byte: `write`
// puts the content where it is told and returns the end.
template <int kField, typename Write>
uint8_t* WriteShort(uint8_t* out, const Write& write) {
  uint8_t* const end = write(out + 2);
  Store<uint16_t>(
      Tag<kField, kBytes>() | static_cast<uint64_t>(end - out - 2) << 8, out);
  return end;
}

// A time of whatever size.
template <int kField>
[[gnu::noinline]] uint8_t* WriteAnyTime(int64_t time_ns, uint8_t* out) {
  return WriteShort<kField>(out, [time_ns](uint8_t* to) {
    const SplitTime time = SplitTimeOf(time_ns);
    to = WriteNumber<Timestamp::kSecondsFieldNumber>(time.seconds, to);
    return WriteNumber<Timestamp::kNanosFieldNumber>(time.nanos, to);
  });
}

// Nearly all times are as long: tag, length, tag and five bytes of seconds in
// one word, tag and four or five bytes of nanoseconds in another.
using TimeBytes = uint64_t __attribute__((vector_size(16)));

// Two numbers, or the same bits of both, where their bytes begin.
constexpr TimeBytes InPlace(uint64_t seconds, uint64_t nanos) {
  return TimeBytes{seconds << 24, nanos << 8};
}
constexpr TimeBytes InPlace(uint64_t bits) { return InPlace(bits, bits); }

// All but the numbers themselves.
template <int kField>
constexpr TimeBytes AroundTime(size_t nanos_bytes) {
  return InPlace(VarintMarks(5), VarintMarks(nanos_bytes)) |
         TimeBytes{Tag<kField, kBytes>() | (7 + nanos_bytes) << 8 |
                       Tag<Timestamp::kSecondsFieldNumber, kNumber>() << 16,
                   Tag<Timestamp::kNanosFieldNumber, kNumber>()};
}

template <int kField>
uint8_t* WriteTime(int64_t time_ns, uint8_t* out) {
  constexpr uint64_t kSecond = 1'000'000'000;
  constexpr auto kFiveBytes = static_cast<int64_t>(VarintEnd(4) * kSecond);
  const auto time = static_cast<uint64_t>(time_ns);
  const uint64_t nanos = time % kSecond;
  // Before 1978, and in the first two milliseconds of each second.
  if (time_ns < kFiveBytes || nanos < VarintEnd(3)) [[unlikely]] {
    return WriteAnyTime<kField>(time_ns, out);
  }
  // Seven bits to a byte, both numbers at once: first fourteen to two bytes.
  // The upper seven of those are then moved up by adding them once more.
  const TimeBytes whole = InPlace(time / kSecond, nanos);
  const TimeBytes halves = (whole & InPlace(0x3fff)) |
                           (whole << 2 & InPlace(0x3fff0000)) |
                           (whole << 4 & InPlace(uint64_t{0x7f} << 32));
  const TimeBytes groups = halves + (halves & InPlace(0x3f803f80));
  static constexpr TimeBytes kAround[] = {AroundTime<kField>(4),
                                          AroundTime<kField>(5)};
  const size_t fifth = nanos >= VarintEnd(4) ? 1 : 0;
  const TimeBytes bytes = groups | kAround[fifth];
  std::memcpy(out, &bytes, sizeof(bytes));
  return out + 13 + fifth;
}

template <int kField>
uint8_t* WriteEndpoint(dataplane::IpVersion version,
                       const dataplane::Endpoint& endpoint, uint8_t* out) {
  const Varint port = VarintOf(endpoint.port);
  const size_t port_bytes = endpoint.port == 0 ? 0 : 1 + port.size;
  constexpr uint64_t kTags = Tag<kField, kBytes>() |
                             Tag<Endpoint::kAddressFieldNumber, kBytes>() << 16;
  if (version == dataplane::IpVersion::kIpv4) {
    uint32_t address;
    std::memcpy(&address, endpoint.address.data(), sizeof(address));
    Store<uint64_t>(
        kTags | (6 + port_bytes) << 8 | 4 << 24 | uint64_t{address} << 32, out);
    out += 8;
  } else {
    Store<uint32_t>(kTags | (18 + port_bytes) << 8 | 16 << 24, out);
    std::memcpy(out + 4, endpoint.address.data(), 16);
    out += 20;
  }
  Store<uint32_t>(Tag<Endpoint::kPortFieldNumber, kNumber>() | port.bytes << 8,
                  out);
  return out + port_bytes;
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

// Flattened: each of these is used several times, and none is worth a call.
[[gnu::flatten]] uint8_t* WriteFlow(const FlowSnapshot& flow, uint32_t epoch,
                                    uint8_t* out) {
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
