#include "controlplane/mosctl/tls_answer.h"

#include <openssl/err.h>

#include <algorithm>

#include "controlplane/tls/openssl_handle.h"

namespace mosd::mosctl {
namespace {

void Trust(SSL_CTX* context, const std::string& authorities) {
  if (authorities.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return;
  }
  for (const auto& certificate : tls::ReadCertificates(authorities)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
  }
}

// Called when the server asks for a certificate: it gets none.
int NoteRequest(SSL* ssl, X509**, EVP_PKEY**) {
  static_cast<TlsAnswer*>(SSL_get_app_data(ssl))->asks_for_certificate = true;
  return 0;
}

}  // namespace

TlsAnswer AskForTls(const std::string& server, const std::string& authorities,
                    absl::Duration timeout) {
  TlsAnswer answer;
  const tls::ContextHandle context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return answer;
  Trust(context.get(), authorities);
  // Whether it is trusted is read afterwards.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_client_cert_cb(context.get(), NoteRequest);
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);

  const tls::BioHandle bio(BIO_new_ssl_connect(context.get()));
  SSL* ssl = nullptr;
  if (bio == nullptr || BIO_get_ssl(bio.get(), &ssl) != 1) return answer;
  SSL_set_app_data(ssl, &answer);
  BIO_set_conn_hostname(bio.get(), server.c_str());
  const int64_t seconds = std::max<int64_t>(1, absl::ToInt64Seconds(timeout));
  BIO_do_connect_retry(bio.get(), static_cast<int>(seconds), -1);
  // Agreed with a server of TLS alone, even if that goes on to refuse.
  answer.speaks_tls = SSL_get_current_cipher(ssl) != nullptr;
  const long verdict = SSL_get_verify_result(ssl);
  if (answer.speaks_tls && verdict != X509_V_OK) {
    answer.distrust = X509_verify_cert_error_string(verdict);
  }
  ERR_clear_error();
  return answer;
}

}  // namespace mosd::mosctl
