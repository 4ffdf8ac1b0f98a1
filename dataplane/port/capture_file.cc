#include "dataplane/port/capture_file.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {
namespace {

absl::Status OpenError(int error) {
  const char* text = std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::InvalidArgumentError(text);
  }
}

absl::Status CheckIsFile(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return OpenError(errno);
  if (S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError("it is a directory");
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError("it is not a regular file");
  }
  if (status.st_size == 0) return absl::InvalidArgumentError("it is empty");
  return absl::OkStatus();
}

std::string LinkTypeName(int type) {
  const char* name = pcap_datalink_val_to_name(type);
  return name != nullptr ? name : absl::StrCat("link type ", type);
}

int64_t TimeNs(const timeval& time) {
  int64_t seconds = time.tv_sec;
  // Classic captures have 32 bits, without a sign; libpcap gives them one.
  if (seconds < 0 && seconds >= INT32_MIN) seconds += int64_t{1} << 32;
  constexpr int64_t kMaxSeconds = kMaxTimeNs / 1'000'000'000;
  if (seconds < 0) return 0;
  if (seconds >= kMaxSeconds) return kMaxTimeNs;
  const int64_t nanoseconds =
      std::clamp<int64_t>(time.tv_usec, 0, int64_t{UINT32_MAX} * 1000);
  return std::min(seconds * 1'000'000'000 + nanoseconds, kMaxTimeNs);
}

}  // namespace

void CaptureFile::ClosePcap::operator()(pcap* reader) const {
  pcap_close(reader);
}

absl::StatusOr<std::unique_ptr<CaptureFile>> CaptureFile::Open(
    const std::string& path) {
  // Not to wait for a writer, should it be a pipe.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return OpenError(errno);
  std::unique_ptr<CaptureFile> file(new CaptureFile(fd));
  absl::Status status = CheckIsFile(fd);
  if (status.ok()) status = file->Rewind();
  if (!status.ok()) return status;
  return file;
}

CaptureFile::~CaptureFile() { close(fd_); }

absl::Status CaptureFile::Rewind() {
  reader_.reset();
  const int fd = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0) return OpenError(errno);
  std::FILE* stream = fdopen(fd, "rb");
  if (stream == nullptr) {
    close(fd);
    return OpenError(errno);
  }
  char error[PCAP_ERRBUF_SIZE] = "";
  reader_.reset(pcap_fopen_offline_with_tstamp_precision(
      stream, PCAP_TSTAMP_PRECISION_NANO, error));
  if (reader_ == nullptr) {
    std::fclose(stream);
    return absl::InvalidArgumentError(
        absl::StrCat("it is not a capture: ", error));
  }
  const int type = pcap_datalink(reader_.get());
  if (type != DLT_EN10MB) {
    return absl::InvalidArgumentError(
        absl::StrCat("its frames are not Ethernet but ", LinkTypeName(type),
                     "; only Ethernet (EN10MB) is supported"));
  }
  return absl::OkStatus();
}

CaptureFile::Result CaptureFile::Next(CapturedFrame* frame) {
  pcap_pkthdr* header;
  const u_char* bytes;
  const int result = pcap_next_ex(reader_.get(), &header, &bytes);
  if (result == PCAP_ERROR_BREAK) return Result::kEnd;
  if (result != 1) return Result::kBroken;
  frame->bytes = {bytes, header->caplen};
  frame->time_ns = TimeNs(header->ts);
  frame->wire_length = std::max(header->len, header->caplen);
  return Result::kFrame;
}

std::string CaptureFile::error() const { return pcap_geterr(reader_.get()); }

}  // namespace mosd::dataplane
