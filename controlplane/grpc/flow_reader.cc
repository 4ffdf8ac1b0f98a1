#include "controlplane/grpc/flow_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/grpc/convert.h"
#include "controlplane/grpc/errors.h"
#include "controlplane/grpc/flow_handle.h"

namespace mosd::controlplane {
namespace {

using dataplane::Endpoint;
using dataplane::FlowId;
using dataplane::IpVersion;

// The longest frame there is; a snap length is never above it.
constexpr size_t kMaxFrameBytes = 65535;

grpc::Status InvalidField(absl::string_view field,
                          absl::string_view description) {
  return MakeFieldError(ErrorReason::kInvalidArgument, field, description);
}

grpc::Status ParseEndpoint(absl::string_view field,
                           const mos::v1::Endpoint& endpoint, Endpoint* out) {
  const std::string& address = endpoint.address();
  if (address.size() != 4 && address.size() != 16) {
    return InvalidField(absl::StrCat(field, ".address"),
                        "must be 4 or 16 bytes, in network order");
  }
  if (endpoint.port() > std::numeric_limits<uint16_t>::max()) {
    return InvalidField(absl::StrCat(field, ".port"), "must be at most 65535");
  }
  *out = Endpoint{};
  std::copy(address.begin(), address.end(), out->address.begin());
  out->port = static_cast<uint16_t>(endpoint.port());
  return grpc::Status::OK;
}

struct Tuple {
  IpVersion version;
  Endpoint client;
  Endpoint server;
};

grpc::Status ParseTuple(const mos::v1::FlowTuple& tuple, Tuple* out) {
  grpc::Status status =
      ParseEndpoint("flow.tuple.client", tuple.client(), &out->client);
  if (!status.ok()) return status;
  status = ParseEndpoint("flow.tuple.server", tuple.server(), &out->server);
  if (!status.ok()) return status;
  const size_t size = tuple.client().address().size();
  if (size != tuple.server().address().size()) {
    return InvalidField("flow.tuple.server.address",
                        "must be of the same family as the client's");
  }
  out->version = size == 4 ? IpVersion::kIpv4 : IpVersion::kIpv6;
  return grpc::Status::OK;
}

// One buffer a gRPC thread, allocated at its first read.
std::span<uint8_t> FrameBuffer() {
  thread_local std::vector<uint8_t> buffer(kMaxFrameBytes);
  return buffer;
}

}  // namespace

grpc::Status FlowReader::Find(const mos::v1::FlowRef& ref,
                              dataplane::FlowSnapshot* flow) const {
  FlowId id;
  switch (ref.ref_case()) {
    case mos::v1::FlowRef::kFlowId: {
      FlowHandle handle;
      if (!FlowHandle::Parse(ref.flow_id(), &handle)) {
        return InvalidField("flow.flow_id",
                            "must be a flow_id as this service gave it");
      }
      if (handle.epoch != epoch_) return MakeError(ErrorReason::kFlowNotFound);
      id = handle.id;
      break;
    }
    case mos::v1::FlowRef::kTuple: {
      Tuple tuple;
      grpc::Status status = ParseTuple(ref.tuple(), &tuple);
      if (!status.ok()) return status;
      id = dataplane_->FindFlow(tuple.version, tuple.client, tuple.server);
      break;
    }
    case mos::v1::FlowRef::REF_NOT_SET:
      return InvalidField("flow", "must name a flow by flow_id or tuple");
  }
  if (id == FlowId{} || !dataplane_->ReadFlow(id, flow)) {
    return MakeError(ErrorReason::kFlowNotFound);
  }
  return grpc::Status::OK;
}

grpc::Status FlowReader::ReadFlow(const mos::v1::FlowRef& ref,
                                  mos::v1::Flow* flow) const {
  dataplane::FlowSnapshot snapshot;
  grpc::Status status = Find(ref, &snapshot);
  if (status.ok()) FillFlow(snapshot, epoch_, flow);
  return status;
}

grpc::Status FlowReader::ReadLastPkt(const mos::v1::GetLastPktRequest& request,
                                     mos::v1::LastPkt* pkt) const {
  if (request.side() != mos::v1::SIDE_CLIENT &&
      request.side() != mos::v1::SIDE_SERVER) {
    return InvalidField("side", "must be SIDE_CLIENT or SIDE_SERVER");
  }
  const dataplane::Side side = request.side() == mos::v1::SIDE_CLIENT
                                   ? dataplane::Side::kClient
                                   : dataplane::Side::kServer;
  dataplane::FlowSnapshot flow;
  grpc::Status status = Find(request.flow(), &flow);
  if (!status.ok()) return status;
  const std::span<uint8_t> buffer = FrameBuffer();
  dataplane::LastFrameInfo info;
  switch (dataplane_->ReadLastFrame(flow.id, side, buffer, &info)) {
    case dataplane::ReadResult::kOk:
      break;
    case dataplane::ReadResult::kNoFlow:
      return MakeError(ErrorReason::kFlowNotFound);
    case dataplane::ReadResult::kNoFrame:
      return MakeError(ErrorReason::kNoFrame);
    case dataplane::ReadResult::kContended:
      return MakeError(ErrorReason::kReadContended);
  }
  FillLastPkt(flow, side, info, epoch_, pkt);
  pkt->set_frame(buffer.data(),
                 std::min<size_t>(info.captured_length, buffer.size()));
  return grpc::Status::OK;
}

}  // namespace mosd::controlplane
