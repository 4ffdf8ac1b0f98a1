#include "tests/support/api/api_calls.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "absl/strings/str_cat.h"
#include "api/context_directory.h"
#include "mos_ext.h"

namespace mosd::testing {
namespace {

constexpr unsigned kMostCallsACallback = 3;
constexpr size_t kUsualPeek = 4096;
constexpr int64_t kNsASecond = 1'000'000'000;

ApiCalls* current = nullptr;

api::ContextOptions OptionsFrom(Input* input) {
  constexpr uint32_t kBuffers[] = {8192, 8192, 0, 100, 1 << 20};
  api::ContextOptions options;
  options.max_flows = 16;
  options.buffer_bytes = input->OneOf(kBuffers);
  options.last_is_current = input->Next() % 8 == 7;
  return options;
}

}  // namespace

// Defined once in the process, as they are for ever.
const std::vector<event_t>& ApiCalls::UserEvents() {
  static const std::vector<event_t> events = [] {
    static filter_arg argument{nullptr, 0};
    const event_t packet = mtcp_define_event(MOS_ON_PKT_IN, &Filter, &argument);
    const event_t below = mtcp_define_event(packet, &Filter, nullptr);
    const event_t data =
        mtcp_define_event(MOS_ON_CONN_NEW_DATA, &Filter, nullptr);
    return std::vector<event_t>{
        packet,
        below,
        mtcp_alloc_event(packet),
        mtcp_alloc_event(below),
        data,
        mtcp_alloc_event(data),
        mtcp_define_event(MOS_ON_CONN_END, &Filter, nullptr),
        mtcp_define_event(MOS_ON_ORPHAN, &Filter, nullptr),
    };
  }();
  return events;
}

ApiCalls::ApiCalls(std::span<const uint8_t> input)
    : input_(input),
      may_edit_(input_.Next() % 4 == 3),
      worker_(OptionsFrom(&input_)),
      sentinel_(worker_.mctx()) {
  current = this;
  flow_sockets_.fill(-1);
}

ApiCalls::~ApiCalls() { current = nullptr; }

std::string ApiCalls::Run() {
  while (!input_.empty() && complaint_.empty()) Step();
  Require(worker_.Turn(), "a frame was not freed, or twice");
  if (may_edit_) worker_.Wait(3 * 24 * 3600 * kNsASecond);
  worker_.End();
  Require(worker_.context().flows().flow_count() == 0, "flows remain");
  Require(worker_.context().flows().blocks().in_use() == 0,
          "receive buffers remain");
  return complaint_.empty() ? sentinel_.Finish() : complaint_;
}

void ApiCalls::Step() {
  const uint8_t step = input_.Next();
  switch (step % 8) {
    case 0:
      Require(worker_.Turn(), "a frame was not freed, or twice");
      break;
    case 1:
      Require(worker_.Turn(), "a frame was not freed, or twice");
      worker_.Wait(step >= 248 ? 3600 * kNsASecond : step * kNsASecond / 8);
      break;
    case 2:
    case 3:
      CallOne();
      break;
    default:
      wire_.Step(&input_, [this](const WireFrame& frame) {
        worker_.Add(frame.bytes, frame.split, frame.wire_length);
      });
      if (worker_.waiting() > 32) {
        Require(worker_.Turn(), "a frame was not freed, or twice");
      }
  }
}

void ApiCalls::OnEvent(mctx_t mctx, int socket, int side, event_t event,
                       filter_arg_t*) {
  ApiCalls& self = *current;
  self.Require(mctx == self.worker_.mctx(), "a callback of another context");
  self.Require(side >= MOS_SIDE_CLI && side <= MOS_SIDE_BOTH,
               "a callback with no side");
  self.Require(event != MOS_NULL_EVENT, "a callback for no event");
  self.Require(!self.sentinel_.Owns(socket), "a callback of another's socket");
  if (side != MOS_SIDE_BOTH) {
    uint64_t flow = 0;
    self.Require(mos_flow_id(mctx, socket, &flow) == 0 && flow != 0,
                 "a callback for a flow that there is not");
    auto& known = self.flow_sockets_;
    if (std::ranges::find(known, socket) == known.end()) {
      known[self.next_flow_socket_++ % known.size()] = socket;
    }
  }
  if (event == MOS_ON_CONN_NEW_DATA && self.input_.Next() % 4 != 0) {
    self.mctx_ = mctx;
    self.socket_ = socket;
    self.PeekInto(side, kUsualPeek, false);
  }
  self.CallSome(socket, kMostCallsACallback);
}

void ApiCalls::OnTimer(mctx_t mctx, int, int side, event_t event,
                       filter_arg_t* argument) {
  current->Require(mctx == current->worker_.mctx() && side == 0 &&
                       event == MOS_NULL_EVENT && argument == nullptr,
                   "a timer with arguments of its own");
  current->CallSome(-1, kMostCallsACallback);
}

bool ApiCalls::Filter(mctx_t, int socket, int, event_t, filter_arg_t*) {
  current->CallSome(socket, 1);
  return current->input_.Next() % 2 == 0;
}

void ApiCalls::CallSome(int socket, unsigned most) {
  const int outer = std::exchange(callback_socket_, socket);
  for (unsigned calls = input_.Next() % (most + 1); calls != 0; --calls) {
    CallOne();
  }
  callback_socket_ = outer;
}

void ApiCalls::CallOne() {
  static constexpr Call kCalls[] = {
      &ApiCalls::Open,       &ApiCalls::Close,        &ApiCalls::Bind,
      &ApiCalls::Register,   &ApiCalls::Register,     &ApiCalls::Register,
      &ApiCalls::Raise,      &ApiCalls::SetContext,   &ApiCalls::GetContext,
      &ApiCalls::Peek,       &ApiCalls::Peek,         &ApiCalls::PeekAt,
      &ApiCalls::LastPacket, &ApiCalls::Edit,         &ApiCalls::Send,
      &ApiCalls::ResetFlow,  &ApiCalls::SetTimer,     &ApiCalls::PeerName,
      &ApiCalls::GetOption,  &ApiCalls::GetFragments, &ApiCalls::SetOption,
      &ApiCalls::SetOption,  &ApiCalls::FlowId,       &ApiCalls::ReadClocks,
      &ApiCalls::EndContext,
  };
  const Call call = input_.OneOf(kCalls);
  mctx_ = AContext();
  socket_ = ASocket();
  errno = 0;
  (this->*call)();
}

mctx_t ApiCalls::AContext() {
  static mtcp_context foreign{0};
  const mctx_t right = worker_.mctx();
  switch (input_.Next()) {
    case 251:
      return nullptr;
    case 252:
      return &foreign;
    case 253:
      return right + 1;  // of ours, and no context
    case 254:
      return reinterpret_cast<mctx_t>(reinterpret_cast<uintptr_t>(right) + 1);
    case 255:
      return reinterpret_cast<mctx_t>(uintptr_t{1});
    default:
      return right;
  }
}

int ApiCalls::ASocket() {
  constexpr int kAnything[] = {-1,   0,    1,       2,       1023,
                               1024, 1025, 1 << 20, INT_MAX, INT_MIN};
  const uint8_t which = input_.Next();
  if (which >= 240) return input_.OneOf(kAnything);
  if (which % 4 == 0 && callback_socket_ >= 0) return callback_socket_;
  if (which % 4 == 1) return flow_sockets_[which / 4 % flow_sockets_.size()];
  return listeners_.empty() ? -1 : listeners_[which / 4 % listeners_.size()];
}

event_t ApiCalls::AnEvent() {
  constexpr event_t kOdd[] = {
      0, 3, 1 << 12, 1 << 13, event_t{1} << 31, event_t{1} << 63, ~event_t{0}};
  const uint8_t which = input_.Next();
  if (which >= 240) return input_.OneOf(kOdd);
  const auto& own = UserEvents();
  return which % 3 == 0 ? own[which / 3 % own.size()]
                        : event_t{1} << which / 3 % 12;
}

int ApiCalls::AHook() {
  constexpr int kHooks[] = {MOS_HK_SND, MOS_HK_RCV, MOS_NULL,
                            MOS_HK_SND, MOS_HK_RCV, MOS_NULL,
                            0,          1,          MOS_HK_SND | MOS_HK_RCV};
  return input_.OneOf(kHooks);
}

bool ApiCalls::Succeeded(const char* function, ssize_t result,
                         std::initializer_list<int> errors) {
  const int error = result < 0 ? errno : 0;
  ++met_[{function, error}];
  const bool right = mctx_ == worker_.mctx() &&
                     worker_.context().phase() != api::Context::Phase::kEnded;
  if (!right) {
    if (error != EACCES) {
      Complain(absl::StrCat(function, " took a context that is none: ", error));
    }
    return false;
  }
  if (result >= 0) return true;
  if (std::ranges::find(errors, error) == errors.end()) {
    Complain(absl::StrCat(function, " failed with errno ", error));
  }
  return false;
}

void ApiCalls::Complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what;
}

}  // namespace mosd::testing
