#include "controlplane/grpc/flow_page.h"

#include <algorithm>
#include <cstring>

#include "controlplane/grpc/flow_wire.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "mos/v1/flow_service.pb.h"

namespace mosd::controlplane {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;
using mos::v1::ListFlowsResponse;

// Two frames of HTTP/2, and little enough that the heap has it at hand.
constexpr size_t kPieceBytes = 32 << 10;
// A tag of ours and a length below 16 KiB.
constexpr size_t kMaxHead = 3;

uint8_t* WriteHead(int field, size_t length, uint8_t* out) {
  out = WireFormatLite::WriteTagToArray(
      field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED, out);
  return CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(length),
                                                 out);
}

}  // namespace

void FlowPage::Add(const dataplane::FlowSnapshot& flow) {
  Reserve(kMaxHead + kMaxFlowBytes);
  // The length stands first and is known last: it is given as much room as that
  // of the flow before took.
  uint8_t* const begin = end_ + flow_head_;
  const auto size = static_cast<size_t>(WriteFlow(flow, epoch_, begin) - begin);
  const size_t head = size < 0x80 ? kMaxHead - 1 : kMaxHead;
  if (head != flow_head_) {
    std::memmove(end_ + head, begin, size);
    flow_head_ = head;
  }
  end_ = WriteHead(ListFlowsResponse::kFlowsFieldNumber, size, end_) + size;
  ++flows_;
}

grpc::ByteBuffer FlowPage::Finish(absl::string_view token) {
  if (!token.empty()) {
    Reserve(static_cast<ptrdiff_t>(kMaxHead + token.size()));
    end_ = WriteHead(ListFlowsResponse::kNextPageTokenFieldNumber, token.size(),
                     end_);
    end_ = std::copy(token.begin(), token.end(), end_);
  }
  EndPiece();
  return grpc::ByteBuffer(pieces_.data(), pieces_.size());
}

void FlowPage::BeginPiece() {
  EndPiece();
  piece_ = std::make_unique_for_overwrite<uint8_t[]>(kPieceBytes);
  end_ = piece_.get();
  limit_ = end_ + kPieceBytes;
}

void FlowPage::EndPiece() {
  if (piece_ == nullptr) return;
  const auto size = static_cast<size_t>(end_ - piece_.get());
  pieces_.emplace_back(piece_.release(), size, [](void* bytes) {
    delete[] static_cast<uint8_t*>(bytes);
  });
}

}  // namespace mosd::controlplane
