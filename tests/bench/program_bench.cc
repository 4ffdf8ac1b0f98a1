// What a program in the process costs a worker: nanoseconds of CPU a packet
// over the same pipeline without one.
//
//   program_bench [PACKETS [ROUNDS [ROW]]]
//
// Prints rows of a Markdown table: median and spread of the differences, or
// ratios, of loops that run one after the other in each round. ROW (1 to 4):
// that one alone, for a profiler.
#include <rte_mbuf.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <vector>

#include "api/context/context.h"
#include "mos_api.h"
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
      std::fprintf(stderr, "%s\n", context.status().ToString().c_str());
      std::exit(1);
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
  bool as_ratio;
};

void Row(const Comparison& row, uint64_t packets, int rounds) {
  Run without(row.frame_bytes, row.base);
  Run with(row.frame_bytes, row.program);
  std::vector<double> differences;
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    const double first = i % 2 == 0 ? without.Feed(packets) : 0;
    const double second = with.Feed(packets);
    const double reference = i % 2 == 0 ? first : without.Feed(packets);
    differences.push_back(second - reference);
    ratios.push_back(second / reference);
  }
  std::printf("| %s | %u | %s | %s |\n", row.what, row.frame_bytes,
              Format(SpreadOf(differences), 1).c_str(),
              row.as_ratio ? Format(SpreadOf(ratios), 2).c_str() : "");
  std::fflush(stdout);
}

int Usage() {
  std::fprintf(stderr, "program_bench [PACKETS [ROUNDS [ROW]]]\n");
  return 2;
}

int Main(int argc, char** argv) {
  const uint64_t packets =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  const int only = argc > 3 ? std::atoi(argv[3]) : 0;
  if (packets == 0 || rounds <= 0) return Usage();
  StartBench();
  const Program none{false, false, 0};
  const Program idle{true, false, 0};
  const Program watching{true, true, 0};
  const Program buffering{true, true, kUsualBufferBytes};
  const Comparison rows[] = {
      {"registers nothing", 60, none, idle, false},
      {"mtcp_getlastpkt in PKT_IN at SND, buffers off", 60, none, watching,
       false},
      {"the same, buffers on", 60, none, buffering, false},
      {"buffers on over buffers off, nobody peeks", 1514, watching, buffering,
       true},
  };
  if (only < 0 || only > static_cast<int>(std::size(rows))) return Usage();
  std::printf(
      "| program | frame, bytes | ns a packet over none | times |\n"
      "|---|---|---|---|\n");
  for (int i = 1; const Comparison& row : rows) {
    if (only == 0 || only == i++) Row(row, packets, rounds);
  }
  if (only != 1 && packets_read == 0) {
    std::fprintf(stderr, "the program read nothing\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace mosd::bench

int main(int argc, char** argv) { return mosd::bench::Main(argc, argv); }
