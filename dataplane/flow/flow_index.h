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
  struct Bucket;

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

  // Where a key is, if it is there.
  struct Buckets {
    const Bucket* first;
    const Bucket* second;
  };

  // Brings both buckets of a hash towards the cache.
  Buckets Prefetch(uint64_t hash) const {
    const Buckets buckets{&First(hash), &Second(hash)};
    dataplane::Prefetch(buckets.first);
    dataplane::Prefetch(buckets.second);
    return buckets;
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
  static bool FindLikely(const Buckets& buckets, uint64_t hash,
                         uint32_t* record) {
    const uint16_t tag = Tag(hash);
    const uint32_t match = (MatchLanes(*buckets.first, tag) |
                            MatchLanes(*buckets.second, tag) << kSecond) &
                           (kPlacesMask | kPlacesMask << kSecond);
    if (match == 0) return false;
    const auto place = static_cast<uint32_t>(__builtin_ctz(match));
    const Bucket& bucket = place < kSecond ? *buckets.first : *buckets.second;
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

  // Odd, and no more than an instruction holds.
  static constexpr uint64_t kSpread = 0xffffffff9e3779b1;

  // Disjoint parts of the hash: its low 16 bits are the tag, but for the
  // lowest, which tells it from that of a free place; the high half is the
  // first bucket; the second comes from a multiplication of the whole.
  static uint16_t Tag(uint64_t hash) { return static_cast<uint16_t>(hash | 1); }
  Bucket& First(uint64_t hash) const { return BucketOf(hash >> 32); }
  Bucket& Second(uint64_t hash) const {
    return BucketOf((hash * kSpread) >> 32);
  }
  // Of 32 bits, spread over all buckets by a multiplication: their number need
  // be no power of two.
  Bucket& BucketOf(uint64_t bits) const {
    return buckets_[bits * bucket_count_ >> 32];
  }

  static constexpr uint32_t kPlacesMask = (1u << kPlaces) - 1;
  // Bit i is set where place i has the tag. Without that mask, others may be.
  static uint32_t MatchTags(const Bucket& bucket, uint16_t tag) {
    return MatchLanes(bucket, tag) & kPlacesMask;
  }
  static uint32_t MatchLanes(const Bucket& bucket, uint16_t tag);

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

inline uint32_t FlowIndex::MatchLanes(const Bucket& bucket, uint16_t tag) {
#if defined(__x86_64__) && !defined(MOSD_THREAD_SANITIZER)
  // Ten tags and six halves of the record numbers behind them. An aligned
  // vector load reads each tag whole.
  const auto* tags = reinterpret_cast<const __m128i*>(bucket.tag);
  const __m128i wanted = _mm_set1_epi16(static_cast<int16_t>(tag));
  const __m128i low = _mm_cmpeq_epi16(_mm_load_si128(tags), wanted);
  const __m128i high = _mm_cmpeq_epi16(_mm_load_si128(tags + 1), wanted);
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
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
