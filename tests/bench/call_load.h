// A client that keeps calls of one kind in flight, and what they cost.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/fed_appliance.h"

namespace mosd::bench {

// A unary call and how long each of its answers is: another length ends the
// program.
struct CallKind {
  std::string address;
  std::string method;  // "/mos.v1.FlowService/GetLastPkt"
  grpc::ByteBuffer request;
  size_t answer_bytes;
  int in_flight;
};

// Calls from its making to its end, on gRPC's threads; done() is for any.
class CallLoad {
 public:
  explicit CallLoad(const CallKind& kind);
  ~CallLoad();
  CallLoad(const CallLoad&) = delete;
  CallLoad& operator=(const CallLoad&) = delete;

  uint64_t done() const { return done_.load(); }

 private:
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer answer;
  };

  void Begin(Call* call);
  void End(Call* call, const grpc::Status& status);

  const CallKind kind_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::vector<Call> calls_;
  // writers: gRPC's threads; reader: the owner; relaxed, it guards no other
  // data.
  std::atomic<uint64_t> done_{0};
  // writer: the owner; readers: gRPC's threads.
  std::atomic<bool> ending_{false};
  // writers: gRPC's threads, which touch nothing here after it; reader: the
  // owner.
  std::atomic<int> ended_{0};
};

struct CallCost {
  double calls_per_second;
  // CPU time of a call: of the whole process, client and server, but for the
  // worker, which does nothing for it.
  double cpu_ns;
};

CallCost MeasureCalls(const CallKind& kind, const FedAppliance& appliance,
                      int milliseconds);

// The whole of a benchmark of calls, `NAME [MILLISECONDS [ROUNDS]]`: compares
// with frames of 60 and of 1,514 bytes. Returns the exit code.
int RunCallBench(int argc, char** argv, const char* name,
                 void (*compare)(uint32_t frame_bytes, int milliseconds,
                                 int rounds));

// A message as a call takes it.
template <typename Message>
grpc::ByteBuffer Serialized(const Message& message) {
  grpc::ByteBuffer bytes;
  bool own = false;
  grpc::SerializationTraits<Message>::Serialize(message, &bytes, &own);
  return bytes;
}

}  // namespace mosd::bench
