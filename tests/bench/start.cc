#include "tests/bench/start.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/port/eal.h"
#include "dataplane/port/frame_stamp.h"

namespace mosd::bench {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

}  // namespace

void StartBench(dataplane::Hugepages hugepages) {
  dataplane::DataplaneOptions options;
  options.hugepages = hugepages;
  Require(dataplane::StartEal(options));
  Require(dataplane::RegisterFrameStamp());
}

uint64_t Argument(int argc, char** argv, int place, uint64_t usual) {
  if (place >= argc) return usual;
  const std::string_view text = argv[place];
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace mosd::bench
