#include "controlplane/tls/pem_store.h"

#include <cstdio>
#include <fstream>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_authority.h"

namespace mosd::tls {
namespace {

using ::mosd::testing::TestAuthority;
using ::testing::HasSubstr;

class PemStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Replace(first_);
    auto store = PemStore::Open({folder_ / "cert", folder_ / "key", ""});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // In one step, as a rename does.
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "new") << text;
    std::rename((folder_ / "new").c_str(), (folder_ / name).c_str());
  }
  void Replace(const TestAuthority::Issued& issued) {
    Write("cert", issued.certificate);
    Write("key", issued.key);
  }

  // As if so much time had passed.
  PemState After(absl::Duration time) {
    return store_->Refresh(absl::Now() + time);
  }

  testing::TempDir folder_;
  TestAuthority authority_{"authority"};
  TestAuthority::Issued first_ = authority_.Issue("first");
  TestAuthority::Issued second_ = authority_.Issue("second");
  std::unique_ptr<PemStore> store_;
};

TEST_F(PemStoreTest, StaysAsItIsWhileTheFilesDo) {
  for (int i = 0; i < 3; ++i) {
    const PemState state = After(absl::Seconds(10 * i));
    EXPECT_EQ(state.version, 1u);
    EXPECT_EQ(state.failures, 0u);
    EXPECT_EQ(state.texts->certificate, first_.certificate);
  }
}

TEST_F(PemStoreTest, TakesWhatReplacesThem) {
  Replace(second_);
  const PemState state = After(absl::Seconds(10));
  EXPECT_EQ(state.version, 2u);
  EXPECT_EQ(state.texts->certificate, second_.certificate);
  EXPECT_TRUE(state.status.ok());
  EXPECT_EQ(After(absl::Seconds(20)).version, 2u);
}

TEST_F(PemStoreTest, LooksOnceASecond) {
  After(absl::Seconds(10));
  Replace(second_);
  EXPECT_EQ(After(absl::Seconds(10.5)).version, 1u);
  EXPECT_EQ(After(absl::Seconds(11.5)).version, 2u);
}

TEST_F(PemStoreTest, GivesFilesThatChangeASecond) {
  Write("cert", second_.certificate);
  const PemState meanwhile = After(absl::Seconds(0.5));
  EXPECT_EQ(meanwhile.version, 1u);
  EXPECT_EQ(meanwhile.failures, 0u);
  Write("key", second_.key);
  EXPECT_EQ(After(absl::Seconds(10)).version, 2u);
}

TEST_F(PemStoreTest, KeepsWhatWasGoodAndCountsAMistakeOnce) {
  Write("cert", second_.certificate);
  for (int i = 1; i < 4; ++i) {
    const PemState state = After(absl::Seconds(10 * i));
    EXPECT_EQ(state.version, 1u);
    EXPECT_EQ(state.failures, 1u);
    EXPECT_THAT(std::string(state.status.message()),
                HasSubstr("is not the key of"));
    EXPECT_EQ(state.texts->certificate, first_.certificate);
  }
  Write("key", second_.key);
  const PemState state = After(absl::Seconds(50));
  EXPECT_EQ(state.version, 2u);
  EXPECT_EQ(state.failures, 1u);
  EXPECT_TRUE(state.status.ok());
}

TEST_F(PemStoreTest, AFileThatIsGoneIsAMistakeToo) {
  std::remove((folder_ / "key").c_str());
  const PemState state = After(absl::Seconds(10));
  EXPECT_EQ(state.failures, 1u);
  EXPECT_EQ(state.texts->key, first_.key);
  Write("key", first_.key);
  EXPECT_TRUE(After(absl::Seconds(20)).status.ok());
}

TEST_F(PemStoreTest, OpensOnlyWhatIsGood) {
  Write("key", second_.key);
  EXPECT_EQ(
      PemStore::Open({folder_ / "cert", folder_ / "key", ""}).status().code(),
      absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace mosd::tls
