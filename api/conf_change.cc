#include "api/conf_change.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace mosd::api {
namespace {

using google::protobuf::Duration;

constexpr int64_t kNeverSeconds = int64_t{876'000} * 3600;
constexpr int kMaxFlows = 100'000'000;
constexpr int kMaxBufferBytes = 1 << 30;

absl::Status CheckRange(const char* name, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("mtcp_setconf: ", name, " is ",
                                                 value, "; it may be ", least,
                                                 " to ", most));
}

void SetSeconds(int seconds, Duration* duration) {
  duration->set_seconds(seconds < 0 ? kNeverSeconds : seconds);
  duration->set_nanos(0);
}

// The processors of the first workers, as many as there are to be.
void SetCores(int cores, controlplane::MosConf* conf) {
  auto* const dataplane = conf->config.mutable_dataplane();
  conf->num_cores = cores;
  dataplane->set_workers(static_cast<uint32_t>(cores));
  if (dataplane->cpus_size() > cores)
    dataplane->mutable_cpus()->Truncate(cores);
}

}  // namespace

mtcp_conf ToMtcpConf(const controlplane::MosConf& conf) {
  mtcp_conf shown{};
  shown.num_cores = conf.num_cores;
  shown.max_concurrency = conf.max_concurrency;
  shown.cpu_mask = conf.cpu_mask;
  shown.max_num_buffers = conf.max_concurrency;
  shown.rcvbuf_size = static_cast<int>(conf.rmem_size);
  shown.sndbuf_size = static_cast<int>(conf.wmem_size);
  shown.tcp_timewait = conf.tcp_tw_interval_s;
  shown.tcp_timeout = conf.tcp_timeout_s;
  return shown;
}

absl::Status ApplyMtcpConf(const mtcp_conf& wanted,
                           controlplane::MosConf* conf) {
  absl::Status status =
      CheckRange("num_cores", wanted.num_cores, 1, conf->num_cores);
  status.Update(
      CheckRange("max_concurrency", wanted.max_concurrency, 1, kMaxFlows));
  status.Update(
      CheckRange("rcvbuf_size", wanted.rcvbuf_size, 0, kMaxBufferBytes));
  status.Update(CheckRange("tcp_timeout", wanted.tcp_timeout, -1, INT32_MAX));
  status.Update(CheckRange("tcp_timewait", wanted.tcp_timewait, -1, INT32_MAX));
  if (!status.ok()) return status;
  auto* const dataplane = conf->config.mutable_dataplane();
  auto* const timeouts = dataplane->mutable_timeouts();
  if (wanted.num_cores != conf->num_cores) SetCores(wanted.num_cores, conf);
  if (wanted.tcp_timeout != conf->tcp_timeout_s) {
    const int seconds = wanted.tcp_timeout == 0 ? -1 : wanted.tcp_timeout;
    SetSeconds(seconds, timeouts->mutable_half_open());
    SetSeconds(seconds, timeouts->mutable_established());
    SetSeconds(seconds, timeouts->mutable_closing());
  }
  if (wanted.tcp_timewait != conf->tcp_tw_interval_s) {
    SetSeconds(wanted.tcp_timewait, timeouts->mutable_time_wait());
  }
  conf->tcp_timeout_s = wanted.tcp_timeout;
  conf->tcp_tw_interval_s = wanted.tcp_timewait;
  conf->max_concurrency = wanted.max_concurrency;
  conf->rmem_size = static_cast<uint32_t>(wanted.rcvbuf_size);
  dataplane->set_max_flows(static_cast<uint32_t>(std::min<int64_t>(
      int64_t{wanted.max_concurrency} * conf->num_cores, kMaxFlows)));
  return absl::OkStatus();
}

}  // namespace mosd::api
