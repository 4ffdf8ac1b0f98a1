// A first-in, first-out list through the links of flow records, which are in
// one list at a time. Worker only.
#pragma once

#include <cstdint>

#include "dataplane/flow/flow_cold_record.h"

namespace mosd::dataplane {

class RecordList {
 public:
  // `records` outlives the list.
  explicit RecordList(FlowColdRecord* records) : records_(records) {}

  uint32_t size() const { return size_; }

  // The oldest record; only when there is one.
  uint32_t front() const { return head_; }

  // Appends a record that is in no list.
  void Append(uint32_t record) {
    records_[record].next = kNoRecord;
    if (size_ == 0) {
      head_ = record;
    } else {
      records_[tail_].next = record;
    }
    tail_ = record;
    ++size_;
  }

  // Takes the oldest record out; only when there is one.
  uint32_t PopFront() {
    const uint32_t record = head_;
    head_ = records_[record].next;
    --size_;
    return record;
  }

 private:
  FlowColdRecord* records_;
  uint32_t head_ = kNoRecord;
  uint32_t tail_ = kNoRecord;
  uint32_t size_ = 0;
};

}  // namespace mosd::dataplane
