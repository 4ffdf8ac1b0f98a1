// A file of Ethernet frames, classic pcap or pcapng, read by libpcap from
// beginning to end, as often as wanted. Not thread-safe. Times are in ns since
// 1970, and lie between 0 and kMaxTimeNs whatever the file says.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct pcap;

namespace mosd::dataplane {

// Far enough from the end of int64_t for timeouts to be added; the year 2116.
inline constexpr int64_t kMaxTimeNs = INT64_MAX / 2;

struct CapturedFrame {
  std::span<const uint8_t> bytes;  // until the next call
  int64_t time_ns;
  uint32_t wire_length;  // at least bytes.size()
};

class CaptureFile {
 public:
  enum class Result { kFrame, kEnd, kBroken };

  // NOT_FOUND, PERMISSION_DENIED; INVALID_ARGUMENT: a folder or the like, no
  // capture, not of Ethernet frames.
  static absl::StatusOr<std::unique_ptr<CaptureFile>> Open(
      const std::string& path);
  ~CaptureFile();
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  Result Next(CapturedFrame* frame);
  // After kBroken: why, in libpcap's words.
  std::string error() const;
  // The next frame is the first. INVALID_ARGUMENT if the file has changed so
  // that it is no capture any more.
  absl::Status Rewind();

 private:
  explicit CaptureFile(int fd) : fd_(fd) {}

  const int fd_;
  struct ClosePcap {
    void operator()(pcap* reader) const;
  };
  std::unique_ptr<pcap, ClosePcap> reader_;
};

}  // namespace mosd::dataplane
