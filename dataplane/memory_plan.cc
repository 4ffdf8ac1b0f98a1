#include "dataplane/memory_plan.h"

#include <rte_memory.h>

#include <algorithm>

#include "dataplane/base/region.h"
#include "dataplane/flow/flow_index.h"
#include "dataplane/flow/flow_record.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/side.h"
#include "dataplane/frame/frame_pool.h"
#include "dataplane/port/device_spec.h"
#include "dataplane/port/eal_needs.h"
#include "dataplane/port/packet_memory.h"
#include "dataplane/port/packet_ring_shape.h"
#include "dataplane/worker/handoff.h"
#include "dataplane/worker/worker.h"

namespace mosd::dataplane {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// What EAL and the devices allocate besides pools and rings; measured: 0.2 MiB.
constexpr uint64_t kEalBytes = kMiB;

// A region of a worker's, for each of them.
MemoryPart Regions(uint64_t workers, uint64_t count, uint64_t each_bytes) {
  const uint64_t bytes = workers * Region::SizeFor(count * each_bytes);
  return {workers * count, each_bytes, bytes, bytes};
}

void PlanFlows(const DataplaneOptions& options, MemoryPlan* plan) {
  const FlowTableOptions table = Worker::TableOptions(options, 0);
  const uint32_t records = FlowTable::RecordsFor(table);
  const auto array = [&](size_t each_bytes) {
    return Regions(options.workers, records, each_bytes);
  };
  plan->flow_records = array(sizeof(FlowRecord));
  plan->cold_records = array(sizeof(FlowColdRecord));
  plan->key_tails = array(sizeof(SharedKeyTail));
  plan->carried_counts = array(sizeof(CarriedCounts));
  plan->flow_index = Regions(options.workers, FlowIndex::BucketsFor(records),
                             FlowIndex::kBucketBytes);
  uint64_t all = 0;
  for (const MemoryPart* part :
       {&plan->flow_records, &plan->cold_records, &plan->key_tails,
        &plan->carried_counts, &plan->flow_index}) {
    all += part->most_bytes;
  }
  plan->ended_flow_bytes = static_cast<uint64_t>(
      static_cast<double>(all) * table.max_ended_flows / records);
}

void PlanLastFrames(const DataplaneOptions& options, MemoryPlan* plan) {
  const uint64_t capacity = FramePool::CapacityFor(Worker::FrameBytes(options));
  plan->last_frames =
      Regions(options.workers, capacity / kFrameUnit, kFrameUnit);
  plan->last_frame_lists = {
      options.workers, FramePool::ListBytesFor(capacity),
      options.workers * Region::SizeFor(FramePool::ListBytesFor(capacity)),
      options.workers * FramePool::MostListBytesFor(capacity)};
  if (options.last_frame) return;
  // Mapped, and never touched.
  plan->last_frames.most_bytes = 0;
  plan->last_frame_lists.most_bytes = 0;
}

// A port as it is planned with: nobody has looked at the interface.
struct PlannedPort {
  BufferPoolShape pool;
  uint64_t ring_bytes = 0;  // locked
  bool locks_pool = false;
};

PlannedPort PlanInterface(const DataplaneOptions& options,
                          const PortContext& context, const PortOptions& port,
                          const DeviceSpec& spec) {
  const uint32_t queues =
      std::min(port.queues != 0 ? port.queues : options.workers, 16u);
  auto shape = ShapePacketRing(kMaxFrameBytes, queues, spec);
  if (!shape.ok()) {  // arguments that are refused later
    shape = ShapePacketRing(kMaxFrameBytes, queues, {spec.kind, "", {}});
  }
  return {WholeFramePool(context, shape->buffer_bytes()),
          shape->locked_bytes(queues)};
}

PlannedPort PlanPort(const DataplaneOptions& options,
                     const PortContext& context, const PortOptions& port) {
  // What is no device is refused when it is to be opened.
  const DeviceSpec spec =
      ParseDeviceSpec(port.device)
          .value_or(DeviceSpec{DeviceKind::kAfPacket, "", {}});
  switch (spec.kind) {
    case DeviceKind::kAfPacket:
      return PlanInterface(options, context, port, spec);
    case DeviceKind::kAfXdp:
      return {XdpPool(context), 0, true};
    case DeviceKind::kRing:
      return {kRingPool};
    case DeviceKind::kPci:
    case DeviceKind::kDpdk:
      return {UsualPool(context, BufferWriter::kDevice)};
    default:
      return {UsualPool(context)};
  }
}

// One more kind of things of one part.
void Add(uint64_t count, uint64_t each_bytes, uint64_t bytes,
         MemoryPart* part) {
  const bool alike = part->count == 0 || part->each_bytes == each_bytes;
  part->each_bytes = alike ? each_bytes : 0;
  part->count += count;
  part->mapped_bytes += bytes;
  part->most_bytes += bytes;
}

void PlanPorts(const DataplaneOptions& options, bool hugepages,
               MemoryPlan* plan) {
  const PortContext context{options.workers, options.packet_buffers,
                            static_cast<uint32_t>(options.ports.size())};
  for (const PortOptions& port : options.ports) {
    const PlannedPort planned = PlanPort(options, context, port);
    const uint64_t bytes = PoolBytes(planned.pool, !hugepages);
    Add(planned.pool.buffers, bytes / planned.pool.buffers, bytes,
        &plan->packet_buffers);
    if (planned.ring_bytes != 0) {
      Add(1, planned.ring_bytes, planned.ring_bytes, &plan->packet_rings);
    }
    plan->locked_bytes += planned.ring_bytes + (planned.locks_pool ? bytes : 0);
  }
}

void PlanDpdk(const DataplaneOptions& options, bool hugepages,
              MemoryPlan* plan) {
  const EalNeeds needs = EalNeeds::Of(options);
  plan->hugepage_mib = needs.memory_mib;
  const uint64_t handoff =
      options.workers > 1
          ? options.workers * Handoff::kCapacity * 2 * sizeof(void*)
          : 0;
  Add(1, 0, kEalBytes + handoff, &plan->dpdk);
  if (hugepages) return;
  // EAL's memory is mapped as a whole, and each page of it is written down.
  constexpr uint64_t kPagesOfMib = kMiB / 4096;
  const uint64_t mib = needs.own_memory_mib();
  Add(1, 0, mib * kPagesOfMib * sizeof(rte_memseg), &plan->dpdk);
  plan->packet_buffers.mapped_bytes =
      std::max(plan->packet_buffers.mapped_bytes, mib * kMiB);
}

}  // namespace

MemoryPlan PlanMemory(const DataplaneOptions& given, bool hugepages) {
  DataplaneOptions options = given;
  if (options.ports.empty()) {
    options.ports.emplace_back().device = "af_packet:any";
  }
  MemoryPlan plan;
  PlanFlows(options, &plan);
  PlanLastFrames(options, &plan);
  const uint64_t of_worker = Worker::OwnBytes(options);
  plan.workers = {options.workers, of_worker, options.workers * of_worker,
                  options.workers * of_worker};
  PlanPorts(options, hugepages, &plan);
  PlanDpdk(options, hugepages, &plan);
  return plan;
}

LastFrameRoom RoomForLastFrames(const DataplaneOptions& options,
                                uint32_t frame_bytes) {
  LastFrameRoom room;
  room.frame_bytes =
      std::min({frame_bytes, options.snaplen_bytes, kMaxFrameBytes});
  room.buffer_bytes =
      kFrameClassUnits[FrameClassOf(room.frame_bytes)] * kFrameUnit;
  const uint64_t capacity = FramePool::CapacityFor(Worker::FrameBytes(options));
  room.flows = options.workers *
               (FramePool::FramesIn(capacity, room.frame_bytes) / kSides);
  // A new frame is written before the old one is released, and a released one
  // waits.
  const uint64_t records =
      FlowTable::RecordsFor(Worker::TableOptions(options, 0));
  const uint64_t frames = records * kSides + FramePool::kQuarantine;
  room.bytes_for_all =
      options.workers * FramePool::BytesFor(frames, room.frame_bytes);
  return room;
}

}  // namespace mosd::dataplane
