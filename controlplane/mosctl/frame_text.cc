#include "controlplane/mosctl/frame_text.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controlplane/mosctl/flow_reference.h"
#include "controlplane/mosctl/frame_decoder.h"
#include "controlplane/mosctl/header_words.h"
#include "controlplane/mosctl/hex_dump.h"
#include "controlplane/mosctl/names.h"
#include "controlplane/mosctl/printable.h"

namespace mosd::mosctl {
namespace {

constexpr size_t kPreviewBytes = 256;
constexpr size_t kColumns = 64;  // of a value that is broken

absl::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> BytesOf(const mos::v1::LastPkt& packet) {
  return {reinterpret_cast<const uint8_t*>(packet.frame().data()),
          packet.frame().size()};
}

// Lines of a label and a value, in columns.
class Lines {
 public:
  explicit Lines(const Console& console) : console_(console) {}

  void Title(absl::string_view text) {
    absl::StrAppend(&text_, console_.Paint(Style::kHeading, text), "\n");
  }
  void Add(absl::string_view label, absl::string_view value) {
    constexpr size_t kLabelColumns = 11;
    absl::StrAppend(
        &text_, "  ",
        console_.Paint(label.empty() ? Style::kPlain : Style::kDim, label),
        std::string(kLabelColumns - std::min(label.size(), kLabelColumns - 1),
                    ' '),
        value, "\n");
  }
  void Raw(absl::string_view text) { absl::StrAppend(&text_, text); }
  std::string Take() { return std::move(text_); }

 private:
  const Console& console_;
  std::string text_;
};

void AddEthernet(const EthernetHeader& header, Lines* lines) {
  lines->Add("Ethernet", absl::StrCat(MacText(header.source), " > ",
                                      MacText(header.destination), "  ",
                                      TypeText(header.type)));
  for (const VlanTag& tag : header.tags) {
    lines->Add("VLAN",
               absl::StrFormat(
                   "%d  priority %d%s  0x%04x", tag.id, tag.priority,
                   tag.drop_eligible ? ", drop eligible" : "", tag.protocol));
  }
}

void AddIpv4(const Ipv4Header& header, Lines* lines) {
  lines->Add("IPv4", absl::StrCat(FormatAddress(AsText(header.source)), " > ",
                                  FormatAddress(AsText(header.destination)),
                                  "  ", ProtocolText(header.protocol)));
  lines->Add(
      "", absl::StrCat("length ", header.total_length, ", TTL ", header.ttl,
                       ", id ", header.id, header.dont_fragment ? ", DF" : "",
                       header.more_fragments ? ", MF" : "", ", ",
                       TrafficClass(header.dscp, header.ecn), ", ",
                       ChecksumText(header.checksum)));
  if (header.fragment_offset > 0) {
    lines->Add("", absl::StrCat("fragment at ", header.fragment_offset));
  }
  if (!header.options.empty()) {
    lines->Add("", absl::StrCat("options ", absl::BytesToHexString(
                                                AsText(header.options))));
  }
}

void AddIpv6(const Ipv6Header& header, Lines* lines) {
  lines->Add("IPv6", absl::StrCat(FormatAddress(AsText(header.source)), " > ",
                                  FormatAddress(AsText(header.destination)),
                                  "  ", ProtocolText(header.protocol)));
  lines->Add("", absl::StrCat("payload ", header.payload_length, ", hop limit ",
                              header.hop_limit, ", flow label ",
                              absl::StrFormat("0x%05x", header.flow_label),
                              ", ", TrafficClass(header.dscp, header.ecn)));
  for (const Ipv6Extension& extension : header.extensions) {
    lines->Add(
        "", absl::StrCat(
                ExtensionName(extension.type), ", ", extension.bytes.size(),
                " bytes: ", absl::BytesToHexString(AsText(extension.bytes))));
  }
}

void AddTcp(const TcpHeader& header, Lines* lines) {
  lines->Add("TCP",
             absl::StrCat(header.source_port, " > ", header.destination_port,
                          "  ", FlagsText(header.flags)));
  const bool urgent = (header.flags & 0x20) != 0;
  lines->Add(
      "", absl::StrCat("seq ", header.seq, ", ack ", header.ack, ", window ",
                       header.window, ", header ", header.header_length,
                       urgent ? absl::StrCat(", urgent ", header.urgent) : "",
                       ", ", ChecksumText(header.checksum)));
  std::string options;
  for (const TcpOption& option : header.options) {
    if (!options.empty() && options.size() + option.text.size() > kColumns) {
      lines->Add("", options);
      options.clear();
    }
    absl::StrAppend(&options, options.empty() ? "options " : ", ", option.text);
  }
  if (!options.empty()) lines->Add("", options);
}

void AddPayload(const DecodedFrame& frame, Lines* lines) {
  if (frame.payload.empty() && frame.missing == 0) {
    lines->Add("Payload", "none");
  } else {
    lines->Add(
        "Payload",
        absl::StrCat(frame.payload.size(), " bytes",
                     frame.missing > 0 ? absl::StrCat(", ", frame.missing,
                                                      " more were not captured")
                                       : ""));
  }
  const auto shown =
      frame.payload.first(std::min(frame.payload.size(), kPreviewBytes));
  // Broken after line feeds and at the edge, never inside an escape.
  std::string line;
  for (const uint8_t byte : shown) {
    const char c = static_cast<char>(byte);
    const std::string piece = Printable({&c, 1});
    if (line.size() + piece.size() > kColumns) {
      lines->Add("", line);
      line.clear();
    }
    line += piece;
    if (c == '\n') {
      lines->Add("", line);
      line.clear();
    }
  }
  if (!line.empty()) lines->Add("", line);
  if (shown.size() < frame.payload.size()) {
    lines->Add("", absl::StrCat("(", frame.payload.size() - shown.size(),
                                " bytes more; the dump below has all)"));
  }
  if (frame.padding > 0) {
    lines->Add("Trailer", absl::StrCat(frame.padding, " bytes"));
  }
}

const mos::v1::Endpoint& Sender(const mos::v1::LastPkt& packet) {
  return packet.side() == mos::v1::SIDE_SERVER ? packet.tuple().server()
                                               : packet.tuple().client();
}

std::string Headline(const mos::v1::LastPkt& packet) {
  return absl::StrCat("Last frame of the ", Name(packet.side()), " ",
                      FormatEndpoint(Sender(packet)));
}

std::string LengthText(const mos::v1::LastPkt& packet) {
  const size_t kept = packet.frame().size();
  return absl::StrCat(
      packet.wire_length(), " bytes on the wire, ",
      kept >= packet.wire_length() ? "all kept" : absl::StrCat(kept, " kept"));
}

void AddContext(const mos::v1::LastPkt& packet, const mos::v1::Flow& flow,
                const Console& console, Lines* lines) {
  const bool client = packet.side() == mos::v1::SIDE_CLIENT;
  const mos::v1::FlowSide& side =
      client ? flow.client_side() : flow.server_side();
  lines->Add("Flow",
             absl::StrCat(Printable(packet.flow_id()), "  ",
                          FormatEndpoint(packet.tuple().client()), " > ",
                          FormatEndpoint(packet.tuple().server())));
  std::string state = Name(flow.state());
  if (flow.state() == mos::v1::FLOW_STATE_ENDED) {
    absl::StrAppend(&state, " (", Name(flow.end_reason()), ")");
  }
  lines->Add("State",
             absl::StrCat(state, ", this side ", Name(side.tcp_state()),
                          flow.last_speaker() == packet.side()
                              ? ", it spoke last"
                              : ", the other side spoke last"));
  lines->Add(
      "Captured",
      absl::StrCat(TimeText(TimeOf(packet.capture_time()), console.zone),
                   " on port ", packet.in_ifidx(), ", ", LengthText(packet)));
  lines->Add("Stream", absl::StrCat("offset ", packet.offset(), ", ",
                                    packet.payloadlen(), " payload bytes"));
}

}  // namespace

std::string FrameText(const mos::v1::LastPkt& packet, const mos::v1::Flow& flow,
                      const Console& console) {
  const DecodedFrame frame = DecodeFrame(BytesOf(packet));
  Lines lines(console);
  lines.Title(Headline(packet));
  AddContext(packet, flow, console, &lines);
  if (frame.ethernet) AddEthernet(*frame.ethernet, &lines);
  if (frame.ipv4) AddIpv4(*frame.ipv4, &lines);
  if (frame.ipv6) AddIpv6(*frame.ipv6, &lines);
  if (frame.tcp) AddTcp(*frame.tcp, &lines);
  if (!frame.problem.empty()) {
    lines.Add("Stopped", console.Paint(Style::kWarning, frame.problem));
  }
  AddPayload(frame, &lines);
  lines.Raw("\n");
  lines.Raw(HexDump(BytesOf(packet)));
  return lines.Take();
}

std::string FrameHex(const mos::v1::LastPkt& packet, const Console& console) {
  Lines lines(console);
  lines.Title(
      absl::StrCat("# ", Headline(packet), ", ",
                   TimeText(TimeOf(packet.capture_time()), console.zone), ", ",
                   LengthText(packet)));
  lines.Raw(HexDump(BytesOf(packet)));
  return lines.Take();
}

}  // namespace mosd::mosctl
