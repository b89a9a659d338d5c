// The model of cp.async. A copy arrives as late as the rules allow, at the wait that covers it; until then its bytes in shared memory are
// NaN, since a card may bring them at any time in between.
#pragma once

#include <deque>
#include <vector>

#include "simt.h"

namespace simt {

// Of the thread that runs.
void copy_async(void* shared, const void* global, int bytes, int source_bytes, Site site);
void copy_async_commit();
void copy_async_wait(int newest_groups);
// Arrives at an mbarrier once the thread's copies so far have arrived.
void copy_async_arrive(uint64_t* barrier, Site site);

// The copies under way of one block, each thread its own.
class AsyncCopies {
 public:
  void start_block(int threads);
  void issue(int thread, void* shared, const void* global, int bytes, int source_bytes);
  void commit(int thread) {
    used_ = true;
    ++threads_[static_cast<std::size_t>(thread)].groups;
  }
  void wait(int thread, int newest_groups);
  int64_t issued(int thread) const { return threads_[static_cast<std::size_t>(thread)].issued; }
  // The first `count` copies of the block's start arrive.
  void arrive(int thread, int64_t count);

 private:
  struct Copy {
    void* to;
    const void* from;
    int bytes, source_bytes;
    int64_t group, number;
  };
  static void bring(const Copy& copy);
  struct Thread {
    std::deque<Copy> pending;
    int64_t groups = 0, issued = 0;  // groups committed, copies, so far
  };
  std::vector<Thread> threads_;
  bool used_ = false;
};

}  // namespace simt
