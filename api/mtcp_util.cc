// Helpers of mOS programs.
#include "mtcp_util.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "api/call.h"
#include "api/event/event_id.h"
#include "api/runtime.h"
#include "mtcp_epoll.h"

namespace mosd::api {
namespace {

// Of the C locale, whichever the program has chosen.
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Ends the word that begins at `text`, quotes taken out, in place. Returns what
// follows it; null: a quote is left open.
char* EndWord(char* text) {
  char* out = text;
  char quote = '\0';
  for (;; ++text) {
    const char c = *text;
    if (c == '\0' || (quote == '\0' && IsBlank(c))) break;
    if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
      quote = quote == '\0' ? c : '\0';
    } else {
      *out++ = c;
    }
  }
  if (quote != '\0') return nullptr;
  char* const rest = *text == '\0' ? text : text + 1;
  *out = '\0';
  return rest;
}

}  // namespace
}  // namespace mosd::api

using namespace mosd;  // NOLINT: the functions below are C's

int GetRSSCPUCore(in_addr_t source, in_addr_t destination,
                  in_port_t source_port, in_port_t destination_port,
                  int queues) {
  if (queues <= 0) return api::Fail(EINVAL);
  dataplane::Endpoint from{};
  dataplane::Endpoint to{};
  std::memcpy(from.address.data(), &source, sizeof(source));
  std::memcpy(to.address.data(), &destination, sizeof(destination));
  from.port = ntohs(source_port);
  to.port = ntohs(destination_port);
  const int worker =
      api::Runtime::Get().WorkerOf(dataplane::IpVersion::kIpv4, from, to);
  return worker >= 0 ? worker : api::Fail(EACCES);
}

int StrToArgs(char* text, int* count, char** words, int room) {
  if (text == nullptr || count == nullptr || words == nullptr || room < 1) {
    return api::Fail(EINVAL);
  }
  *count = 0;
  words[0] = nullptr;
  for (;;) {
    while (api::IsBlank(*text)) ++text;
    if (*text == '\0') return 0;
    if (*count == room - 1) return api::Fail(E2BIG);
    char* const word = text;
    text = api::EndWord(word);
    if (text == nullptr) return api::Fail(EINVAL);
    words[(*count)++] = word;
    words[*count] = nullptr;
  }
}

char* EventToString(uint32_t event) {
  static char unknown[] = "unknown event";
  const auto builtin = api::BuiltinOf(event);
  // As mOS has it, whose programs print it and leave it alone.
  return builtin ? const_cast<char*>(api::InfoOf(*builtin).name) : unknown;
}
