// The server with TLS: who gets in, and certificates that are replaced.
#include <cstdio>
#include <fstream>

#include "absl/time/clock.h"
#include "controlplane/grpc/server.h"
#include "grpcpp/security/credentials.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_authority.h"
#include "tests/unit/controlplane/grpc/grpc_test_server.h"

namespace mosd::controlplane {
namespace {

using ::mosd::testing::TestAuthority;

class TlsTest : public GrpcServerTest {
 protected:
  TlsTest() { Replace(authority_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "new") << text;
    std::rename((folder_ / "new").c_str(), (folder_ / name).c_str());
  }
  void Replace(const TestAuthority& issuer) {
    const TestAuthority::Issued issued = issuer.Issue("server");
    Write("cert", issued.certificate);
    Write("key", issued.key);
  }

  void Start(bool mutual) {
    Write("ca", clients_.certificate());
    auto store = tls::PemStore::Open(
        {folder_ / "cert", folder_ / "key", mutual ? folder_ / "ca" : ""});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    options_.certificates = store_.get();
    options_.listen = {"127.0.0.1:0", "unix:" + (folder_ / "sock")};
    StartServer();
  }

  // A connection of its own that trusts `authority`.
  std::shared_ptr<grpc::Channel> Connect(
      const TestAuthority& authority, const TestAuthority::Issued& own = {}) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        server_->addresses()[0],
        grpc::SslCredentials(
            {authority.certificate(), own.key, own.certificate}),
        arguments);
  }

  grpc::StatusCode Ask(const std::shared_ptr<grpc::Channel>& channel) {
    mos::v1::GetInfoResponse info;
    auto stub = mos::v1::ApplianceService::NewStub(channel);
    return Call(stub.get(), &ApplianceStub::GetInfo, mos::v1::GetInfoRequest(),
                &info)
        .error_code();
  }

  void TearDown() override { server_.reset(); }  // before what it needs

  testing::TempDir folder_;
  TestAuthority authority_{"authority"};
  TestAuthority clients_{"authority of clients"};
  TestAuthority stranger_{"stranger"};
  std::unique_ptr<tls::PemStore> store_;
};

TEST_F(TlsTest, TcpHasItAndUnixSocketsHaveNot) {
  Start(/*mutual=*/false);
  EXPECT_EQ(Ask(Connect(authority_)), grpc::StatusCode::OK);
  EXPECT_EQ(Ask(Connect(stranger_)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(NewChannel()), grpc::StatusCode::UNAVAILABLE) << "in the clear";
  EXPECT_EQ(Ask(grpc::CreateChannel(server_->addresses()[1],
                                    grpc::InsecureChannelCredentials())),
            grpc::StatusCode::OK);
}

TEST_F(TlsTest, AsksForACertificateIfItHasAuthoritiesForThem) {
  Start(/*mutual=*/true);
  EXPECT_EQ(Ask(Connect(authority_, clients_.Issue("client"))),
            grpc::StatusCode::OK);
  EXPECT_EQ(Ask(Connect(authority_)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(Connect(authority_, stranger_.Issue("client"))),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(Connect(authority_, clients_.Issue("late", -absl::Hours(1)))),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, NewConnectionsGetNewCertificatesAndOldOnesGoOn) {
  Start(/*mutual=*/true);
  const auto own = clients_.Issue("client");
  const auto old_connection = Connect(authority_, own);
  ASSERT_EQ(Ask(old_connection), grpc::StatusCode::OK);
  const TestAuthority next("next authority");
  Replace(next);
  Write("ca", stranger_.certificate());
  store_->Refresh(absl::Now() + absl::Seconds(10));
  EXPECT_EQ(Ask(Connect(next, stranger_.Issue("client"))),
            grpc::StatusCode::OK);
  EXPECT_EQ(Ask(Connect(next, own)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(Connect(authority_, own)), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Ask(old_connection), grpc::StatusCode::OK);
}

TEST_F(TlsTest, AMistakeInNewOnesLeavesThoseBefore) {
  Start(/*mutual=*/false);
  Write("key", stranger_.Issue("server").key);
  EXPECT_EQ(store_->Refresh(absl::Now() + absl::Seconds(10)).failures, 1u);
  EXPECT_EQ(Ask(Connect(authority_)), grpc::StatusCode::OK);
}

TEST_F(TlsTest, BeyondLoopbackWithItOrWhenToldTo) {
  options_.listen = {"0.0.0.0:0"};
  EXPECT_EQ(GrpcServer::Start(options_, &dataplane_, &stats_).status().code(),
            absl::StatusCode::kFailedPrecondition);
  options_.insecure = true;
  EXPECT_TRUE(GrpcServer::Start(options_, &dataplane_, &stats_).ok());
  options_.insecure = false;
  auto store = tls::PemStore::Open({folder_ / "cert", folder_ / "key", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  options_.certificates = store->get();
  EXPECT_TRUE(GrpcServer::Start(options_, &dataplane_, &stats_).ok());
}

}  // namespace
}  // namespace mosd::controlplane
