// What a misspelled name was probably meant to be. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mosd::controlplane {

// The candidate that `text` is probably a misspelling of; empty: none is near.
std::string Nearest(absl::string_view text,
                    const std::vector<std::string>& candidates);

}  // namespace mosd::controlplane
