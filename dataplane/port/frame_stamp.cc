#include "dataplane/port/frame_stamp.h"

#include <rte_errno.h>

#include "absl/strings/str_cat.h"

namespace mosd::dataplane {

int frame_stamp_offset = -1;

absl::Status RegisterFrameStamp() {
  static const rte_mbuf_dynfield kField = {
      .name = "mosd_dynfield_frame_stamp",
      .size = sizeof(FrameStamp),
      .align = alignof(FrameStamp),
      .flags = 0,
  };
  const int offset = rte_mbuf_dynfield_register(&kField);
  if (offset < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no room for a capture's time in packet buffers: ",
                     rte_strerror(rte_errno)));
  }
  frame_stamp_offset = offset;
  return absl::OkStatus();
}

}  // namespace mosd::dataplane
