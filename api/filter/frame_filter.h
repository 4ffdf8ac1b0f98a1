// The filter of a raw socket (mtcp_bind_monitor_filter): any expression of
// pcap-filter(7), compiled and run by libpcap on the bytes of an Ethernet
// frame. Immutable; any thread. Matching neither allocates nor fails, and never
// reads past the frame: a filter that would, does not match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct rte_mbuf;

namespace mosd::api {

class FrameFilter {
 public:
  static constexpr size_t kMaxText = 4'096;  // bytes

  // Empty or blank text matches every frame. INVALID_ARGUMENT has what libpcap
  // says. Names of hosts are looked up, which may take its time. Any thread.
  static absl::StatusOr<std::unique_ptr<const FrameFilter>> Compile(
      absl::string_view expression);

  FrameFilter(const FrameFilter&) = delete;
  FrameFilter& operator=(const FrameFilter&) = delete;
  ~FrameFilter();

  // A frame as it was received, from its Ethernet header on, in one buffer or
  // in several. "len" is the number of these bytes. Of a frame in several
  // buffers the first 65,568 bytes are looked at.
  bool Matches(const rte_mbuf& frame) const;
  bool Matches(std::span<const uint8_t> frame) const;

 private:
  struct Program;

  explicit FrameFilter(std::unique_ptr<const Program> program);

  bool Run(std::span<const uint8_t> bytes, size_t frame_bytes) const;

  std::unique_ptr<const Program> program_;
};

}  // namespace mosd::api
