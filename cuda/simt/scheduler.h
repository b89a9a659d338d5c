// Runs the threads of one block after another as fibers and watches how they meet.
#pragma once

#include <cstdint>

#include "async_copy.h"
#include "fiber.h"
#include "random.h"
#include "simt.h"
#include "wgmma.h"

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
  void named_barrier(int id, int threads, bool waits, Site site);
  // Parks until something wakes those who wait for this mbarrier.
  void wait_for(const uint64_t* barrier, Site site);
  void wake(const uint64_t* barrier);
  void* shared() { return shared_; }
  uint32_t shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site);
  [[noreturn]] void fail(Site site, const char* words);
  int current() const { return current_; }
  AsyncCopies& copies() { return copies_; }
  Products& products() { return products_; }

  // Work of the asynchronous units: runs when no thread of the block can.
  void later(Site site, std::function<void()> work);
  // These units address shared memory by number and see what threads wrote only after a fence.
  int64_t async_address(const void* pointer, int64_t bytes, int64_t alignment, Site site);
  void async_read(int64_t address, void* sixteen_bytes, bool async, Site site);
  void async_write(int64_t address, const unsigned char* bytes, int64_t count, int span);  // bytes null: NaN
  void fence_async() { std::memcpy(async_, shared_, static_cast<std::size_t>(shared_bytes_)); }

  static Scheduler& current_block();

 private:
  enum class State : uint8_t { ready, barrier, named, phase, warp, done };
  struct Thread {
    uint3 index;
    State state;
    Collective kind;
    unsigned mask;
    int argument, width;
    uint64_t value, result;
    void (*body)(void* const* lanes);
    const uint64_t* phase;  // the mbarrier it waits for
    int id;                 // the named barrier it waits at
    Site site;  // of the last collective
  };

  struct NamedBarrier {
    int expected = 0, arrived = 0;
    std::vector<uint16_t> waiting;
  };
  struct Later {
    int thread;
    std::function<void()> work;
  };
  struct Failed {};  // thrown by fail

  static void entry();
  void run_later();
  bool ended_well();
  bool run_block();
  bool same_barrier();
  static bool meets(const Thread& self, const Thread& other);
  void report_stuck();
  void permit_shared();
  void poison_shared();
  bool check_shared();
  void report_deadlock();
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
  Products products_;
  NamedBarrier named_[16];
  std::vector<Later> later_;
  alignas(1024) unsigned char shared_[kMostShared + 256];
  unsigned char async_[kMostShared];  // as wgmma sees it
};

}  // namespace simt
