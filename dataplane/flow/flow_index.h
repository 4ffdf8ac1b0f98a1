// From a flow key to a record: an open hash table of buckets of one cache line.
// A key lies in one of two buckets and never moves, so that a lookup touches
// two lines at most, prefetched together, and a reader on another thread never
// misses a key that is there. A new key goes into the emptier bucket; with half
// of the places taken on average, that both are full is beyond practice for a
// keyed hash, and refused.
//
// The index knows tags and record numbers; comparing keys is the caller's.
// writer: the owning worker; readers (ForEachCandidate): any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/region.h"
#include "dataplane/base/thread_sanitizer.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mosd::dataplane {

class FlowIndex {
 public:
  // Places a bucket has.
  static constexpr uint32_t kPlaces = 10;

  // Buckets for up to `entries` keys, and bytes of one.
  static constexpr uint64_t BucketsFor(uint32_t entries) {
    constexpr uint32_t kEntriesOfBucket = kPlaces / 2;
    return std::max<uint64_t>(
        (uint64_t{entries} + kEntriesOfBucket - 1) / kEntriesOfBucket, 2);
  }
  static constexpr size_t kBucketBytes = 64;

  // For up to `entries` keys. RESOURCE_EXHAUSTED.
  static absl::StatusOr<FlowIndex> Create(uint32_t entries);

  // Brings both buckets of a hash towards the cache.
  void Prefetch(uint64_t hash) const {
    dataplane::Prefetch(&First(hash));
    dataplane::Prefetch(&Second(hash));
  }

  // Calls visit(record) for each record whose tag matches until it returns
  // true. Any thread; the record may have been given to another key meanwhile.
  // Returns whether visit did.
  template <typename Visit>
  bool ForEachCandidate(uint64_t hash, Visit visit) const {
    return VisitBucket(First(hash), Tag(hash), visit) ||
           VisitBucket(Second(hash), Tag(hash), visit);
  }

  // The record that a key most likely has, if it is there; false if it is not.
  // Without a branch on which bucket it is in: that is chance. Worker only.
  bool FindLikely(uint64_t hash, uint32_t* record) const {
    const Bucket& first = First(hash);
    const Bucket& second = Second(hash);
    const uint16_t tag = Tag(hash);
    const uint32_t match = MatchTags(first, tag) | MatchTags(second, tag)
                                                       << kSecond;
    if (match == 0) return false;
    const auto place = static_cast<uint32_t>(__builtin_ctz(match));
    const Bucket& bucket = place < kSecond ? first : second;
    *record =
        bucket.record[place % kSecond].load(std::memory_order_relaxed) - 1;
    return true;
  }

  // Adds a key that is not there. False: both buckets are full. Worker only.
  bool Insert(uint64_t hash, uint32_t record);

  // Puts `record` in the place of `old_record`, which has the same key. False:
  // `old_record` is not indexed. Worker only.
  bool Replace(uint64_t hash, uint32_t old_record, uint32_t record);

  // Removes a key. False: `record` is not indexed. Worker only.
  bool Erase(uint64_t hash, uint32_t record);

 private:
  struct alignas(64) Bucket {
    std::atomic<uint16_t> tag[kPlaces];     // odd; 0: free
    std::atomic<uint32_t> record[kPlaces];  // number plus one; 0: free
  };
  static_assert(sizeof(Bucket) == kBucketBytes);
  static_assert(std::atomic<uint16_t>::is_always_lock_free);

  // Where the bits of the second bucket begin in those of both.
  static constexpr uint32_t kSecond = 16;
  static_assert(kPlaces <= kSecond);

  FlowIndex() = default;

  // Disjoint parts of the hash: its low 16 bits are the tag, but for the
  // lowest, which tells it from that of a free place; the high half is the
  // first bucket; the second comes from a multiplication of the whole.
  static uint16_t Tag(uint64_t hash) { return static_cast<uint16_t>(hash | 1); }
  Bucket& First(uint64_t hash) const { return BucketOf(hash >> 32); }
  Bucket& Second(uint64_t hash) const {
    return BucketOf((hash * 0x9e3779b97f4a7c15) >> 32);
  }
  // Of 32 bits, spread over all buckets by a multiplication: their number need
  // be no power of two.
  Bucket& BucketOf(uint64_t bits) const {
    return buckets_[bits * bucket_count_ >> 32];
  }

  // Bit i is set where place i has the tag.
  static uint32_t MatchTags(const Bucket& bucket, uint16_t tag);

  template <typename Visit>
  static bool VisitBucket(const Bucket& bucket, uint16_t tag, Visit visit) {
    for (uint32_t match = MatchTags(bucket, tag); match != 0;
         match &= match - 1) {
      const uint32_t record =
          bucket.record[__builtin_ctz(match)].load(std::memory_order_acquire);
      if (record != 0 && visit(record - 1)) return true;
    }
    return false;
  }

  std::atomic<uint32_t>* Find(uint64_t hash, uint32_t record);
  Bucket& BucketWith(const std::atomic<uint32_t>* place) const {
    const auto offset = reinterpret_cast<const std::byte*>(place) -
                        reinterpret_cast<const std::byte*>(buckets_);
    return buckets_[static_cast<size_t>(offset) / sizeof(Bucket)];
  }

  Region region_;
  Bucket* buckets_ = nullptr;
  uint64_t bucket_count_ = 0;
};

inline uint32_t FlowIndex::MatchTags(const Bucket& bucket, uint16_t tag) {
#if defined(__x86_64__) && !defined(MOSD_THREAD_SANITIZER)
  // Ten tags and the six halves of the record numbers behind them, which the
  // mask takes away. An aligned vector load reads each tag whole.
  const auto* tags = reinterpret_cast<const __m128i*>(bucket.tag);
  const __m128i wanted = _mm_set1_epi16(static_cast<int16_t>(tag));
  const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(tags), wanted);
  const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(tags + 1), wanted);
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high))) &
         ((1u << kPlaces) - 1);
#else
  uint32_t match = 0;
  for (uint32_t i = 0; i < kPlaces; ++i) {
    match |= uint32_t{bucket.tag[i].load(std::memory_order_relaxed) == tag}
             << i;
  }
  return match;
#endif
}

}  // namespace mosd::dataplane
