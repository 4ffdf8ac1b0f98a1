// Frames from which parser tests and fuzzers start: one of every shape that
// the parser knows, most of them good.
#pragma once

#include <vector>

#include "tests/support/bytes.h"

namespace mosd::testing {

std::vector<Bytes> ParserSeeds();

}  // namespace mosd::testing
