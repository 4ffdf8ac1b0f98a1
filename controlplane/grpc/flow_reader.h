// Answers about single flows: resolves the FlowRef of a request and reads the
// flow or a last frame into a response. Thread-safe; never blocks.
#pragma once

#include <cstdint>

#include "dataplane/dataplane.h"
#include "grpcpp/support/status.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {

class FlowReader {
 public:
  // `dataplane` is not owned and outlives the reader. `epoch` is
  // BootIdentity::flow_epoch().
  FlowReader(const dataplane::Dataplane* dataplane, uint32_t epoch)
      : dataplane_(dataplane), epoch_(epoch) {}

  // INVALID_ARGUMENT, FLOW_NOT_FOUND.
  grpc::Status ReadFlow(const mos::v1::FlowRef& ref, mos::v1::Flow* flow) const;

  // INVALID_ARGUMENT, FLOW_NOT_FOUND, NO_FRAME, READ_CONTENDED.
  grpc::Status ReadLastPkt(const mos::v1::GetLastPktRequest& request,
                           mos::v1::LastPkt* pkt) const;

 private:
  grpc::Status Find(const mos::v1::FlowRef& ref,
                    dataplane::FlowSnapshot* flow) const;

  const dataplane::Dataplane* const dataplane_;
  const uint32_t epoch_;
};

}  // namespace mosd::controlplane
