#include "controlplane/grpc/flow_handle.h"

#include <random>
#include <string>

#include "controlplane/grpc/boot_identity.h"
#include "gtest/gtest.h"

namespace mosd::controlplane {
namespace {

TEST(FlowHandleTest, ReadsBackWhatItWrote) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const FlowHandle handle{static_cast<uint32_t>(random()),
                            dataplane::FlowId{random()}};
    const std::string text = handle.ToText();
    EXPECT_EQ(text.size(), FlowHandle::kTextSize);
    FlowHandle read;
    ASSERT_TRUE(FlowHandle::Parse(text, &read)) << text;
    EXPECT_EQ(read, handle);
  }
  EXPECT_EQ((FlowHandle{0xab, dataplane::FlowId{1}}.ToText()),
            "000000ab0000000000000001");
}

TEST(FlowHandleTest, AcceptsOneSpellingOnly) {
  const std::string good = FlowHandle{~0u, dataplane::FlowId{~0ull}}.ToText();
  FlowHandle handle;
  ASSERT_TRUE(FlowHandle::Parse(good, &handle));
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'F', 'g', ' ', '\0', '-', '/', ':', '`', 'x'}) {
      std::string bad = good;
      bad[i] = c;
      EXPECT_FALSE(FlowHandle::Parse(bad, &handle)) << bad;
    }
    EXPECT_FALSE(FlowHandle::Parse(good.substr(0, i), &handle));
  }
  EXPECT_FALSE(FlowHandle::Parse(good + "f", &handle));
}

TEST(BootIdentityTest, NoTwoAreAlike) {
  const BootIdentity first("node");
  const BootIdentity second("node");
  EXPECT_NE(first.boot_epoch(), second.boot_epoch());
  EXPECT_NE(first.flow_epoch(), second.flow_epoch());
  EXPECT_NE(first.Authenticate("x"), second.Authenticate("x"));
  EXPECT_EQ(first.Authenticate("x"), first.Authenticate("x"));
  EXPECT_NE(first.Authenticate("x"), first.Authenticate("y"));
}

}  // namespace
}  // namespace mosd::controlplane
