#include "controlplane/tls/pem_store.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"

namespace mosd::tls {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Seconds(1);
constexpr absl::Duration kSettled = absl::Seconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<PemStore>> PemStore::Open(PemPaths paths) {
  auto store = absl::WrapUnique(new PemStore(std::move(paths)));
  absl::MutexLock lock(&store->mutex_);
  // Looked at first: what changes while it is read is read once more.
  store->read_ = store->Look();
  absl::StatusOr<PemTexts> texts = ReadPem(store->paths_);
  if (!texts.ok()) return texts.status();
  store->state_.texts = std::make_shared<const PemTexts>(*std::move(texts));
  return store;
}

// Of a file that is missing nothing is known, which is a mark as well.
PemStore::Marks PemStore::Look() const {
  Marks marks;
  const std::string* const paths[] = {&paths_.certificate, &paths_.key,
                                      &paths_.authorities};
  for (size_t i = 0; i < marks.size(); ++i) {
    struct stat status {};
    if (paths[i]->empty() || ::stat(paths[i]->c_str(), &status) != 0) continue;
    // By the change of the inode: a copy may have the older file's mtime.
    marks[i] = {status.st_dev, status.st_ino, status.st_size,
                absl::TimeFromTimespec(status.st_ctim)};
  }
  return marks;
}

void PemStore::Read() {
  absl::StatusOr<PemTexts> texts = ReadPem(paths_);
  state_.status = texts.status();
  if (!texts.ok()) {
    ++state_.failures;
    return;
  }
  state_.texts = std::make_shared<const PemTexts>(*std::move(texts));
  ++state_.version;
}

PemState PemStore::Refresh(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (now < looked_ + kBetweenLooks && now >= looked_) return state_;
  looked_ = now;
  const Marks marks = Look();
  if (marks == read_) return state_;
  const absl::Time changed =
      std::max({marks[0].changed, marks[1].changed, marks[2].changed});
  if (changed <= now && now < changed + kSettled) return state_;
  read_ = marks;
  Read();
  return state_;
}

}  // namespace mosd::tls
