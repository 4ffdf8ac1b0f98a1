#include "api/filter/bpf_converter.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace mosd::api {
namespace {

// Jumps have 16 bits. DPDK's checker walks the paths through a program, which
// double with each "(a or b) and": 4,096 take it some milliseconds.
constexpr uint32_t kMaxInstructions = 4'096;
constexpr uint64_t kMaxPaths = 4'096;
constexpr int32_t kMaxOffset = INT32_MAX;

// A is where a load leaves its value, the mbuf where a load looks for it, and
// calls, which loads may be, keep registers 6 to 9.
constexpr uint8_t kA = EBPF_REG_0;
constexpr uint8_t kArgument = EBPF_REG_1;
constexpr uint8_t kMbuf = EBPF_REG_6;
constexpr uint8_t kX = EBPF_REG_7;
constexpr uint8_t kScratch = EBPF_REG_8;
constexpr uint8_t kFrame = EBPF_REG_10;

// All values are 32 bits wide, in registers of 64 whose upper half is zero:
// jumps compare all 64. Immediates are signed.
class Converter {
 public:
  explicit Converter(const bpf_program& program) : program_(program) {}

  std::vector<ebpf_insn> Run() {
    if (program_.bf_len > kMaxInstructions) return {};
    Emit(EBPF_ALU64 | EBPF_MOV | BPF_X, kMbuf, kArgument);
    Move(kA, 0);
    Move(kX, 0);
    for (uint32_t i = 0; i < program_.bf_len; ++i) {
      starts_.push_back(code_.size());
      if (!Instruction(i, program_.bf_insns[i])) return {};
    }
    starts_.push_back(code_.size());
    Emit(BPF_JMP | EBPF_EXIT, 0, 0);
    for (const Jump& jump : jumps_) {
      const size_t distance = starts_[jump.target] - jump.place - 1;
      if (distance > INT16_MAX) return {};
      code_[jump.place].off = static_cast<int16_t>(distance);
    }
    if (Paths() > kMaxPaths) return {};
    return std::move(code_);
  }

 private:
  struct Jump {
    size_t place;     // in code_
    uint32_t target;  // in program_; its length: the exit
  };

  // How many ways there are from the first instruction to the exit, or a number
  // above kMaxPaths.
  uint64_t Paths() const {
    std::vector<uint64_t> from(code_.size(), 1);
    for (size_t at = code_.size() - 1; at-- > 0;) {
      const ebpf_insn& instruction = code_[at];
      const bool is_jump = BPF_CLASS(instruction.code) == BPF_JMP;
      const bool always = instruction.code == (BPF_JMP | BPF_JA);
      from[at] = always ? 0 : from[at + 1];
      if (is_jump) {
        from[at] += from[at + 1 + static_cast<size_t>(instruction.off)];
      }
      from[at] = std::min(from[at], kMaxPaths + 1);
    }
    return from[0];
  }

  void Emit(int code, uint8_t destination, uint8_t source, int16_t offset = 0,
            int32_t immediate = 0) {
    ebpf_insn instruction = {};
    instruction.code = static_cast<uint8_t>(code);
    instruction.dst_reg = destination & 0xf;
    instruction.src_reg = source & 0xf;
    instruction.off = offset;
    instruction.imm = immediate;
    code_.push_back(instruction);
  }

  void Move(uint8_t destination, uint32_t value) {
    Emit(BPF_ALU | EBPF_MOV | BPF_K, destination, 0, 0,
         static_cast<int32_t>(value));
  }
  void Copy(uint8_t destination, uint8_t source) {
    Emit(BPF_ALU | EBPF_MOV | BPF_X, destination, source);
  }
  void Exit() {
    jumps_.push_back({code_.size(), program_.bf_len});
    Emit(BPF_JMP | BPF_JA, 0, 0);
  }
  void ReturnZero() {
    Move(kA, 0);
    Exit();
  }

  bool Instruction(uint32_t place, const bpf_insn& from) {
    switch (BPF_CLASS(from.code)) {
      case BPF_LD:
        return Load(from, kA);
      case BPF_LDX:
        return Load(from, kX);
      case BPF_ST:
        return Store(from, kA);
      case BPF_STX:
        return Store(from, kX);
      case BPF_ALU:
        return Arithmetic(from);
      case BPF_JMP:
        return Branch(place, from);
      case BPF_RET:
        if (BPF_RVAL(from.code) == BPF_K) Move(kA, from.k);
        if (place + 1 < program_.bf_len) Exit();
        return true;
      default:
        BPF_MISCOP(from.code) == BPF_TAX ? Copy(kX, kA) : Copy(kA, kX);
        return true;
    }
  }

  static int16_t Slot(uint32_t word) {
    return static_cast<int16_t>(4 * (static_cast<int>(word) - BPF_MEMWORDS));
  }

  bool Load(const bpf_insn& from, uint8_t into) {
    switch (BPF_MODE(from.code)) {
      case BPF_IMM:
        Move(into, from.k);
        return true;
      case BPF_LEN:
        Emit(BPF_LDX | BPF_MEM | BPF_W, into, kMbuf,
             offsetof(rte_mbuf, pkt_len));
        return true;
      case BPF_MEM:
        if (from.k >= BPF_MEMWORDS) return false;
        Emit(BPF_LDX | BPF_MEM | BPF_W, into, kFrame, Slot(from.k));
        return true;
      case BPF_ABS:
        return LoadAt(BPF_SIZE(from.code), from.k);
      case BPF_MSH:  // X = 4 * the low half of a byte
        Copy(kScratch, kA);
        if (!LoadAt(BPF_B, from.k)) return false;
        Emit(BPF_ALU | BPF_AND | BPF_K, kA, 0, 0, 0xf);
        Emit(BPF_ALU | BPF_LSH | BPF_K, kA, 0, 0, 2);
        Copy(kX, kA);
        Copy(kA, kScratch);
        return true;
      case BPF_IND:
        LoadBehindX(BPF_SIZE(from.code), from.k);
        return true;
      default:
        return false;
    }
  }

  bool LoadAt(int size, uint32_t offset) {
    if (offset > kMaxOffset - 4) return false;
    Emit(BPF_LD | BPF_ABS | size, 0, 0, 0, static_cast<int32_t>(offset));
    return true;
  }

  // DPDK adds offset and size without a look at their carry: no load may have
  // an offset that could make one.
  void LoadBehindX(int size, uint32_t offset) {
    Copy(kScratch, kX);
    if (offset != 0) {
      Emit(BPF_ALU | BPF_ADD | BPF_K, kScratch, 0, 0,
           static_cast<int32_t>(offset));
    }
    Emit(BPF_JMP | EBPF_JLE | BPF_K, kScratch, 0, 2, kMaxOffset - 4);
    ReturnZero();
    Emit(BPF_LD | BPF_IND | size, 0, kScratch);
  }

  bool Store(const bpf_insn& from, uint8_t value) {
    if (from.k >= BPF_MEMWORDS) return false;
    Emit(BPF_STX | BPF_MEM | BPF_W, kFrame, value, Slot(from.k));
    return true;
  }

  bool Arithmetic(const bpf_insn& from) {
    const int operation = BPF_OP(from.code);
    const bool is_shift = operation == BPF_LSH || operation == BPF_RSH;
    const bool is_division = operation == BPF_DIV || operation == BPF_MOD;
    if (operation == BPF_NEG) {
      Emit(BPF_ALU | BPF_NEG, kA, 0);
      return true;
    }
    if (BPF_SRC(from.code) == BPF_K) {
      if ((is_shift && from.k > 31) || (is_division && from.k == 0)) {
        return false;
      }
      Emit(from.code, kA, 0, 0, static_cast<int32_t>(from.k));
      return true;
    }
    if (is_division) {
      Emit(BPF_JMP | EBPF_JNE | BPF_K, kX, 0, 2, 0);
      ReturnZero();
    }
    if (is_shift) {  // processors shift by the lower five bits only
      Emit(BPF_JMP | EBPF_JLE | BPF_K, kX, 0, 2, 31);
      Move(kA, 0);
      Emit(BPF_JMP | BPF_JA, 0, 0, 1);
    }
    Emit(from.code, kA, kX);
    return true;
  }

  bool JumpTo(int code, uint8_t source, int32_t immediate, uint64_t target,
              uint32_t place) {
    // Further on: a loop is a distance that wraps around.
    if (target >= program_.bf_len || target <= place) return false;
    jumps_.push_back({code_.size(), static_cast<uint32_t>(target)});
    Emit(code, code == (BPF_JMP | BPF_JA) ? 0 : kA, source, 0, immediate);
    return true;
  }

  bool Branch(uint32_t place, const bpf_insn& from) {
    const uint64_t next = uint64_t{place} + 1;
    if (BPF_OP(from.code) == BPF_JA) {
      return JumpTo(BPF_JMP | BPF_JA, 0, 0, next + from.k, place);
    }
    uint8_t source = kX;
    int operand = BPF_X;
    int32_t immediate = 0;
    if (BPF_SRC(from.code) == BPF_K) {
      if (from.k <= INT32_MAX) {
        operand = BPF_K;
        source = 0;
        immediate = static_cast<int32_t>(from.k);
      } else {
        source = kScratch;
        Move(kScratch, from.k);
      }
    }
    if (from.jt == 0 && BPF_OP(from.code) == BPF_JEQ) {
      return JumpTo(BPF_JMP | EBPF_JNE | operand, source, immediate,
                    next + from.jf, place);
    }
    return JumpTo(BPF_JMP | BPF_OP(from.code) | operand, source, immediate,
                  next + from.jt, place) &&
           (from.jf == 0 ||
            JumpTo(BPF_JMP | BPF_JA, 0, 0, next + from.jf, place));
  }

  const bpf_program& program_;
  std::vector<ebpf_insn> code_;
  std::vector<size_t> starts_;  // of each instruction of program_, in code_
  std::vector<Jump> jumps_;
};

}  // namespace

std::vector<ebpf_insn> ConvertProgram(const bpf_program& program) {
  return Converter(program).Run();
}

}  // namespace mosd::api
