// ParseFrame against the obvious parser: over frames of the packet builder
// with bytes and lengths changed at random (the same every time), and over
// recorded traffic where it is at hand.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "dataplane/packet/parser.h"
#include "tests/support/parser_comparison.h"
#include "tests/support/parser_seeds.h"
#include "tests/support/reference_parser.h"
#include "tests/support/shared_dir.h"

namespace mosd::dataplane {
namespace {

using testing::Bytes;
using testing::ParserDisagreement;
using testing::ParserSeeds;

// How many frames had each outcome, so that a test can say what it covered.
class Outcomes {
 public:
  void Count(const Bytes& frame, uint32_t wire_bytes) {
    const auto reason = testing::ReferenceParse(frame, wire_bytes).reason;
    ++counts_[static_cast<size_t>(reason)];
  }
  uint64_t of(DropReason reason) const {
    return counts_[static_cast<size_t>(reason)];
  }

 private:
  std::array<uint64_t, kDropReasonCount> counts_{};
};

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  // Changes a few bytes, mostly in the headers, to values that tend to matter;
  // now and then cuts the frame. Returns its length on the wire.
  uint32_t Mutate(Bytes* frame) {
    const auto size = static_cast<uint32_t>(frame->size());
    for (uint32_t changes = Below(4); changes > 0 && size > 0; --changes) {
      const uint32_t at = Below(Below(4) == 0 ? size : std::min(size, 90u));
      (*frame)[at] = Value((*frame)[at]);
    }
    uint32_t wire_bytes = size;
    if (Below(4) == 0) frame->resize(Below(size + 1));
    if (Below(4) == 0) wire_bytes = static_cast<uint32_t>(frame->size());
    if (Below(8) == 0) wire_bytes += Below(3);
    return wire_bytes;
  }

 private:
  uint32_t Below(uint32_t limit) {
    return static_cast<uint32_t>(random_() % limit);
  }
  uint8_t Value(uint8_t old) {
    constexpr uint8_t kTelling[] = {0,  1,  2,  3,    4,   6,   8,   17,
                                    43, 44, 51, 0x45, 58,  59,  60,  0x60,
                                    81, 88, 91, 135,  139, 140, 168, 255};
    switch (Below(4)) {
      case 0:
        return static_cast<uint8_t>(old ^ (1u << Below(8)));
      case 1:
        return static_cast<uint8_t>(old + Below(9) - 4);
      case 2:
        return kTelling[Below(std::size(kTelling))];
      default:
        return static_cast<uint8_t>(Below(256));
    }
  }

  std::mt19937 random_;
};

TEST(ParserReferenceTest, AgreesOnMutatedFrames) {
  constexpr int kFrames = 200'000;
  const std::vector<Bytes> seeds = ParserSeeds();
  Mutator mutator(20240229);
  Outcomes outcomes;
  for (int i = 0; i < kFrames; ++i) {
    Bytes frame = seeds[static_cast<size_t>(i) % seeds.size()];
    const uint32_t wire_bytes = mutator.Mutate(&frame);
    const std::string disagreement = ParserDisagreement(frame, wire_bytes);
    ASSERT_EQ(disagreement, "") << "wire length " << wire_bytes << ", frame "
                                << ::testing::PrintToString(frame);
    outcomes.Count(frame, wire_bytes);
  }
  for (auto reason = DropReason::kNone; reason <= DropReason::kTcpMalformed;
       reason = static_cast<DropReason>(static_cast<int>(reason) + 1)) {
    EXPECT_GT(outcomes.of(reason), 20u) << DropReasonName(reason);
  }
}

std::vector<std::filesystem::path> Captures() {
  std::vector<std::filesystem::path> files;
  const auto shared = testing::SharedDirectory();
  if (!shared.has_value()) return files;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(*shared / "pcaps", error)) {
    const auto extension = entry.path().extension();
    if (extension == ".pcap" || extension == ".pcapng") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(ParserReferenceTest, AgreesOnRecordedFrames) {
  const auto files = Captures();
  if (files.empty()) GTEST_SKIP() << "no captures in ../shared/pcaps";
  uint64_t frames = 0;
  Outcomes outcomes;
  for (const auto& file : files) {
    char error[PCAP_ERRBUF_SIZE];
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> capture(
        pcap_open_offline(file.c_str(), error), &pcap_close);
    if (capture == nullptr || pcap_datalink(capture.get()) != DLT_EN10MB) {
      continue;
    }
    pcap_pkthdr* header;
    const u_char* data;
    while (pcap_next_ex(capture.get(), &header, &data) == 1) {
      const Bytes frame(data, data + header->caplen);
      const std::string disagreement = ParserDisagreement(frame, header->len);
      ASSERT_EQ(disagreement, "")
          << "frame " << frames << " of " << file.filename();
      outcomes.Count(frame, header->len);
      ++frames;
    }
  }
  EXPECT_GT(frames, 1000u);
  EXPECT_GT(outcomes.of(DropReason::kNone), 1000u);
  RecordProperty("frames", std::to_string(frames));
  RecordProperty("tcp", std::to_string(outcomes.of(DropReason::kNone)));
}

}  // namespace
}  // namespace mosd::dataplane
