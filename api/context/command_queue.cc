#include "api/context/command_queue.h"

#include <chrono>

namespace mosd::api {

bool CommandQueue::Call(Function function, Function meanwhile) {
  Command command{function};
  std::unique_lock lock(mutex_);
  if (closed_) return false;
  commands_.push_back(&command);
  waiting_.store(true, std::memory_order_relaxed);
  const auto over = [&command] {
    return command.state == State::kDone || command.state == State::kRefused;
  };
  while (!changed_.wait_for(lock, std::chrono::milliseconds(1), over)) {
    lock.unlock();
    meanwhile();
    lock.lock();
  }
  return command.state == State::kDone;
}

void CommandQueue::ServeAll() {
  std::unique_lock lock(mutex_);
  while (!commands_.empty()) {
    Command* const command = commands_.front();
    commands_.pop_front();
    command->state = State::kRunning;
    lock.unlock();
    command->function();
    lock.lock();
    command->state = State::kDone;
    changed_.notify_all();
  }
  waiting_.store(false, std::memory_order_relaxed);
}

void CommandQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Command* command : commands_) command->state = State::kRefused;
  commands_.clear();
  waiting_.store(false, std::memory_order_relaxed);
  changed_.notify_all();
}

}  // namespace mosd::api
