// struct pkt_info from what the dataplane knows of a frame. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/flow/flow_sink.h"
#include "dataplane/flow/flow_snapshot.h"
#include "mos_pkt_info.h"

namespace mosd::api {

// Of a TCP segment, `frame` being what was copied of it. Pointers are NULL
// where it does not reach; numbers that a field cannot hold are its largest.
void FillTcpInfo(const dataplane::LastFrameInfo& from, std::span<uint8_t> frame,
                 pkt_info* info);

// The same of a segment that is being processed; `offset`: of its first payload
// byte in the stream.
void FillSegmentInfo(const dataplane::FrameView& segment, uint64_t offset,
                     std::span<uint8_t> frame, pkt_info* info);

// Of any frame: `tcph` and `payload` are NULL, and `iph` too unless it is IP.
void FillFrameInfo(int64_t time_ns, uint8_t port, uint32_t wire_length,
                   std::span<uint8_t> frame, pkt_info* info);

}  // namespace mosd::api
