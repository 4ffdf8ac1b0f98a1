#include "controlplane/mosctl/stats_text.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controlplane/mosctl/names.h"

namespace mosd::mosctl {
namespace {

class Report {
 public:
  explicit Report(const Console& console) : console_(console) {}

  void Group(absl::string_view title) {
    if (started_) console_.out << "\n";
    started_ = true;
    console_.out << console_.Paint(Style::kHeading, title) << "\n";
  }
  void Line(absl::string_view label, uint64_t value,
            absl::string_view note = "") {
    console_.out << absl::StrFormat("  %-24s %15d%s%s\n", label, value,
                                    note.empty() ? "" : "  ", note);
  }
  void LineIfAny(absl::string_view label, uint64_t value,
                 absl::string_view note = "") {
    if (value > 0) Line(label, value, note);
  }

 private:
  const Console& console_;
  bool started_ = false;
};

// Nothing is lost silently: the sum is part of the interface
// (GetStatsResponse).
std::string Balance(const mos::v1::GetStatsResponse& stats) {
  const uint64_t accounted = stats.accounted_frames() + stats.dropped_frames() +
                             stats.in_handoff_frames();
  return accounted == stats.received_frames()
             ? "= accounted + dropped + on the way"
             : "DIFFERS from accounted + dropped + on the way";
}

void PrintFrames(const mos::v1::GetStatsResponse& stats, Report* report) {
  report->Group("Frames");
  report->Line("received", stats.received_frames(), Balance(stats));
  report->Line("accounted to flows", stats.accounted_frames());
  report->Line("dropped", stats.dropped_frames());
  for (const mos::v1::DropCount& drop : stats.drops()) {
    report->LineIfAny(absl::StrCat("  ", Name(drop.reason())), drop.frames());
  }
  report->LineIfAny("between workers", stats.in_handoff_frames());
  report->Line("missed by ports", stats.missed_frames());
  report->Line("retransmitted", stats.retransmitted_frames());
  report->Line("bytes received", stats.received_bytes(),
               HumanBytes(stats.received_bytes()));
}

void PrintFlows(const mos::v1::GetStatsResponse& stats, Report* report) {
  report->Group("Flows");
  report->Line("started", stats.started_flows());
  report->LineIfAny("  from mid-stream", stats.midstream_flows());
  for (const mos::v1::FlowStateCount& count : stats.flows_by_state()) {
    report->LineIfAny(count.state() == mos::v1::FLOW_STATE_ENDED
                          ? "ended and kept"
                          : absl::StrCat("now ", Name(count.state())),
                      count.flows());
  }
  for (const mos::v1::EndReasonCount& count : stats.flows_ended()) {
    report->LineIfAny(absl::StrCat("ended: ", Name(count.reason())),
                      count.flows());
  }
}

void PrintLastFrames(const mos::v1::GetStatsResponse& stats, Report* report) {
  report->Group("Last frames");
  report->Line(
      "bytes in use", stats.last_frame_bytes(),
      absl::StrCat("of ", HumanBytes(stats.last_frame_capacity_bytes())));
  for (const mos::v1::FrameClass& frame_class : stats.frame_classes()) {
    report->LineIfAny(absl::StrCat("buffers of ", frame_class.frame_bytes()),
                      frame_class.buffers_in_use(),
                      absl::StrCat("of ", frame_class.buffers_total()));
  }
  report->LineIfAny("shortened, no memory", stats.last_frames_shortened());
  report->LineIfAny("not kept, no memory", stats.last_frames_not_kept());
}

}  // namespace

void PrintStats(const mos::v1::GetStatsResponse& stats,
                const Console& console) {
  Report report(console);
  PrintFrames(stats, &report);
  PrintFlows(stats, &report);
  PrintLastFrames(stats, &report);
}

}  // namespace mosd::mosctl
