#include "dataplane/flow/flow_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/support/certified_frame.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::MixBits;

FlowIndex MakeIndex(uint32_t entries) {
  auto index = FlowIndex::Create(entries);
  EXPECT_TRUE(index.ok());
  return *std::move(index);
}

std::vector<uint32_t> Candidates(const FlowIndex& index, uint64_t hash) {
  std::vector<uint32_t> found;
  index.ForEachCandidate(hash, [&](uint32_t record) {
    found.push_back(record);
    return false;
  });
  return found;
}

bool Finds(const FlowIndex& index, uint64_t hash, uint32_t record) {
  return index.ForEachCandidate(
      hash, [&](uint32_t candidate) { return candidate == record; });
}

TEST(FlowIndexTest, AgreesWithAMap) {
  constexpr uint32_t kKeys = 3000;
  FlowIndex index = MakeIndex(kKeys);
  std::unordered_map<uint64_t, uint32_t> model;  // hash: record
  std::mt19937_64 random(1);
  uint32_t next_record = 0;
  for (int step = 0; step < 300'000; ++step) {
    const uint64_t hash = MixBits(random() % kKeys + 1);
    const auto at = model.find(hash);
    switch (random() % 4) {
      case 0:
        if (at == model.end()) {
          ASSERT_TRUE(index.Insert(hash, next_record));
          model[hash] = next_record++;
        }
        break;
      case 1:
        if (at != model.end()) {
          ASSERT_TRUE(index.Replace(hash, at->second, next_record));
          ASSERT_FALSE(index.Replace(hash, at->second, next_record));
          at->second = next_record++;
        } else {
          ASSERT_FALSE(index.Replace(hash, UINT32_MAX - 2, 1));
        }
        break;
      case 2:
        if (at != model.end()) {
          ASSERT_TRUE(index.Erase(hash, at->second));
          ASSERT_FALSE(index.Erase(hash, at->second));
          model.erase(at);
        }
        break;
      default:
        ASSERT_EQ(Finds(index, hash, at == model.end() ? 0 : at->second),
                  at != model.end());
    }
  }
  for (const auto& [hash, record] : model) {
    ASSERT_TRUE(Finds(index, hash, record));
  }
}

// A lookup looks at the places of two buckets, whatever was put in.
TEST(FlowIndexTest, ProbingIsBoundedAndFullBucketsRefuse) {
  FlowIndex index = MakeIndex(1000);
  constexpr uint64_t kHash = 0x123456789abcdef0;
  uint32_t inserted = 0;
  while (index.Insert(kHash, inserted)) ++inserted;
  EXPECT_TRUE(inserted == FlowIndex::kPlaces ||
              inserted == 2 * FlowIndex::kPlaces);
  EXPECT_EQ(Candidates(index, kHash).size(), inserted);
  // What is refused changes nothing, and there is room again after an erasure.
  EXPECT_FALSE(Finds(index, kHash, inserted));
  ASSERT_TRUE(index.Erase(kHash, 3));
  ASSERT_TRUE(index.Insert(kHash, 1000));
  EXPECT_TRUE(Finds(index, kHash, 1000));
  EXPECT_FALSE(Finds(index, kHash, 3));
}

TEST(FlowIndexTest, StopsAtTheFirstThatIsWanted) {
  FlowIndex index = MakeIndex(1000);
  for (uint32_t record = 0; record < 8; ++record) index.Insert(42, record);
  int visits = 0;
  EXPECT_TRUE(
      index.ForEachCandidate(42, [&](uint32_t) { return ++visits == 3; }));
  EXPECT_EQ(visits, 3);
}

// At the most keys it is made for, in the worst of sizes, none is refused, and
// a lookup meets hardly any record but its own.
TEST(FlowIndexTest, HoldsAllTheKeysItIsMadeFor) {
  constexpr uint32_t kKeys = (1 << 17) * 5;  // buckets are a power of two
  FlowIndex index = MakeIndex(kKeys);
  uint64_t refused = 0, others = 0;
  for (uint32_t i = 0; i < kKeys; ++i) {
    refused += index.Insert(MixBits(i + 1), i) ? 0 : 1;
  }
  for (uint32_t i = 0; i < kKeys; ++i) {
    others += Candidates(index, MixBits(i + 1)).size() - 1;
  }
  EXPECT_EQ(refused, 0u);
  EXPECT_LT(others, kKeys / 1000);
}

TEST(FlowIndexTest, WhatIsLikelyIsWhatIsThereButForEqualTags) {
  constexpr uint32_t kKeys = 10'000;
  FlowIndex index = MakeIndex(kKeys);
  std::mt19937_64 random(3);
  std::vector<uint64_t> hashes(kKeys);
  for (uint64_t& hash : hashes) hash = random();
  // The second time, places are free that had the same tags.
  for (int time = 0; time < 2; ++time) {
    std::shuffle(hashes.begin(), hashes.end(), random);
    for (uint32_t i = 0; i < kKeys; ++i) {
      ASSERT_TRUE(index.Insert(hashes[i], i));
    }
    uint32_t others = 0;
    for (uint32_t i = 0; i < kKeys; ++i) {
      uint32_t likely = 0;
      EXPECT_TRUE(
          FlowIndex::FindLikely(index.Prefetch(hashes[i]), hashes[i], &likely));
      if (likely != i) ++others;
    }
    // Ten tags of 15 bits are beside its own, of which half come first.
    EXPECT_LT(others, kKeys / 1000);
    for (uint32_t i = 0; i < kKeys; ++i) {
      ASSERT_TRUE(index.Erase(hashes[i], i));
    }
    for (const uint64_t hash : hashes) {
      uint32_t none;
      EXPECT_FALSE(FlowIndex::FindLikely(index.Prefetch(hash), hash, &none));
    }
  }
}

// A key that is there is found at every moment, while its record is replaced
// and while its neighbours come and go.
TEST(FlowIndexTest, ConcurrentReaderMissesNoKey) {
  FlowIndex index = MakeIndex(10);
  constexpr uint64_t kHash = 0xabcdef;
  ASSERT_TRUE(index.Insert(kHash, 1'000'000));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    uint32_t record = 1'000'000;
    for (uint32_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      const uint64_t neighbour = MixBits(i % 64 + 1);
      index.Insert(neighbour, i % 64);
      ASSERT_TRUE(index.Replace(kHash, record, 1'000'000 + i % 1000));
      record = 1'000'000 + i % 1000;
      index.Erase(neighbour, i % 64);
    }
  });
  uint64_t missed = 0, reads = 0;
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  do {
    for (int i = 0; i < 1000; ++i) {
      missed += index.ForEachCandidate(
                    kHash, [](uint32_t record) { return record >= 1'000'000; })
                    ? 0
                    : 1;
      ++reads;
    }
  } while (std::chrono::steady_clock::now() < end);
  stop = true;
  writer.join();
  EXPECT_EQ(missed, 0u) << "of " << reads;
}

}  // namespace
}  // namespace mosd::dataplane
