// User-defined events: ids, the forest they form, what is refused, and readers
// beside somebody who adds.
#include "api/event/event_registry.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

struct filter_arg {
  void* arg;
  size_t len;
};

namespace mosd::api {
namespace {

constexpr EventId kPacketIn = IdOf(BuiltinEvent::kPacketIn);

bool Yes(mtcp_context*, int, int, EventId, filter_arg*) { return true; }

bool Contexted(mtcp_context*, int, int, EventId, filter_arg* argument) {
  return argument != nullptr;
}

std::vector<EventId> Siblings(const UserEvent* first) {
  std::vector<EventId> ids;
  for (; first != nullptr; first = first->next_sibling()) {
    ids.push_back(first->id());
  }
  return ids;
}

class EventRegistryTest : public ::testing::Test {
 protected:
  EventId Define(EventId base, filter_arg* argument = nullptr) {
    const auto id = registry_->Define(base, Yes, argument);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }
  EventId Alloc(EventId parent) {
    const auto id = registry_->Alloc(parent);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }

  std::unique_ptr<EventRegistry> registry_ = std::make_unique<EventRegistry>();
};

TEST_F(EventRegistryTest, KeepsWhatItIsTold) {
  filter_arg argument{};
  const EventId id =
      *registry_->Define(IdOf(BuiltinEvent::kRexmit), Contexted, &argument);
  const UserEvent* event = registry_->Find(id);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->id(), id);
  EXPECT_EQ(event->filter(), &Contexted);
  EXPECT_EQ(event->argument(), &argument);
  EXPECT_EQ(event->parent(), IdOf(BuiltinEvent::kRexmit));
  EXPECT_EQ(event->root(), BuiltinEvent::kRexmit);
  EXPECT_EQ(event->first_child(), nullptr);
}

TEST_F(EventRegistryTest, FormsAForest) {
  const EventId a = Define(kPacketIn);
  const EventId b = Define(kPacketIn);
  const EventId other = Define(IdOf(BuiltinEvent::kConnEnd));
  const EventId aa = Define(a);
  const EventId raised = Alloc(a);
  const EventId below_raised = Define(raised);

  EXPECT_EQ(Siblings(registry_->FirstChild(BuiltinEvent::kPacketIn)),
            (std::vector<EventId>{a, b}));
  EXPECT_EQ(Siblings(registry_->FirstChild(BuiltinEvent::kConnEnd)),
            (std::vector<EventId>{other}));
  EXPECT_EQ(registry_->FirstChild(BuiltinEvent::kError), nullptr);
  EXPECT_EQ(Siblings(registry_->Find(a)->first_child()),
            (std::vector<EventId>{aa, raised}));
  EXPECT_EQ(Siblings(registry_->Find(raised)->first_child()),
            (std::vector<EventId>{below_raised}));
  EXPECT_EQ(registry_->Find(raised)->filter(), nullptr);
  EXPECT_EQ(registry_->RootOf(below_raised), BuiltinEvent::kPacketIn);
  EXPECT_EQ(registry_->RootOf(other), BuiltinEvent::kConnEnd);
  EXPECT_EQ(registry_->RootOf(kPacketIn), BuiltinEvent::kPacketIn);
  EXPECT_EQ(registry_->ParentOf(below_raised), raised);
  EXPECT_EQ(registry_->ParentOf(raised), a);
  EXPECT_EQ(registry_->ParentOf(a), kPacketIn);
  EXPECT_EQ(registry_->ParentOf(kPacketIn), 0u);
}

TEST_F(EventRegistryTest, RefusesWhatIsNoBase) {
  const EventId id = Define(kPacketIn);
  const EventId raised = Alloc(id);
  for (const EventId base :
       {EventId{0}, EventId{3}, EventId{1} << 12, ~EventId{0}, id + 1,
        id | kPacketIn, id | raised, raised + (EventId{1} << 12)}) {
    EXPECT_EQ(registry_->Define(base, Yes, nullptr).status().code(),
              absl::StatusCode::kInvalidArgument)
        << base;
    EXPECT_EQ(registry_->Alloc(base).status().code(),
              absl::StatusCode::kInvalidArgument)
        << base;
  }
  EXPECT_EQ(registry_->Define(kPacketIn, nullptr, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Nobody could raise these.
  EXPECT_FALSE(registry_->Alloc(kPacketIn).ok());
  EXPECT_FALSE(registry_->Alloc(raised).ok());
  EXPECT_EQ(registry_->size(), 2u);
}

TEST_F(EventRegistryTest, NestsToALimit) {
  EventId base = kPacketIn;
  for (size_t i = 0; i < EventRegistry::kMaxDepth; ++i) base = Define(base);
  EXPECT_EQ(registry_->RootOf(base), BuiltinEvent::kPacketIn);
  EXPECT_EQ(registry_->Define(base, Yes, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(registry_->Alloc(base).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EventRegistryTest, IsFullAtItsCapacityAndIdsAreApart) {
  std::set<EventId> ids;
  for (size_t i = 0; i < EventRegistry::kCapacity; ++i) {
    ids.insert(Define(EventId{1} << i % kBuiltinEvents));
  }
  EXPECT_EQ(ids.size(), EventRegistry::kCapacity);
  EXPECT_GE(ids.size(), 1000u);
  EXPECT_EQ(registry_->Define(kPacketIn, Yes, nullptr).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(registry_->Alloc(*ids.begin()).status().code(),
            absl::StatusCode::kResourceExhausted);

  const std::vector<EventId> all(ids.begin(), ids.end());
  std::mt19937 random(1);
  for (int round = 0; round < 100'000; ++round) {
    const EventId one = all[random() % all.size()];
    const EventId two = all[random() % all.size()];
    EXPECT_NE(registry_->Find(one), nullptr);
    EXPECT_GE(one, EventId{1} << kBuiltinEvents);
    if (one != two) {
      EXPECT_EQ(registry_->Find(one | two), nullptr);
    }
    EXPECT_EQ(registry_->Find(one | (1 + random() % 4095)), nullptr);
  }
}

TEST_F(EventRegistryTest, FindsNothingByChance) {
  for (int i = 0; i < 100; ++i) Define(kPacketIn);
  std::mt19937_64 random(1);
  for (int round = 0; round < 1'000'000; ++round) {
    const EventId id = random() >> random() % 64;
    const UserEvent* event = registry_->Find(id);
    if (event != nullptr) {
      EXPECT_EQ(event->id(), id);
    }
  }
}

// Readers walk the forest, and look ids up, while two threads add to it.
TEST_F(EventRegistryTest, ConcurrentReadersSeeWholeEvents) {
  static filter_arg argument{};
  std::atomic<bool> done{false};
  std::atomic<uint64_t> seen{0};

  const auto check = [&](const UserEvent& event) {
    EXPECT_EQ(event.filter(), &Contexted);
    EXPECT_EQ(event.argument(), &argument);
    EXPECT_EQ(event.root(), BuiltinEvent::kPacketIn);
    EXPECT_EQ(registry_->Find(event.id()), &event);
  };
  const auto read = [&] {
    bool is_last;
    do {
      is_last = done.load();
      const std::function<void(const UserEvent*, EventId)> walk =
          [&](const UserEvent* event, EventId parent) {
            for (; event != nullptr; event = event->next_sibling()) {
              check(*event);
              EXPECT_EQ(event->parent(), parent);
              seen.fetch_add(1, std::memory_order_relaxed);
              walk(event->first_child(), event->id());
            }
          };
      walk(registry_->FirstChild(BuiltinEvent::kPacketIn), kPacketIn);
    } while (!is_last);
  };
  const auto add = [&](unsigned seed) {
    std::mt19937 random(seed);
    std::vector<EventId> bases = {kPacketIn};
    for (int i = 0; i < 500; ++i) {
      const auto id = registry_->Define(bases[random() % bases.size()],
                                        Contexted, &argument);
      ASSERT_TRUE(id.ok()) << id.status();
      bases.push_back(*id);
    }
  };

  std::thread readers[] = {std::thread(read), std::thread(read)};
  std::thread writers[] = {std::thread(add, 1), std::thread(add, 2)};
  for (std::thread& writer : writers) writer.join();
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(registry_->size(), 1000u);
  EXPECT_GE(seen.load(), 2000u);
}

}  // namespace
}  // namespace mosd::api
