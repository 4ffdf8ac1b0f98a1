#include "controlplane/tls/openssl_handle.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace mosd::tls {

BioHandle OpenText(const std::string& text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int NoPassword(char*, int, int, void*) { return -1; }

std::vector<CertificateHandle> ReadCertificates(const std::string& text) {
  ERR_clear_error();
  const BioHandle bio = OpenText(text);
  std::vector<CertificateHandle> certificates;
  while (X509* const certificate =
             PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    certificates.emplace_back(certificate);
  }
  return certificates;
}

}  // namespace mosd::tls
