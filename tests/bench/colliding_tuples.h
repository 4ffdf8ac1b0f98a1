// Connections that an attacker chooses so that they are one to a hash whose key
// nobody keeps secret: of IPv4 tuples as 12 bytes on the wire, client address,
// server address, client port, server port.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/frame_source.h"

namespace mosd::bench {

// CRC32C, as DPDK's rte_hash_crc() has it, of any seed.
uint32_t Crc32(const Tuple& tuple, uint32_t seed);

// SuperFastHash, by Paul Hsieh.
uint32_t SuperFastHash(const Tuple& tuple);

// `count` different tuples, at most 2^20, of clients in 10.0.0.0/8 and one
// server, for which all 32 bits of the hash are the same.
std::vector<Tuple> TuplesOfOneCrc32(uint32_t count);
std::vector<Tuple> TuplesOfOneSuperFastHash(uint32_t count);

// As many of such clients at random.
std::vector<Tuple> RandomTuples(uint32_t count);

}  // namespace mosd::bench
