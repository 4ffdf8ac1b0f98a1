// Header fields in words. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/mosctl/frame_decoder.h"

namespace mosd::mosctl {

// "02:00:00:00:00:01".
std::string MacText(const MacAddress& mac);

// Of an EtherType: "IPv4", "type 0x88cc".
std::string TypeText(uint16_t type);

// Of an IP protocol number: "TCP", "protocol 17".
std::string ProtocolText(uint8_t protocol);

const char* ChecksumText(Checksum checksum);

// "DSCP 46, ECT(0)": RFC 2474 and RFC 3168, section 5.
std::string TrafficClass(uint8_t dscp, uint8_t ecn);

// Of an IPv6 extension header, by its protocol number.
const char* ExtensionName(uint8_t type);

// TCP flags, "SYN ACK"; "none".
std::string FlagsText(uint16_t flags);

}  // namespace mosd::mosctl
