#include "controlplane/mosd/log.h"

#include <memory>
#include <utility>

#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace mosd::controlplane {
namespace {

spdlog::level::level_enum ToSpdlog(mos::v1::LogLevel level) {
  switch (level) {
    case mos::v1::LOG_LEVEL_TRACE:
      return spdlog::level::trace;
    case mos::v1::LOG_LEVEL_DEBUG:
      return spdlog::level::debug;
    case mos::v1::LOG_LEVEL_WARN:
      return spdlog::level::warn;
    case mos::v1::LOG_LEVEL_ERROR:
      return spdlog::level::err;
    case mos::v1::LOG_LEVEL_OFF:
      return spdlog::level::off;
    default:
      return spdlog::level::info;
  }
}

}  // namespace

void StartLog(mos::v1::LogLevel level) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("mosd"));
  spdlog::set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  spdlog::flush_on(spdlog::level::trace);
  SetLogLevel(level);
}

void SetLogLevel(mos::v1::LogLevel level) {
  spdlog::set_level(ToSpdlog(level));
}

}  // namespace mosd::controlplane
