// Ethernet frames as a pcapng file (draft-ietf-opsawg-pcapng): one section,
// little-endian, its interfaces, and an enhanced packet block a frame. Pure
// functions that append to a string, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace mosd::mosctl {

// The section header (4.1); goes first. `application` is the writer's name.
void AppendSectionHeader(absl::string_view application, std::string* file);

// An Ethernet interface with nanosecond times and no snap length (4.2). The
// first one appended is number 0.
void AppendInterface(absl::string_view name, std::string* file);

struct PcapngFrame {
  uint32_t interface = 0;
  uint64_t time_ns = 0;  // since 1970, UTC
  uint32_t wire_length = 0;
  absl::string_view bytes;
  absl::string_view comment;  // UTF-8
};

// A frame (4.3). A wire length below the size of `bytes` is raised to it.
void AppendFrame(const PcapngFrame& frame, std::string* file);

}  // namespace mosd::mosctl
