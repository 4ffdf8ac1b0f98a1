// A program whose calls are the bytes of an input: between bursts, in
// callbacks, filters and timers it calls the C functions with arguments that
// are right, nearly right, or anything. What each function may answer, and what
// it reads and writes, is checked; so is that whoever else watches the same
// flows is told what it should be. For the unit test and the fuzzer.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mos_api.h"
#include "tests/support/api/sentinel.h"
#include "tests/support/api/wire.h"
#include "tests/support/api/worker_program.h"

namespace mosd::testing {

class ApiCalls {
 public:
  explicit ApiCalls(std::span<const uint8_t> input);
  ~ApiCalls();
  ApiCalls(const ApiCalls&) = delete;
  ApiCalls& operator=(const ApiCalls&) = delete;

  // Lives the whole life of the program. Empty: all held that was promised.
  std::string Run();

  // How often functions answered what, by name and errno (0: they succeeded).
  using Met = std::map<std::pair<std::string, int>, uint64_t>;
  const Met& met() const { return met_; }
  uint64_t bytes_checked() const { return bytes_checked_; }
  uint64_t flows_ended() const { return sentinel_.ended(); }

 private:
  using Call = void (ApiCalls::*)();

  static void OnEvent(mctx_t mctx, int socket, int side, event_t event,
                      filter_arg_t* argument);
  static void OnTimer(mctx_t mctx, int id, int side, event_t event,
                      filter_arg_t* argument);
  static bool Filter(mctx_t mctx, int socket, int side, event_t event,
                     filter_arg_t* argument);
  static const std::vector<event_t>& UserEvents();

  void Step();
  // Makes calls, as many as the input says, in a callback of `socket`.
  void CallSome(int socket, unsigned most);
  void CallOne();

  // Arguments.
  mctx_t AContext();
  int ASocket();
  event_t AnEvent();
  int AHook();

  // Says whether a call succeeded, which else must have failed with one of
  // these errnos, and with EACCES where the context was none.
  bool Succeeded(const char* function, ssize_t result,
                 std::initializer_list<int> errors);
  void Complain(const std::string& what);
  void Require(bool holds, const char* what) {
    if (!holds) Complain(what);
  }

  void Open();
  void Close();
  void Bind();
  void Register();
  void Raise();
  void SetContext();
  void GetContext();
  void Peek();
  void PeekAt();
  void LastPacket();
  void Edit();
  void Send();
  void ResetFlow();
  void SetTimer();
  void PeerName();
  void GetOption();
  void GetFragments();
  void SetOption();
  void FlowId();
  void ReadClocks();
  void EndContext();

  // The buffer of a side as the program is told of it. False: there is none.
  bool BufferInfo(mctx_t mctx, int socket, int side, tcp_buf_info* info);
  void PeekInto(int side, size_t room, bool null);
  void CheckBytes(uint32_t seq, std::span<const char> bytes);

  Input input_;
  const bool may_edit_;  // then what is peeked is not what was sent
  WorkerProgram worker_;
  Sentinel sentinel_;
  Wire wire_;
  std::vector<int> listeners_;       // open, as far as was said
  std::array<int, 8> flow_sockets_;  // that were called for last
  size_t next_flow_socket_ = 0;
  int callback_socket_ = -1;  // of the callback that is running
  mctx_t mctx_ = nullptr;     // of the call that is being made
  int socket_ = -1;
  std::string complaint_;
  Met met_;
  uint64_t bytes_checked_ = 0;
};

}  // namespace mosd::testing
