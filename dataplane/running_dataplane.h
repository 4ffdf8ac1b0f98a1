// The one implementation of Dataplane: ports, workers, and the way through them
// to what others ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dataplane/dataplane.h"
#include "dataplane/flow/flow_hash.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/handoff.h"
#include "dataplane/worker/worker.h"

namespace mosd::dataplane {

class RunningDataplane final : public Dataplane {
 public:
  RunningDataplane() = default;
  ~RunningDataplane() override;

  // Once, with options that were checked; after an error the object is only to
  // be destroyed. Errors as Dataplane::Start.
  absl::Status BringUp(const DataplaneOptions& options);

  void Stop() override;
  bool InputExhausted() const override;
  std::vector<PortSnapshot> Ports() const override;
  std::vector<WorkerSnapshot> Workers() const override;
  LastFrameMemorySnapshot LastFrameMemory() const override;
  std::string DpdkVersion() const override;
  int64_t NowNs(uint32_t worker) const override;
  bool ReadFlow(FlowId id, FlowSnapshot* flow) const override;
  FlowId FindFlow(IpVersion version, const Endpoint& a,
                  const Endpoint& b) const override;
  uint32_t WorkerOf(IpVersion version, const Endpoint& a,
                    const Endpoint& b) const override;
  bool ScanFlows(ScanCursor* cursor, size_t max_records,
                 std::span<FlowSnapshot> flows, size_t* found) const override;
  ReadResult ReadLastFrame(FlowId id, Side side, std::span<uint8_t> buffer,
                           LastFrameInfo* info) const override;
  void EnableEvents(bool enabled) override;
  uint64_t PollEvents(size_t limit, std::vector<FlowEvent>* events) override;

 private:
  absl::Status OpenPorts(const DataplaneOptions& options);
  const FlowTable* FlowsOf(FlowId id) const;
  uint32_t OwnerOf(uint64_t hash) const;

  // The process, of which there is one for each dataplane. Released last.
  class Claim {
   public:
    ~Claim();
    // False: another dataplane has it.
    bool Take();

   private:
    bool held_ = false;
  };

  Claim claim_;
  FlowHash hash_;
  // Destroyed from the last to the first: workers free what ports lent.
  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<Handoff> handoff_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex stop_mutex_;
  bool stopped_ = false;  // guarded by stop_mutex_
};

}  // namespace mosd::dataplane
