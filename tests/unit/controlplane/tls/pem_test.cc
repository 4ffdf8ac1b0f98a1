#include "controlplane/tls/pem.h"

#include <fstream>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_authority.h"

namespace mosd::tls {
namespace {

using ::mosd::testing::TestAuthority;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PemTest : public ::testing::Test {
 protected:
  PemTest() {
    Write("cert", issued_.certificate);
    Write("key", issued_.key);
    Write("ca", authority_.certificate());
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  PemPaths Paths() {
    return {folder_ / "cert", folder_ / "key", folder_ / "ca"};
  }

  void ExpectRefused(absl::StatusCode code, const std::string& file,
                     const std::string& why) {
    const absl::Status status = ReadPem(Paths()).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(folder_ / file), HasSubstr(why)));
  }

  testing::TempDir folder_;
  TestAuthority authority_{"authority", absl::Hours(240)};
  TestAuthority::Issued issued_ = authority_.Issue("server", absl::Hours(24));
};

void ExpectAbout(absl::Time time, absl::Duration from_now) {
  EXPECT_LT(absl::AbsDuration(time - absl::Now() - from_now), absl::Minutes(5));
}

TEST_F(PemTest, ReadsWhatIsNamed) {
  const absl::StatusOr<PemTexts> texts = ReadPem(Paths());
  ASSERT_TRUE(texts.ok()) << texts.status();
  EXPECT_EQ(texts->certificate, issued_.certificate);
  EXPECT_EQ(texts->key, issued_.key);
  EXPECT_EQ(texts->authorities, authority_.certificate());
  ExpectAbout(texts->certificate_expiry, absl::Hours(24));
  ExpectAbout(texts->authorities_expiry, absl::Hours(240));
}

TEST_F(PemTest, ReadsNothingElse) {
  const absl::StatusOr<PemTexts> nothing = ReadPem({});
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->certificate_expiry, absl::InfiniteFuture());
  EXPECT_EQ(nothing->authorities_expiry, absl::InfiniteFuture());
  const absl::StatusOr<PemTexts> authorities =
      ReadPem({"", "", folder_ / "ca"});
  ASSERT_TRUE(authorities.ok()) << authorities.status();
  EXPECT_EQ(authorities->certificate, "");
}

TEST_F(PemTest, AChainEndsWithItsFirstAndAuthoritiesWithTheirLast) {
  const TestAuthority soon("soon", absl::Hours(2));
  Write("cert", issued_.certificate + soon.certificate());
  Write("ca", soon.certificate() + authority_.certificate());
  const absl::StatusOr<PemTexts> texts = ReadPem(Paths());
  ASSERT_TRUE(texts.ok()) << texts.status();
  ExpectAbout(texts->certificate_expiry, absl::Hours(2));
  ExpectAbout(texts->authorities_expiry, absl::Hours(240));
}

TEST_F(PemTest, WhatHasExpiredIsReadAllTheSame) {
  const auto expired = authority_.Issue("server", -absl::Hours(1));
  Write("cert", expired.certificate);
  Write("key", expired.key);
  const absl::StatusOr<PemTexts> texts = ReadPem(Paths());
  ASSERT_TRUE(texts.ok()) << texts.status();
  ExpectAbout(texts->certificate_expiry, -absl::Hours(1));
}

TEST_F(PemTest, SaysWhichFileIsWrongAndWhy) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  Write("key", authority_.Issue("other").key);
  ExpectRefused(kInvalid, "key", "is not the key of the certificate");
  Write("key", testing::Encrypted(issued_.key));
  ExpectRefused(kInvalid, "key", "without a password");
  Write("key", "");
  ExpectRefused(kInvalid, "key", "holds no key");
  Write("key", issued_.key);

  Write("cert", "hello");
  ExpectRefused(kInvalid, "cert", "holds no certificate");
  std::string damaged = issued_.certificate;
  damaged.replace(80, 4, "!!!!");
  Write("cert", issued_.certificate + damaged);
  ExpectRefused(kInvalid, "cert", "certificate 2 in it is damaged");
  Write("cert", std::string((1 << 20) + 1, 'x'));
  ExpectRefused(kInvalid, "cert", "larger than");
  Write("cert", issued_.certificate);

  Write("ca", issued_.key);
  ExpectRefused(kInvalid, "ca", "holds no certificate");
  std::remove((folder_ / "ca").c_str());
  ExpectRefused(absl::StatusCode::kNotFound, "ca", "No such file");
}

}  // namespace
}  // namespace mosd::tls
