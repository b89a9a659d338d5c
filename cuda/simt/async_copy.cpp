#include "async_copy.h"

namespace simt {

void AsyncCopies::start_block(int threads) {
  threads_.resize(static_cast<std::size_t>(threads));
  for (Thread& thread : threads_) {
    thread.pending.clear();
    thread.groups = 0;
  }
}

void AsyncCopies::issue(int thread, void* shared, const void* global, int bytes, int source_bytes) {
  std::memset(shared, kPoison, static_cast<std::size_t>(bytes));
  Thread& self = threads_[static_cast<std::size_t>(thread)];
  self.pending.push_back({shared, global, bytes, source_bytes, self.groups});
}

void AsyncCopies::wait(int thread, int newest_groups) {
  Thread& self = threads_[static_cast<std::size_t>(thread)];
  while (!self.pending.empty() && self.pending.front().group < self.groups - newest_groups) {
    const Copy& copy = self.pending.front();
    const std::size_t taken = static_cast<std::size_t>(copy.source_bytes);
    if (taken > 0) {
      std::memcpy(copy.to, copy.from, taken);
    }
    std::memset(static_cast<char*>(copy.to) + taken, 0, static_cast<std::size_t>(copy.bytes) - taken);
    self.pending.pop_front();
  }
}

}  // namespace simt
