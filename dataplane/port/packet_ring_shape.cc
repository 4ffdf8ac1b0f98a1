#include "dataplane/port/packet_ring_shape.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mosd::dataplane {
namespace {

constexpr uint32_t kPageBytes = 4096;
constexpr uint32_t kAlignment = 16;  // TPACKET_ALIGNMENT
// Where an Ethernet frame begins behind its tpacket2_hdr and sockaddr_ll, so
// that the IP header is aligned: TPACKET_ALIGN(52 + 16) - 14.
constexpr uint32_t kFrameOffset = 66;
// What the driver subtracts of a frame to know what a buffer must hold.
constexpr uint32_t kDriverOffset = 32;
// The longest that a buffer, with a data room of 16 bits and headroom, holds:
// 511 * 128, of which 32 make 511 pages.
constexpr uint32_t kLongest = 65408;
constexpr uint32_t kUsual = 2048;
constexpr uint64_t kMinFrames = 256;
constexpr uint64_t kMaxFrames = 8192;
constexpr uint64_t kRingBytes = uint64_t{32} << 20;  // of all queues

uint32_t FrameBytesFor(uint32_t longest_frame) {
  const uint32_t needed = longest_frame + kFrameOffset;
  if (needed <= kUsual) return kUsual;
  if (needed > 15 * kPageBytes) return kLongest;
  return (needed + kPageBytes - 1) / kPageBytes * kPageBytes;
}

// Overwrites `*value` with what the user gave for `key`.
absl::Status TakeExtra(const DeviceSpec& spec, absl::string_view key,
                       uint32_t* value) {
  const auto text = spec.Extra(key);
  if (text && !absl::SimpleAtoi(*text, value)) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, "=", *text, " is not a number"));
  }
  return absl::OkStatus();
}

absl::Status Check(const PacketRingShape& shape) {
  constexpr uint32_t kMaxBlock = uint32_t{1} << 24;
  if (shape.frame_bytes < 128 || shape.frame_bytes > kLongest ||
      shape.frame_bytes % kAlignment != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "framesz must be a multiple of 16 from 128 to ", kLongest));
  }
  if (shape.block_bytes == 0 || shape.block_bytes > kMaxBlock ||
      shape.block_bytes % kPageBytes != 0 ||
      shape.block_bytes % shape.frame_bytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("blocksz must be a multiple of 4096 and of framesz (",
                     shape.frame_bytes, "), and at most ", kMaxBlock));
  }
  const uint32_t in_block = shape.block_bytes / shape.frame_bytes;
  if (shape.frames == 0 || shape.frames % in_block != 0 ||
      shape.locked_bytes(1) >= uint64_t{1} << 31) {
    return absl::InvalidArgumentError(
        absl::StrCat("framecnt must be a multiple of ", in_block,
                     " (frames in a block), and the ring smaller than 1 GiB"));
  }
  return absl::OkStatus();
}

}  // namespace

uint32_t PacketRingShape::longest_frame() const {
  return frame_bytes - kFrameOffset;
}

uint32_t PacketRingShape::buffer_bytes() const {
  return frame_bytes - kDriverOffset;
}

absl::StatusOr<PacketRingShape> ShapePacketRing(uint32_t longest_frame,
                                                uint32_t queues,
                                                const DeviceSpec& spec) {
  PacketRingShape shape = {FrameBytesFor(longest_frame), 0, 0};
  absl::Status status = TakeExtra(spec, "framesz", &shape.frame_bytes);
  if (!status.ok()) return status;
  if (shape.frame_bytes == 0) return Check(shape);
  shape.block_bytes = std::lcm(shape.frame_bytes, kPageBytes);
  status = TakeExtra(spec, "blocksz", &shape.block_bytes);
  if (!status.ok()) return status;
  const uint32_t in_block = std::max(shape.block_bytes / shape.frame_bytes, 1U);
  const uint64_t frames =
      std::clamp(kRingBytes / shape.frame_bytes / std::max(queues, 1U),
                 kMinFrames, kMaxFrames);
  shape.frames =
      static_cast<uint32_t>((frames + in_block - 1) / in_block * in_block);
  status = TakeExtra(spec, "framecnt", &shape.frames);
  if (status.ok()) status = Check(shape);
  if (!status.ok()) return status;
  return shape;
}

}  // namespace mosd::dataplane
