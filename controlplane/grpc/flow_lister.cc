#include "controlplane/grpc/flow_lister.h"

#include <algorithm>
#include <array>
#include <span>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "controlplane/grpc/errors.h"
#include "controlplane/grpc/flow_filter.h"
#include "controlplane/grpc/flow_page.h"
#include "controlplane/grpc/page_token.h"

namespace mosd::controlplane {
namespace {

using dataplane::FlowSnapshot;
using dataplane::FlowState;
using mos::v1::FlowView;

// Flows taken and records looked at between two looks at the clock. So few
// flows that they are still in the first cache when they are written.
constexpr size_t kScanFlows = 32;
constexpr size_t kScanRecords = 8192;

bool InView(FlowView view, const FlowSnapshot& flow) {
  const bool ended = flow.state == FlowState::kEnded;
  return view == FlowView::FLOW_VIEW_ALL ||
         (view == FlowView::FLOW_VIEW_ENDED) == ended;
}

}  // namespace

grpc::Status FlowLister::List(const mos::v1::ListFlowsRequest& request,
                              grpc::ByteBuffer* response) const {
  const FlowView view = request.view() == mos::v1::FLOW_VIEW_UNSPECIFIED
                            ? mos::v1::FLOW_VIEW_LIVE
                            : request.view();
  if (!mos::v1::FlowView_IsValid(view)) {
    return MakeFieldError(ErrorReason::kInvalidArgument, "view",
                          "must be a FlowView");
  }
  const absl::StatusOr<FlowFilter> filter = FlowFilter::Parse(request.filter());
  if (!filter.ok()) {
    return MakeFieldError(ErrorReason::kInvalidFilter, "filter",
                          filter.status().message());
  }
  dataplane::ScanCursor cursor;
  if (!request.page_token().empty() &&
      !OpenPageToken(*boot_, request.filter(), view, request.page_token(),
                     &cursor)) {
    return MakeFieldError(
        ErrorReason::kInvalidPageToken, "page_token",
        "must be the next_page_token of the page before, with the same filter "
        "and view, from this start of the appliance; begin again without one");
  }
  const size_t page_size =
      request.page_size() == 0
          ? kDefaultPageSize
          : std::min<size_t>(request.page_size(), kMaxPageSize);

  const absl::Time deadline = absl::Now() + time_budget_;
  std::array<FlowSnapshot, kScanFlows> flows;
  FlowPage page(boot_->flow_epoch());
  bool more = true;
  do {
    const auto room =
        std::span(flows).first(std::min(kScanFlows, page_size - page.flows()));
    size_t found;
    more = dataplane_->ScanFlows(&cursor, kScanRecords, room, &found);
    for (const FlowSnapshot& flow : room.first(found)) {
      if (!InView(view, flow)) continue;
      if (!filter->MatchesAll() &&
          !filter->Matches(flow, dataplane_->NowNs(flow.id.worker()))) {
        continue;
      }
      page.Add(flow);
    }
  } while (more && page.flows() < page_size && absl::Now() < deadline);
  *response = page.Finish(
      more ? SealPageToken(*boot_, request.filter(), view, cursor) : "");
  return grpc::Status::OK;
}

}  // namespace mosd::controlplane
