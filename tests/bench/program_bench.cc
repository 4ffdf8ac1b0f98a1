// What a program in the process costs a worker: nanoseconds of CPU a packet
// over the same pipeline without one.
//
//   program_bench [PACKETS [ROUNDS [ROW]]]
//
// Of loops that run one after the other in each round. ROW (1 to 4): that one
// alone, for a profiler.
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/context/context.h"
#include "mos_api.h"
#include "tests/bench/report.h"
#include "tests/bench/start.h"
#include "tests/bench/statistics.h"
#include "tests/bench/traffic.h"
#include "tests/support/pipeline_rig.h"

namespace mosd::bench {
namespace {

using api::BuiltinEvent;
using api::Context;
using api::Hook;

constexpr uint32_t kFlows = 1'000;
constexpr uint32_t kUsualBufferBytes = 8192;

uint64_t packets_read = 0;

void ReadLastPacket(mctx_t mctx, int socket, int side, event_t, filter_arg_t*) {
  pkt_info info;
  if (mtcp_getlastpkt(mctx, socket, side, &info) == 0) ++packets_read;
}

// What is put on a worker.
struct Program {
  bool present;
  bool watches;  // PKT_IN at SND, with mtcp_getlastpkt
  uint32_t buffer_bytes;
};

class Run {
 public:
  Run(uint32_t frame_bytes, const Program& program)
      : rig_(kFlows, frame_bytes, true), traffic_(kFlows, frame_bytes) {
    if (program.present) Start(program);
    Feed(traffic_.handshake_frames() + 4 * kFlows);
  }

  double Feed(uint64_t packets) {
    rte_mbuf* frames[Traffic::kBurst];
    const double start = ThreadCpuNs();
    for (uint64_t done = 0; done < packets; done += Traffic::kBurst) {
      traffic_.Next(frames);
      if (context_ != nullptr) context_->BeginTurn(rig_.pipeline().now_ns());
      rig_.pipeline().Receive(frames, Traffic::kBurst);
      rig_.pipeline().PassTime(0);
    }
    return (ThreadCpuNs() - start) / static_cast<double>(packets);
  }

 private:
  void Start(const Program& program) {
    auto context = Context::Create(
        &mctx_, {.max_flows = kFlows, .buffer_bytes = program.buffer_bytes});
    if (!context.ok()) {
      Fail(context.status().ToString());
    }
    context_ = *std::move(context);
    rig_.Attach(context_.get());
    context_->Move(Context::Phase::kIdle, Context::Phase::kRunning);
    context_->BeginTurn(0);
    if (!program.watches) return;
    const int socket =
        context_->AddListener(MOS_SOCK_MONITOR_STREAM, true, false);
    context_->callback_sets().SetBuiltin(
        &context_->FindListener(socket)->callbacks, Hook::kSender,
        BuiltinEvent::kPacketIn, &ReadLastPacket);
    context_->UpdateInterest();
  }

  mtcp_context mctx_{0};
  std::unique_ptr<Context> context_;
  testing::PipelineRig rig_;
  Traffic traffic_;
};

struct Comparison {
  const char* what;
  uint32_t frame_bytes;
  Program base;
  Program program;
  double most_ns;     // over the base; 0: no target
  double most_times;  // the base; 0: no target
};

void Compare(const Comparison& row, uint64_t packets, uint64_t rounds) {
  Run without(row.frame_bytes, row.base);
  Run with(row.frame_bytes, row.program);
  std::vector<double> differences;
  std::vector<double> references;
  std::vector<double> costs;
  for (uint64_t i = 0; i < rounds; ++i) {
    const double first = i % 2 == 0 ? without.Feed(packets) : 0;
    const double second = with.Feed(packets);
    const double reference = i % 2 == 0 ? first : without.Feed(packets);
    differences.push_back(second - reference);
    references.push_back(reference);
    costs.push_back(second);
  }
  const Spread over = SpreadOf(differences);
  const Spread times = SpreadOf(Ratios(costs, references));
  Row printed{std::string(row.what) + ", " + Grouped(row.frame_bytes) + " B",
              "",
              Format(over, 1, "ns"),
              std::string(row.base.present ? "buffers off " : "no program ") +
                  Format(SpreadOf(references), 1, "ns"),
              Format(times, 2),
              std::nullopt};
  char target[40];
  if (row.most_ns != 0) {
    std::snprintf(target, sizeof(target), "at most %.0f ns", row.most_ns);
    printed.target = target;
    printed.reached = over.median <= row.most_ns;
  } else if (row.most_times != 0) {
    std::snprintf(target, sizeof(target), "at most %.0f times", row.most_times);
    printed.target = target;
    printed.reached = times.median <= row.most_times;
  }
  Print(printed);
}

int Main(int argc, char** argv) {
  constexpr uint64_t kAllRows = 99;
  const uint64_t packets = Argument(argc, argv, 1, 64'000);
  const uint64_t rounds = Argument(argc, argv, 2, 201);
  const uint64_t only = Argument(argc, argv, 3, kAllRows);
  const Program none{false, false, 0};
  const Program idle{true, false, 0};
  const Program watching{true, true, 0};
  const Program buffering{true, true, kUsualBufferBytes};
  const Comparison rows[] = {
      {"a program that registers nothing", 60, none, idle, 1, 0},
      {"`mtcp_getlastpkt` in PKT_IN at SND, buffers off", 60, none, watching,
       15, 0},
      {"`mtcp_getlastpkt` in PKT_IN at SND, buffers on", 60, none, buffering, 0,
       0},
      {"receive buffers on, nobody peeks", 1514, watching, buffering, 0, 2},
  };
  const bool one = only >= 1 && only <= std::size(rows);
  if (packets == 0 || rounds == 0 || !(one || only == kAllRows) || argc > 4) {
    std::fprintf(stderr, "program_bench [PACKETS [ROUNDS [ROW]]]\n");
    return 2;
  }
  StartBench();
  for (uint64_t i = 1; const Comparison& row : rows) {
    if (i++ == only || !one) Compare(row, packets, rounds);
  }
  if (only != 1 && packets_read == 0) Fail("the program read nothing");
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
