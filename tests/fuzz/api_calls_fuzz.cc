// Programs that do anything with the C functions, on a worker that receives
// anything; see tests/support/api/api_calls.h.
#include <sys/prctl.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "api/log.h"
#include "tests/support/api/api_calls.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  mosd::api::Log().set_level(spdlog::level::off);  // each mistake is a line
  // Memory is taken anew for each input, and little of it used.
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mosd::testing::ApiCalls calls({data, size});
  const std::string complaint = calls.Run();
  if (complaint.empty()) return 0;
  std::fprintf(stderr, "%s\n", complaint.c_str());
  std::abort();
}
