#include "api/context/timer_list.h"

#include <algorithm>
#include <limits>

namespace mosd::api {

bool TimerList::Later(const Timer& a, const Timer& b) {
  return a.due_ns != b.due_ns ? a.due_ns > b.due_ns : a.number > b.number;
}

bool TimerList::Add(int id, int64_t now_ns, int64_t delay_ns,
                    callback_t callback) {
  if (heap_.size() >= kCapacity) return false;
  const bool anchored = now_ns != 0;
  if (!anchored) ++unanchored_;
  const int64_t room = std::numeric_limits<int64_t>::max() - now_ns;
  heap_.push_back(
      {now_ns + std::min(delay_ns, room), ++added_, id, anchored, callback});
  std::ranges::push_heap(heap_, Later);
  return true;
}

void TimerList::Anchor(int64_t now_ns) {
  const int64_t room = std::numeric_limits<int64_t>::max() - now_ns;
  for (Timer& timer : heap_) {
    if (timer.anchored) continue;
    timer.due_ns = now_ns + std::min(timer.due_ns, room);
    timer.anchored = true;
  }
  unanchored_ = 0;
  std::ranges::make_heap(heap_, Later);
}

void TimerList::Run(mctx_t mctx, int64_t now_ns) {
  if (unanchored_ != 0) Anchor(now_ns);
  due_.clear();
  while (!heap_.empty() && heap_.front().due_ns <= now_ns) {
    std::ranges::pop_heap(heap_, Later);
    due_.push_back(heap_.back());
    heap_.pop_back();
  }
  for (const Timer& timer : due_) {
    timer.callback(mctx, timer.id, 0, MOS_NULL_EVENT, nullptr);
  }
}

}  // namespace mosd::api
