// Runs the threads of one block after another as fibers and watches how they meet.
#pragma once

#include <cstdint>

#include "async_copy.h"
#include "fiber.h"
#include "random.h"
#include "simt.h"

namespace simt {

constexpr int kMostThreads = 1024;
constexpr int kWarp = 32;
constexpr int64_t kMostShared = 227 * 1024;

class Scheduler {
 public:
  // All blocks of a grid. A failure stands in error, with the kernel's name before it.
  void run(Error& error, const char* kernel, dim3 grid, dim3 block, int64_t shared_bytes, const std::function<void()>& thread,
           uint64_t seed);

  // Called on a fiber.
  void barrier(Site site);
  uint64_t collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site,
                      void (*body)(void* const* lanes) = nullptr);
  void together(void* argument, void (*body)(void* const* lanes), Site site);
  void* shared() { return shared_; }
  uint32_t shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site);
  [[noreturn]] void fail(Site site, const char* words);
  int current() const { return current_; }
  AsyncCopies& copies() { return copies_; }

 private:
  enum class State : uint8_t { ready, barrier, warp, done };
  struct Thread {
    uint3 index;
    State state;
    Collective kind;
    unsigned mask;
    int argument, width;
    uint64_t value, result;
    void (*body)(void* const* lanes);
    Site site;  // of the last collective
  };

  static void entry();
  bool run_block();
  bool same_barrier();
  static bool meets(const Thread& self, const Thread& other);
  void report_stuck();
  bool check_shared();
  void enqueue_shuffled(const uint16_t* threads, int count);
  void park();
  void release_warp(int first, unsigned mask);

  Fibers fibers_;
  Thread threads_[kMostThreads];
  bool fresh_[kMostThreads];  // the fiber stands at the head of its loop
  uint16_t queue_[kMostThreads];
  uint32_t head_ = 0, tail_ = 0;  // of the ring of ready threads
  int count_ = 0, current_ = 0, waiting_ = 0, done_ = 0;
  int64_t shared_bytes_ = 0;
  const std::function<void()>* body_ = nullptr;
  Error* error_ = nullptr;
  Random* random_ = nullptr;
  AsyncCopies copies_;
  alignas(1024) unsigned char shared_[kMostShared + 256];
};

}  // namespace simt
