#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "sanitizer.h"

// Saves the callee-saved registers and the floating-point control words on this stack, leaves the stack pointer in *save, and goes on where
// `load` was saved.
extern "C" void ag_simt_switch(void** save, void* load);

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
constexpr std::size_t kStackBytes = (kSanitized ? 256 : 64) * 1024;  // usable bytes and the guard page below them

// Equal offsets in stacks a power of two apart would fall into the same few cache sets: start each a little lower than its neighbour.
constexpr std::size_t colour(int fiber) { return static_cast<std::size_t>(fiber % 29) * 448; }

}  // namespace

Fibers::~Fibers() {
  for (int i = 0; i < count_; ++i) {
    munmap(fibers_[i].stack, kStackBytes);
  }
}

bool Fibers::reserve(int count) {
  while (count_ < count) {
    void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
      return false;
    }
    if (mprotect(stack, kPage, PROT_NONE) != 0) {
      munmap(stack, kStackBytes);
      return false;
    }
    fibers_[count_++].stack = static_cast<char*>(stack);
  }
  return true;
}

void Fibers::prepare(int fiber, void (*entry)()) {
  char* const stack = fibers_[fiber].stack;
  permit(stack, kStackBytes);  // a fiber given up in the middle of a kernel left its frames forbidden
  // A function starts with rsp + 8 divisible by 16, as after a call. The word above `entry` is the return address it never uses.
  uint64_t* top = reinterpret_cast<uint64_t*>(stack + kStackBytes - colour(fiber));
  uint64_t* frame = top - 9;
  std::memset(frame, 0, 9 * sizeof(uint64_t));
  frame[7] = reinterpret_cast<uint64_t>(entry);
  uint32_t mxcsr;
  uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(mxcsr));
  asm volatile("fnstcw %0" : "=m"(x87));
  std::memcpy(reinterpret_cast<char*>(frame), &mxcsr, sizeof mxcsr);
  std::memcpy(reinterpret_cast<char*>(frame) + 4, &x87, sizeof x87);
  fibers_[fiber].stack_pointer = frame;
  fibers_[fiber].fake_stack = nullptr;
}

void Fibers::enter(int fiber) {
  void* fake_stack = nullptr;
  before_switch(&fake_stack, fibers_[fiber].stack, kStackBytes);
  ag_simt_switch(&caller_, fibers_[fiber].stack_pointer);
  after_switch(fake_stack, nullptr, nullptr);
}

void Fibers::started() { after_switch(nullptr, &caller_bottom_, &caller_bytes_); }

void Fibers::leave(int fiber) {
  Fiber& self = fibers_[fiber];
  before_switch(&self.fake_stack, caller_bottom_, caller_bytes_);
  ag_simt_switch(&self.stack_pointer, caller_);
  after_switch(self.fake_stack, &caller_bottom_, &caller_bytes_);
}

}  // namespace simt
