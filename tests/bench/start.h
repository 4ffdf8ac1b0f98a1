// What every benchmark begins with.
#pragma once

namespace mosd::bench {

// Brings EAL and the frames' stamps up; ends the program with a message where
// that cannot be.
void StartBench();

}  // namespace mosd::bench
