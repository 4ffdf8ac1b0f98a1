#include "dataplane/flow/flow_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/support/flow_keys.h"

namespace mosd::dataplane {
namespace {

using ::mosd::testing::NumberedKey;

class FlowHashTest : public ::testing::TestWithParam<bool> {
 protected:
  FlowHashTest() : hash_(GetParam()) {}

  const FlowHash hash_;
};

TEST_P(FlowHashTest, TakesTheWayItIsTold) {
  if (!GetParam()) {
    EXPECT_FALSE(hash_.uses_aes());
  } else if (!hash_.uses_aes()) {
    GTEST_SKIP() << "this processor has no AES instructions";
  }
}

TEST_P(FlowHashTest, IsAFunctionOfTheKey) {
  for (uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(hash_(NumberedKey(i)), hash_(NumberedKey(i)));
  }
  const FlowHash copy = hash_;
  EXPECT_EQ(copy(NumberedKey(5)), hash_(NumberedKey(5)));
}

TEST_P(FlowHashTest, BothDirectionsAreOneFlow) {
  const FlowKey key = NumberedKey(77);
  size_t place;
  const FlowKey back =
      MakeFlowKey(key.version, key.endpoint(1), key.endpoint(0), &place);
  EXPECT_EQ(hash_(key), hash_(back));
}

TEST_P(FlowHashTest, EachHasASecretOfItsOwn) {
  const FlowHash other(GetParam());
  int equal = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    equal += hash_(NumberedKey(i)) == other(NumberedKey(i));
  }
  EXPECT_EQ(equal, 0);
}

// Whatever bit of the key changes, half of the hash's bits do.
// Of a key of IPv4, the bits that are not always zero.
bool CanDiffer(const FlowKey& key, size_t byte) {
  return key.version == IpVersion::kIpv6 || byte < 4 ||
         (byte >= 16 && byte < 20) || (byte >= 32 && byte < 37);
}

TEST_P(FlowHashTest, EveryInputBitMovesEveryOutputBit) {
  constexpr int kKeys = 400;
  for (const IpVersion version : {IpVersion::kIpv4, IpVersion::kIpv6}) {
    std::vector<std::array<int, 64>> flips(sizeof(FlowKey) * 8);
    for (int n = 0; n < kKeys; ++n) {
      FlowKey key = NumberedKey(static_cast<uint64_t>(n) * 7919);
      key.version = version;
      const uint64_t before = hash_(key);
      for (size_t bit = 0; bit < flips.size(); ++bit) {
        FlowKey changed = key;
        auto* bytes = reinterpret_cast<uint8_t*>(&changed);
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1u << bit % 8));
        const uint64_t difference = before ^ hash_(changed);
        for (size_t out = 0; out < 64; ++out) {
          flips[bit][out] += static_cast<int>(difference >> out & 1);
        }
      }
    }
    // 400 coins: nine standard deviations are 90.
    for (size_t bit = 0; bit < flips.size(); ++bit) {
      FlowKey key{};
      key.version = version;
      if (!CanDiffer(key, bit / 8)) continue;
      for (const int count : flips[bit]) EXPECT_NEAR(count, kKeys / 2, 90);
    }
  }
}

// A key of IPv4 in half of the bytes.
TEST_P(FlowHashTest, OfAKeyWholeAndHalf) {
  for (uint64_t i = 0; i < 1000; ++i) {
    const FlowKey key = NumberedKey(i * 0x9e3779b97f4a7c15);
    const FlowKeyHead half = FlowKeyHead::Of(key);
    EXPECT_EQ(half.Ipv4(), key);
    EXPECT_EQ(hash_(half), hash_(key));
  }
}

// Numbers in a row fill buckets as chance would, by any part of the hash.
TEST_P(FlowHashTest, SpreadsEvenly) {
  constexpr size_t kBuckets = 1024;
  constexpr size_t kKeys = 100 * kBuckets;
  for (const int shift : {0, 16, 32, 54}) {
    std::vector<double> counts(kBuckets);
    for (uint64_t i = 0; i < kKeys; ++i) {
      ++counts[hash_(NumberedKey(i)) >> shift & (kBuckets - 1)];
    }
    double chi_square = 0;
    for (const double count : counts) {
      chi_square += (count - 100) * (count - 100) / 100;
    }
    // Mean 1023, standard deviation 45.
    EXPECT_GT(chi_square, 1023 - 6 * 45) << shift;
    EXPECT_LT(chi_square, 1023 + 6 * 45) << shift;
  }
}

uint32_t Crc32c(const FlowKey& key) {
  uint32_t crc = ~0u;
  uint8_t bytes[sizeof(key)];
  std::memcpy(bytes, &key, sizeof(key));
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

// IPv6 connections whose CRC is the same one, which anybody can make: for a
// CRC, what four bytes have changed, four others can undo.
std::vector<FlowKey> KeysThatCollideUnderCrc(size_t count) {
  std::vector<FlowKey> keys;
  FlowKey base{};
  base.version = IpVersion::kIpv6;
  base.address[1][0] = 0xfd;
  const uint32_t wanted = Crc32c(base);
  // The CRC is affine: find by elimination the bits of bytes 4..7 that give
  // each single bit of difference.
  struct Row {
    uint32_t effect, bits;
  };
  std::vector<Row> rows;
  const auto set_bits = [](FlowKey* key, uint32_t bits) {
    std::memcpy(&key->address[0][4], &bits, sizeof(bits));
  };
  for (int bit = 0; bit < 32; ++bit) {
    FlowKey key = base;
    set_bits(&key, 1u << bit);
    Row row{Crc32c(key) ^ wanted, 1u << bit};
    for (const Row& other : rows) {
      if (row.effect >> std::countr_zero(other.effect) & 1) {
        row = {row.effect ^ other.effect, row.bits ^ other.bits};
      }
    }
    rows.push_back(row);
  }
  for (uint32_t number = 0; keys.size() < count; ++number) {
    FlowKey key = base;
    std::memcpy(&key.address[0][8], &number, sizeof(number));
    uint32_t difference = Crc32c(key) ^ wanted, bits = 0;
    for (const Row& row : rows) {
      if (difference >> std::countr_zero(row.effect) & 1) {
        difference ^= row.effect;
        bits ^= row.bits;
      }
    }
    set_bits(&key, bits);
    if (Crc32c(key) == wanted) keys.push_back(key);
  }
  return keys;
}

TEST_P(FlowHashTest, KeysThatCollideUnderCrcDoNotHere) {
  const std::vector<FlowKey> keys = KeysThatCollideUnderCrc(20'000);
  std::set<uint64_t> hashes;
  std::vector<int> buckets(1024);
  for (const FlowKey& key : keys) {
    hashes.insert(hash_(key));
    ++buckets[hash_(key) >> 32 & 1023];
  }
  EXPECT_EQ(hashes.size(), keys.size());
  EXPECT_LT(*std::max_element(buckets.begin(), buckets.end()), 60);  // mean 20
}

INSTANTIATE_TEST_SUITE_P(Ways, FlowHashTest, ::testing::Bool(),
                         [](const auto& way) {
                           return std::string(way.param ? "Aes" : "Sip");
                         });

// The vectors of the SipHash paper's reference implementation: key 00 01 ...,
// message 00 01 ... of each length.
TEST(SipHash24Test, KnownAnswers) {
  uint8_t bytes[16];
  for (uint8_t i = 0; i < sizeof(bytes); ++i) bytes[i] = i;
  EXPECT_EQ(SipHash24(bytes, bytes, 0), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash24(bytes, bytes, 1), 0x74f839c593dc67fdu);
  EXPECT_EQ(SipHash24(bytes, bytes, 15), 0xa129ca6149be45e5u);
}

}  // namespace
}  // namespace mosd::dataplane
