#include "dataplane/flow/flow_index.h"

#include <utility>

namespace mosd::dataplane {

absl::StatusOr<FlowIndex> FlowIndex::Create(uint32_t entries) {
  FlowIndex index;
  const uint64_t buckets = BucketsFor(entries);
  auto region = Region::Map(buckets * sizeof(Bucket));
  if (!region.ok()) return region.status();
  index.region_ = *std::move(region);
  index.buckets_ = reinterpret_cast<Bucket*>(index.region_.data());
  index.bucket_count_ = buckets;
  return index;
}

bool FlowIndex::Insert(uint64_t hash, uint32_t record) {
  Bucket* target = nullptr;
  uint32_t target_place = 0;
  uint32_t most_free = 0;
  for (Bucket* bucket : {&First(hash), &Second(hash)}) {
    uint32_t free = 0;
    uint32_t place = 0;
    for (uint32_t i = 0; i < kPlaces; ++i) {
      if (bucket->record[i].load(std::memory_order_relaxed) == 0) {
        ++free;
        place = i;
      }
    }
    if (free > most_free) {
      most_free = free;
      target = bucket;
      target_place = place;
    }
  }
  if (target == nullptr) return false;
  target->tag[target_place].store(Tag(hash), std::memory_order_relaxed);
  target->record[target_place].store(record + 1, std::memory_order_release);
  return true;
}

std::atomic<uint32_t>* FlowIndex::Find(uint64_t hash, uint32_t record) {
  for (Bucket* bucket : {&First(hash), &Second(hash)}) {
    for (std::atomic<uint32_t>& place : bucket->record) {
      if (place.load(std::memory_order_relaxed) == record + 1) return &place;
    }
  }
  return nullptr;
}

bool FlowIndex::Replace(uint64_t hash, uint32_t old_record, uint32_t record) {
  std::atomic<uint32_t>* place = Find(hash, old_record);
  if (place == nullptr) return false;
  place->store(record + 1, std::memory_order_release);
  return true;
}

bool FlowIndex::Erase(uint64_t hash, uint32_t record) {
  std::atomic<uint32_t>* const place = Find(hash, record);
  if (place == nullptr) return false;
  place->store(0, std::memory_order_relaxed);
  // Where a tag was left, FindLikely() would stop.
  Bucket& bucket = BucketWith(place);
  bucket.tag[place - bucket.record].store(0, std::memory_order_relaxed);
  return true;
}

}  // namespace mosd::dataplane
