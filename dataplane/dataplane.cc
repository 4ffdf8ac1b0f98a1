// Starting: what is checked before anything is brought up.
#include "dataplane/dataplane.h"

#include <sched.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "dataplane/flow/flow_id.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/running_dataplane.h"
#include "dataplane/worker/pipeline.h"

namespace mosd::dataplane {
namespace {

constexpr uint32_t kMaxWorkers = 64;
constexpr size_t kMaxPorts = 64;
constexpr uint64_t kMaxRecords = uint64_t{1} << FlowId::kRecordBits;

absl::Status Check(const DataplaneOptions& options) {
  if (options.ports.size() > kMaxPorts) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there are ", options.ports.size(), " ports; name at most ", kMaxPorts,
        " in dataplane.ports"));
  }
  if (options.workers == 0 || options.workers > kMaxWorkers) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataplane.workers is ", options.workers,
                     "; it may be 1 to ", kMaxWorkers));
  }
  if (!options.cpus.empty() && options.cpus.size() != options.workers) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataplane.cpus names ", options.cpus.size(), " CPUs for ",
                     options.workers, " workers; name one for each, or none"));
  }
  for (const uint32_t cpu : options.cpus) {
    if (cpu >= CPU_SETSIZE) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataplane.cpus names CPU ", cpu,
                       "; the highest possible is ", CPU_SETSIZE - 1));
    }
  }
  if (options.burst == 0 || options.burst > Pipeline::kBurst) {
    return absl::InvalidArgumentError(
        absl::StrCat("dataplane.burst is ", options.burst, "; it may be 1 to ",
                     Pipeline::kBurst));
  }
  if (!options.sinks.empty() && options.sinks.size() != options.workers) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", options.sinks.size(), " sinks for ",
                     options.workers, " workers; give one for each, or none"));
  }
  const uint64_t records = uint64_t{options.max_flows} +
                           options.max_ended_flows + FlowTable::kBurstSlack;
  if (options.max_flows == 0 || records > kMaxRecords) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataplane.max_flows and dataplane.ended_flows.max_count are ",
        options.max_flows, " and ", options.max_ended_flows,
        "; the first may not be 0, nor both together more than ",
        kMaxRecords - FlowTable::kBurstSlack));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataplane>> Dataplane::Start(
    const DataplaneOptions& options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  auto dataplane = std::make_unique<RunningDataplane>();
  if (absl::Status status = dataplane->BringUp(options); !status.ok()) {
    return status;
  }
  return dataplane;
}

}  // namespace mosd::dataplane
