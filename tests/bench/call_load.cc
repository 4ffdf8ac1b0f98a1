#include "tests/bench/call_load.h"

#include <chrono>
#include <cstdio>
#include <thread>

#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"

namespace mosd::bench {

CallLoad::CallLoad(const CallKind& kind)
    : kind_(kind), calls_(static_cast<size_t>(kind.in_flight)) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
      kind_.address, grpc::InsecureChannelCredentials(), arguments));
  for (Call& call : calls_) Begin(&call);
}

CallLoad::~CallLoad() {
  ending_.store(true);
  while (ended_.load() != kind_.in_flight) std::this_thread::yield();
}

void CallLoad::Begin(Call* call) {
  call->context = std::make_unique<grpc::ClientContext>();
  call->answer.Clear();
  stub_->UnaryCall(
      call->context.get(), kind_.method, {}, &kind_.request, &call->answer,
      [this, call](const grpc::Status& status) { End(call, status); });
}

void CallLoad::End(Call* call, const grpc::Status& status) {
  if (!status.ok()) Fail(kind_.method + ": " + status.error_message());
  if (call->answer.Length() != kind_.answer_bytes) {
    Fail(kind_.method + ": an answer has " +
         std::to_string(call->answer.Length()) + " bytes instead of " +
         std::to_string(kind_.answer_bytes));
  }
  done_.fetch_add(1, std::memory_order_relaxed);
  if (ending_.load()) {
    ended_.fetch_add(1);
  } else {
    Begin(call);
  }
}

CallCost MeasureCalls(const CallKind& kind, const FedAppliance& appliance,
                      int milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto cpu_ns = [&appliance] {
    return ProcessCpuNs() - appliance.WorkerCpuNs();
  };
  const CallLoad load(kind);
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds / 4));
  const uint64_t done_before = load.done();
  const double cpu_before = cpu_ns();
  const Clock::time_point start = Clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  const auto done = static_cast<double>(load.done() - done_before);
  const double cpu = cpu_ns() - cpu_before;
  const double seconds =
      std::chrono::duration<double>(Clock::now() - start).count();
  if (done == 0) Fail(kind.method + ": no answer in the time there was");
  return {done / seconds, cpu / done};
}

int RunCallBench(int argc, char** argv, const char* name,
                 void (*compare)(uint32_t frame_bytes, int milliseconds,
                                 int rounds)) {
  constexpr uint64_t kMost = 1'000'000;
  const uint64_t milliseconds = Argument(argc, argv, 1, 700);
  const uint64_t rounds = Argument(argc, argv, 2, 11);
  if (argc > 3 || milliseconds == 0 || milliseconds > kMost || rounds == 0 ||
      rounds > kMost) {
    std::fprintf(stderr, "%s [MILLISECONDS [ROUNDS]]\n", name);
    return 2;
  }
  StartBench();
  for (const uint32_t frame_bytes : {60u, 1514u}) {
    compare(frame_bytes, static_cast<int>(milliseconds),
            static_cast<int>(rounds));
  }
  return 0;
}

}  // namespace mosd::bench
