// Options of sockets.
#include <cstring>
#include <limits>
#include <vector>

#include "api/call.h"
#include "mos_api.h"

namespace mosd::api {
namespace {

using dataplane::Index;
using dataplane::Other;
using dataplane::TcpEnd;

constexpr int kMaxBufferBytes = 1 << 30;

// A flow socket with its flow, for one option.
struct OpenFlow {
  Context* context;
  FlowSocket* socket;
  MonitoredFlow* flow;
};

template <typename T>
int StoreValue(T value, void* to, socklen_t* length) {
  if (*length < sizeof(value)) return EINVAL;
  std::memcpy(to, &value, sizeof(value));
  *length = sizeof(value);
  return 0;
}

// Sequence number of a byte of the stream that `receiver` is sent.
uint32_t SequenceOf(const MonitoredFlow& flow, Side receiver, uint64_t offset) {
  const TcpEnd& sender = flow.record->tcp.end[Index(Other(receiver))];
  return sender.InitialSeq() + 1 + static_cast<uint32_t>(offset);
}

int GetBufferInfo(const OpenFlow& open, Side receiver, void* to,
                  socklen_t* length) {
  const MonitoredFlow& flow = *open.flow;
  if (flow.buffer_bytes[Index(receiver)] == 0) return EINVAL;
  const StreamBuffer& buffer = flow.buffer[Index(receiver)];
  const auto seq = [&](uint64_t offset) {
    return SequenceOf(flow, receiver, offset);
  };
  tcp_buf_info info{};
  info.tcpbi_init_seq = seq(0);
  info.tcpbi_last_byte_read = seq(open.socket->read_offset[Index(receiver)]);
  info.tcpbi_next_byte_expected = seq(buffer.next_expected());
  info.tcpbi_last_byte_received = seq(buffer.highest());
  return StoreValue(info, to, length);
}

// `*length` counts fragments, in and out.
int GetFragments(const OpenFlow& open, Side receiver, void* to,
                 socklen_t* length) {
  const MonitoredFlow& flow = *open.flow;
  if (flow.buffer_bytes[Index(receiver)] == 0) return EINVAL;
  auto* const fragments = static_cast<tcp_ring_fragment*>(to);
  const StreamBuffer& buffer = flow.buffer[Index(receiver)];
  socklen_t count = 0;
  uint64_t offset = buffer.base();
  HeldRange range;
  while (count < *length &&
         buffer.Ranges(open.context->flows().blocks(), offset, {&range, 1})) {
    fragments[count].offset = range.offset;
    fragments[count].len = static_cast<uint32_t>(range.length);
    offset = range.offset + range.length;
    ++count;
  }
  *length = count;
  return 0;
}

int GetState(const OpenFlow& open, Side side, void* to, socklen_t* length) {
  return StoreValue(
      static_cast<int>(open.context->flows().StateOf(*open.flow, side)), to,
      length);
}

// When the flow was last heard of, as mtcp_cb_get_ts counts.
int GetTimestamp(const OpenFlow& open, void* to, socklen_t* length) {
  return StoreValue(
      static_cast<uint32_t>(open.flow->record->LastTimeNs() / 1'000), to,
      length);
}

int GetOption(const OpenFlow& open, int name, void* to, socklen_t* length) {
  switch (name) {
    case MOS_FRAGINFO_CLIBUF:
      return GetFragments(open, Side::kClient, to, length);
    case MOS_FRAGINFO_SVRBUF:
      return GetFragments(open, Side::kServer, to, length);
    case MOS_INFO_CLIBUF:
      return GetBufferInfo(open, Side::kClient, to, length);
    case MOS_INFO_SVRBUF:
      return GetBufferInfo(open, Side::kServer, to, length);
    case MOS_TCP_STATE_CLI:
      return GetState(open, Side::kClient, to, length);
    case MOS_TCP_STATE_SVR:
      return GetState(open, Side::kServer, to, length);
    case MOS_TIMESTAMP:
      return GetTimestamp(open, to, length);
    default:
      return ENOPROTOOPT;
  }
}

int SetBuffer(Context* context, int socket, Side receiver, int bytes) {
  if (bytes < 0 || bytes > kMaxBufferBytes) return EINVAL;
  if (Listener* const listener = context->FindListener(socket)) {
    listener->buffer_bytes[Index(receiver)] = static_cast<uint32_t>(bytes);
  } else {
    context->flows().SetBufferBytes(context->flows().Find(socket), receiver,
                                    static_cast<uint32_t>(bytes));
  }
  return 0;
}

int SetOverlap(Context* context, int socket, Side receiver, int policy) {
  if (policy != MOS_OVERLAP_POLICY_FIRST && policy != MOS_OVERLAP_POLICY_LAST) {
    return EINVAL;
  }
  const bool last = policy == MOS_OVERLAP_POLICY_LAST;
  if (Listener* const listener = context->FindListener(socket)) {
    listener->keep_last[Index(receiver)] = last;
    return 0;
  }
  MonitoredFlow& flow = context->flows().FlowOf(*context->flows().Find(socket));
  const auto bit = static_cast<uint8_t>(1u << Index(receiver));
  flow.keep_last =
      static_cast<uint8_t>(last ? flow.keep_last | bit : flow.keep_last & ~bit);
  return 0;
}

int StopMonitoring(Context* context, int socket, int side) {
  if (side < MOS_SIDE_CLI || side > MOS_SIDE_BOTH) return EINVAL;
  if (context->FindListener(socket) != nullptr) return EPERM;
  const auto sides =
      static_cast<uint8_t>(side == MOS_SIDE_BOTH ? kBothSides : 1u << side);
  context->flows().Stop(context->flows().Find(socket), sides);
  return 0;
}

int SetOption(Context* context, int socket, int name, int value) {
  switch (name) {
    case MOS_CLIBUF:
      return SetBuffer(context, socket, Side::kClient, value);
    case MOS_SVRBUF:
      return SetBuffer(context, socket, Side::kServer, value);
    case MOS_CLIOVERLAP:
      return SetOverlap(context, socket, Side::kClient, value);
    case MOS_SVROVERLAP:
      return SetOverlap(context, socket, Side::kServer, value);
    case MOS_STOP_MON:
      return StopMonitoring(context, socket, value);
    default:
      return ENOPROTOOPT;
  }
}

}  // namespace
}  // namespace mosd::api

using namespace mosd::api;  // NOLINT: the functions below are C's

int mtcp_getsockopt(mctx_t mctx, int socket, int level, int name, void* value,
                    socklen_t* length) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  FlowSocket* const flow_socket = context->flows().Find(socket);
  if (flow_socket == nullptr) {
    return Fail(context->FindListener(socket) != nullptr ? ENOTSOCK : EBADF);
  }
  if (value == nullptr || length == nullptr) return Fail(EINVAL);
  if (level != SOL_MONSOCKET) return Fail(ENOPROTOOPT);
  const OpenFlow open{context, flow_socket,
                      &context->flows().FlowOf(*flow_socket)};
  const int error = GetOption(open, name, value, length);
  return error == 0 ? 0 : Fail(error);
}

int mtcp_setsockopt(mctx_t mctx, int socket, int level, int name,
                    const void* value, socklen_t length) {
  return OnContext(mctx, [&](Context* context) {
    if (context->FindListener(socket) == nullptr &&
        context->flows().Find(socket) == nullptr) {
      return EBADF;
    }
    if (level != SOL_MONSOCKET) return ENOPROTOOPT;
    int number = 0;
    if (value == nullptr || length < sizeof(number)) return EINVAL;
    std::memcpy(&number, value, sizeof(number));
    return SetOption(context, socket, name, number);
  });
}
