#include "api/event/event_registry.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace mosd::api {
namespace {

// An id has its event's place above the bits of built-in events, and the place
// inverted above that: no two ids or-ed together, nor an id and a built-in
// event, make another one.
constexpr unsigned kPlaceBits = 12;
constexpr EventId kPlaceMask = (EventId{1} << kPlaceBits) - 1;
static_assert(EventRegistry::kCapacity <= kPlaceMask + 1);
static_assert(kBuiltinEvents <= kPlaceBits);

EventId IdAt(size_t place) {
  return EventId{place} << kPlaceBits | (~EventId{place} & kPlaceMask)
                                            << (2 * kPlaceBits);
}

size_t PlaceOf(EventId id) {
  return static_cast<size_t>(id >> kPlaceBits & kPlaceMask);
}

}  // namespace

EventRegistry& EventRegistry::Process() {
  // Never taken down: threads of the program may outlive main().
  static auto* const registry = new EventRegistry;
  return *registry;
}

absl::StatusOr<EventId> EventRegistry::Define(EventId base, EventFilter filter,
                                              filter_arg* argument) {
  if (filter == nullptr) {
    return absl::InvalidArgumentError("an event needs a filter");
  }
  return Add(base, filter, argument);
}

absl::StatusOr<EventId> EventRegistry::Alloc(EventId parent) {
  const UserEvent* event = Find(parent);
  if (event == nullptr || event->filter() == nullptr) {
    return absl::InvalidArgumentError(
        "the parent has no filter that could raise an event");
  }
  return Add(parent, nullptr, nullptr);
}

absl::StatusOr<EventId> EventRegistry::Add(EventId parent, EventFilter filter,
                                           filter_arg* argument) {
  const absl::MutexLock lock(&adding_);
  UserEvent* const base = FindMutable(parent);
  const std::optional<BuiltinEvent> root = RootOf(parent);
  if (!root) return absl::InvalidArgumentError("there is no such base event");
  if (base != nullptr && base->depth_ == kMaxDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("events nested more than ", kMaxDepth, " deep"));
  }
  const size_t place = size_.load(std::memory_order_relaxed);
  if (place == kCapacity) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kCapacity, " user-defined events already"));
  }
  UserEvent& event = events_[place];
  event.id_ = IdAt(place);
  event.parent_ = parent;
  event.filter_ = filter;
  event.argument_ = argument;
  event.root_ = *root;
  event.depth_ = static_cast<uint16_t>(base == nullptr ? 1 : base->depth_ + 1);
  // Found by its id no later than by its base.
  size_.store(place + 1, std::memory_order_release);
  ChildEvents& siblings =
      base == nullptr ? roots_[static_cast<size_t>(*root)] : base->children_;
  std::atomic<UserEvent*>& link =
      siblings.last == nullptr ? siblings.first : siblings.last->next_sibling_;
  link.store(&event, std::memory_order_release);
  siblings.last = &event;
  return event.id_;
}

const UserEvent* EventRegistry::Find(EventId id) const {
  const size_t place = PlaceOf(id);
  if (place >= size() || IdAt(place) != id) return nullptr;
  return &events_[place];
}

UserEvent* EventRegistry::FindMutable(EventId id) {
  return const_cast<UserEvent*>(Find(id));
}

std::optional<BuiltinEvent> EventRegistry::RootOf(EventId id) const {
  if (const UserEvent* event = Find(id)) return event->root();
  return BuiltinOf(id);
}

EventId EventRegistry::ParentOf(EventId id) const {
  const UserEvent* event = Find(id);
  return event == nullptr ? 0 : event->parent();
}

}  // namespace mosd::api
