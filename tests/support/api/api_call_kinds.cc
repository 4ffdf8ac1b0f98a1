// Each function that ApiCalls calls, with what it may answer.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "mos_ext.h"
#include "tests/support/api/api_calls.h"

namespace mosd::testing {
namespace {

constexpr size_t kMostListeners = 12;

}  // namespace

void ApiCalls::Open() {
  constexpr int kDomains[] = {AF_INET, AF_UNSPEC, AF_INET6, AF_UNIX};
  constexpr int kTypes[] = {
      MOS_SOCK_MONITOR_STREAM, MOS_SOCK_MONITOR_RAW,
      MOS_SOCK_MONITOR_STREAM, MOS_SOCK_MONITOR_STREAM_ACTIVE,
      MOS_SOCK_STREAM,         -1};
  if (listeners_.size() >= kMostListeners) return;
  const int domain = input_.OneOf(kDomains);
  const int type = input_.OneOf(kTypes);
  const int protocol = input_.Next() == 255 ? -1 : 0;
  const int socket = mtcp_socket(mctx_, domain, type, protocol);
  if (!Succeeded("mtcp_socket", socket, {EAFNOSUPPORT, EINVAL, ENFILE})) return;
  Require(std::ranges::find(listeners_, socket) == listeners_.end() &&
              !sentinel_.Owns(socket),
          "a socket that is open was opened");
  listeners_.push_back(socket);
  const int events[] = {MOS_ON_PKT_IN, MOS_ON_CONN_NEW_DATA, MOS_ON_CONN_END};
  for (const int event : events) {
    mtcp_register_callback(mctx_, socket, static_cast<event_t>(event), AHook(),
                           &OnEvent);
  }
}

void ApiCalls::Close() {
  if (sentinel_.Owns(socket_)) return;
  const int result = mtcp_close(mctx_, socket_);
  if (!Succeeded("mtcp_close", result, {EBADF})) return;
  std::erase(listeners_, socket_);
  Require(mtcp_close(mctx_, socket_) == -1 && errno == EBADF,
          "a socket was closed twice");
}

void ApiCalls::Bind() {
  constexpr const char* kFilters[] = {
      "tcp",
      "port 80",
      "src 10.0.0.1",
      "net 2001:db8::/32",
      "not tcp",
      "tcp and (port 40001 or port 40002)",
      "",
      "((((",
      "portrange 1-2",
      "host example.org",
      "tcp[13]&2!=0",
      "\xff\xfe",
  };
  if (sentinel_.Owns(socket_)) return;
  std::string first = input_.OneOf(kFilters);
  std::string second = input_.OneOf(kFilters);
  monitor_filter filter{};
  filter.stream_syn_filter = first.data();
  const uint8_t which = input_.Next();
  if (which % 2 == 0) filter.stream_orphan_filter = second.data();
  if (which % 16 == 1) filter.stream_syn_filter = nullptr;
  Succeeded("mtcp_bind_monitor_filter",
            mtcp_bind_monitor_filter(mctx_, socket_,
                                     which == 255 ? nullptr : &filter),
            {EBADF, EINVAL, ENOPROTOOPT});
}

void ApiCalls::Register() {
  if (sentinel_.Owns(socket_)) return;
  const event_t event = AnEvent();
  const int hook = AHook();
  const callback_t callback = input_.Next() % 4 == 3 ? nullptr : &OnEvent;
  Succeeded("mtcp_register_callback",
            mtcp_register_callback(mctx_, socket_, event, hook, callback),
            {EBADF, EINVAL});
}

void ApiCalls::Raise() {
  Succeeded("mtcp_raise_event", mtcp_raise_event(mctx_, AnEvent()), {EINVAL});
}

void ApiCalls::SetContext() {
  mtcp_set_uctx(mctx_, socket_, this);
  Succeeded("mtcp_set_uctx", errno == 0 ? 0 : -1, {EBADF});
}

void ApiCalls::GetContext() {
  const void* const context = mtcp_get_uctx(mctx_, socket_);
  Require(context == nullptr || context == this, "another's user context");
  Succeeded("mtcp_get_uctx", errno == 0 ? 0 : -1, {EBADF});
}

bool ApiCalls::BufferInfo(mctx_t mctx, int socket, int side,
                          tcp_buf_info* info) {
  socklen_t length = sizeof(*info);
  return mtcp_getsockopt(
             mctx, socket, SOL_MONSOCKET,
             side == MOS_SIDE_CLI ? MOS_INFO_CLIBUF : MOS_INFO_SVRBUF, info,
             &length) == 0;
}

void ApiCalls::CheckBytes(uint32_t seq, std::span<const char> bytes) {
  bytes_checked_ += bytes.size();
  for (const char byte : bytes) {
    if (static_cast<uint8_t>(byte) != PayloadByteAt(seq++) && !may_edit_) {
      Complain("a byte was read that was never sent there");
      return;
    }
  }
}

void ApiCalls::Peek() {
  constexpr int kSides[] = {MOS_SIDE_CLI, MOS_SIDE_SVR,  MOS_SIDE_CLI,
                            MOS_SIDE_SVR, MOS_SIDE_BOTH, -1};
  const int side = input_.OneOf(kSides);
  PeekInto(side, input_.Next() * size_t{64}, input_.Next() % 16 == 15);
}

void ApiCalls::PeekInto(int side, size_t room, bool null) {
  tcp_buf_info before{};
  const bool on = BufferInfo(mctx_, socket_, side, &before);
  const auto buffer = std::make_unique<char[]>(room);
  errno = 0;
  const ssize_t result =
      mtcp_peek(mctx_, socket_, side, null ? nullptr : buffer.get(), room);
  Succeeded("mtcp_peek", result, {EBADF, EINVAL, ENOTSOCK, ENODATA});
  if (result < 0 && errno != ENODATA) return;
  Require(on && result <= static_cast<ssize_t>(room), "too much was peeked");
  tcp_buf_info after{};
  Require(BufferInfo(mctx_, socket_, side, &after), "a buffer went");
  const auto moved = static_cast<uint32_t>(result < 0 ? -result : result);
  Require(after.tcpbi_last_byte_read == before.tcpbi_last_byte_read + moved,
          "mtcp_peek did not move on by what it says");
  if (result > 0) {
    CheckBytes(before.tcpbi_last_byte_read,
               {buffer.get(), static_cast<size_t>(result)});
  }
}

void ApiCalls::PeekAt() {
  constexpr uint64_t kBases[] = {0, 0, 0, uint64_t{1} << 32, UINT64_MAX - 255};
  const int side = input_.Next() % 2;
  const size_t room = input_.Next() * size_t{16};
  const uint64_t offset = input_.OneOf(kBases) + input_.Next() * uint64_t{32};
  tcp_buf_info info{};
  const bool on = BufferInfo(mctx_, socket_, side, &info);
  const auto buffer = std::make_unique<char[]>(room);
  errno = 0;
  const ssize_t result =
      mtcp_ppeek(mctx_, socket_, side, buffer.get(), room, offset);
  if (!Succeeded("mtcp_ppeek", result,
                 {EBADF, EINVAL, ESOCKTNOSUPPORT, ENODATA})) {
    return;
  }
  Require(on && result <= static_cast<ssize_t>(room), "too much was peeked");
  CheckBytes(info.tcpbi_init_seq + static_cast<uint32_t>(offset),
             {buffer.get(), static_cast<size_t>(result)});
}

void ApiCalls::LastPacket() {
  constexpr int kSides[] = {MOS_SIDE_CLI, MOS_SIDE_SVR,  MOS_SIDE_CLI,
                            MOS_SIDE_SVR, MOS_SIDE_BOTH, -1};
  const int side = input_.OneOf(kSides);
  pkt_info info;
  std::memset(&info, 0xff, sizeof(info));
  const bool null = input_.Next() % 16 == 15;
  if (!Succeeded("mtcp_getlastpkt",
                 mtcp_getlastpkt(mctx_, socket_, side, null ? nullptr : &info),
                 {EBADF, EINVAL, ENODATA})) {
    return;
  }
  const auto* const first = reinterpret_cast<const uint8_t*>(info.ethh);
  const uint8_t* const end = first + info.eth_len;
  uint32_t sum = 0;
  for (const uint8_t* byte = first; byte != end; ++byte) sum += *byte;
  Require(sum != 0, "a frame of nothing");
  const auto inside = [&](const void* part) {
    return part == nullptr || (part > first && part < end);
  };
  Require(inside(info.iph) && inside(info.tcph) && inside(info.payload),
          "a header beside its frame");
  const int version = mos_ip_version(&info);
  Require(version == 0 || info.iph != nullptr, "a version of no header");
  Require((mos_ip6h(&info) != nullptr) == (version == 6), "IPv6 or not");
  if (info.tcph == nullptr || may_edit_) return;
  uint32_t seq;
  std::memcpy(&seq, reinterpret_cast<const uint8_t*>(info.tcph) + 4, 4);
  Require(ntohl(seq) == info.seq, "another frame's sequence number");
  Require((info.payload != nullptr) == (info.payloadlen != 0),
          "a payload, and none");
  Require(info.payload + info.payloadlen <= end, "a payload beyond its frame");
}

void ApiCalls::Edit() {
  constexpr int kActions[] = {MOS_OVERWRITE, MOS_CHOMP, MOS_INSERT,
                              MOS_DROP,      0,         1 << 12};
  if (!may_edit_) return;
  const int side = input_.Next() % 4;
  const int part = 1 << input_.Next() % 4;
  const int option = input_.OneOf(kActions) | part | (input_.Next() & 0x30);
  const off_t offset = static_cast<int8_t>(input_.Next());
  std::vector<byte> bytes(input_.Next());
  std::ranges::fill(bytes, input_.Next());
  Succeeded("mtcp_setlastpkt",
            mtcp_setlastpkt(mctx_, socket_, side, offset, bytes.data(),
                            static_cast<uint16_t>(bytes.size()), option),
            {EBADF, EINVAL, EACCES, EMSGSIZE, ENODATA});
}

void ApiCalls::Send() {
  pkt_info info{};
  const bool null = input_.Next() % 4 == 0;
  Succeeded("mtcp_sendpkt",
            mtcp_sendpkt(mctx_, socket_, null ? nullptr : &info),
            {EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP});
}

void ApiCalls::ResetFlow() {
  Succeeded("mtcp_reset_conn", mtcp_reset_conn(mctx_, socket_),
            {EBADF, ENOTSOCK, EOPNOTSUPP});
}

void ApiCalls::SetTimer() {
  constexpr time_t kSeconds[] = {0, 0, 1, 60, -1, time_t{1} << 40};
  constexpr suseconds_t kMicroseconds[] = {0, 1, 999'999, 1'000'000, -1};
  timeval time{input_.OneOf(kSeconds), input_.OneOf(kMicroseconds)};
  const uint8_t which = input_.Next();
  Succeeded("mtcp_settimer",
            mtcp_settimer(mctx_, which, which == 255 ? nullptr : &time,
                          which == 254 ? nullptr : &OnTimer),
            {EINVAL, ENOMEM});
}

void ApiCalls::PeerName() {
  const int side = input_.Next() % 5 - 1;
  const auto room = static_cast<socklen_t>(input_.Next() % 80);
  const auto bytes = std::make_unique<uint8_t[]>(room);
  auto* const address = reinterpret_cast<sockaddr*>(bytes.get());
  socklen_t length = room;
  const bool null = input_.Next() % 16 == 15;
  if (!Succeeded("mtcp_getpeername",
                 mtcp_getpeername(mctx_, socket_, null ? nullptr : address,
                                  &length, side),
                 {EBADF, EINVAL, ENOTCONN})) {
    return;
  }
  Require(length >= sizeof(sockaddr_in) && length <= room,
          "addresses beyond the room for them");
  sa_family_t family;
  std::memcpy(&family, bytes.get(), sizeof(family));
  Require(family == AF_INET || family == AF_INET6, "no address");
}

void ApiCalls::GetOption() {
  constexpr int kLevels[] = {SOL_MONSOCKET, SOL_MONSOCKET, SOL_MONSOCKET,
                             SOL_SOCKET};
  const int level = input_.OneOf(kLevels);
  const int name = input_.Next() % 20;
  if (name == MOS_FRAGINFO_CLIBUF || name == MOS_FRAGINFO_SVRBUF) return;
  const auto room = static_cast<socklen_t>(input_.Next() % 24);
  const auto bytes = std::make_unique<uint8_t[]>(room);
  socklen_t length = room;
  const uint8_t null = input_.Next();
  if (Succeeded("mtcp_getsockopt",
                mtcp_getsockopt(mctx_, socket_, level, name,
                                null == 255 ? nullptr : bytes.get(),
                                null == 254 ? nullptr : &length),
                {EBADF, EINVAL, ENOTSOCK, ENOPROTOOPT})) {
    Require(length <= room, "an option beyond the room for it");
  }
}

void ApiCalls::GetFragments() {
  const int side = input_.Next() % 2;
  const socklen_t room = input_.Next() % 5;
  std::vector<tcp_ring_fragment> fragments(room);
  socklen_t count = room;
  const int result = mtcp_getsockopt(
      mctx_, socket_, SOL_MONSOCKET,
      side == 0 ? MOS_FRAGINFO_CLIBUF : MOS_FRAGINFO_SVRBUF,
      room == 0 ? static_cast<void*>(&count) : fragments.data(), &count);
  if (!Succeeded("mtcp_getsockopt", result, {EBADF, EINVAL, ENOTSOCK})) return;
  Require(count <= room, "more fragments than there is room for");
  uint64_t end = 0;
  for (socklen_t i = 0; i < std::min(count, room); ++i) {
    Require(fragments[i].len != 0 && fragments[i].offset >= end,
            "fragments that overlap");
    end = fragments[i].offset + fragments[i].len;
  }
}

void ApiCalls::SetOption() {
  constexpr int kNames[] = {MOS_CLIBUF,     MOS_SVRBUF,   MOS_CLIOVERLAP,
                            MOS_SVROVERLAP, MOS_STOP_MON, MOS_SEQ_REMAP,
                            MOS_TIMESTAMP};
  constexpr int kValues[] = {0, 1, 2, 0, 1, 2, -1, 100, 8192, 1 << 30, 1 << 31};
  if (sentinel_.Owns(socket_)) return;
  const int name = input_.OneOf(kNames);
  const int value = input_.OneOf(kValues);
  const uint8_t which = input_.Next();
  Succeeded(
      "mtcp_setsockopt",
      mtcp_setsockopt(mctx_, socket_, which == 253 ? SOL_SOCKET : SOL_MONSOCKET,
                      name, which == 255 ? nullptr : &value,
                      which == 254 ? 3 : sizeof(value)),
      {EBADF, EINVAL, ENOPROTOOPT, EPERM});
}

void ApiCalls::FlowId() {
  uint64_t flow = 0;
  const bool null = input_.Next() % 16 == 15;
  if (Succeeded("mos_flow_id",
                mos_flow_id(mctx_, socket_, null ? nullptr : &flow),
                {EBADF, EINVAL, ENOTSOCK})) {
    Require(flow != 0, "a flow without an id");
  }
}

void ApiCalls::ReadClocks() {
  mtcp_cb_get_ts(mctx_);
  Succeeded("mtcp_cb_get_ts", errno == 0 ? 0 : -1, {});
  errno = 0;
  Succeeded("mos_rx_time_ns", mos_rx_time_ns(mctx_) < 0 ? -1 : 0, {});
  errno = 0;
  const uint32_t flows = mtcp_get_connection_cnt(mctx_);
  Require(flows <= worker_.context().options().max_flows, "too many flows");
  Succeeded("mtcp_get_connection_cnt", errno == 0 ? 0 : -1, {});
}

void ApiCalls::EndContext() {
  if (input_.Next() != 255) return;
  Succeeded("mtcp_destroy_context", mtcp_destroy_context(mctx_), {});
}

}  // namespace mosd::testing
