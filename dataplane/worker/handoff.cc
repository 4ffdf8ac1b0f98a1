#include "dataplane/worker/handoff.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/port/frame_custody.h"

namespace mosd::dataplane {
namespace {

// rte_ring_free_count() for a thread that neither puts in nor takes out: with
// loads that the language knows to be shared.
uint32_t FreeCount(const rte_ring& ring) {
  const uint32_t taken = __atomic_load_n(&ring.cons.tail, __ATOMIC_ACQUIRE);
  const uint32_t put = __atomic_load_n(&ring.prod.tail, __ATOMIC_ACQUIRE);
  return ring.capacity - ((put - taken) & ring.mask);
}

}  // namespace

void Handoff::FreeRing::operator()(rte_ring* ring) const {
  rte_mbuf* frame = nullptr;
  while (rte_ring_dequeue(ring, reinterpret_cast<void**>(&frame)) == 0) {
    FreeFrame(frame);
  }
  rte_ring_free(ring);
}

absl::StatusOr<std::unique_ptr<Handoff>> Handoff::Create(uint32_t workers) {
  auto handoff = std::make_unique<Handoff>();
  for (uint32_t i = 0; i < workers; ++i) {
    const std::string name = absl::StrCat("mosd_handoff_", i);
    rte_ring* ring = rte_ring_create(name.c_str(), kCapacity, SOCKET_ID_ANY,
                                     RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (ring == nullptr) {
      return absl::ResourceExhaustedError(
          absl::StrCat("no ring between workers: ", rte_strerror(rte_errno),
                       "; lower dataplane.memory.packet_buffers"));
    }
    handoff->rings_.emplace_back(ring);
  }
  return handoff;
}

uint32_t Handoff::Send(uint32_t owner, rte_mbuf** frames, uint32_t count) {
  return rte_ring_mp_enqueue_burst(
      rings_[owner].get(), reinterpret_cast<void**>(frames), count, nullptr);
}

uint32_t Handoff::Receive(uint32_t owner, rte_mbuf** frames, uint32_t count) {
  return rte_ring_sc_dequeue_burst(
      rings_[owner].get(), reinterpret_cast<void**>(frames), count, nullptr);
}

bool Handoff::HasRoom(uint32_t frames) const {
  const size_t wanted = size_t{frames} * rings_.size();
  return std::all_of(rings_.begin(), rings_.end(), [&](const auto& ring) {
    return FreeCount(*ring) >= wanted;
  });
}

}  // namespace mosd::dataplane
