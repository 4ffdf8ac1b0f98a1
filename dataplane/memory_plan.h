// What a dataplane of given options takes of memory, before there is one. The
// numbers come from the functions that the tables, pools and ports themselves
// ask. Pure; touches no device, and needs neither DPDK nor a port.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/options.h"

namespace mosd::dataplane {

// So many things of a size, over all workers and ports.
struct MemoryPart {
  uint64_t count = 0;
  uint64_t each_bytes = 0;    // 0: their sizes differ
  uint64_t mapped_bytes = 0;  // address space
  uint64_t most_bytes = 0;    // resident, when all that can be has been touched
};

struct MemoryPlan {
  // One table a worker, of live and of ended flows.
  MemoryPart flow_records;
  MemoryPart cold_records;        // the other part of each
  MemoryPart key_tails;           // of IPv6
  MemoryPart carried_counts;      // of flows that were counted far
  MemoryPart flow_index;          // buckets
  uint64_t ended_flow_bytes = 0;  // what of these is for ended flows

  MemoryPart last_frames;  // units of a buffer
  MemoryPart last_frame_lists;

  // Event rings, bursts, timers.
  MemoryPart workers;

  // `packet_buffers` is in huge pages, if there are enough of them.
  MemoryPart packet_buffers;
  MemoryPart packet_rings;  // of the kernel, for af_packet; locked
  MemoryPart dpdk;          // bookkeeping

  // What has to be free in huge pages for the packet buffers to be there.
  uint64_t hugepage_mib = 0;
  // What CAP_IPC_LOCK, or else RLIMIT_MEMLOCK, has to allow.
  uint64_t locked_bytes = 0;
};

// `options` as of Dataplane::Start(). Where there is no port, one network
// interface is assumed; an interface may have frames of up to 64 KiB (GRO,
// TSO). `hugepages`: the packet buffers are in huge pages.
MemoryPlan PlanMemory(const DataplaneOptions& options, bool hugepages);

// The room that options give to last frames of one size.
struct LastFrameRoom {
  uint32_t frame_bytes = 0;   // kept of each
  uint32_t buffer_bytes = 0;  // that one takes
  uint64_t flows = 0;         // of which both last frames fit, live or ended
  // The last_frame_bytes with which those of all flows fit.
  uint64_t bytes_for_all = 0;
};

// For frames of `frame_bytes`, of which snaplen_bytes are kept at most.
LastFrameRoom RoomForLastFrames(const DataplaneOptions& options,
                                uint32_t frame_bytes);

}  // namespace mosd::dataplane
