// Does the same to two receive buffers that share a small pool, and to their
// references, and says in which they differ. For the unit test and the fuzzer.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "api/stream/block_pool.h"
#include "api/stream/stream_buffer.h"
#include "tests/support/reference_stream_buffer.h"

namespace mosd::testing {

class StreamBufferComparison {
 public:
  // A pool of so many blocks.
  explicit StreamBufferComparison(uint64_t blocks);

  // One operation, chosen by any four numbers. Empty: all agrees.
  std::string Step(uint8_t operation, uint8_t a, uint8_t b, uint8_t c);

  // Empties all; memory must all be back. Empty: it is.
  std::string Finish();

  // How often it came to what.
  struct Met {
    uint64_t gaps = 0;
    uint64_t losses = 0;
    uint64_t out_of_memory = 0;
    uint64_t pushed_out = 0;
    uint64_t too_far = 0;
    uint64_t differing = 0;
    uint64_t filled_late = 0;
  };
  const Met& met() const { return met_; }

 private:
  struct Stream {
    api::StreamBuffer buffer{};
    api::OpenLine open{};
    ReferenceStreamBuffer reference;
    uint64_t position = 0;
    api::OverlapPolicy policy = api::OverlapPolicy::kFirst;
  };

  void Complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
  }
  void Insert(uint64_t offset, size_t length, uint8_t variant, uint64_t ahead);
  void FollowMemory(const api::InsertCounts& counts, uint64_t offset,
                    size_t length, uint64_t limit, bool scarce,
                    std::set<uint64_t>* refused);
  void Acknowledge(uint64_t offset);
  void Peek(size_t length);
  void Read(uint64_t offset, size_t length);
  void Restart(uint64_t offset);
  void Hog(uint8_t how_many);
  void CheckHeld(const Stream& stream);
  void CheckMemory();

  std::unique_ptr<api::BlockPool> pool_;
  Stream streams_[2];
  Stream* stream_ = &streams_[0];
  std::vector<uint32_t> hogged_;
  std::string complaint_;
  Met met_;
};

}  // namespace mosd::testing
