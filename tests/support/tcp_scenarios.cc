// See tcp_scenarios.h.
#include "tests/support/tcp_scenarios.h"

namespace mosd::testing {

std::vector<TcpStep> AfterHandshake(std::vector<TcpStep> steps) {
  std::vector<TcpStep> all = {
      {C, "S", 1000, 0, 0, kOpening, "", 0},
      {S, "SA", 5000, 1001, 0, kAnswered, "", 0},
      {C, "A", 1001, 5001, 0, kBoth, "", 0},
  };
  all.insert(all.end(), steps.begin(), steps.end());
  return all;
}

const std::vector<TcpScenario>& TcpScenarios() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<TcpScenario>;
    for (const auto& part :
         {Openings(), Closings(), Resets(), Windows(), Losses()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *kAll;
}

}  // namespace mosd::testing
