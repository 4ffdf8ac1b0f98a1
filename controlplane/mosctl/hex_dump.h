// Bytes as lines of offset, hexadecimal and ASCII, in the layout that text2pcap
// reads back. Pure, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace mosd::mosctl {

// 16 bytes a line; every byte outside 0x20 to 0x7e is a dot in the ASCII
// column. Each line ends in a newline; no bytes, no lines.
std::string HexDump(std::span<const uint8_t> bytes);

}  // namespace mosd::mosctl
