#include "tests/bench/colliding_tuples.h"

#include <rte_byteorder.h>
#include <rte_hash_crc.h>

#include <bit>
#include <random>

namespace mosd::bench {
namespace {

struct Wire {
  uint32_t client;
  uint32_t server;
  uint16_t client_port;
  uint16_t server_port;
};
static_assert(sizeof(Wire) == 12);

Wire WireOf(const Tuple& tuple) {
  return {rte_cpu_to_be_32(tuple.client), rte_cpu_to_be_32(tuple.server),
          rte_cpu_to_be_16(tuple.client_port),
          rte_cpu_to_be_16(tuple.server_port)};
}

// What the attacker has of a tuple, in one word: 24 bits of the client's
// address, and both ports.
constexpr uint32_t kChosenBits = 24 + 16 + 16;

Tuple With(const Tuple& tuple, uint64_t chosen) {
  return {tuple.client ^ static_cast<uint32_t>(chosen >> 32), tuple.server,
          static_cast<uint16_t>(tuple.client_port ^ chosen >> 16),
          static_cast<uint16_t>(tuple.server_port ^ chosen)};
}

// Addresses of 10.0.0.0/8, all different for 2^24 numbers.
uint32_t ScatteredClient(uint32_t number) {
  return RTE_IPV4(10, 0, 0, 0) + (number * 0x9e3779b1 & 0xffffff);
}

// SuperFastHash takes four bytes after the other into its state like this,
// Fold() being the last of it.
constexpr uint32_t Mix(uint32_t state, uint16_t first, uint16_t second) {
  const uint32_t sum = state + first;
  return sum << 16 ^ uint32_t { second } << 11 ^ sum;
}
constexpr uint32_t Fold(uint32_t mixed) { return mixed + (mixed >> 11); }

uint32_t StateOfAddresses(const Wire& wire) {
  uint32_t state = sizeof(Wire);
  for (const uint32_t address : {wire.client, wire.server}) {
    const uint32_t word = rte_le_to_cpu_32(address);
    state = Fold(Mix(state, static_cast<uint16_t>(word),
                     static_cast<uint16_t>(word >> 16)));
  }
  return state;
}

uint32_t MixedPorts(const Wire& wire) {
  return Mix(StateOfAddresses(wire), rte_le_to_cpu_16(wire.client_port),
             rte_le_to_cpu_16(wire.server_port));
}

}  // namespace

uint32_t Crc32(const Tuple& tuple, uint32_t seed) {
  const Wire wire = WireOf(tuple);
  return rte_hash_crc(&wire, sizeof(wire), seed);
}

uint32_t SuperFastHash(const Tuple& tuple) {
  uint32_t hash = Fold(MixedPorts(WireOf(tuple)));
  hash ^= hash << 3;
  hash += hash >> 5;
  hash ^= hash << 4;
  hash += hash >> 17;
  hash ^= hash << 25;
  hash += hash >> 6;
  return hash;
}

// A CRC is linear: what changes in it depends on the bits that change, and not
// on the others, nor on the seed. Gaussian elimination leaves the sets of bits
// that change nothing; every sum of some of them is one more.
std::vector<Tuple> TuplesOfOneCrc32(uint32_t count) {
  const Tuple first = UsualTuple(0);
  const uint32_t crc = Crc32(first, 0);
  struct Pivot {
    uint32_t change = 0;  // its highest bit is the pivot's own
    uint64_t chosen = 0;  // by which it comes about
  } pivots[32];
  std::vector<uint64_t> kernel;
  for (uint32_t bit = 0; bit < kChosenBits; ++bit) {
    uint64_t chosen = uint64_t{1} << bit;
    uint32_t change = Crc32(With(first, chosen), 0) ^ crc;
    while (change != 0) {
      Pivot& pivot = pivots[31 - std::countl_zero(change)];
      if (pivot.change == 0) {
        pivot = {change, chosen};
        break;
      }
      change ^= pivot.change;
      chosen ^= pivot.chosen;
    }
    if (change == 0) kernel.push_back(chosen);
  }
  std::vector<Tuple> tuples;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t chosen = 0;
    for (uint32_t left = i; left != 0; left &= left - 1) {
      chosen ^= kernel[static_cast<size_t>(std::countr_zero(left))];
    }
    tuples.push_back(With(first, chosen));
  }
  return tuples;
}

// The ports come last, and what they are mixed into can be solved for them: the
// low half is the sum's, but for five bits of the server's port, and the high
// half then says the other eleven. Whether they fit into their place is chance,
// one in 32 for each of the 32 ways to choose the five.
std::vector<Tuple> TuplesOfOneSuperFastHash(uint32_t count) {
  const Tuple first = UsualTuple(0);
  const uint32_t wanted = MixedPorts(WireOf(first));
  std::vector<Tuple> tuples;
  for (uint32_t i = 0; tuples.size() < count; ++i) {
    Tuple tuple = first;
    tuple.client = ScatteredClient(i);
    const uint32_t state = StateOfAddresses(WireOf(tuple));
    for (uint32_t five = 0; five < 32 && tuples.size() < count; ++five) {
      const uint32_t low = (wanted ^ five << 11) & 0xffff;
      const auto client_port = static_cast<uint16_t>(low - state);
      const uint32_t eleven = wanted >> 16 ^ low ^ (state + client_port) >> 16;
      if (eleven >= 1u << 11) continue;
      const auto server_port = static_cast<uint16_t>(eleven << 5 | five);
      tuple.client_port = rte_be_to_cpu_16(rte_cpu_to_le_16(client_port));
      tuple.server_port = rte_be_to_cpu_16(rte_cpu_to_le_16(server_port));
      tuples.push_back(tuple);
    }
  }
  return tuples;
}

std::vector<Tuple> RandomTuples(uint32_t count) {
  std::mt19937 random(1);
  std::vector<Tuple> tuples;
  for (uint32_t i = 0; i < count; ++i) {
    Tuple tuple = UsualTuple(0);
    tuple.client = ScatteredClient(i);
    tuple.client_port = static_cast<uint16_t>(random());
    tuple.server_port = static_cast<uint16_t>(random());
    tuples.push_back(tuple);
  }
  return tuples;
}

}  // namespace mosd::bench
