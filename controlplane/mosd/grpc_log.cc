#include "controlplane/mosd/grpc_log.h"

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/support/log.h"
#include "spdlog/spdlog.h"

namespace mosd::controlplane {
namespace {

constexpr uint64_t kLinesAMinute = 10;

class Quota {
 public:
  // Whether one more line may be written; `*left_out` is how many were not in
  // the minute before, which is told with the first one of the next.
  bool Take(uint64_t* left_out) {
    absl::MutexLock lock(&mutex_);
    *left_out = 0;
    const absl::Time now = absl::Now();
    if (now >= begin_ + absl::Minutes(1) || now < begin_) {
      begin_ = now;
      if (lines_ > kLinesAMinute) *left_out = lines_ - kLinesAMinute;
      lines_ = 0;
    }
    return ++lines_ <= kLinesAMinute;
  }

 private:
  absl::Mutex mutex_;
  absl::Time begin_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  uint64_t lines_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What gRPC calls an error is for the most part a mistake of a peer's.
spdlog::level::level_enum LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_ERROR:
      return spdlog::level::warn;
    case GPR_LOG_SEVERITY_INFO:
      return spdlog::level::info;
    default:
      return spdlog::level::debug;
  }
}

void Write(gpr_log_func_args* line) {
  static Quota* const quota = new Quota;  // gRPC logs until the very end
  uint64_t left_out = 0;
  if (!quota->Take(&left_out)) return;
  if (left_out != 0) spdlog::warn("gRPC: {} more lines left out", left_out);
  spdlog::log(LevelOf(line->severity), "gRPC: {}", line->message);
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(Write); }

}  // namespace mosd::controlplane
