#include "tests/support/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "absl/time/clock.h"

namespace mosd::testing {
namespace {

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string Pem(X509* certificate) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  return TakeText(bio);
}

std::string Pem(EVP_PKEY* key) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  return TakeText(bio);
}

void Extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Valid from two days ago, so that it may have expired already; not signed.
X509* NewCertificate(const std::string& name, EVP_PKEY* key,
                     absl::Duration good_for) {
  static long serial = 0;
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_time_adj_ex(X509_getm_notBefore(certificate), -2, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate), 0,
                   static_cast<long>(absl::ToInt64Seconds(good_for)), nullptr);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name, absl::Duration good_for)
    : key_(EVP_EC_gen("P-256")),
      certificate_(NewCertificate(name, key_, good_for)) {
  Extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  X509_sign(certificate_, key_, EVP_sha256());
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestAuthority::Issued TestAuthority::Issue(const std::string& name,
                                           absl::Duration good_for) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = NewCertificate(name, key, good_for);
  Extend(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  X509_sign(certificate, key_, EVP_sha256());
  Issued issued{Pem(certificate), Pem(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

std::string TestAuthority::certificate() const { return Pem(certificate_); }

std::string Encrypted(const std::string& key) {
  BIO* const in = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
  EVP_PKEY* const read = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO_free(in);
  BIO* const out = BIO_new(BIO_s_mem());
  char password[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(out, read, EVP_aes_256_cbc(), password, 6,
                                nullptr, nullptr);
  EVP_PKEY_free(read);
  return TakeText(out);
}

}  // namespace mosd::testing
