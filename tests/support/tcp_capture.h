// TCP segments of a capture file, and what mOS recorded of the same file. Small
// and plain on purpose: no code of the product takes part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::testing {

struct CapturedSegment {
  std::string source;  // "10.0.0.1:1111"
  std::string destination;
  dataplane::TcpSegment segment;
  std::vector<uint8_t> payload;  // as far as captured
};

// TCP over IPv4 over Ethernet, at most one VLAN tag, of a classic pcap file in
// this machine's byte order. Other frames are left out. Empty on any error.
std::vector<CapturedSegment> ReadCapture(const std::string& path);

// One packet in a *.dpdk.trace file.
struct TracedSegment {
  bool orphan = false;
  std::string client;  // empty for an orphan
  std::string server;
  std::string states;  // "ESTABLISHED/SYN_RCVD" after the packet
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint32_t payload_length = 0;
  uint8_t flags = 0;
};

// One reading of new bytes in a *.dpdk.trace file.
struct TracedPeek {
  std::string client;
  std::string server;
  bool by_server = false;  // what the server received
  uint64_t length = 0;
  uint32_t fnv1a = 0;

  bool operator==(const TracedPeek&) const = default;
};

// The readings of a trace in order, empty ones left out.
std::vector<TracedPeek> ReadTracedPeeks(const std::string& path);

// The packets of a trace in order. Empty on any error.
std::vector<TracedSegment> ReadTrace(const std::string& path);

}  // namespace mosd::testing
