#include "controlplane/tls/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/file/text_file.h"
#include "controlplane/tls/openssl_handle.h"

namespace mosd::tls {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;

absl::Status Wrong(const std::string& path, absl::string_view why) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

absl::StatusOr<std::string> Read(const std::string& path,
                                 absl::string_view what) {
  absl::StatusOr<std::string> text =
      controlplane::ReadTextFile(path, kMaxFileBytes, what);
  if (!text.ok()) {
    const bool denied = absl::IsPermissionDenied(text.status());
    return absl::Status(
        text.status().code(),
        absl::StrCat(text.status().message(),
                     denied ? "; give it a group that this process is in, and "
                              "mode 0640"
                            : ""));
  }
  if (text->size() > kMaxFileBytes) {
    return Wrong(path, absl::StrCat("is larger than a ", what, " can be"));
  }
  return text;
}

// All certificates of a file, at least one.
absl::StatusOr<std::vector<CertificateHandle>> Parse(const std::string& path,
                                                     const std::string& text) {
  std::vector<CertificateHandle> certificates = ReadCertificates(text);
  // At the end of the file it is that no further one begins.
  const bool at_end =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) {
    return Wrong(path, absl::StrCat("certificate ", certificates.size() + 1,
                                    " in it is damaged"));
  }
  if (certificates.empty()) {
    return Wrong(path,
                 "holds no certificate; it should have a line -----BEGIN "
                 "CERTIFICATE-----");
  }
  ERR_clear_error();
  return certificates;
}

absl::Time ExpiryOf(const CertificateHandle& certificate) {
  tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) {
    return absl::InfinitePast();
  }
  return absl::FromTM(time, absl::UTCTimeZone());
}

std::vector<absl::Time> ExpiriesOf(const std::vector<CertificateHandle>& all) {
  std::vector<absl::Time> times;
  for (const CertificateHandle& each : all) times.push_back(ExpiryOf(each));
  return times;
}

absl::Status CheckKey(const PemPaths& paths, const std::string& text,
                      const CertificateHandle& certificate) {
  ERR_clear_error();
  const BioHandle bio = OpenText(text);
  const KeyHandle key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    return Wrong(paths.key,
                 "holds no key that can be read without a password; it should "
                 "have a line -----BEGIN PRIVATE KEY-----");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Wrong(paths.key, absl::StrCat("is not the key of the certificate ",
                                         paths.certificate));
  }
  return absl::OkStatus();
}

absl::Status ReadIdentity(const PemPaths& paths, PemTexts* texts) {
  absl::StatusOr<std::string> text = Read(paths.certificate, "certificate");
  if (!text.ok()) return text.status();
  const auto certificates = Parse(paths.certificate, *text);
  if (!certificates.ok()) return certificates.status();
  absl::StatusOr<std::string> key = Read(paths.key, "key");
  if (!key.ok()) return key.status();
  absl::Status status = CheckKey(paths, *key, certificates->front());
  if (!status.ok()) return status;
  texts->certificate = *std::move(text);
  texts->key = *std::move(key);
  const std::vector<absl::Time> expiries = ExpiriesOf(*certificates);
  texts->certificate_expiry =
      *std::min_element(expiries.begin(), expiries.end());
  return absl::OkStatus();
}

absl::Status ReadAuthorities(const PemPaths& paths, PemTexts* texts) {
  absl::StatusOr<std::string> text =
      Read(paths.authorities, "file of certificates");
  if (!text.ok()) return text.status();
  const auto certificates = Parse(paths.authorities, *text);
  if (!certificates.ok()) return certificates.status();
  texts->authorities = *std::move(text);
  // While they are replaced, old ones and new ones are in it.
  const std::vector<absl::Time> expiries = ExpiriesOf(*certificates);
  texts->authorities_expiry =
      *std::max_element(expiries.begin(), expiries.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PemTexts> ReadPem(const PemPaths& paths) {
  PemTexts texts;
  absl::Status status;
  if (!paths.certificate.empty()) status = ReadIdentity(paths, &texts);
  if (status.ok() && !paths.authorities.empty()) {
    status = ReadAuthorities(paths, &texts);
  }
  if (!status.ok()) return status;
  return texts;
}

}  // namespace mosd::tls
