// The user-defined events of the process: a forest whose roots are the built-in
// events. Events are only ever added, so that a node, once seen, stays as it
// is. Any thread adds (under a mutex) and any thread reads (without one): an
// event is published after all that it consists of.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "api/event/event_id.h"

struct filter_arg;
struct mtcp_context;

namespace mosd::api {

// filter_t: whether the event occurs, too, now that its base has.
using EventFilter = bool (*)(mtcp_context* context, int socket, int side,
                             EventId base, filter_arg* argument);

class UserEvent;

// The events right below one, in the order in which they were added.
struct ChildEvents {
  // writer: who adds; readers: any; release/acquire
  std::atomic<UserEvent*> first{nullptr};
  UserEvent* last = nullptr;  // of who adds only
};

// A user-defined event. All but the links is written before it is published.
class UserEvent {
 public:
  EventId id() const { return id_; }
  // What it was defined on, or allocated below: built-in or user-defined.
  EventId parent() const { return parent_; }
  BuiltinEvent root() const { return root_; }
  // nullptr: an allocated event, which occurs when it is raised.
  EventFilter filter() const { return filter_; }
  // As given to mtcp_define_event: the program's own, to be kept as long as the
  // event is used. Filter and callbacks get this very pointer.
  filter_arg* argument() const { return argument_; }

  // What is there now; nullptr: none. Wait-free.
  const UserEvent* first_child() const {
    return children_.first.load(std::memory_order_acquire);
  }
  const UserEvent* next_sibling() const {
    return next_sibling_.load(std::memory_order_acquire);
  }

 private:
  friend class EventRegistry;

  EventId id_ = 0;
  EventId parent_ = 0;
  EventFilter filter_ = nullptr;
  filter_arg* argument_ = nullptr;
  BuiltinEvent root_{};
  uint16_t depth_ = 0;  // below a built-in event: 1
  ChildEvents children_;
  std::atomic<UserEvent*> next_sibling_{nullptr};  // as in ChildEvents::first
};
static_assert(std::atomic<UserEvent*>::is_always_lock_free);

class EventRegistry {
 public:
  static constexpr size_t kCapacity = 4'096;
  // Of events below a built-in one: whoever walks them may recurse.
  static constexpr size_t kMaxDepth = 64;

  // The registry of the process.
  static EventRegistry& Process();

  // An event below `base`, built-in or user-defined, that occurs when `filter`
  // says so. INVALID_ARGUMENT (EINVAL): no such base, no filter, or nested
  // deeper than kMaxDepth; RESOURCE_EXHAUSTED (ENOMEM): kCapacity is reached.
  absl::StatusOr<EventId> Define(EventId base, EventFilter filter,
                                 filter_arg* argument);

  // An event that `parent`'s filter may raise. INVALID_ARGUMENT, besides: the
  // parent has no filter.
  absl::StatusOr<EventId> Alloc(EventId parent);

  // nullptr: no user-defined event. `id` may be anything, such as several ids
  // or-ed together. Wait-free.
  const UserEvent* Find(EventId id) const;

  // Wait-free, for any `id`; nullopt and 0: no event.
  std::optional<BuiltinEvent> RootOf(EventId id) const;
  EventId ParentOf(EventId id) const;  // of a built-in event: 0

  // The first event right below a built-in one; nullptr: none. Wait-free.
  const UserEvent* FirstChild(BuiltinEvent event) const {
    return roots_[static_cast<size_t>(event)].first.load(
        std::memory_order_acquire);
  }

  // Place of an event of this registry, below kCapacity; the oldest is 0.
  size_t NumberOf(const UserEvent& event) const {
    return static_cast<size_t>(&event - events_.data());
  }

  size_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  absl::StatusOr<EventId> Add(EventId parent, EventFilter filter,
                              filter_arg* argument);
  UserEvent* FindMutable(EventId id);

  absl::Mutex adding_;
  // writer: who adds, up to size_; readers: any; release/acquire
  std::array<UserEvent, kCapacity> events_;
  std::atomic<size_t> size_{0};
  std::array<ChildEvents, kBuiltinEvents> roots_;
};

}  // namespace mosd::api
