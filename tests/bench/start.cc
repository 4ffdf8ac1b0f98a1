#include "tests/bench/start.h"

#include <cstdio>
#include <cstdlib>
#include <string>

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

void StartBench() {
  Require(dataplane::StartEal({}));
  Require(dataplane::RegisterFrameStamp());
}

}  // namespace mosd::bench
