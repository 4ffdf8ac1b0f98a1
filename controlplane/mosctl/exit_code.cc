#include "controlplane/mosctl/exit_code.h"

#include "absl/strings/str_cat.h"

namespace mosd::mosctl {
namespace {

struct Row {
  ExitCode code;
  const char* meaning;
};

constexpr Row kRows[] = {
    {ExitCode::kOk, "done"},
    {ExitCode::kFailure, "any failure not named below"},
    {ExitCode::kUsage, "wrong usage: bad option, flow reference or filter"},
    {ExitCode::kUnreachable, "mosd does not answer, or is stopping"},
    {ExitCode::kNotFound, "no such flow, or no frame of that side"},
    {ExitCode::kRefused, "refused: permission, state or a limit of mosd"},
};

}  // namespace

ExitCode ExitCodeOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return ExitCode::kOk;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return ExitCode::kUsage;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ExitCode::kUnreachable;
    case grpc::StatusCode::NOT_FOUND:
      return ExitCode::kNotFound;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
      return ExitCode::kRefused;
    default:
      return ExitCode::kFailure;
  }
}

std::string ExitCodeHelp() {
  std::string help;
  for (const Row& row : kRows) {
    absl::StrAppend(&help, "  ", static_cast<int>(row.code), "  ", row.meaning,
                    "\n");
  }
  return help;
}

}  // namespace mosd::mosctl
