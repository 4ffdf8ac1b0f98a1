#include "dataplane/flow/flow_id.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

namespace mosd::dataplane {
namespace {

constexpr uint32_t kMaxRecord = (1u << FlowId::kRecordBits) - 1;

TEST(FlowIdTest, PacksAndUnpacks) {
  for (const uint32_t worker : {0u, 1u, 255u}) {
    for (const uint32_t record : {0u, 1u, 12345u, kMaxRecord}) {
      for (const uint32_t generation : {1u, 3u, FlowId::kGenerationMask}) {
        const FlowId id = FlowId::Make(worker, record, generation);
        EXPECT_EQ(id.worker(), worker);
        EXPECT_EQ(id.record(), record);
        EXPECT_EQ(id.generation(), generation);
        EXPECT_NE(id.value, 0u);
      }
    }
  }
}

TEST(FlowIdTest, GenerationWrapsWithoutTouchingTheRest) {
  for (const uint32_t generation :
       {FlowId::kGenerationMask + 2, UINT32_MAX, UINT32_MAX - 1}) {
    const FlowId id = FlowId::Make(1, 2, generation);
    EXPECT_EQ(id.worker(), 1u);
    EXPECT_EQ(id.record(), 2u);
    EXPECT_EQ(id.generation(), generation & FlowId::kGenerationMask);
    EXPECT_EQ(id.generation() % 2, generation % 2);  // odd: a flow lives there
  }
}

}  // namespace
}  // namespace mosd::dataplane
