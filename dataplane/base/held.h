// A pointer that is worked out once. g++ 12 would rather work out the address
// of an element of an array again at each use than keep it in a register, and
// runs out of those: 22 instructions a packet, where it was measured.
#pragma once

namespace mosd::dataplane {

template <typename T>
T* Held(T* pointer) {
  asm("" : "+r"(pointer));
  return pointer;
}

}  // namespace mosd::dataplane
