#include "controlplane/mosctl/pcapng_writer.h"

#include <algorithm>

namespace mosd::mosctl {
namespace {

constexpr uint32_t kSectionBlock = 0x0a0d0d0a;
constexpr uint32_t kInterfaceBlock = 1;
constexpr uint32_t kEnhancedPacketBlock = 6;
constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionComment = 1;
constexpr uint16_t kOptionUserApplication = 4;      // of a section
constexpr uint16_t kOptionInterfaceName = 2;        // of an interface
constexpr uint16_t kOptionTimestampResolution = 9;  // of an interface
constexpr uint16_t kLinkTypeEthernet = 1;
constexpr size_t kMaxOptionBytes = 0xffff;

void Put(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) {
    out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
}

// Every field of a block is padded to 32 bits (3.1).
void PutPadded(absl::string_view bytes, std::string* out) {
  out->append(bytes.data(), bytes.size());
  out->append((4 - bytes.size() % 4) % 4, '\0');
}

void PutOption(uint16_t code, absl::string_view value, std::string* out) {
  value = value.substr(0, kMaxOptionBytes);
  Put(code, 2, out);
  Put(value.size(), 2, out);
  PutPadded(value, out);
}

void AppendBlock(uint32_t type, absl::string_view body, std::string* file) {
  constexpr size_t kFrameBytes = 12;  // type, and the length twice
  const uint64_t length = body.size() + kFrameBytes;
  Put(type, 4, file);
  Put(length, 4, file);
  file->append(body.data(), body.size());
  Put(length, 4, file);
}

}  // namespace

void AppendSectionHeader(absl::string_view application, std::string* file) {
  constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
  constexpr uint64_t kLengthUnknown = ~uint64_t{0};
  std::string body;
  Put(kByteOrderMagic, 4, &body);
  Put(1, 2, &body);  // version 1.0
  Put(0, 2, &body);
  Put(kLengthUnknown, 8, &body);
  PutOption(kOptionUserApplication, application, &body);
  PutOption(kOptionEnd, "", &body);
  AppendBlock(kSectionBlock, body, file);
}

void AppendInterface(absl::string_view name, std::string* file) {
  constexpr char kNanoseconds = 9;  // 10^-9
  std::string body;
  Put(kLinkTypeEthernet, 2, &body);
  Put(0, 2, &body);  // reserved
  Put(0, 4, &body);  // no snap length: mosd's may have changed since
  PutOption(kOptionInterfaceName, name, &body);
  PutOption(kOptionTimestampResolution, {&kNanoseconds, 1}, &body);
  PutOption(kOptionEnd, "", &body);
  AppendBlock(kInterfaceBlock, body, file);
}

void AppendFrame(const PcapngFrame& frame, std::string* file) {
  std::string body;
  Put(frame.interface, 4, &body);
  Put(frame.time_ns >> 32, 4, &body);
  Put(frame.time_ns & 0xffffffff, 4, &body);
  Put(frame.bytes.size(), 4, &body);
  Put(std::max<uint64_t>(frame.wire_length, frame.bytes.size()), 4, &body);
  PutPadded(frame.bytes, &body);
  if (!frame.comment.empty()) {
    PutOption(kOptionComment, frame.comment, &body);
    PutOption(kOptionEnd, "", &body);
  }
  AppendBlock(kEnhancedPacketBlock, body, file);
}

}  // namespace mosd::mosctl
