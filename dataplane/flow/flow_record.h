// What a segment of a connection needs: two cache lines.
//   line 0  identity, state, last times and frames, counters  worker, readers
//   line 1  TCP emulation                                     worker
//           counters of payload                               worker, readers
// What most segments have no need of lies elsewhere, by number of the record:
// links and what seldom changes (FlowColdRecord), the last 12 bytes of each
// address of IPv6 (SharedKeyTail), and the high bits of the counters
// (CarriedCounts): in here the last two would cost every flow 24 bytes each.
// writer of everything: the owning worker. Readers on other threads use
// ReadFlowRecord, which is right whatever the worker does meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/base/single_writer.h"
#include "dataplane/flow/flow_cold_record.h"
#include "dataplane/flow/flow_id.h"
#include "dataplane/flow/flow_key.h"
#include "dataplane/flow/flow_snapshot.h"
#include "dataplane/flow/short_counter.h"
#include "dataplane/flow/side.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/tcp/tcp_tracker.h"

namespace mosd::dataplane {

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
  // The rest of the key.
  IpVersion ip_version() const {
    return Get<bool, kIpv6Bit, 1>() ? IpVersion::kIpv6 : IpVersion::kIpv4;
  }
  void set_ip_version(IpVersion version) {
    Set<kIpv6Bit, 1>(version == IpVersion::kIpv6);
  }
  // The flow has CarriedCounts; else they are zeros.
  bool carried() const { return Get<bool, 20, 1>(); }
  void set_carried() { Set<20, 1>(true); }

  // Whether both are these: one look.
  bool Has(FlowState state, IpVersion version) const {
    FlowStatus wanted;
    wanted.set_state(state);
    wanted.set_ip_version(version);
    FlowStatus mask;
    mask.set_state(static_cast<FlowState>(0xf));
    mask.set_ip_version(IpVersion::kIpv6);
    return (word_ & mask.word_) == wanted.word_;
  }

 private:
  static constexpr int kIpv6Bit = 19;

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
using SharedKeyTail = SharedWords<FlowKeyTail>;

// The high bits of a flow's counters.
struct CarriedCounts {
  struct Side {
    SingleWriter<uint64_t> frames;
    SingleWriter<uint32_t> wire_bytes;
    SingleWriter<uint32_t> payload_bytes;

    void Clear() {
      frames.Set(0);
      wire_bytes.Set(0);
      payload_bytes.Set(0);
    }
  };
  Side side[kSides];
};
static_assert(sizeof(CarriedCounts) == 32);

struct alignas(64) FlowRecord {
  // The key's head: the first 4 bytes of each address, and the ports, as
  // FlowKeyHead has them. The version is in the status.
  std::atomic<uint64_t> addresses;
  std::atomic<uint32_t> ports;
  ShortCounter<uint16_t> frames[kSides];
  std::atomic<uint32_t> status;  // FlowStatus::word()
  // Odd while a flow lives here; one more at each taking and giving back,
  // before anything else changes. All that readers read is stored with release
  // and read with acquire: who meets a new value meets the new generation. The
  // last frames carry it as well.
  std::atomic<uint32_t> generation;
  SingleWriter<int64_t> last_time_ns[kSides];  // 0: it sent nothing
  FrameSlot last_frame[kSides];
  ShortCounter<uint32_t> wire_bytes[kSides];

  TcpConnection tcp;  // worker only
  ShortCounter<uint32_t> payload_bytes[kSides];

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

  // Any thread. `tail`: what belongs to the record, of IPv6.
  FlowKey Key(const SharedKeyTail& tail) const {
    const IpVersion version = Status().ip_version();
    const FlowKeyHead head{addresses.load(std::memory_order_acquire),
                           ports.load(std::memory_order_acquire)};
    return version == IpVersion::kIpv4 ? head.Ipv4() : tail.Load().With(head);
  }
  bool HasHead(const FlowKeyHead& head) const {
    return ((addresses.load(std::memory_order_acquire) ^ head.addresses) |
            (ports.load(std::memory_order_acquire) ^ head.ports)) == 0;
  }
  // Worker only. The version goes into the status.
  void StoreHead(const FlowKeyHead& head) {
    addresses.store(head.addresses, std::memory_order_release);
    ports.store(head.ports, std::memory_order_release);
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
static_assert(sizeof(FlowRecord) == 128);
static_assert(offsetof(FlowRecord, tcp) == 64);

// All that belongs to a record.
struct FlowParts {
  const FlowRecord& record;
  const FlowColdRecord& cold;
  const SharedKeyTail& tail;
  const CarriedCounts& carried;
};

// Copies a record, if the flow of this id lives in it. Any thread.
bool ReadFlowRecord(const FlowParts& parts, FlowId id, FlowSnapshot* snapshot);

}  // namespace mosd::dataplane
