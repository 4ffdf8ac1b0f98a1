// TLS for a gRPC server whose certificates are replaced while it serves.
#pragma once

#include <memory>

#include "controlplane/tls/pem_store.h"
#include "grpcpp/security/server_credentials.h"

namespace mosd::controlplane {

// Each handshake is made with what `store` has at that time; connections that
// are made stay as they are. Where the store has authorities, a client must
// show a certificate that leads to one of them. `store` outlives the
// credentials, and they the server, which does not keep them
// (grpc_ssl_server_credentials_create_options_using_config_fetcher in
// grpc/grpc_security.h).
std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(
    tls::PemStore* store);

}  // namespace mosd::controlplane
