// A frame while it is processed, as a program on the worker sees it.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.h"
#include "dataplane/frame/last_frame.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_frame.h"

struct rte_mbuf;

namespace mosd::dataplane {

struct FrameView : FrameFacts {
  rte_mbuf* frame;
  // Of a segment: the frame itself, as long as nobody has asked for parsed().
  mutable const PlainFrame* plain;
  ParsedFrame* headers;  // where parsed() puts them
  DropReason reason;     // kNone: a TCP segment

  // Headers of a segment. Parsed when they are first asked for: who may change
  // the frame's bytes asks before. Worker only.
  const ParsedFrame& parsed() const {
    if (plain != nullptr) {
      plain->Parse(headers);
      plain = nullptr;
    }
    return *headers;
  }
};

}  // namespace mosd::dataplane
