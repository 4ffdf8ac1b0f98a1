// Edits of a frame, one after the other, in a buffer that ends where the frame
// may not grow any more. An input is one byte of room in the buffer, one by how
// much the wire had more than was captured, one how many edits follow, those
// (eight bytes each: option, offset, length, a byte of data), and then the
// frame. After each edit that was taken, lengths must fit the bytes that came
// and went, and where only the payload was touched, a parser must find just
// what AfterEdit() says.
#include <rte_mbuf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "api/packet/packet_edit.h"
#include "api/packet/reset_packet.h"
#include "dataplane/packet/parser.h"
#include "mos_api.h"

namespace {

using mosd::dataplane::DropReason;
using mosd::dataplane::ParsedFrame;

constexpr size_t kEditBytes = 8;

void Require(bool holds) {
  if (!holds) std::abort();
}

DropReason Parse(const rte_mbuf& frame, size_t cut_bytes, ParsedFrame* parsed) {
  return mosd::dataplane::ParseFrame(
      {rte_pktmbuf_mtod(&frame, const uint8_t*), frame.data_len},
      {frame.data_len, static_cast<uint32_t>(frame.data_len + cut_bytes)},
      parsed);
}

// One mbuf of no pool, with `room` bytes behind the frame.
class Frame {
 public:
  Frame(const uint8_t* bytes, size_t size, size_t room) : buffer_(size + room) {
    std::copy(bytes, bytes + size, buffer_.begin());
    mbuf_.buf_addr = buffer_.data();
    mbuf_.buf_len = static_cast<uint16_t>(buffer_.size());
    mbuf_.data_len = static_cast<uint16_t>(size);
    mbuf_.pkt_len = static_cast<uint32_t>(size);
    mbuf_.nb_segs = 1;
    mbuf_.refcnt = 1;
  }
  rte_mbuf* mbuf() { return &mbuf_; }

 private:
  std::vector<uint8_t> buffer_;
  rte_mbuf mbuf_{};
};

// Options as they should be, for the most part, and any bits else.
int OptionFrom(uint8_t kind, uint8_t more) {
  if ((kind & 0x80) != 0) return more << 8 | kind;
  constexpr int kActions[] = {MOS_OVERWRITE, MOS_CHOMP, MOS_INSERT, MOS_INSERT};
  return kActions[kind & 3] | 1 << (kind >> 2 & 3) | (kind & 0x30);
}

void CheckPayloadEdit(const rte_mbuf& frame, size_t cut_bytes,
                      const ParsedFrame& after) {
  ParsedFrame parsed{};
  Require(Parse(frame, cut_bytes, &parsed) == DropReason::kNone);
  Require(parsed.tcp_offset == after.tcp_offset &&
          parsed.payload_offset == after.payload_offset &&
          parsed.ip_length == after.ip_length &&
          parsed.payload_length == after.payload_length &&
          parsed.seq == after.seq && parsed.window == after.window);
}

// Returns whether the frame is still such that a parser agrees.
bool Apply(const uint8_t* edit, size_t cut_bytes, bool parses, Frame* frame,
           ParsedFrame* parsed) {
  const int option = OptionFrom(edit[0], edit[1]);
  const auto offset = static_cast<off_t>(
      static_cast<int16_t>(edit[2] | edit[3] << 8) >> (edit[7] & 7));
  const auto length =
      static_cast<uint16_t>((edit[4] | edit[5] << 8) >> (edit[7] >> 4));
  const std::vector<uint8_t> data(length, edit[6]);
  rte_mbuf* const mbuf = frame->mbuf();
  const uint16_t before_bytes = mbuf->data_len;
  bool drop = false;
  const int error = mosd::api::EditPacket(mbuf, *parsed, offset, data.data(),
                                          length, option, &drop);
  Require(mbuf->data_len <= mbuf->buf_len);
  if (error != 0 || drop) {
    Require(mbuf->data_len == before_bytes);
    return parses;
  }
  const ParsedFrame after = mosd::api::AfterEdit(mbuf, *parsed, length, option);
  const int growth = mbuf->data_len - before_bytes;
  Require(after.ip_length == parsed->ip_length + static_cast<uint32_t>(growth));
  Require(after.ip_offset + after.ip_length ==
          after.payload_offset + after.payload_length);
  *parsed = after;
  parses = parses && (option & MOS_TCP_PAYLOAD) != 0;
  if (parses) CheckPayloadEdit(*mbuf, cut_bytes, after);
  return parses;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const size_t room = data[0];
  const size_t cut_bytes = data[1];
  const size_t edits = std::min<size_t>(data[2] & 7, (size - 3) / kEditBytes);
  const uint8_t* const first = data + 3;
  const uint8_t* const bytes = first + edits * kEditBytes;
  const size_t frame_bytes = size - static_cast<size_t>(bytes - data);
  if (frame_bytes + room > UINT16_MAX) return 0;
  Frame frame(bytes, frame_bytes, room);
  ParsedFrame parsed{};
  if (Parse(*frame.mbuf(), cut_bytes, &parsed) != DropReason::kNone) return 0;

  std::vector<uint8_t> reset(mosd::api::kMaxResetBytes);
  Require(mosd::api::BuildReset({bytes, frame_bytes}, parsed, (room & 1) != 0,
                                1, 2, reset) >= 60);
  bool parses = true;
  for (size_t i = 0; i < edits; ++i) {
    parses = Apply(first + i * kEditBytes, cut_bytes, parses, &frame, &parsed);
  }
  return 0;
}
