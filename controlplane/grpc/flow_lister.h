// One page of ListFlows: scans the live table from where the page token says,
// for a bounded time. Thread-safe; never blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "controlplane/grpc/boot_identity.h"
#include "dataplane/dataplane.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/status.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {

class FlowLister {
 public:
  static constexpr uint32_t kDefaultPageSize = 1000;
  // A page of this many flows, each as large as a Flow gets, stays below the
  // 4 MB that clients accept by default (a unit test holds the two together).
  static constexpr uint32_t kMaxPageSize = 10000;
  static constexpr absl::Duration kTimeBudget = absl::Milliseconds(20);

  // The pointers are not owned and outlive the lister. A page is cut short
  // after `time_budget`, so that a filter that matches little does not hold one
  // of gRPC's few threads; some of the table is scanned for each.
  FlowLister(const dataplane::Dataplane* dataplane, const BootIdentity* boot,
             absl::Duration time_budget = kTimeBudget)
      : dataplane_(dataplane), boot_(boot), time_budget_(time_budget) {}

  // `response` becomes a ListFlowsResponse in wire format. INVALID_ARGUMENT,
  // INVALID_FILTER, INVALID_PAGE_TOKEN.
  grpc::Status List(const mos::v1::ListFlowsRequest& request,
                    grpc::ByteBuffer* response) const;

 private:
  const dataplane::Dataplane* const dataplane_;
  const BootIdentity* const boot_;
  const absl::Duration time_budget_;
};

}  // namespace mosd::controlplane
