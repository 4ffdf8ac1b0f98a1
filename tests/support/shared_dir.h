// Where recorded traffic lies that is not part of the repository: the folder
// `shared` beside it. Any thread.
#pragma once

#include <filesystem>
#include <optional>

namespace mosd::testing {

// None where the folder is absent; a test that needs it then skips.
std::optional<std::filesystem::path> SharedDirectory();

}  // namespace mosd::testing
