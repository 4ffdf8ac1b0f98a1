// The mOS side of the process: one configuration, one appliance, a context for
// each of its workers. Any thread, where nothing else is said.
//
// mtcp_init() starts the appliance, whose workers take no frames until their
// contexts are joined, so that nothing is missed by callbacks that are
// registered in time. A worker whose context nobody creates or joins goes on by
// itself once the program has let a second pass without a call.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/context_directory.h"
#include "controlplane/config/mos_conf.h"
#include "mos_api.h"

namespace mosd::api {

class Runtime {
 public:
  static Runtime& Get();

  // FAILED_PRECONDITION: it is started already, or the process was forked.
  absl::Status Start(const char* config_file);

  // Ends all contexts and the appliance. FAILED_PRECONDITION: it is not
  // started. Not from a context's own thread.
  absl::Status Stop();

  bool started() const { return started_.load(std::memory_order_acquire); }

  // The configuration as mOS programs see it. Replace restarts the appliance
  // if another number of cores or flows is asked for, before there is a
  // context.
  absl::Status Configuration(mtcp_conf* conf) const;
  absl::Status Replace(const mtcp_conf& conf);

  // NOT_FOUND: there is no such core; ALREADY_EXISTS: it has a context.
  absl::StatusOr<mctx_t> CreateContext(int cpu);

  // Waits for the context's end. False: there is no such context.
  bool Join(mctx_t mctx);

  // Worker that the frames of a flow get to; -1: not started.
  int WorkerOf(dataplane::IpVersion version, const dataplane::Endpoint& a,
               const dataplane::Endpoint& b) const;

 private:
  Runtime();
  absl::Status StartAppliance();
  void StopAppliance();
  void ReleaseIdle();

  mutable std::mutex mutex_;  // starting and stopping
  std::atomic<bool> started_{false};
  controlplane::MosConf conf_;  // guarded by mutex_
  ContextDirectory& directory_ = ContextDirectory::Get();
};

}  // namespace mosd::api
