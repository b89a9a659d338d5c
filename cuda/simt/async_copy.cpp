#include "async_copy.h"

#include "mbarrier.h"
#include "scheduler.h"

namespace simt {

void AsyncCopies::start_block(int threads) {
  const std::size_t count = static_cast<std::size_t>(threads);
  if (used_ || threads_.size() < count) {
    threads_.clear();
    threads_.resize(count);
    used_ = false;
  }
}

void AsyncCopies::issue(int thread, void* shared, const void* global, int bytes, int source_bytes) {
  std::memset(shared, kPoison, static_cast<std::size_t>(bytes));
  used_ = true;
  Thread& self = threads_[static_cast<std::size_t>(thread)];
  self.pending.push_back({shared, global, bytes, source_bytes, self.groups, self.issued++});
}

void AsyncCopies::bring(const Copy& copy) {
  const std::size_t taken = static_cast<std::size_t>(copy.source_bytes);
  if (taken > 0) {
    std::memcpy(copy.to, copy.from, taken);
  }
  std::memset(static_cast<char*>(copy.to) + taken, 0, static_cast<std::size_t>(copy.bytes) - taken);
}

void AsyncCopies::wait(int thread, int newest_groups) {
  Thread& self = threads_[static_cast<std::size_t>(thread)];
  while (!self.pending.empty() && self.pending.front().group < self.groups - newest_groups) {
    bring(self.pending.front());
    self.pending.pop_front();
  }
}

void AsyncCopies::arrive(int thread, int64_t count) {
  Thread& self = threads_[static_cast<std::size_t>(thread)];
  while (!self.pending.empty() && self.pending.front().number < count) {
    bring(self.pending.front());
    self.pending.pop_front();
  }
}

void copy_async(void* shared, const void* global, int bytes, int source_bytes, Site site) {
  shared_address(shared, bytes, bytes, site);
  if (reinterpret_cast<uintptr_t>(global) % static_cast<unsigned>(bytes) != 0) {
    fail(site, "cp.async of %d bytes from a global address that is no multiple of it", bytes);
  }
  if (source_bytes < 0 || source_bytes > bytes) {
    fail(site, "cp.async of %d bytes with a source of %d", bytes, source_bytes);
  }
  Scheduler::current_block().copies().issue(Scheduler::current_block().current(), shared, global, bytes, source_bytes);
}
void copy_async_commit() { Scheduler::current_block().copies().commit(Scheduler::current_block().current()); }
void copy_async_wait(int newest_groups) { Scheduler::current_block().copies().wait(Scheduler::current_block().current(), newest_groups); }

void copy_async_arrive(uint64_t* barrier, Site site) {
  Scheduler& block = Scheduler::current_block();
  const int thread = block.current();
  const int64_t issued = block.copies().issued(thread);
  block.later(site, [=, &block] {
    block.copies().arrive(thread, issued);
    mbarrier_arrive(barrier, 0, site);
  });
}

}  // namespace simt
