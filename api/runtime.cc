#include "api/runtime.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/conf_change.h"
#include "api/log.h"
#include "api/running_appliance.h"

namespace mosd::api {
namespace {

using dataplane::Dataplane;
using dataplane::DataplaneOptions;

// A program that has made no call for so long has set up what it wants to.
constexpr int64_t kSetUpNs = 1'000'000'000;
constexpr std::chrono::milliseconds kJoinTurn{10};

// The process was forked: its worker threads stayed behind.
std::atomic<bool> forked{false};

}  // namespace

Runtime& Runtime::Get() {
  // Never destroyed: a worker may still call while the process ends.
  static auto* const runtime = new Runtime;
  return *runtime;
}

Runtime::Runtime() {
  pthread_atfork(nullptr, nullptr, [] {
    forked.store(true);
    ContextDirectory::Get().Close();
  });
}

absl::Status Runtime::Start(const char* config_file) {
  const std::lock_guard lock(mutex_);
  if (forked.load()) {
    return absl::FailedPreconditionError(
        "this process was forked from one that used the library; call "
        "mtcp_init in a process of its own");
  }
  if (started()) {
    return absl::FailedPreconditionError(
        "mtcp_init was called already; call mtcp_destroy first");
  }
  auto conf = controlplane::ReadMosConf(config_file, environ);
  if (!conf.ok()) return conf.status();
  conf_ = *std::move(conf);
  for (const std::string& notice : conf_.notices) Log().info("{}", notice);
  return StartAppliance();
}

absl::Status Runtime::StartAppliance() {
  const auto workers = static_cast<int>(conf_.config.dataplane().workers());
  if (workers > ContextDirectory::kMaxContexts) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", workers, " cores; at most ",
                     ContextDirectory::kMaxContexts, " can be used"));
  }
  ContextOptions options;
  options.max_flows = static_cast<uint32_t>(conf_.max_concurrency);
  options.buffer_bytes = conf_.no_ring_buffers ? 0 : conf_.rmem_size;
  options.last_is_current = conf_.last_packet_is_current;
  std::vector<std::unique_ptr<Context>> contexts;
  for (int i = 0; i < workers; ++i) {
    auto context = Context::Create(directory_.HandleOf(i), options);
    if (!context.ok()) return context.status();
    contexts.push_back(*std::move(context));
  }
  directory_.Fill(std::move(contexts));
  directory_.NoteCall();
  const absl::Status status = RunningAppliance::Get().Start(
      conf_.config, [this](const DataplaneOptions& from) {
        DataplaneOptions with_sinks = from;
        for (const auto& context : directory_.contexts()) {
          with_sinks.sinks.push_back(context.get());
        }
        return Dataplane::Start(with_sinks);
      });
  started_.store(status.ok(), std::memory_order_release);
  if (status.ok()) directory_.Open();
  return status;
}

absl::Status Runtime::Stop() {
  if (Context::OfThisThread() != nullptr) {
    return absl::AbortedError(
        "mtcp_destroy was called in a callback; call mtcp_destroy_context "
        "there, and mtcp_destroy when mtcp_app_join has returned");
  }
  const std::lock_guard lock(mutex_);
  if (!started() || forked.load()) {
    return absl::FailedPreconditionError("mtcp_init was not called");
  }
  StopAppliance();
  return absl::OkStatus();
}

void Runtime::StopAppliance() {
  for (const auto& context : directory_.contexts()) context->RequestEnd();
  RunningAppliance::Get().Stop();
  directory_.Close();
  started_.store(false, std::memory_order_release);
}

absl::Status Runtime::Configuration(mtcp_conf* conf) const {
  const std::lock_guard lock(mutex_);
  if (!started()) {
    return absl::FailedPreconditionError("mtcp_init was not called");
  }
  *conf = ToMtcpConf(conf_);
  return absl::OkStatus();
}

absl::Status Runtime::Replace(const mtcp_conf& conf) {
  const std::lock_guard lock(mutex_);
  if (!started()) {
    return absl::FailedPreconditionError("mtcp_init was not called");
  }
  controlplane::MosConf changed = conf_;
  if (auto status = ApplyMtcpConf(conf, &changed); !status.ok()) return status;
  const bool busy =
      std::ranges::any_of(directory_.contexts(), [](const auto& context) {
        return context->phase() != Context::Phase::kIdle;
      });
  if (busy) {
    return absl::FailedPreconditionError(
        "there are contexts; call mtcp_setconf before mtcp_create_context");
  }
  StopAppliance();
  conf_ = std::move(changed);
  return StartAppliance();
}

absl::StatusOr<mctx_t> Runtime::CreateContext(int cpu) {
  const std::lock_guard lock(mutex_);
  if (!started() || forked.load()) {
    return absl::FailedPreconditionError("mtcp_init was not called");
  }
  const auto& contexts = directory_.contexts();
  if (cpu < 0 || static_cast<size_t>(cpu) >= contexts.size()) {
    return absl::NotFoundError(
        absl::StrCat("there is no core ", cpu, " of ", contexts.size()));
  }
  directory_.NoteCall();
  Context& context = *contexts[static_cast<size_t>(cpu)];
  if (!context.Move(Context::Phase::kIdle, Context::Phase::kCreated)) {
    return absl::AlreadyExistsError(
        absl::StrCat("core ", cpu, " has a context, or had one"));
  }
  return context.mctx();
}

// Without the lock: mtcp_destroy may be called meanwhile.
bool Runtime::Join(mctx_t mctx) {
  Context* const context = directory_.Find(mctx);
  if (context == nullptr || context->IsOwnThread()) return false;
  context->Move(Context::Phase::kCreated, Context::Phase::kRunning);
  directory_.NoteCall();
  while (context->phase() != Context::Phase::kEnded) {
    std::this_thread::sleep_for(kJoinTurn);
    ReleaseIdle();
    bool exhausted = false;
    RunningAppliance::Get().With([&](const Dataplane& dataplane) {
      exhausted = dataplane.InputExhausted();
    });
    if (exhausted && conf_.config.dataplane().exit_on_eof()) {
      context->RequestEnd();
    }
  }
  return true;
}

void Runtime::ReleaseIdle() {
  if (directory_.SinceLastCallNs() < kSetUpNs) return;
  for (const auto& context : directory_.contexts()) context->Release();
}

int Runtime::WorkerOf(dataplane::IpVersion version,
                      const dataplane::Endpoint& a,
                      const dataplane::Endpoint& b) const {
  int worker = -1;
  RunningAppliance::Get().With([&](const Dataplane& dataplane) {
    worker = static_cast<int>(dataplane.WorkerOf(version, a, b));
  });
  return worker;
}

}  // namespace mosd::api
