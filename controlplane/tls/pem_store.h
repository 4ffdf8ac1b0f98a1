// PEM files that are replaced while they are in use: the newest content of
// theirs that was good. Thread-safe.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "controlplane/tls/pem.h"

namespace mosd::tls {

// What became of it so far.
struct PemState {
  std::shared_ptr<const PemTexts> texts;  // in use; never null
  uint64_t version = 1;   // of `texts`: one more whenever they are replaced
  uint64_t failures = 0;  // new contents that were not taken
  // Of the newest contents: OK, or why what was there before is still used.
  absl::Status status;
};

class PemStore {
 public:
  // Errors are those of ReadPem().
  static absl::StatusOr<std::unique_ptr<PemStore>> Open(PemPaths paths);

  // Looks whether the files have changed, at most once a second, and if so
  // reads them; contents with a mistake are left aside, until the files change
  // again. Certificate and key are seldom replaced in one step, so files that
  // changed within the last second are given the rest of it. May read files:
  // not for a thread that must not wait.
  PemState Refresh() { return Refresh(absl::Now()); }
  // `now` is the time by the clock of the file system.
  PemState Refresh(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What tells one content from another without reading it.
  struct FileMark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    absl::Time changed = absl::InfinitePast();
    bool operator==(const FileMark&) const = default;
  };
  using Marks = std::array<FileMark, 3>;

  explicit PemStore(PemPaths paths) : paths_(std::move(paths)) {}
  Marks Look() const;
  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PemPaths paths_;
  absl::Mutex mutex_;
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  Marks read_ ABSL_GUARDED_BY(mutex_);  // when they were read last
  PemState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace mosd::tls
