// The scenarios as written, and with their sequence numbers moved to where they
// wrap at every single byte of interest.
#include <gtest/gtest.h>

#include <cstdint>

#include "tests/support/tcp_script.h"

namespace mosd::testing {
namespace {

TEST(TcpScenario, EveryStepIsAsWritten) {
  for (const TcpScenario& scenario : TcpScenarios()) {
    EXPECT_EQ(RunScenario(scenario), "");
  }
}

TEST(TcpScenario, InitialSequenceNumbersDoNotMatter) {
  for (const TcpScenario& scenario : TcpScenarios()) {
    for (const TcpStep& step : scenario.steps) {
      // The number itself, the first byte and the end of the step just wrap.
      const uint32_t end = step.seq + step.length;
      for (const uint32_t zero : {step.seq, step.seq + 1, end, end + 1}) {
        const TcpShift shifts[] = {{0u - zero, 0},
                                   {0, 0u - zero},
                                   {0u - zero, 0u - zero},
                                   {0x80000000u - zero, 0x7fffffffu - zero}};
        for (const TcpShift shift : shifts) {
          ASSERT_EQ(RunScenario(scenario, shift), "")
              << "shifted by " << shift.client << ", " << shift.server;
        }
      }
    }
  }
}

}  // namespace
}  // namespace mosd::testing
