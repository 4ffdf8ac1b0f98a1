// All that is known of one connection: three cache lines.
//   line 0  identity, state, times, list links   worker, readers
//   line 1  TCP emulation                        worker
//   line 2  counters and last frames of the sides  worker, readers
// Of an IPv6 connection, the last 12 bytes of each address lie elsewhere
// (SharedKeyTail): in here they would cost every other one 24 bytes.
// writer of everything: the owning worker. Readers on other threads use
// ReadFlowRecord, which is right whatever the worker does meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/single_writer.h"
#include "dataplane/flow/flow_id.h"
#include "dataplane/flow/flow_key.h"
#include "dataplane/flow/flow_snapshot.h"
#include "dataplane/flow/side.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

// No record: the end of a list.
inline constexpr uint32_t kNoRecord = UINT32_MAX;

// What readers must see of one moment: small values, packed into a word.
class FlowStatus {
 public:
  constexpr FlowStatus() = default;
  explicit constexpr FlowStatus(uint32_t word) : word_(word) {}
  constexpr uint32_t word() const { return word_; }

  FlowState state() const { return Get<FlowState, 0, 4>(); }
  void set_state(FlowState state) { Set<0, 4>(state); }
  EndReason end_reason() const { return Get<EndReason, 4, 4>(); }
  void set_end_reason(EndReason reason) { Set<4, 4>(reason); }
  // Of a side, by its Index().
  TcpState tcp_state(size_t side) const {
    return side == 0 ? Get<TcpState, 8, 4>() : Get<TcpState, 12, 4>();
  }
  void set_tcp_states(TcpState client, TcpState server) {
    Set<8, 4>(client);
    Set<12, 4>(server);
  }
  Side last_speaker() const { return Get<Side, 16, 1>(); }
  void set_last_speaker(Side side) { Set<16, 1>(side); }
  // Which endpoint of the key is the client.
  size_t client_index() const { return Get<size_t, 17, 1>(); }
  void set_client_index(size_t index) { Set<17, 1>(index); }
  bool midstream() const { return Get<bool, 18, 1>(); }
  void set_midstream(bool midstream) { Set<18, 1>(midstream); }

 private:
  template <typename T, int kShift, int kBits>
  T Get() const {
    return static_cast<T>(word_ >> kShift & ((1u << kBits) - 1));
  }
  template <int kShift, int kBits, typename T>
  void Set(T value) {
    constexpr uint32_t kMask = ((1u << kBits) - 1) << kShift;
    word_ = (word_ & ~kMask) | static_cast<uint32_t>(value) << kShift;
  }

  uint32_t word_ = 0;
};

// A part of a key, whose words other threads may read while the record is
// reused.
template <typename Part>
class SharedWords {
 public:
  void Store(const Part& part) {
    uint64_t words[kWords];
    std::memcpy(words, &part, sizeof(part));
    for (size_t i = 0; i < kWords; ++i) {
      words_[i].store(words[i], std::memory_order_release);
    }
  }
  Part Load() const {
    uint64_t words[kWords];
    for (size_t i = 0; i < kWords; ++i) {
      words[i] = words_[i].load(std::memory_order_acquire);
    }
    Part part;
    std::memcpy(&part, words, sizeof(part));
    return part;
  }

 private:
  static constexpr size_t kWords = sizeof(Part) / sizeof(uint64_t);
  static_assert(kWords * sizeof(uint64_t) == sizeof(Part));
  std::atomic<uint64_t> words_[kWords];
};
using SharedKeyHead = SharedWords<FlowKeyHead>;
using SharedKeyTail = SharedWords<FlowKeyTail>;

// Where a live record stands in a timer wheel; of one that is over, when it
// ended: never both, in one word.
class WheelPlaceOrEnd {
 public:
  // Of a live one. Worker only.
  uint32_t previous() const { return static_cast<uint32_t>(word_.Get()); }
  uint16_t slot() const { return static_cast<uint16_t>(word_.Get() >> 32); }
  uint8_t wheel() const { return static_cast<uint8_t>(word_.Get() >> 48); }
  // Of a flow in TIME-WAIT: who closed it.
  EndReason closed_by() const {
    return static_cast<EndReason>(word_.Get() >> 56);
  }
  void set_previous(uint32_t previous) {
    word_.Set((word_.Get() & ~uint64_t{UINT32_MAX}) | previous);
  }
  void set_place(uint8_t wheel, uint16_t slot) {
    constexpr uint64_t kPlace = uint64_t{0xffffff} << 32;
    word_.Set((word_.Get() & ~kPlace) | uint64_t{slot} << 32 |
              uint64_t{wheel} << 48);
  }
  void set_closed_by(EndReason reason) {
    word_.Set((word_.Get() & ~(uint64_t{0xff} << 56)) |
              static_cast<uint64_t>(reason) << 56);
  }

  // Of one that is over, ns. Any thread.
  int64_t end_time_ns() const { return static_cast<int64_t>(word_.Get()); }
  void set_end_time_ns(int64_t time_ns) {
    word_.Set(static_cast<uint64_t>(time_ns));
  }

 private:
  SingleWriter<uint64_t> word_;
};

struct FlowSideRecord {
  SingleWriter<uint64_t> frames;
  SingleWriter<uint64_t> wire_bytes;
  SingleWriter<uint64_t> payload_bytes;
  FrameSlot last_frame;
};
static_assert(sizeof(FlowSideRecord) == 32);

struct alignas(64) FlowRecord {
  SharedKeyHead key;
  std::atomic<uint32_t> status;  // FlowStatus::word()
  // Odd while a flow lives here; one more at each taking and giving back,
  // before anything else changes. All that readers read is stored with release
  // and read with acquire: who meets a new value meets the new generation. The
  // last frames carry it as well.
  std::atomic<uint32_t> generation;
  // Link of the one list the record is in: a wheel's slot, the ended flows, or
  // the free ones. Worker only.
  uint32_t next;
  uint32_t sink_data;  // of the worker's FlowSink; 0: not its. Worker only.
  WheelPlaceOrEnd place_or_end;
  SingleWriter<int64_t> start_time_ns;
  SingleWriter<int64_t> last_time_ns[kSides];  // 0: it sent nothing

  TcpConnection tcp;  // worker only
  // Stays at the largest number.
  SingleWriter<uint32_t> retransmitted_frames[kSides];

  FlowSideRecord side[kSides];

  // The flow in the record is another one from here on. What is written next
  // is stored with release: a reader who meets any of it meets the generation
  // as well.
  void NextGeneration() {
    generation.store(generation.load(std::memory_order_relaxed) + 1,
                     std::memory_order_release);
  }
  // Whether the flow of this id lives here; if so, what was read before does
  // belong to it. Any thread; the id's record is this one.
  bool Holds(FlowId id) const {
    return id.generation() % 2 != 0 &&
           (generation.load(std::memory_order_acquire) &
            FlowId::kGenerationMask) == id.generation();
  }

  // `tail`: what belongs to the record, of IPv6. Any thread.
  FlowKey Key(const SharedKeyTail& tail) const {
    const FlowKeyHead head = key.Load();
    return head.version() == IpVersion::kIpv4 ? head.Ipv4()
                                              : tail.Load().With(head);
  }

  FlowStatus Status() const {
    return FlowStatus(status.load(std::memory_order_acquire));
  }
  void SetStatus(const FlowStatus& value) {
    status.store(value.word(), std::memory_order_release);
  }
  int64_t LastTimeNs() const {
    const int64_t client = last_time_ns[0].Get();
    const int64_t server = last_time_ns[1].Get();
    return client > server ? client : server;
  }
};
static_assert(sizeof(FlowRecord) == 192);
static_assert(offsetof(FlowRecord, tcp) == 64);
static_assert(offsetof(FlowRecord, side) == 128);

// Copies a record, if the flow of this id lives in it. Any thread. `tail`: what
// belongs to the record, of IPv6.
bool ReadFlowRecord(const FlowRecord& record, const SharedKeyTail& tail,
                    FlowId id, FlowSnapshot* snapshot);

}  // namespace mosd::dataplane
