// The filter of a raw socket (mtcp_bind_monitor_filter): any expression of
// pcap-filter(7), compiled by libpcap for Ethernet and run by DPDK's BPF on the
// bytes of a frame. Immutable; any thread. Matching neither allocates nor
// fails, and never reads past the frame: a filter that would, does not match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct rte_bpf;
struct rte_mbuf;

namespace mosd::api {

class FrameFilter {
 public:
  // What runs the program. kPcap does what DPDK cannot: programs with loops
  // ("ip6 protochain"), and very long or branched ones.
  //
  // DPDK's interpreter, and not its native code (rte_bpf_get_jit): that of
  // 22.11 has wrong jumps where one is nearly 128 bytes long, and
  // crashes. The tests of this class find it within a second.
  enum class Engine : uint8_t { kDpdk, kPcap };

  static constexpr size_t kMaxText = 4'096;  // bytes

  // Empty or blank text matches every frame. INVALID_ARGUMENT has what libpcap
  // says. Names of hosts are looked up, which may take its time. `fastest` is
  // for tests. Any thread.
  static absl::StatusOr<std::unique_ptr<const FrameFilter>> Compile(
      absl::string_view expression, Engine fastest = Engine::kDpdk);

  FrameFilter(const FrameFilter&) = delete;
  FrameFilter& operator=(const FrameFilter&) = delete;
  ~FrameFilter();

  // A frame as it was received, from its Ethernet header on, in one buffer or
  // in several. "len" is the number of these bytes. kPcap sees the first
  // 65,568 of them.
  bool Matches(const rte_mbuf& frame) const;
  bool Matches(std::span<const uint8_t> frame) const;

  Engine engine() const { return engine_; }

 private:
  struct Program;  // as libpcap compiled it

  explicit FrameFilter(std::unique_ptr<Program> program);

  void Load();
  bool RunPcap(std::span<const uint8_t> bytes, size_t frame_bytes) const;

  std::unique_ptr<Program> program_;
  rte_bpf* bpf_ = nullptr;  // kDpdk
  Engine engine_ = Engine::kPcap;
};

}  // namespace mosd::api
