#include "controlplane/grpc/errors.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/error_details.h"

namespace mosd::controlplane {
namespace {

using grpc::StatusCode;

constexpr std::array<ErrorRow, kErrorReasons> kRows = {{
    {ErrorReason::kFlowNotFound, "FLOW_NOT_FOUND", StatusCode::NOT_FOUND,
     "EBADF",
     "no such flow: it was never seen, is no longer kept, or its id is of "
     "another appliance or an earlier start"},
    {ErrorReason::kNoFrame, "NO_FRAME", StatusCode::NOT_FOUND, "ENODATA",
     "this side of the flow has no last frame: it sent nothing, or its frame "
     "could not be kept"},
    {ErrorReason::kReadContended, "READ_CONTENDED", StatusCode::ABORTED,
     "EAGAIN", "the frame was replaced during every attempt; read again"},
    {ErrorReason::kInvalidArgument, "INVALID_ARGUMENT",
     StatusCode::INVALID_ARGUMENT, "EINVAL", "invalid request"},
    {ErrorReason::kInvalidFilter, "INVALID_FILTER",
     StatusCode::INVALID_ARGUMENT, "EINVAL", "invalid filter"},
    {ErrorReason::kInvalidPageToken, "INVALID_PAGE_TOKEN",
     StatusCode::INVALID_ARGUMENT, "EINVAL", "invalid page token"},
    {ErrorReason::kTooManyRequests, "TOO_MANY_REQUESTS",
     StatusCode::RESOURCE_EXHAUSTED, "",
     "too many calls in flight (grpc.max_concurrent_calls); try again later"},
    {ErrorReason::kTooManyWatches, "TOO_MANY_WATCHES",
     StatusCode::RESOURCE_EXHAUSTED, "",
     "too many WatchFlows streams (grpc.max_watches); end one first"},
    {ErrorReason::kResponseTooLarge, "RESPONSE_TOO_LARGE",
     StatusCode::RESOURCE_EXHAUSTED, "",
     "the answer reached its size limit before this request; ask for it in "
     "another batch"},
    {ErrorReason::kDraining, "DRAINING", StatusCode::UNAVAILABLE, "EACCES",
     "the appliance is shutting down"},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].reason) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

google::rpc::Status WithErrorInfo(const ErrorRow& row) {
  google::rpc::Status status;
  status.set_code(row.code);
  status.set_message(std::string(row.message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(row.name));
  info.set_domain(std::string(kErrorDomain));
  if (!row.errno_name.empty()) {
    (*info.mutable_metadata())["errno"] = std::string(row.errno_name);
  }
  status.add_details()->PackFrom(info);
  return status;
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  grpc::Status result;
  grpc::SetErrorDetails(status, &result);
  return result;
}

}  // namespace

const ErrorRow& RowOf(ErrorReason reason) {
  return kRows[static_cast<size_t>(reason)];
}

grpc::Status MakeError(ErrorReason reason) {
  return ToGrpc(WithErrorInfo(RowOf(reason)));
}

grpc::Status MakeFieldError(ErrorReason reason, absl::string_view field,
                            absl::string_view description) {
  const ErrorRow& row = RowOf(reason);
  google::rpc::Status status = WithErrorInfo(row);
  status.set_message(absl::StrCat(row.message, ": ", field, ": ", description));
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  status.add_details()->PackFrom(bad_request);
  return ToGrpc(status);
}

}  // namespace mosd::controlplane
