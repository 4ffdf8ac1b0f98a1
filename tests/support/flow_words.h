// Filters of flows in words that libpcap knows, too, and the tuples and frames
// to ask both with. Addresses and ports are few, so that filters match often.
#pragma once

#include <pcap/pcap.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "dataplane/flow/flow_key.h"
#include "tests/support/packet.h"

namespace mosd::testing {

struct FlowTuple {
  dataplane::IpVersion version;
  dataplane::Endpoint source;
  dataplane::Endpoint destination;
};

class FlowWords {
 public:
  explicit FlowWords(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random_);
  }

  FlowTuple Tuple();
  // A filter that libpcap takes, parentheses at most `depth` deep.
  std::string Filter(int depth);

 private:
  template <size_t kSize>
  const char* Pick(const std::array<const char*, kSize>& from) {
    return from[Below(kSize)];
  }
  std::string Port() { return std::to_string(Below(4)); }
  std::string Value(size_t what);
  std::string Values(size_t what, int depth);
  std::string Test(int depth);

  std::mt19937 random_;
};

// The SYN of a tuple, in an Ethernet frame.
Bytes SynOf(const FlowTuple& tuple);

// `filter` in other words of the same meaning: symbols for some operators.
std::string WithSymbols(const std::string& filter, FlowWords* random);

// What libpcap makes of a filter for Ethernet.
class PcapProgram {
 public:
  explicit PcapProgram(const std::string& filter, bool optimize = true);
  PcapProgram(const PcapProgram&) = delete;
  PcapProgram& operator=(const PcapProgram&) = delete;
  ~PcapProgram() { pcap_freecode(&program_); }

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  bool Matches(const Bytes& frame) const;

 private:
  bpf_program program_ = {};
  std::string error_;
};

}  // namespace mosd::testing
