#include "controlplane/mosctl/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace mosd::mosctl {
namespace {

constexpr char kSignalled = 's';
constexpr char kDone = 'd';

// Where the handler writes; -1: no Interrupt is alive.
std::atomic<int> handler_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void Write(int fd, char byte) {
  const ssize_t written = write(fd, &byte, 1);
  static_cast<void>(written);  // a full pipe has been written to before
}

void OnSignal(int) {
  const int saved = errno;
  const int fd = handler_fd.load();
  if (fd >= 0) Write(fd, kSignalled);
  errno = saved;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> action) {
  // Without a pipe the signals keep their usual effect, which also ends us.
  if (pipe2(pipe_, O_CLOEXEC) != 0) return;
  handler_fd = pipe_[1];
  struct sigaction handler {};
  handler.sa_handler = OnSignal;
  handler.sa_flags = SA_RESTART;
  sigaction(SIGINT, &handler, &old_int_);
  sigaction(SIGTERM, &handler, &old_term_);
  thread_ = std::thread([this, run = std::move(action)] { Wait(run); });
}

Interrupt::~Interrupt() {
  if (!thread_.joinable()) return;
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  handler_fd = -1;
  Write(pipe_[1], kDone);
  thread_.join();
  close(pipe_[0]);
  close(pipe_[1]);
}

void Interrupt::Wait(const std::function<void()>& action) const {
  bool acted = false;
  char byte = 0;
  for (;;) {
    const ssize_t got = read(pipe_[0], &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || byte == kDone) return;
    if (!acted) action();
    acted = true;
  }
}

}  // namespace mosd::mosctl
