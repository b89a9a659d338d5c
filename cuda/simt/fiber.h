// Fibers: stacks that hand the processor to each other. x86-64, System V ABI.
#pragma once

#include <cstddef>

namespace simt {

// Saves the callee-saved registers and the floating-point control words on this stack, leaves the stack pointer in *save, and goes on where
// `load` was saved.
extern "C" void ag_simt_switch(void** save, void* load);

// Stack memory for many fibers, each with an unreadable page below it. Kept until the pool dies.
class StackPool {
 public:
  StackPool() = default;
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  // Makes stacks for fibers 0 .. count - 1. False: no memory.
  bool reserve(int count);
  // A stack pointer that ag_simt_switch may load: the fiber starts in `entry`, which must never return.
  void* prepare(int fiber, void (*entry)()) const;

 private:
  static constexpr int kMost = 1024;
  char* stacks_[kMost] = {};
  int count_ = 0;
};

}  // namespace simt
