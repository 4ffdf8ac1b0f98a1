// Every error the gRPC services answer with: one table from reason to status
// code and errno, and the builders that put the standard details
// (google.rpc.ErrorInfo, google.rpc.BadRequest) into the binary trailer.
// Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace mosd::controlplane {

inline constexpr absl::string_view kErrorDomain = "mos.v1";

enum class ErrorReason : uint8_t {
  kFlowNotFound,
  kNoFrame,
  kReadContended,
  kInvalidArgument,
  kInvalidFilter,
  kInvalidPageToken,
  kTooManyRequests,
  kTooManyWatches,
  kResponseTooLarge,
  kDraining,
};
inline constexpr size_t kErrorReasons = 10;

struct ErrorRow {
  ErrorReason reason;
  absl::string_view name;  // ErrorInfo.reason
  grpc::StatusCode code;
  absl::string_view errno_name;  // of the C API; empty: it has none
  absl::string_view message;     // what is wrong and what to do
};

// The row of a reason.
const ErrorRow& RowOf(ErrorReason reason);

// A status with the row's code and message, and its ErrorInfo.
grpc::Status MakeError(ErrorReason reason);

// The same about one field of the request: `field` is its path, such as
// "flow.tuple.client.address", and `description` says what it should hold.
grpc::Status MakeFieldError(ErrorReason reason, absl::string_view field,
                            absl::string_view description);

}  // namespace mosd::controlplane
