#include "controlplane/config/nearest.h"

#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

TEST(NearestTest, FindsMisspellingsOnly) {
  const std::vector<std::string> names = {"workers", "max_flows", "cpus"};
  EXPECT_EQ(Nearest("worker", names), "workers");
  EXPECT_EQ(Nearest("maxflows", names), "max_flows");
  EXPECT_EQ(Nearest("wrokers", names), "workers");
  EXPECT_EQ(Nearest("timeout", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'w'), names), "");
}

}  // namespace
}  // namespace mosd::controlplane
