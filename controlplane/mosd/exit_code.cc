#include "controlplane/mosd/exit_code.h"

#include "absl/strings/str_cat.h"

namespace mosd::controlplane {
namespace {

struct Row {
  ExitCode code;
  const char* help;
};

constexpr Row kRows[] = {
    {ExitCode::kOk, "stopped in good order"},
    {ExitCode::kFailure, "failed while running"},
    {ExitCode::kUsage, "wrong usage of the command line"},
    {ExitCode::kConfiguration, "the configuration is invalid"},
    {ExitCode::kInput,
     "an input cannot be used (file, interface, permission), or a capture\n"
     "     ended in the middle"},
    {ExitCode::kResources,
     "memory, hugepages, a full disk, or an address already in use; --plan: "
     "the\n"
     "     configuration does not fit"},
};

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    // The configuration was valid when it met the machine: what is wrong now
    // is what it names.
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return ExitCode::kInput;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kResources;
    default:
      return ExitCode::kFailure;
  }
}

std::string ExitCodeHelp() {
  std::string text;
  for (const Row& row : kRows) {
    absl::StrAppend(&text, "  ", static_cast<int>(row.code), "  ", row.help,
                    "\n");
  }
  return text;
}

}  // namespace mosd::controlplane
