// What every benchmark begins with.
#pragma once

#include <cstdint>

#include "dataplane/options.h"

namespace mosd::bench {

// Brings EAL and the frames' stamps up; ends the program with a message where
// that cannot be.
void StartBench(dataplane::Hugepages hugepages = dataplane::Hugepages::kAuto);

// Positional argument `place`, a number above 0, or `usual` where it is not
// given. 0: it is no such number.
uint64_t Argument(int argc, char** argv, int place, uint64_t usual);

}  // namespace mosd::bench
