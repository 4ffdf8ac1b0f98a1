#include "controlplane/appliance/appliance.h"

#include <filesystem>

#include "controlplane/config/config_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_dir.h"

namespace mosd::controlplane {
namespace {

using ::mosd::testing::FakeDataplane;
using ::mosd::testing::HttpGet;
using ::mosd::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ApplianceTest : public ::testing::Test {
 protected:
  ApplianceTest() {
    Set("grpc.listen", "unix:" + (directory_ / "s") + ",127.0.0.1:0");
    Set("metrics.listen", "127.0.0.1:0");
  }

  void Set(const std::string& path, const std::string& value) {
    ASSERT_EQ(builder_.Set(path, value, "test"), absl::OkStatus());
  }

  absl::StatusOr<std::unique_ptr<Appliance>> Start() {
    return Appliance::Start(
        *builder_.Build(), [this](const dataplane::DataplaneOptions& options) {
          ++starts_;
          options_ = options;
          auto fake = std::make_unique<FakeDataplane>();
          fake_ = fake.get();
          return absl::StatusOr<std::unique_ptr<dataplane::Dataplane>>(
              std::move(fake));
        });
  }

  const TempDir directory_;
  ConfigBuilder builder_;
  dataplane::DataplaneOptions options_;
  FakeDataplane* fake_ = nullptr;
  int starts_ = 0;
};

TEST_F(ApplianceTest, ServesUntilItStops) {
  Set("dataplane.max_flows", "777");
  auto appliance = Start();
  ASSERT_TRUE(appliance.ok()) << appliance.status();
  EXPECT_EQ(options_.max_flows, 777u);
  EXPECT_THAT(
      (*appliance)->grpc_addresses(),
      ElementsAre("unix:" + (directory_ / "s"), StartsWith("127.0.0.1:")));
  ASSERT_EQ((*appliance)->metrics_addresses().size(), 1u);
  const std::string http = (*appliance)->metrics_addresses()[0];
  EXPECT_THAT(HttpGet(http, "/metrics"),
              AllOf(HasSubstr("\nmosd_build_info{"),
                    HasSubstr("\nmosd_grpc_server_started_total{"),
                    HasSubstr("\nprocess_cpu_seconds_total ")));
  EXPECT_THAT(HttpGet(http, "/readyz"), StartsWith("HTTP/1.1 200"));

  (*appliance)->Drain();
  EXPECT_THAT(HttpGet(http, "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(HttpGet(http, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_FALSE(fake_->stopped());

  (*appliance)->Stop();
  EXPECT_TRUE(fake_->stopped());
  EXPECT_FALSE(mosd::testing::RawClient(http).connected());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "s"));
  EXPECT_THAT((*appliance)->grpc_addresses(), IsEmpty());
  // Its counters can still be read.
  EXPECT_EQ((*appliance)->dataplane().Workers().size(), 1u);
  (*appliance)->Stop();
}

TEST_F(ApplianceTest, AStuckWorkerIsNotLive) {
  auto appliance = Start();
  ASSERT_TRUE(appliance.ok()) << appliance.status();
  fake_->workers.resize(3);
  fake_->workers[2].heartbeat_age_ns = 10'000'000'000;
  EXPECT_TRUE((*appliance)->Live().ok());
  fake_->workers[2].heartbeat_age_ns = 10'000'000'001;
  EXPECT_THAT(HttpGet((*appliance)->metrics_addresses()[0], "/livez"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("worker 2 ")));
}

TEST_F(ApplianceTest, ServesNothingWhenTold) {
  Set("grpc.listen", "");
  Set("metrics.listen", "");
  auto appliance = Start();
  ASSERT_TRUE(appliance.ok()) << appliance.status();
  EXPECT_THAT((*appliance)->grpc_addresses(), IsEmpty());
  EXPECT_THAT((*appliance)->metrics_addresses(), IsEmpty());
  EXPECT_TRUE((*appliance)->Ready().ok());
}

TEST_F(ApplianceTest, ASecondOneFailsBeforeItsDataplaneStarts) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  Set("metrics.listen", "");
  auto second = Start();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(starts_, 1);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "s"));

  const std::string http = (*first)->metrics_addresses()[0];
  Set("grpc.listen", "");
  Set("metrics.listen", http);
  second = Start();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(http));
  EXPECT_EQ(starts_, 1);

  first = absl::UnknownError("stopped");
  EXPECT_TRUE(Start().ok());
}

TEST_F(ApplianceTest, AFailedDataplaneLeavesNothingBehind) {
  const auto appliance = Appliance::Start(
      *builder_.Build(), [](const dataplane::DataplaneOptions&) {
        return absl::NotFoundError("no interface eth9");
      });
  EXPECT_EQ(appliance.status(), absl::NotFoundError("no interface eth9"));
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / ""));
  EXPECT_TRUE(Start().ok());
}

}  // namespace
}  // namespace mosd::controlplane
