// A page of ListFlows as it goes to the client: a mos.v1.ListFlowsResponse in
// wire format, in pieces that gRPC takes over as they are. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "dataplane/flow/flow_snapshot.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"

namespace mosd::controlplane {

class FlowPage {
 public:
  // `epoch` goes into every flow_id.
  explicit FlowPage(uint32_t epoch) : epoch_(epoch) {}

  void Add(const dataplane::FlowSnapshot& flow);

  size_t flows() const { return flows_; }

  // Ends the page. An empty token says that it is the last one; others have
  // some dozen bytes.
  grpc::ByteBuffer Finish(absl::string_view token);

 private:
  // Begins another piece unless this one has room for `bytes`.
  void Reserve(ptrdiff_t bytes) {
    if (limit_ - end_ < bytes) BeginPiece();
  }
  void BeginPiece();
  void EndPiece();

  const uint32_t epoch_;
  size_t flows_ = 0;
  size_t flow_head_ = 3;  // bytes before the newest flow: its tag and length
  std::vector<grpc::Slice> pieces_;  // those that are full
  std::unique_ptr<uint8_t[]> piece_;
  uint8_t* end_ = nullptr;    // of what is written of piece_
  uint8_t* limit_ = nullptr;  // of its room
};

}  // namespace mosd::controlplane
