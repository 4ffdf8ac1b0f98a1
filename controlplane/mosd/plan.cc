#include "controlplane/mosd/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/config/dataplane_options.h"
#include "controlplane/config/key_path.h"
#include "controlplane/config/value.h"
#include "controlplane/grpc/call_gate.h"
#include "controlplane/grpc/flow_service.h"
#include "controlplane/grpc/watch_stream.h"

namespace mosd::controlplane {
namespace {

using dataplane::MemoryPart;
using dataplane::MemoryPlan;
using Kind = PlanLimit::Kind;

constexpr uint64_t kMiB = uint64_t{1} << 20;

// The program with its libraries and threads. Measured: 41 MiB when it is
// ready, 43 after 60,000 calls, 32 at a time.
constexpr uint64_t kProgramBytes = 48 * kMiB;

// Frames of no payload, and full ones, as Ethernet has them.
constexpr uint32_t kTypicalFrames[] = {64, 1514};

// "path=value", as --set takes it.
std::string Setting(const mos::v1::Config& config, absl::string_view path) {
  mos::v1::Config copy = config;
  const absl::StatusOr<KeyTarget> target = FindKey(path, &copy);
  if (!target.ok()) return std::string(path);
  return absl::StrCat(path, "=", FormatValue(*target->message, *target->field));
}

PlanPart Part(const char* name, const MemoryPart& part, const char* of = "") {
  return {name, part.most_bytes, part.count, part.each_bytes, of};
}

PlanPart Whole(const char* name, uint64_t bytes, const char* of) {
  return {name, bytes, 0, 0, of};
}

PlanGroup PacketGroup(const mos::v1::Config& config, const MemoryPlan& memory) {
  PlanGroup group{{Setting(config, "dataplane.memory.packet_buffers")}, {}};
  const char* const where =
      config.dataplane().ports().empty() ? "for an interface" : "";
  group.parts.push_back(Part("packet buffers", memory.packet_buffers, where));
  if (memory.packet_rings.count != 0) {
    group.parts.push_back(Part("kernel's rings", memory.packet_rings,
                               "locked, set by framecnt="));
  }
  return group;
}

std::vector<PlanGroup> Groups(const mos::v1::Config& config,
                              const MemoryPlan& memory) {
  std::vector<PlanGroup> groups;
  const mos::v1::DataplaneConfig& from = config.dataplane();
  const bool more_ended = from.ended_flows().max_count() > from.max_flows();
  groups.push_back(
      {{Setting(config, "dataplane.max_flows"),
        Setting(config, "dataplane.ended_flows.max_count")},
       {Part("flow records", memory.flow_records, "live and ended"),
        Part("their cold parts", memory.cold_records),
        Part("flow index", memory.flow_index),
        Part("IPv6 key tails", memory.key_tails, "by IPv6 alone"),
        Part("high counts", memory.carried_counts, "by long flows alone")},
       more_ended ? size_t{1} : size_t{0}});
  if (from.last_frame().enabled()) {
    groups.push_back(
        {{Setting(config, "dataplane.last_frame.memory")},
         {Whole("last frames", memory.last_frames.most_bytes,
                "as frames come, then no more"),
          Whole("their book-keeping", memory.last_frame_lists.most_bytes,
                "4 B a released buffer")}});
  }
  groups.push_back(PacketGroup(config, memory));
  groups.push_back({{Setting(config, "dataplane.workers")},
                    {Part("events, bursts", memory.workers)}});
  groups.push_back(
      {{},
       {Whole("DPDK (EAL)", memory.dpdk.most_bytes, "its book-keeping"),
        Whole("program", kProgramBytes,
              "code, libraries, threads; measured")}});
  return groups;
}

std::vector<PlanGroup> ClientGroups(const mos::v1::Config& config) {
  const mos::v1::GrpcConfig& grpc = config.grpc();
  if (grpc.listen().empty()) return {};
  const uint64_t events = uint64_t{grpc.max_watches()} * grpc.watch_queue();
  const uint64_t calls = grpc.max_concurrent_calls();
  // An answer is there as a message and as bytes.
  constexpr uint64_t kAnswerBytes = 2 * FlowServiceImpl::kMaxBatchBytes;
  return {{{Setting(config, "grpc.max_watches"),
            Setting(config, "grpc.watch_queue")},
           {{"watch queues", events * WatchStream::kQueuedEventBytes, events,
             WatchStream::kQueuedEventBytes, ""}}},
          {{Setting(config, "grpc.max_concurrent_calls")},
           {{"answers", calls * kAnswerBytes, calls, kAnswerBytes,
             "the largest ones"}}},
          {{}, {Whole("gRPC buffers", kBufferQuotaBytes, "its quota")}}};
}

uint64_t Sum(const std::vector<PlanGroup>& groups) {
  uint64_t sum = 0;
  for (const PlanGroup& group : groups) sum += group.most();
  return sum;
}

// Of the groups that a key changes, the largest ones, until they account for
// what is missing.
void FindKeysToLower(const std::vector<PlanGroup>& groups, PlanLimit* limit) {
  std::vector<std::pair<std::string, uint64_t>> candidates;
  for (const PlanGroup& group : groups) {
    if (group.keys.empty()) continue;
    const std::string& key = group.keys[group.heaviest];
    candidates.emplace_back(key.substr(0, key.find('=')), group.most());
  }
  std::ranges::stable_sort(candidates, std::ranges::greater(),
                           &std::pair<std::string, uint64_t>::second);
  uint64_t missing = limit->needed - limit->there;
  for (auto& candidate : candidates) {
    limit->lower.push_back(candidate);
    if (candidate.second >= missing) break;
    missing -= candidate.second;
  }
}

void CheckMemory(const MemoryPlan& memory, Plan* plan) {
  // What is in huge pages was taken out of the rest when they were reserved,
  // and counts for no control group's memory.
  const uint64_t elsewhere =
      plan->in_hugepages ? memory.packet_buffers.most_bytes : 0;
  const uint64_t needed = plan->full - elsewhere;
  const auto check = [&](Kind kind, std::optional<uint64_t> there) {
    if (!there) return;
    PlanLimit limit{kind, needed, *there, {}};
    if (!limit.kept()) FindKeysToLower(plan->groups, &limit);
    plan->limits.push_back(limit);
    PlanLimit with_clients{kind, needed + plan->full_clients, *there, {}};
    if (!limit.kept() || with_clients.kept()) return;
    FindKeysToLower(plan->client_groups, &with_clients);
    // The narrower one.
    if (!plan->clients_limit || *there < plan->clients_limit->there) {
      plan->clients_limit = with_clients;
    }
  };
  check(Kind::kMemory, plan->machine.available);
  check(Kind::kControlGroup, plan->machine.group_limit);
}

void CheckRights(const mos::v1::Config& config, const MemoryPlan& memory,
                 uint64_t free_hugepages, Plan* plan) {
  if (plan->hugepages == mos::v1::HUGEPAGE_MODE_ON) {
    PlanLimit limit{
        Kind::kHugepages, memory.hugepage_mib * kMiB, free_hugepages, {}};
    if (!limit.kept()) {
      limit.lower = {{"dataplane.memory.packet_buffers",
                      memory.packet_buffers.most_bytes}};
    }
    plan->limits.push_back(limit);
  }
  // Of an interface that nobody has named, nobody knows who opens it.
  if (config.dataplane().ports().empty() || !plan->machine.lock_limit) return;
  if (memory.locked_bytes == 0) return;
  plan->limits.push_back({Kind::kLockedMemory,
                          memory.locked_bytes,
                          *plan->machine.lock_limit,
                          {}});
}

void PlanLastFrames(const dataplane::DataplaneOptions& options, Plan* plan) {
  plan->last_frame_memory = options.last_frame_bytes;
  plan->flows = uint64_t{options.max_flows} + options.max_ended_flows;
  if (!options.last_frame) return;
  for (const uint32_t bytes : kTypicalFrames) {
    if (bytes >= options.snaplen_bytes) continue;
    plan->last_frames.push_back(RoomForLastFrames(options, bytes));
  }
  plan->last_frames.push_back(
      RoomForLastFrames(options, options.snaplen_bytes));
}

}  // namespace

uint64_t PlanGroup::most() const {
  uint64_t sum = 0;
  for (const PlanPart& part : parts) sum += part.most;
  return sum;
}

bool Plan::fits() const {
  return std::ranges::all_of(limits, &PlanLimit::kept);
}

Plan MakePlan(const mos::v1::Config& config, const Machine& machine) {
  const dataplane::DataplaneOptions options = ToDataplaneOptions(config);
  uint64_t free_hugepages = 0;
  for (const auto& pool : machine.hugepages) free_hugepages += pool.free_bytes;

  Plan plan;
  plan.machine = machine;
  plan.hugepages = config.dataplane().memory().hugepages();
  plan.in_hugepages =
      plan.hugepages != mos::v1::HUGEPAGE_MODE_OFF &&
      free_hugepages / kMiB >= PlanMemory(options, true).hugepage_mib;
  const MemoryPlan memory = PlanMemory(options, plan.in_hugepages);
  plan.pages_2mib = (memory.hugepage_mib + 1) / 2;
  plan.pages_1gib = (memory.hugepage_mib + 1023) / 1024;

  plan.groups = Groups(config, memory);
  plan.client_groups = ClientGroups(config);
  plan.full = Sum(plan.groups);
  plan.full_clients = Sum(plan.client_groups);
  plan.ended_flows = memory.ended_flow_bytes;
  for (const MemoryPart* part :
       {&memory.flow_records, &memory.cold_records, &memory.key_tails,
        &memory.carried_counts, &memory.flow_index, &memory.last_frames,
        &memory.last_frame_lists, &memory.workers, &memory.packet_buffers,
        &memory.packet_rings, &memory.dpdk}) {
    plan.address_space += part->mapped_bytes;
  }
  PlanLastFrames(options, &plan);
  CheckMemory(memory, &plan);
  CheckRights(config, memory, free_hugepages, &plan);
  return plan;
}

}  // namespace mosd::controlplane
