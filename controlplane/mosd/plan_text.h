// A plan as `mosd --plan` prints it: lines of at most 80 characters, binary
// units with one decimal. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/mosd/plan.h"

namespace mosd::controlplane {

std::string PlanText(const Plan& plan);

// "201.5 MiB"; of less than a KiB "192 B".
std::string BytesText(uint64_t bytes);

// "1,100,256"
std::string CountText(uint64_t count);

}  // namespace mosd::controlplane
