#include "tests/bench/frame_copies.h"

#include <cstring>
#include <string>
#include <utility>

#include "dataplane/base/prefetch.h"
#include "dataplane/frame/frame_copy.h"
#include "dataplane/frame/frame_pool.h"
#include "tests/bench/fed_pipeline.h"
#include "tests/bench/report.h"

namespace mosd::bench {

FrameCopies::FrameCopies(uint32_t flows, uint32_t frame_bytes)
    : flows_(flows),
      place_bytes_(size_t{dataplane::kFrameClassUnits[dataplane::FrameClassOf(
                       frame_bytes)]} *
                   dataplane::kFrameUnit),
      traffic_(flows, frame_bytes) {
  auto region = dataplane::Region::Map(flows * 2 * place_bytes_);
  if (!region.ok()) Fail(std::string(region.status().message()));
  region_ = *std::move(region);
  Feed(traffic_.handshake_frames() + 2 * uint64_t{flows}, Way::kMemcpy);
}

uint8_t* FrameCopies::NextPlace() {
  std::byte* const place = region_.data() + (flow_ * 2 + side_) * place_bytes_ +
                           dataplane::kFrameHeaderBytes;
  if (++flow_ == flows_) {
    flow_ = 0;
    side_ ^= 1;
  }
  return reinterpret_cast<uint8_t*>(place);
}

double FrameCopies::Feed(uint64_t packets, Way way) {
  return Measure(&traffic_, packets, [this, way](rte_mbuf** frames) {
    uint8_t* places[Traffic::kBurst];
    for (uint8_t*& place : places) {
      place = NextPlace();
      if (way != Way::kFetched) continue;
      dataplane::PrefetchToWrite(place);
      dataplane::PrefetchToWrite(place + frames[0]->data_len - 1);
    }
    for (uint32_t i = 0; i < Traffic::kBurst; ++i) {
      const auto* const bytes = rte_pktmbuf_mtod(frames[i], const uint8_t*);
      if (way == Way::kPastCaches) {
        dataplane::CopyPastCaches(places[i], bytes, frames[i]->data_len);
      } else {
        std::memcpy(places[i], bytes, frames[i]->data_len);
      }
    }
    dataplane::StoreFence();
    rte_pktmbuf_free_bulk(frames, Traffic::kBurst);
  });
}

}  // namespace mosd::bench
