#include "api/stream/block_window.h"

#include <algorithm>

namespace mosd::api {

uint32_t BlockWindow::Descend(const BlockPool& pool, uint64_t number) const {
  uint32_t root = ring_[TreeOf(number, height_) % kRing];
  for (unsigned height = height_; height > 0 && root != kNoBlock; --height) {
    root = Node(pool, root)[TreeOf(number, height - 1) % kNodeSize];
  }
  return root;
}

uint32_t BlockWindow::AcquireNode(BlockPool* pool) {
  const uint32_t node = pool->Acquire();
  std::fill_n(Node(*pool, node), kNodeSize, kNoBlock);
  return node;
}

uint32_t BlockWindow::FindOrAcquireInTree(BlockPool* pool, uint64_t first,
                                          uint64_t number) {
  while (!Spans(first, number)) {
    if (!Widen(pool, first)) return kNoBlock;
  }
  const uint32_t found = Find(*pool, first, number);
  if (found != kNoBlock) return found;
  // Enough for the longest way: none of it is left behind unused.
  if (pool->Available() <= height_) return kNoBlock;
  uint32_t* place = &ring_[TreeOf(number, height_) % kRing];
  for (unsigned height = height_; height > 0; --height) {
    if (*place == kNoBlock) *place = AcquireNode(pool);
    place = &Node(*pool, *place)[TreeOf(number, height - 1) % kNodeSize];
  }
  *place = pool->Acquire();
  return *place;
}

// Trees one higher; those of now become their children. The window has at most
// kRing of them, under two parents.
bool BlockWindow::Widen(BlockPool* pool, uint64_t first) {
  if (height_ == kMaxHeight || pool->Available() < 2) return false;
  uint32_t parents[kRing] = {};
  const uint64_t first_tree = TreeOf(first, height_);
  for (uint64_t tree = first_tree; tree < first_tree + kRing; ++tree) {
    const uint32_t root = ring_[tree % kRing];
    if (root == kNoBlock) continue;
    uint32_t& parent = parents[TreeOf(tree, 1) % kRing];
    if (parent == kNoBlock) parent = AcquireNode(pool);
    Node(*pool, parent)[tree % kNodeSize] = root;
  }
  std::copy_n(parents, kRing, ring_);
  ++height_;
  return true;
}

void BlockWindow::Narrow(BlockPool* pool, uint64_t first, uint64_t last) {
  while (height_ > 0) {
    const uint64_t first_tree = TreeOf(first, height_ - 1);
    const uint64_t last_tree = TreeOf(last, height_ - 1);
    if (last_tree - first_tree >= kRing) return;
    uint32_t children[kRing] = {};
    for (uint64_t tree = first_tree; tree <= last_tree; ++tree) {
      const uint32_t parent = ring_[TreeOf(tree, 1) % kRing];
      if (parent == kNoBlock) continue;
      children[tree % kRing] = Node(*pool, parent)[tree % kNodeSize];
    }
    for (uint32_t parent : ring_) {
      if (parent != kNoBlock) pool->Release(parent);
    }
    std::copy_n(children, kRing, ring_);
    --height_;
  }
}

uint64_t BlockWindow::Next(const BlockPool& pool, uint64_t first,
                           uint64_t number, uint64_t end) const {
  while (number < end && Spans(first, number)) {
    unsigned height = height_;
    uint32_t root = ring_[TreeOf(number, height) % kRing];
    for (; height > 0 && root != kNoBlock; --height) {
      root = Node(pool, root)[TreeOf(number, height - 1) % kNodeSize];
    }
    if (root != kNoBlock) return number;
    // Past the whole tree that is missing.
    number = (TreeOf(number, height) + 1) << (kNodeBits * height);
  }
  return end;
}

void BlockWindow::ReleaseTree(BlockPool* pool, uint32_t root, unsigned height) {
  if (height > 0) {
    const uint32_t* const children = Node(*pool, root);
    for (uint64_t i = 0; i < kNodeSize; ++i) {
      if (children[i] != kNoBlock) ReleaseTree(pool, children[i], height - 1);
    }
  }
  pool->Release(root);
}

void BlockWindow::Prune(BlockPool* pool, uint32_t* root, unsigned height,
                        uint64_t lowest, uint64_t from, uint64_t end) {
  if (*root == kNoBlock) return;
  if (end - lowest >= uint64_t{1} << (kNodeBits * height)) {
    ReleaseTree(pool, *root, height);
    *root = kNoBlock;
    return;
  }
  const unsigned below = kNodeBits * (height - 1);
  uint32_t* const children = Node(*pool, *root);
  const uint64_t from_child = from > lowest ? (from - lowest) >> below : 0;
  const uint64_t last_child = (end - 1 - lowest) >> below;
  for (uint64_t i = from_child; i <= last_child; ++i) {
    Prune(pool, &children[i], height - 1, lowest + (i << below), from, end);
  }
}

void BlockWindow::ReleaseBelow(BlockPool* pool, uint64_t first, uint64_t end) {
  if (end <= first) return;
  const uint64_t first_tree = TreeOf(first, height_);
  const uint64_t last_tree =
      std::min(TreeOf(end - 1, height_), first_tree + kRing - 1);
  for (uint64_t tree = first_tree; tree <= last_tree; ++tree) {
    Prune(pool, &ring_[tree % kRing], height_, tree << (kNodeBits * height_),
          first, end);
  }
}

void BlockWindow::Clear(BlockPool* pool) {
  for (uint32_t& root : ring_) {
    if (root != kNoBlock) ReleaseTree(pool, root, height_);
    root = kNoBlock;
  }
  height_ = 0;
}

}  // namespace mosd::api
