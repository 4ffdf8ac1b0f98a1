// Runs mosctl, the program, as an operator does.
#pragma once

#include <cstdint>
#include <string>

namespace mosd::bench {

// Where the build puts it, seen from the running program.
std::string BuiltMosctl();

// Lines that `mosctl flows list` writes of the flows of the server at
// `address`, the heading included. Ends the program where it cannot be run or
// does not end well.
uint64_t LinesOfFlows(const std::string& mosctl, const std::string& address);

}  // namespace mosd::bench
