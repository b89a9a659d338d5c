#include "scheduler.h"

#include <cstdarg>
#include <mutex>
#include <numeric>

#include "stream.h"
#include "words.h"

namespace simt {

Builtins builtins;

namespace {

Scheduler* scheduler = nullptr;  // made by the first launch, kept: its stacks serve every launch
std::mutex launching;            // one launch at a time: builtins and static shared memory belong to the block that runs
uint64_t seed_of_order = 1;
uint64_t launches = 0;

}  // namespace

void Scheduler::run(Error& error, const char* kernel, dim3 grid, dim3 block, int64_t shared_bytes, const std::function<void()>& thread,
                    uint64_t seed) {
  const int count = static_cast<int>(block.x * block.y * block.z);
  if (!fibers_.reserve(count)) {
    error.set(AG_OUT_OF_MEMORY, "%s: no memory for the stacks of %d threads", kernel, count);
    return;
  }
  Random random(seed);
  random_ = &random;
  error_ = &error;
  body_ = &thread;
  shared_bytes_ = shared_bytes;
  permit_shared();
  count_ = count;
  builtins.block_extent = block;
  builtins.grid_extent = grid;
  for (int i = 0; i < count; ++i) {
    fresh_[i] = false;
    const unsigned u = static_cast<unsigned>(i);
    threads_[i].index = {u % block.x, u / block.x % block.y, u / block.x / block.y};
  }

  // Blocks in the order start, start + step, ... with a step prime to their number: each once, neighbours far apart.
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  const uint32_t bound = static_cast<uint32_t>(std::min<uint64_t>(blocks, 0x7fffffff));
  uint64_t step = 1 + random.below(bound);
  while (std::gcd(step, blocks) != 1) {
    ++step;
  }
  uint64_t at = random.below(bound);
  for (uint64_t i = 0; i < blocks; ++i, at = (at + step) % blocks) {
    builtins.block = {static_cast<unsigned>(at % grid.x), static_cast<unsigned>(at / grid.x % grid.y),
                      static_cast<unsigned>(at / grid.x / grid.y)};
    if (!run_block()) {
      char words[sizeof error.words];
      std::snprintf(words, sizeof words, "%s", error.words);
      error.set(error.status, "kernel %s, block (%u,%u,%u): %.600s", kernel, builtins.block.x, builtins.block.y, builtins.block.z, words);
      return;
    }
  }
}

bool Scheduler::run_block() {
  poison_shared();
  copies_.start_block(count_);
  products_.start_block(count_);
  later_.clear();
  for (NamedBarrier& barrier : named_) {
    barrier = NamedBarrier();
  }
  uint16_t all[kMostThreads];
  for (int i = 0; i < count_; ++i) {
    if (!fresh_[i]) {
      fibers_.prepare(i, &Scheduler::entry);
      fresh_[i] = true;
    }
    threads_[i].state = State::ready;
    threads_[i].site = {nullptr, 0};
    all[i] = static_cast<uint16_t>(i);
  }
  head_ = tail_ = 0;
  waiting_ = done_ = 0;
  enqueue_shuffled(all, count_);
  while (error_->status == AG_OK) {
    if (head_ != tail_) {
      current_ = queue_[head_++ % kMostThreads];
      builtins.thread = threads_[current_].index;
      fibers_.enter(current_);
    } else if (waiting_ == count_) {
      if (same_barrier()) {
        waiting_ = 0;
        enqueue_shuffled(all, count_);
      }
    } else if (done_ == count_) {
      return ended_well();
    } else if (!later_.empty()) {
      run_later();
    } else {
      report_stuck();
    }
  }
  // Fibers that stand in the middle of a kernel are given up: their next start is a new frame.
  for (int i = 0; i < count_; ++i) {
    fresh_[i] = false;
  }
  return false;
}

// One of the works under way, drawn anew.
void Scheduler::run_later() {
  const std::size_t drawn = random_->below(static_cast<uint32_t>(later_.size()));
  const Later next = std::move(later_[drawn]);
  later_.erase(later_.begin() + static_cast<std::ptrdiff_t>(drawn));
  current_ = next.thread;
  try {
    next.work();
  } catch (const Failed&) {
    // the error stands
  }
}

bool Scheduler::ended_well() {
  const char* const unfinished =
      !later_.empty() ? "an asynchronous copy was under way: no mbarrier was waited for" : products_.unfinished();
  if (unfinished != nullptr) {
    error_->set(AG_INTERNAL, "when the block ended, %s", unfinished);
    return false;
  }
  return check_shared();
}

void Scheduler::entry() {
  scheduler->fibers_.started();
  for (;;) {
    Scheduler& self = *scheduler;
    try {
      (*self.body_)();
      self.threads_[self.current_].state = State::done;
      ++self.done_;
    } catch (const Failed&) {
      // the error stands, and this fiber is not entered again
    }
    self.park();
  }
}

void Scheduler::park() { fibers_.leave(current_); }

// Unwinds the fiber, or the work of an asynchronous unit; the block's loop then sees the error and gives the other fibers up.
void Scheduler::fail(Site site, const char* words) {
  error_->set(AG_INTERNAL, "%s at %s: %s", name_of(threads_[current_].index).text, name_of(site).text, words);
  throw Failed();
}

void Scheduler::later(Site site, std::function<void()> work) {
  threads_[current_].site = site;
  later_.push_back({current_, std::move(work)});
}

void Scheduler::enqueue_shuffled(const uint16_t* threads, int count) {
  uint16_t order[kMostThreads];
  for (int i = 0; i < count; ++i) {
    const uint32_t j = random_->below(static_cast<uint32_t>(i) + 1);
    order[i] = order[j];
    order[j] = threads[i];
  }
  for (int i = 0; i < count; ++i) {
    threads_[order[i]].state = State::ready;
    queue_[tail_++ % kMostThreads] = order[i];
  }
}

Scheduler& Scheduler::current_block() { return *scheduler; }

void fail(Site site, const char* format, ...) {
  char words[320];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  scheduler->fail(site, words);
}

void set_seed(uint64_t seed) {
  std::lock_guard<std::mutex> lock(launching);
  seed_of_order = seed;
  launches = 0;
}

void launch(Error& error, void* stream, const char* kernel, dim3 grid, dim3 block, int64_t shared_bytes, std::function<void()> thread) {
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads < 1 || threads > kMostThreads || block.x > 1024 || block.y > 1024 || block.z > 64) {
    error.set(AG_INTERNAL, "kernel %s: a block of (%u,%u,%u) threads; a card takes 1 to 1024 threads, at most 64 in z", kernel, block.x,
              block.y, block.z);
    return;
  }
  if (grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    error.set(AG_INTERNAL, "kernel %s: a grid of (%u,%u,%u) blocks; a card takes 1 to 2147483647 in x and 1 to 65535 in y and z", kernel,
              grid.x, grid.y, grid.z);
    return;
  }
  if (shared_bytes < 0 || shared_bytes > kMostShared) {
    error.set(AG_INTERNAL, "kernel %s: %lld bytes of dynamic shared memory; a launch takes 0 to %lld", kernel,
              static_cast<long long>(shared_bytes), static_cast<long long>(kMostShared));
    return;
  }
  static_cast<Stream*>(stream)->enqueue(error, [=](Error& failure) {
    std::lock_guard<std::mutex> lock(launching);
    if (scheduler == nullptr) {
      scheduler = new Scheduler;
    }
    scheduler->run(failure, kernel, grid, block, shared_bytes, thread, seed_of_order + 0x9e3779b97f4a7c15u * launches++);
  });
}

}  // namespace simt
