#include "async_copy.h"

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

}  // namespace simt
