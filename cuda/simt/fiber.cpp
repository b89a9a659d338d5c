#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

// The frame of a parked fiber, from its stack pointer upwards: mxcsr and x87 control word (4 bytes each), r15, r14, r13, r12, rbx, rbp,
// return address.
asm(R"(
.text
.p2align 4
.globl ag_simt_switch
.hidden ag_simt_switch
.type ag_simt_switch, @function
ag_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ag_simt_switch, .-ag_simt_switch
)");

namespace simt {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kStackBytes = 64 * 1024;  // usable bytes and the guard page below them

// Equal offsets in stacks a power of two apart would fall into the same few cache sets: start each a little lower than its neighbour.
constexpr std::size_t colour(int fiber) { return static_cast<std::size_t>(fiber % 29) * 448; }

}  // namespace

StackPool::~StackPool() {
  for (int i = 0; i < count_; ++i) {
    munmap(stacks_[i], kStackBytes);
  }
}

bool StackPool::reserve(int count) {
  while (count_ < count) {
    void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
      return false;
    }
    if (mprotect(stack, kPage, PROT_NONE) != 0) {
      munmap(stack, kStackBytes);
      return false;
    }
    stacks_[count_++] = static_cast<char*>(stack);
  }
  return true;
}

void* StackPool::prepare(int fiber, void (*entry)()) const {
  // A function starts with rsp + 8 divisible by 16, as after a call. The word above `entry` is the return address it never uses.
  uint64_t* top = reinterpret_cast<uint64_t*>(stacks_[fiber] + kStackBytes - colour(fiber));
  uint64_t* frame = top - 9;
  std::memset(frame, 0, 9 * sizeof(uint64_t));
  frame[7] = reinterpret_cast<uint64_t>(entry);
  uint32_t mxcsr;
  uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  asm volatile("fnstcw %0" : "=m"(x87));
  std::memcpy(reinterpret_cast<char*>(frame), &mxcsr, sizeof mxcsr);
  std::memcpy(reinterpret_cast<char*>(frame) + 4, &x87, sizeof x87);
  return frame;
}

}  // namespace simt
