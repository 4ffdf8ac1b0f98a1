// See tcp_capture.h.
#include "tests/support/tcp_capture.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>

#include "dataplane/packet/parser.h"
#include "tests/support/tcp_script.h"

namespace mosd::testing {
namespace {

using Bytes = std::span<const uint8_t>;

uint32_t Big16(Bytes bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}

uint32_t Big32(Bytes bytes, size_t at) {
  return Big16(bytes, at) << 16 | Big16(bytes, at + 2);
}

uint32_t Little32(Bytes bytes, size_t at) {
  return static_cast<uint32_t>(bytes[at] | bytes[at + 1] << 8 |
                               bytes[at + 2] << 16) |
         static_cast<uint32_t>(bytes[at + 3]) << 24;
}

std::string Address(Bytes ip, size_t at, uint32_t port) {
  std::ostringstream text;
  text << +ip[at] << '.' << +ip[at + 1] << '.' << +ip[at + 2] << '.'
       << +ip[at + 3] << ':' << port;
  return text.str();
}

uint8_t WindowScale(Bytes options) {
  constexpr uint8_t kEnd = 0;
  constexpr uint8_t kPad = 1;
  constexpr uint8_t kScale = 3;
  for (size_t at = 0; at < options.size() && options[at] != kEnd;) {
    if (options[at] == kPad) {
      ++at;
      continue;
    }
    if (at + 2 >= options.size() || options[at + 1] < 2) break;
    if (options[at] == kScale) return options[at + 2];
    at += options[at + 1];
  }
  return dataplane::kNoWindowScale;
}

std::optional<CapturedSegment> Decode(Bytes frame) {
  constexpr size_t kEthernet = 14;
  constexpr size_t kTag = 4;
  size_t ip_at = kEthernet;
  if (frame.size() < 54) return std::nullopt;
  if (Big16(frame, 12) == 0x8100) ip_at += kTag;
  if (Big16(frame, ip_at - 2) != 0x0800) return std::nullopt;
  const Bytes ip = frame.subspan(ip_at);
  const size_t ip_header = (ip[0] & 0xfu) * 4;
  if (ip[9] != 6 || ip.size() < ip_header + 20) return std::nullopt;
  const Bytes tcp = ip.subspan(ip_header);
  const size_t tcp_header = (tcp[12] >> 4) * 4u;
  if (tcp.size() < tcp_header) return std::nullopt;
  CapturedSegment captured;
  captured.source = Address(ip, 12, Big16(tcp, 0));
  captured.destination = Address(ip, 16, Big16(tcp, 2));
  captured.segment = {
      .seq = Big32(tcp, 4),
      .ack = Big32(tcp, 8),
      .payload_length =
          static_cast<uint32_t>(Big16(ip, 2) - ip_header - tcp_header),
      .window = static_cast<uint16_t>(Big16(tcp, 14)),
      .flags = tcp[13],
      .window_scale = WindowScale(tcp.subspan(20, tcp_header - 20))};
  const Bytes rest = tcp.subspan(tcp_header);
  const Bytes payload = rest.first(
      std::min<size_t>(rest.size(), captured.segment.payload_length));
  captured.payload.assign(payload.begin(), payload.end());
  return captured;
}

// "eth_len,ip_len,offset,payloadlen,seq,ack,window,flags,hash" after "P:".
bool ParsePacket(const std::string& text, TracedSegment* traced) {
  std::istringstream fields(text.substr(2));
  std::array<std::string, 9> field;
  for (std::string& one : field) {
    if (!std::getline(fields, one, ',')) return false;
  }
  traced->payload_length = static_cast<uint32_t>(std::stoul(field[3]));
  traced->seq = static_cast<uint32_t>(std::stoul(field[4]));
  traced->ack = static_cast<uint32_t>(std::stoul(field[5]));
  traced->flags = ParseTcpFlags(field[7]);
  return true;
}

}  // namespace

std::vector<CapturedSegment> ReadCapture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> content{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes(content);
  constexpr size_t kFileHeader = 24;
  constexpr size_t kRecordHeader = 16;
  std::vector<CapturedSegment> segments;
  for (size_t at = kFileHeader; at + kRecordHeader <= bytes.size();) {
    const size_t length = Little32(bytes, at + 8);
    at += kRecordHeader;
    if (at + length > bytes.size()) return {};
    if (auto one = Decode(bytes.subspan(at, length))) segments.push_back(*one);
    at += length;
  }
  return segments;
}

std::vector<TracedPeek> ReadTracedPeeks(const std::string& path) {
  std::ifstream file(path);
  std::vector<TracedPeek> peeks;
  for (std::string line; std::getline(file, line);) {
    const size_t read = line.find("\tD:");
    if (!line.starts_with("NEW_DATA\t") || read == std::string::npos) continue;
    const size_t comma = line.find(',', read);
    if (comma == std::string::npos) continue;  // "nothing-new"
    std::istringstream columns(line);
    std::string event, hook, side, flow;
    columns >> event >> hook >> side >> flow;
    const size_t arrow = flow.find('>');
    peeks.push_back({.client = flow.substr(0, arrow),
                     .server = flow.substr(arrow + 1),
                     .by_server = side == "SVR",
                     .length = std::stoull(line.substr(read + 3)),
                     .fnv1a = static_cast<uint32_t>(
                         std::stoul(line.substr(comma + 1), nullptr, 16))});
  }
  return peeks;
}

std::vector<TracedSegment> ReadTrace(const std::string& path) {
  std::ifstream file(path);
  std::vector<TracedSegment> packets;
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::string event, hook, side, flow, states, packet;
    columns >> event >> hook >> side >> flow >> states >> packet;
    TracedSegment traced;
    traced.orphan = event == "ORPHAN";
    if (event != "PKT_IN" && !traced.orphan) continue;
    if (!ParsePacket(packet, &traced)) return {};
    if (!traced.orphan) {
      const size_t arrow = flow.find('>');
      traced.client = flow.substr(0, arrow);
      traced.server = flow.substr(arrow + 1);
      traced.states = states;
    }
    // A packet is told twice, as sent and as received.
    if (hook == "RCV") packets.pop_back();
    packets.push_back(traced);
  }
  return packets;
}

}  // namespace mosd::testing
