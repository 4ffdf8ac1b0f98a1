#include "api/filter/frame_filter.h"

#include <pcap/pcap.h>
#include <rte_bpf.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "api/filter/bpf_converter.h"

namespace mosd::api {
namespace {

constexpr int kSnapLength = 262'144;
// libpcap takes cubic time: for the worst there is, 4 seconds at kMaxText, and
// 20 with its optimizer, but 0.4 for what fits here.
constexpr size_t kMaxOptimizedText = 1'024;
constexpr size_t kMaxFrame = 65'568;

// libpcap asks getprotobyname() and the like, which are for one thread.
absl::Mutex compiling(absl::kConstInit);

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};

absl::Status Refusal(absl::string_view expression, absl::string_view why) {
  constexpr size_t kShown = 80;
  return absl::InvalidArgumentError(absl::StrCat(
      why, ", in \"", absl::CHexEscape(expression.substr(0, kShown)),
      expression.size() > kShown ? "...\"" : "\""));
}

// A frame that lies in plain memory as DPDK's BPF wants it. An mbuf holds less
// than 64 KiB, and a frame may have a little more.
class StackMbuf {
 public:
  explicit StackMbuf(std::span<const uint8_t> frame) {
    constexpr size_t kMost = std::numeric_limits<uint16_t>::max();
    const size_t first = std::min(frame.size(), kMost);
    const size_t second = std::min(frame.size() - first, kMost);
    Fill(frame.data(), first, &parts_[0]);
    if (second > 0) {
      Fill(frame.data() + first, second, &parts_[1]);
      parts_[0].next = &parts_[1];
      parts_[0].nb_segs = 2;
    }
    parts_[0].pkt_len = static_cast<uint32_t>(first + second);
  }

  rte_mbuf* get() { return &parts_[0]; }

 private:
  static void Fill(const uint8_t* bytes, size_t size, rte_mbuf* part) {
    // BPF programs of filters do not write.
    part->buf_addr = const_cast<uint8_t*>(bytes);
    part->data_len = part->buf_len = static_cast<uint16_t>(size);
    part->nb_segs = 1;
  }

  rte_mbuf parts_[2] = {};
};

}  // namespace

struct FrameFilter::Program {
  bpf_program code = {};
  ~Program() { pcap_freecode(&code); }
};

FrameFilter::FrameFilter(std::unique_ptr<Program> program)
    : program_(std::move(program)) {}

FrameFilter::~FrameFilter() { rte_bpf_destroy(bpf_); }

absl::StatusOr<std::unique_ptr<const FrameFilter>> FrameFilter::Compile(
    absl::string_view expression, Engine fastest) {
  if (expression.size() > kMaxText) {
    return Refusal(expression,
                   absl::StrCat("longer than ", kMaxText, " bytes"));
  }
  const size_t nul = expression.find('\0');
  if (nul != absl::string_view::npos) {
    return Refusal(expression, absl::StrCat("at ", nul + 1, ": a zero byte"));
  }
  absl::MutexLock lock(&compiling);
  const std::unique_ptr<pcap_t, PcapCloser> handle(
      pcap_open_dead(DLT_EN10MB, kSnapLength));
  if (handle == nullptr) return absl::ResourceExhaustedError("out of memory");
  auto program = std::make_unique<Program>();
  const int optimize = expression.size() <= kMaxOptimizedText ? 1 : 0;
  if (pcap_compile(handle.get(), &program->code,
                   std::string(expression).c_str(), optimize,
                   PCAP_NETMASK_UNKNOWN) != 0) {
    return Refusal(expression, pcap_geterr(handle.get()));
  }
  std::unique_ptr<FrameFilter> filter(new FrameFilter(std::move(program)));
  if (fastest == Engine::kDpdk) filter->Load();
  return filter;
}

void FrameFilter::Load() {
  const std::vector<ebpf_insn> code = ConvertProgram(program_->code);
  if (code.empty()) return;
  rte_bpf_prm parameters = {};
  parameters.ins = code.data();
  parameters.nb_ins = static_cast<uint32_t>(code.size());
  parameters.prog_arg.type = RTE_BPF_ARG_PTR_MBUF;
  parameters.prog_arg.size = sizeof(rte_mbuf);
  bpf_ = rte_bpf_load(&parameters);
  if (bpf_ != nullptr) engine_ = Engine::kDpdk;
}

bool FrameFilter::RunPcap(std::span<const uint8_t> bytes,
                          size_t frame_bytes) const {
  return bpf_filter(program_->code.bf_insns, bytes.data(),
                    static_cast<u_int>(frame_bytes),
                    static_cast<u_int>(bytes.size())) != 0;
}

bool FrameFilter::Matches(const rte_mbuf& frame) const {
  if (engine_ == Engine::kDpdk) {
    // Programs take a mutable mbuf, which they do not write to.
    return rte_bpf_exec(bpf_, const_cast<rte_mbuf*>(&frame)) != 0;
  }
  if (frame.pkt_len == 0) return RunPcap({}, 0);
  std::array<uint8_t, kMaxFrame> copy;  // of a frame in several buffers
  const uint32_t size =
      std::min(frame.pkt_len, static_cast<uint32_t>(copy.size()));
  const void* bytes = rte_pktmbuf_read(&frame, 0, size, copy.data());
  if (bytes == nullptr) return false;
  return RunPcap({static_cast<const uint8_t*>(bytes), size}, frame.pkt_len);
}

bool FrameFilter::Matches(std::span<const uint8_t> frame) const {
  if (engine_ == Engine::kPcap) {
    return RunPcap(frame.first(std::min(frame.size(), kMaxFrame)),
                   frame.size());
  }
  StackMbuf mbuf(frame);
  return Matches(*mbuf.get());
}

}  // namespace mosd::api
