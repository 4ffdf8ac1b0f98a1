#include "tests/support/shared_dir.h"

#include <system_error>

namespace mosd::testing {
namespace {

namespace fs = std::filesystem;

// A compiler cache may have made __FILE__ relative to the build folder, which
// is the working directory of tests or lies above it.
fs::path ThisFile() {
  const fs::path file = __FILE__;
  std::error_code error;
  for (fs::path folder = fs::current_path(error);;
       folder = folder.parent_path()) {
    const fs::path candidate = folder / file;  // just `file` if absolute
    if (fs::exists(candidate, error) || !folder.has_relative_path()) {
      return candidate;
    }
  }
}

}  // namespace

std::optional<fs::path> SharedDirectory() {
  const fs::path support = ThisFile().parent_path();
  const fs::path shared = support / ".." / ".." / ".." / "shared";
  std::error_code error;
  if (!fs::is_directory(shared, error)) return std::nullopt;
  return shared;
}

}  // namespace mosd::testing
