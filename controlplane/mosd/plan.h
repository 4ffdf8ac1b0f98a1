// What a configuration takes of a machine's memory, and whether it fits there:
// `mosd --plan`. Pure: nothing is started, read or opened. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/mosd/machine.h"
#include "dataplane/memory_plan.h"
#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

// A part of what mosd takes. All sizes are in bytes.
struct PlanPart {
  std::string name;
  uint64_t most = 0;   // resident, when it is full
  uint64_t count = 0;  // of things; 0: not so computed
  uint64_t each = 0;   // ...of this size; 0: they differ
  std::string of;      // what the things are, or what it is
};

// Parts that the same keys change.
struct PlanGroup {
  std::vector<std::string> keys;  // "dataplane.max_flows=1000000"; none: fixed
  std::vector<PlanPart> parts;
  size_t heaviest = 0;  // of keys, the one to lower

  uint64_t most() const;
};

// What has to be there, or to be allowed.
struct PlanLimit {
  enum class Kind { kMemory, kControlGroup, kHugepages, kLockedMemory };
  Kind kind;
  uint64_t needed = 0;
  uint64_t there = 0;
  // Keys to be lowered, the one that frees most first, until `needed` is there
  // or there is none left, and what they account for.
  std::vector<std::pair<std::string, uint64_t>> lower;

  bool kept() const { return needed <= there; }
};

struct Plan {
  // What traffic alone fills, and what is added by clients that stop reading.
  std::vector<PlanGroup> groups;
  std::vector<PlanGroup> client_groups;
  uint64_t full = 0;           // of groups
  uint64_t full_clients = 0;   // of client_groups
  uint64_t ended_flows = 0;    // what of `full` is there for ended flows
  uint64_t address_space = 0;  // that the dataplane maps

  // Packet buffers lie in huge pages where there are enough.
  mos::v1::HugepageMode hugepages = mos::v1::HUGEPAGE_MODE_UNSPECIFIED;
  bool in_hugepages = false;
  uint64_t pages_2mib = 0;  // enough, if they are of this size
  uint64_t pages_1gib = 0;

  // Of small, full and the longest frames; none: last frames are not kept.
  std::vector<dataplane::LastFrameRoom> last_frames;
  uint64_t last_frame_memory = 0;
  uint64_t flows = 0;  // live and ended

  Machine machine;
  std::vector<PlanLimit> limits;  // those that are known
  // Set where `full` fits, but not full_clients as well.
  std::optional<PlanLimit> clients_limit;

  bool fits() const;
};

// `config` comes from ConfigBuilder::Build(); it may be without a port.
Plan MakePlan(const mos::v1::Config& config, const Machine& machine);

}  // namespace mosd::controlplane
