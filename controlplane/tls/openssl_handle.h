// Owners of OpenSSL's objects, and how they come out of PEM text. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace mosd::tls {

template <auto Free>
struct FreedBy {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioHandle = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using CertificateHandle = std::unique_ptr<X509, FreedBy<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using ContextHandle = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;

// To be read from; `text` outlives it.
BioHandle OpenText(const std::string& text);

// As a callback, the answer of a process that has nobody to ask: without one,
// OpenSSL asks the terminal.
int NoPassword(char*, int, int, void*);

// The certificates before the end of a PEM text, or before a damaged one; why
// it ended is the last error of ERR_peek_last_error(3), at the end
// PEM_R_NO_START_LINE.
std::vector<CertificateHandle> ReadCertificates(const std::string& text);

}  // namespace mosd::tls
