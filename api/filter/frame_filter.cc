#include "api/filter/frame_filter.h"

#include <pcap/pcap.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

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

}  // namespace

struct FrameFilter::Program {
  bpf_program code = {};
  ~Program() { pcap_freecode(&code); }
};

FrameFilter::FrameFilter(std::unique_ptr<const Program> program)
    : program_(std::move(program)) {}

FrameFilter::~FrameFilter() = default;

absl::StatusOr<std::unique_ptr<const FrameFilter>> FrameFilter::Compile(
    absl::string_view expression) {
  if (expression.size() > kMaxText) {
    return Refusal(expression,
                   absl::StrCat("longer than ", kMaxText, " bytes"));
  }
  const size_t nul = expression.find('\0');
  if (nul != absl::string_view::npos) {
    return Refusal(expression, absl::StrCat("at ", nul + 1, ": a zero byte"));
  }
  const absl::MutexLock lock(&compiling);
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
  return std::unique_ptr<const FrameFilter>(
      new FrameFilter(std::move(program)));
}

bool FrameFilter::Run(std::span<const uint8_t> bytes,
                      size_t frame_bytes) const {
  return bpf_filter(program_->code.bf_insns, bytes.data(),
                    static_cast<u_int>(frame_bytes),
                    static_cast<u_int>(bytes.size())) != 0;
}

bool FrameFilter::Matches(const rte_mbuf& frame) const {
  if (frame.data_len == frame.pkt_len) {
    return Run({rte_pktmbuf_mtod(&frame, const uint8_t*), frame.data_len},
               frame.pkt_len);
  }
  std::array<uint8_t, kMaxFrame> copy;
  const uint32_t size =
      std::min(frame.pkt_len, static_cast<uint32_t>(copy.size()));
  const void* bytes = rte_pktmbuf_read(&frame, 0, size, copy.data());
  if (bytes == nullptr) return false;
  return Run({static_cast<const uint8_t*>(bytes), size}, frame.pkt_len);
}

bool FrameFilter::Matches(std::span<const uint8_t> frame) const {
  return Run(frame, frame.size());
}

}  // namespace mosd::api
