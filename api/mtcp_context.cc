// Starting, ending, contexts, timers and the clock.
#include <sched.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "api/call.h"
#include "api/log.h"
#include "api/runtime.h"
#include "dataplane/flow/flow_table.h"
#include "mos_api.h"
#include "mos_ext.h"

namespace mosd::api {
namespace {

constexpr int64_t kNsASecond = 1'000'000'000;
constexpr int64_t kMaxTimerSeconds = 100LL * 365 * 24 * 3600;

// Says why on the log, for errno says little.
int Report(const char* function, const absl::Status& status) {
  if (status.ok()) return 0;
  Log().error("{}: {}", function, std::string(status.message()));
  return Fail(ErrnoOf(status));
}

// No exception leaves the library: out of memory, or of threads.
template <typename Function>
int Guarded(const char* name, Function function) {
  try {
    return Report(name, function());
  } catch (const std::exception& error) {
    return Report(name, absl::ResourceExhaustedError(error.what()));
  }
}

int64_t LiveFlows(const Context& context) {
  const auto& by_state = context.worker().flows->counts().by_state;
  int64_t live = 0;
  for (size_t i = 0; i < dataplane::kFlowStates; ++i) {
    const bool ended = i == static_cast<size_t>(dataplane::FlowState::kEnded);
    if (!ended) live += static_cast<int64_t>(by_state[i]);
  }
  return live;
}

}  // namespace
}  // namespace mosd::api

using namespace mosd::api;  // NOLINT: the functions below are C's

int mtcp_init(const char* config_file) {
  if (config_file == nullptr) {
    return Report(__func__,
                  absl::InvalidArgumentError("no configuration file is named"));
  }
  return Guarded(__func__, [&] { return Runtime::Get().Start(config_file); });
}

int mtcp_destroy(void) {
  return Guarded(__func__, [] { return Runtime::Get().Stop(); });
}

int mtcp_getconf(struct mtcp_conf* conf) {
  if (conf == nullptr) return Fail(EINVAL);
  return Guarded(__func__, [&] { return Runtime::Get().Configuration(conf); });
}

int mtcp_setconf(const struct mtcp_conf* conf) {
  if (conf == nullptr) return Fail(EINVAL);
  return Guarded(__func__, [&] { return Runtime::Get().Replace(*conf); });
}

int mtcp_core_affinitize(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return Fail(EINVAL);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(cpu), &cpus);
  return sched_setaffinity(0, sizeof(cpus), &cpus) == 0 ? 0 : Fail(EINVAL);
}

mctx_t mtcp_create_context(int cpu) {
  const absl::StatusOr<mctx_t> context = Runtime::Get().CreateContext(cpu);
  if (context.ok()) return *context;
  Log().error("{}: {}", __func__, std::string(context.status().message()));
  switch (context.status().code()) {
    case absl::StatusCode::kAlreadyExists:
      errno = EEXIST;
      break;
    case absl::StatusCode::kNotFound:
      errno = EINVAL;
      break;
    default:
      errno = EACCES;
  }
  return nullptr;
}

// Also in a signal handler: takes no lock and makes no call.
int mtcp_destroy_context(mctx_t mctx) {
  Context* const context = ContextDirectory::Get().Find(mctx);
  if (context == nullptr || context->phase() == Context::Phase::kEnded) {
    return Fail(EACCES);
  }
  context->RequestEnd();
  return 0;
}

mtcp_sighandler_t mtcp_register_signal(int number, mtcp_sighandler_t handler) {
  return std::signal(number, handler);
}

void mtcp_app_join(mctx_t mctx) {
  if (!Runtime::Get().Join(mctx)) errno = EACCES;
}

uint32_t mtcp_get_connection_cnt(mctx_t mctx) {
  int64_t live = 0;
  OnContext(mctx, [&](Context* context) {
    live = LiveFlows(*context);
    return 0;
  });
  return static_cast<uint32_t>(live);
}

int mtcp_settimer(mctx_t mctx, int id, struct timeval* timeout,
                  callback_t callback) {
  return OnContext(mctx, [&](Context* context) {
    if (timeout == nullptr || callback == nullptr || timeout->tv_sec < 0 ||
        timeout->tv_sec > kMaxTimerSeconds || timeout->tv_usec < 0 ||
        timeout->tv_usec >= 1'000'000) {
      return EINVAL;
    }
    const int64_t delay_ns =
        timeout->tv_sec * kNsASecond + timeout->tv_usec * 1'000;
    return context->timers().Add(id, context->now_ns(), delay_ns, callback)
               ? 0
               : ENOMEM;
  });
}

uint32_t mtcp_cb_get_ts(mctx_t mctx) {
  const Context* const context = OwnContext(mctx);
  if (context == nullptr) return 0;
  return static_cast<uint32_t>(context->TimeNs() / 1'000);
}

int64_t mos_rx_time_ns(mctx_t mctx) {
  const Context* const context = OwnContext(mctx);
  return context == nullptr ? -1 : context->TimeNs();
}
