// Fibers: stacks that hand the processor to each other. x86-64, System V ABI. AddressSanitizer is told of every switch.
#pragma once

#include <cstddef>

namespace simt {

// The stack of the caller of enter() and stacks for many fibers, each with an unreadable page below it, kept until the pool dies.
class Fibers {
 public:
  Fibers() = default;
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;
  ~Fibers();

  // Makes stacks for fibers 0 .. count - 1. False: no memory.
  bool reserve(int count);
  // The fiber's next turn starts in `entry`, which must call started() first and never return.
  void prepare(int fiber, void (*entry)());
  // Gives the processor to a fiber until it calls leave().
  void enter(int fiber);
  void started();
  void leave(int fiber);

 private:
  static constexpr int kMost = 1024;
  struct Fiber {
    char* stack = nullptr;
    void* stack_pointer = nullptr;
    void* fake_stack = nullptr;  // AddressSanitizer's
  };
  Fiber fibers_[kMost];
  int count_ = 0;
  void* caller_ = nullptr;  // its stack pointer
  const void* caller_bottom_ = nullptr;
  std::size_t caller_bytes_ = 0;
};

}  // namespace simt
