// mosd's log: one line a message on stderr, time in UTC.
#pragma once

#include "mos/v1/config.pb.h"

namespace mosd::controlplane {

void StartLog(mos::v1::LogLevel level);

// Takes effect at once.
void SetLogLevel(mos::v1::LogLevel level);

}  // namespace mosd::controlplane
