// All that is known of one connection: four cache lines, by who touches them.
//   line 0  identity, state, list links   worker on every packet; readers
//   line 1  TCP emulation                 worker alone
//   line 2  client side                   worker when the client sends; readers
//   line 3  server side                   worker when the server sends; readers
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

// A key whose words other threads may read while the record is reused.
class SharedFlowKey {
 public:
  void Store(const FlowKey& key);
  FlowKey Load() const;
  // For the worker, which alone writes it.
  bool Equals(const FlowKey& key) const {
    // Written out: g++ makes a loop over a copy of the key of it, else.
    const auto differs = [&](size_t i) {
      uint64_t word;
      std::memcpy(&word, reinterpret_cast<const uint8_t*>(&key) + i * 8, 8);
      return Word(i) ^ word;
    };
    static_assert(kWords == 5);
    return (differs(0) | differs(1) | differs(2) | differs(3) | differs(4)) ==
           0;
  }
  bool Equals(const Ipv4FlowKey& key) const {
    // In a key of IPv4, as the last word says, what is left out is zero.
    return ((Word(0) ^ (key.addresses & UINT32_MAX)) |
            (Word(2) ^ key.addresses >> 32) | (Word(4) ^ key.rest)) == 0;
  }

 private:
  uint64_t Word(size_t i) const {
    return words_[i].load(std::memory_order_relaxed);
  }

  static constexpr size_t kWords = sizeof(FlowKey) / sizeof(uint64_t);
  std::atomic<uint64_t> words_[kWords];
};

struct alignas(64) FlowSideRecord {
  SingleWriter<uint64_t> frames;
  SingleWriter<uint64_t> wire_bytes;
  SingleWriter<uint64_t> payload_bytes;
  SingleWriter<uint64_t> retransmitted_frames;
  SingleWriter<int64_t> last_time_ns;
  FrameSlot last_frame;
  // Of the flow, not of the side: start in the client's, end in the server's.
  SingleWriter<int64_t> start_or_end_time_ns;
  // That of the record, again: whoever reads only the last frame then takes no
  // other line from the worker, which costs it what tests/bench/reader_bench
  // shows.
  std::atomic<uint32_t> generation;

  // Whether the side belongs to the flow of this id; if so, what was read of
  // it before does. Any thread; the id's record is this one.
  bool Holds(FlowId id) const {
    return id.generation() % 2 != 0 &&
           (generation.load(std::memory_order_acquire) &
            FlowId::kGenerationMask) == id.generation();
  }
};
static_assert(sizeof(FlowSideRecord) == 64);

struct alignas(64) FlowRecord {
  SharedFlowKey key;
  // Odd while a flow lives here; one more at each taking and giving back,
  // before anything else changes. All that readers read is stored with release
  // and read with acquire: who meets a new value meets the new generation.
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> status;  // FlowStatus::word()
  // Links of the one list the record is in: a wheel's slot, the ended flows,
  // or the free ones. Worker only.
  uint32_t next;
  uint32_t previous;
  uint16_t wheel_slot;
  uint8_t wheel;
  EndReason closed_by;  // of a flow in TIME-WAIT: who closed it. Worker only.
  uint32_t sink_data;   // of the worker's FlowSink; 0: not its. Worker only.

  TcpConnection tcp;  // worker only

  FlowSideRecord side[kSides];

  // The flow in the record is another one from here on. What is written next
  // is stored with release: a reader who meets any of it meets the generation
  // as well.
  void NextGeneration() {
    const uint32_t successor = generation.load(std::memory_order_relaxed) + 1;
    generation.store(successor, std::memory_order_release);
    for (FlowSideRecord& of_side : side) {
      of_side.generation.store(successor, std::memory_order_release);
    }
  }

  FlowStatus Status() const {
    return FlowStatus(status.load(std::memory_order_acquire));
  }
  void SetStatus(const FlowStatus& value) {
    status.store(value.word(), std::memory_order_release);
  }
  int64_t LastTimeNs() const {
    const int64_t client = side[0].last_time_ns.Get();
    const int64_t server = side[1].last_time_ns.Get();
    return client > server ? client : server;
  }
  SingleWriter<int64_t>& start_time_ns() {
    return side[0].start_or_end_time_ns;
  }
  SingleWriter<int64_t>& end_time_ns() { return side[1].start_or_end_time_ns; }
  int64_t EndTimeNs() const { return side[1].start_or_end_time_ns.Get(); }
};
static_assert(sizeof(FlowRecord) == 256);
static_assert(offsetof(FlowRecord, tcp) == 64);
static_assert(offsetof(FlowRecord, side) == 128);

// Copies a record, if the flow with this generation lives in it. Any thread.
// `snapshot->id` is left to the caller, who knows the worker.
bool ReadFlowRecord(const FlowRecord& record, uint32_t generation,
                    FlowSnapshot* snapshot);

}  // namespace mosd::dataplane
