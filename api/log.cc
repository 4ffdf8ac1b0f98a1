#include "api/log.h"

#include <memory>

#include "spdlog/sinks/stdout_sinks.h"

namespace mosd::api {

spdlog::logger& Log() {
  // Never destroyed, and in no registry: the program may use spdlog, too.
  static auto* const log = new spdlog::logger(
      "libmos", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return *log;
}

}  // namespace mosd::api
