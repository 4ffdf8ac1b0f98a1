// The library's own log, on standard error: standard output is the program's.
// Any thread; not on the way of a packet.
#pragma once

#include "spdlog/logger.h"

namespace mosd::api {

spdlog::logger& Log();

}  // namespace mosd::api
