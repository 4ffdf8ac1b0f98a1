#include "controlplane/mosd/certificate_log.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "spdlog/spdlog.h"

namespace mosd::controlplane {
namespace {

constexpr absl::Duration kSoon = absl::Hours(24 * 14);

void SayExpiry(const char* whose, absl::Time expiry) {
  if (expiry == absl::InfiniteFuture()) return;
  const std::string when =
      absl::FormatTime("%Y-%m-%d %H:%M UTC", expiry, absl::UTCTimeZone());
  const absl::Duration left = expiry - absl::Now();
  if (left <= absl::ZeroDuration()) {
    spdlog::error("{}: expired at {}; clients refuse it", whose, when);
  } else if (left < kSoon) {
    spdlog::warn("{}: expires soon, at {}", whose, when);
  } else {
    spdlog::info("{}: good until {}", whose, when);
  }
}

}  // namespace

void CertificateLog::Report(const tls::PemState& state) {
  if (state.version != version_) {
    if (version_ != 0) spdlog::info("new TLS certificates are in use");
    version_ = state.version;
    SayExpiry("TLS certificate", state.texts->certificate_expiry);
    SayExpiry("authorities of clients", state.texts->authorities_expiry);
  }
  if (state.failures != failures_) {
    failures_ = state.failures;
    if (!state.status.ok()) {
      spdlog::error("the TLS certificates are still those from before: {}",
                    std::string(state.status.message()));
    }
  }
}

}  // namespace mosd::controlplane
