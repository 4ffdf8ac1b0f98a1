// Where an mbuf carries the time that its NIC gave it, in ticks of the NIC's
// clock (RTE_ETH_RX_OFFLOAD_TIMESTAMP).
// writer: DPDK's driver; reader: the worker that receives the frame.
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstdint>

#include "absl/status/status.h"

namespace mosd::dataplane {

// Of the dynamic field and flag; valid after RegisterDeviceTime.
extern int device_time_offset;
extern uint64_t device_time_flag;

// Makes room for it in every mbuf; after EAL is up. Any number of times.
// RESOURCE_EXHAUSTED.
absl::Status RegisterDeviceTime();

// Reads the clock of a device, in ticks. False: it has none to be read. Any
// thread; about a microsecond.
bool ReadDeviceClock(uint16_t ethdev, uint64_t* ticks);

inline bool HasDeviceTime(const rte_mbuf* frame) {
  return (frame->ol_flags & device_time_flag) != 0;
}

inline uint64_t DeviceTicks(const rte_mbuf* frame) {
  return *RTE_MBUF_DYNFIELD(frame, device_time_offset,
                            const rte_mbuf_timestamp_t*);
}

}  // namespace mosd::dataplane
