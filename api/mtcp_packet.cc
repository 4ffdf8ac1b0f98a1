// Reading what a flow's sides have sent: bytes of the stream, and packets.
#include <algorithm>
#include <climits>
#include <span>

#include "api/call.h"
#include "api/context/packet_view_inline.h"
#include "mos_api.h"

namespace mosd::api {
namespace {

using dataplane::Index;

bool IsSide(int side) { return side == MOS_SIDE_CLI || side == MOS_SIDE_SVR; }

// The flow socket of a call that reads the stream. Null, with errno set;
// `wrong_type` is that for a listener.
FlowSocket* OpenStream(Context* context, int socket, int side,
                       const void* buffer, size_t length, int wrong_type) {
  FlowSocket* const found = context->flows().Find(socket);
  if (found == nullptr) {
    errno = context->FindListener(socket) != nullptr ? wrong_type : EBADF;
    return nullptr;
  }
  if (!IsSide(side) || (buffer == nullptr && length != 0) ||
      context->flows().FlowOf(*found).buffer_bytes[side] == 0) {
    errno = EINVAL;
    return nullptr;
  }
  return found;
}

std::span<uint8_t> Destination(char* buffer, uint64_t length) {
  return {reinterpret_cast<uint8_t*>(buffer),
          static_cast<size_t>(std::min<uint64_t>(length, SSIZE_MAX))};
}

}  // namespace
}  // namespace mosd::api

using namespace mosd;       // NOLINT: the functions below are C's
using namespace mosd::api;  // NOLINT

ssize_t mtcp_peek(mctx_t mctx, int socket, int side, char* buffer,
                  size_t length) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  FlowSocket* const flow_socket =
      OpenStream(context, socket, side, buffer, length, ENOTSOCK);
  if (flow_socket == nullptr) return -1;
  const MonitoredFlow& flow = context->flows().FlowOf(*flow_socket);
  const PeekCounts counts = flow.buffer[side].Peek(
      context->flows().blocks(), &flow_socket->read_offset[side],
      Destination(buffer, length));
  if (counts.lost == 0) return static_cast<ssize_t>(counts.copied);
  errno = ENODATA;
  return -static_cast<ssize_t>(std::min<uint64_t>(counts.lost, SSIZE_MAX));
}

ssize_t mtcp_ppeek(mctx_t mctx, int socket, int side, char* buffer,
                   size_t length, uint64_t offset) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  const FlowSocket* const flow_socket =
      OpenStream(context, socket, side, buffer, length, ESOCKTNOSUPPORT);
  if (flow_socket == nullptr) return -1;
  const StreamBuffer& stream =
      context->flows().FlowOf(*flow_socket).buffer[side];
  // What lies ahead of a hole is not the program's yet.
  const uint64_t ready =
      stream.next_expected() > offset ? stream.next_expected() - offset : 0;
  const size_t copied =
      stream.Read(context->flows().blocks(), offset,
                  Destination(buffer, std::min<uint64_t>(length, ready)));
  return copied != 0 || length == 0 ? static_cast<ssize_t>(copied)
                                    : Fail(ENODATA);
}

namespace mosd::api {
namespace {

// Apart, so that the short way saves no registers.
[[gnu::noinline]] int CopyLastPacket(mctx_t mctx, int socket, int side,
                                     pkt_info* info) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  const FlowSocket* const flow_socket = context->flows().Find(socket);
  if (flow_socket == nullptr && context->FindListener(socket) == nullptr) {
    return Fail(EBADF);
  }
  if (info == nullptr) return Fail(EINVAL);
  if (flow_socket == nullptr || context->options().last_is_current) {
    return context->packet().CopyCurrent(info) ? 0 : Fail(ENODATA);
  }
  if (!IsSide(side)) return Fail(EINVAL);
  const dataplane::FlowRecord& record =
      *context->flows().FlowOf(*flow_socket).record;
  return context->packet().CopyLast(record, static_cast<Side>(side), info)
             ? 0
             : Fail(ENODATA);
}

}  // namespace
}  // namespace mosd::api

int mtcp_getlastpkt(mctx_t mctx, int socket, int side, struct pkt_info* info) {
  // Whoever is offered a packet is in a callback of a context that runs.
  Context* const own = Context::OfThisThread();
  if (own != nullptr && own->mctx() == mctx && info != nullptr &&
      own->packet().CopyOffered(socket, side, info)) [[likely]] {
    return 0;
  }
  return CopyLastPacket(mctx, socket, side, info);
}

int mtcp_setlastpkt(mctx_t mctx, int socket, int side, off_t offset, byte* data,
                    uint16_t length, int option) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  if (context->flows().Find(socket) == nullptr &&
      context->FindListener(socket) == nullptr) {
    return Fail(EBADF);
  }
  if (side < MOS_SIDE_CLI || side > MOS_SIDE_BOTH) return Fail(EINVAL);
  const int error = context->packet().Edit(offset, data, length, option);
  return error == 0 ? 0 : Fail(error);
}

int mtcp_sendpkt(mctx_t mctx, int socket, const struct pkt_info* info) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  if (context->flows().Find(socket) == nullptr) {
    return Fail(context->FindListener(socket) != nullptr ? ENOTSOCK : EBADF);
  }
  if (info == nullptr) return Fail(EINVAL);
  return Fail(EOPNOTSUPP);
}

int mtcp_reset_conn(mctx_t mctx, int socket) {
  Context* const context = OwnContext(mctx);
  if (context == nullptr) return -1;
  if (context->flows().Find(socket) == nullptr) {
    return Fail(context->FindListener(socket) != nullptr ? ENOTSOCK : EBADF);
  }
  return Fail(EOPNOTSUPP);
}
