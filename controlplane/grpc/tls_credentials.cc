#include "controlplane/grpc/tls_credentials.h"

#include <cstdint>
#include <list>
#include <string>

#include "grpc/grpc.h"
#include "grpc/grpc_security.h"

namespace mosd::controlplane {
namespace {

// What one listening port serves.
struct PortCertificate {
  tls::PemStore* store;
  uint64_t version = 0;  // 0: none yet. gRPC asks one handshake at a time.
};

grpc_ssl_certificate_config_reload_status Fetch(
    void* data, grpc_ssl_server_certificate_config** config) {
  auto* const port = static_cast<PortCertificate*>(data);
  const tls::PemState state = port->store->Refresh();
  if (state.version == port->version) {
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  }
  port->version = state.version;
  const tls::PemTexts& texts = *state.texts;
  const grpc_ssl_pem_key_cert_pair pair{texts.key.c_str(),
                                        texts.certificate.c_str()};
  // gRPC asserts that there are authorities, even if it asks no client for a
  // certificate; then any will do.
  const std::string& authorities =
      texts.authorities.empty() ? texts.certificate : texts.authorities;
  *config =
      grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

// The C++ API has credentials for certificates that stay; those of the core
// that ask for new ones are wrapped here.
class ReloadingCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReloadingCredentials(tls::PemStore* store) : store_(store) {}

  // Who the peer is, is not asked of metadata.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address,
                      grpc_server* server) override {
    PortCertificate& port = ports_.emplace_back(PortCertificate{store_});
    const bool mutual = !store_->Refresh().texts->authorities.empty();
    grpc_server_credentials* const credentials =
        grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                mutual
                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
                &Fetch, &port));
    const int bound =
        grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);  // the port has its own
    return bound;
  }

  tls::PemStore* const store_;
  std::list<PortCertificate> ports_;  // whose addresses gRPC keeps
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(
    tls::PemStore* store) {
  return std::make_shared<ReloadingCredentials>(store);
}

}  // namespace mosd::controlplane
