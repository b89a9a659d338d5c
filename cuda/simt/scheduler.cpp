#include "scheduler.h"

#include <cstdarg>
#include <mutex>
#include <numeric>

#include "mbarrier.h"
#include "sanitizer.h"
#include "stream.h"
#include "tensor_map.h"

extern "C" {
// The linker's names for the ends of the section of static shared memory; absent when no kernel has any.
__attribute__((weak, visibility("hidden"))) extern unsigned char __start_simt_shared[];
__attribute__((weak, visibility("hidden"))) extern unsigned char __stop_simt_shared[];
}

namespace simt {

Builtins builtins;

namespace {

constexpr unsigned char kGuard = 0xa5;   // behind the dynamic shared memory
constexpr int64_t kGuardBytes = 256;
constexpr int64_t kSharedWindow = 1024;  // where a block's shared memory starts: Hopper keeps the first KiB

Scheduler* scheduler = nullptr;  // made by the first launch, kept: its stacks serve every launch
std::mutex launching;            // one launch at a time: builtins and static shared memory belong to the block that runs
uint64_t seed_of_order = 1;
uint64_t launches = 0;

const char* base_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

struct Words {
  char text[96];
};

Words name_of(const uint3& index) {
  Words words;
  std::snprintf(words.text, sizeof words.text, "thread (%u,%u,%u)", index.x, index.y, index.z);
  return words;
}

Words name_of(Site site) {
  Words words;
  if (site.file == nullptr) {
    std::snprintf(words.text, sizeof words.text, "before any barrier");
  } else {
    std::snprintf(words.text, sizeof words.text, "%s:%d", base_name(site.file), site.line);
  }
  return words;
}

bool same(Site a, Site b) {
  return a.line == b.line && (a.file == b.file || (a.file != nullptr && b.file != nullptr && std::strcmp(a.file, b.file) == 0));
}

}  // namespace

void Scheduler::run(Error& error, const char* kernel, dim3 grid, dim3 block, int64_t shared_bytes, const std::function<void()>& thread,
                    uint64_t seed) {
  const int count = static_cast<int>(block.x * block.y * block.z);
  if (!fibers_.reserve(count)) {
    error.set(AG_OUT_OF_MEMORY, "%s: no memory for the stacks of %d threads", kernel, count);
    return;
  }
  permit(shared_, sizeof shared_);
  forbid(shared_ + shared_bytes, kSanitized ? sizeof shared_ - static_cast<std::size_t>(shared_bytes) : 0);
  Random random(seed);
  random_ = &random;
  error_ = &error;
  body_ = &thread;
  shared_bytes_ = shared_bytes;
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
  std::memset(shared_, kPoison, static_cast<std::size_t>(shared_bytes_));
  fence_async();
  std::memset(shared_ + shared_bytes_, kGuard, kSanitized ? 0 : kGuardBytes);
  if (__start_simt_shared != nullptr) {
    std::memset(__start_simt_shared, kPoison, static_cast<std::size_t>(__stop_simt_shared - __start_simt_shared));
  }
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
  const char* const unfinished = !later_.empty() ? "an asynchronous copy was under way: no mbarrier was waited for" : products_.unfinished();
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

void Scheduler::named_barrier(int id, int threads, bool waits, Site site) {
  if (id < 1 || id > 15 || threads < kWarp || threads % kWarp != 0 || threads > count_) {
    ::simt::fail(site, "barrier %d of %d threads; a card takes 1 to 15, and a multiple of 32 threads of the block", id, threads);
  }
  NamedBarrier& barrier = named_[id];
  if (barrier.arrived > 0 && barrier.expected != threads) {
    ::simt::fail(site, "barrier %d of %d threads, while others called it for %d", id, threads, barrier.expected);
  }
  barrier.expected = threads;
  ++barrier.arrived;
  if (waits) {
    Thread& self = threads_[current_];
    self.site = site;
    self.state = State::named;
    self.id = id;
    barrier.waiting.push_back(static_cast<uint16_t>(current_));
  }
  if (barrier.arrived == threads) {
    enqueue_shuffled(barrier.waiting.data(), static_cast<int>(barrier.waiting.size()));
    barrier.arrived = 0;
    barrier.waiting.clear();
  }
  if (waits) {
    park();
  }
}

void Scheduler::wait_for(const uint64_t* barrier, Site site) {
  Thread& self = threads_[current_];
  self.site = site;
  self.state = State::phase;
  self.phase = barrier;
  park();
}

void Scheduler::wake(const uint64_t* barrier) {
  uint16_t woken[kMostThreads];
  int count = 0;
  for (int i = 0; i < count_; ++i) {
    if (threads_[i].state == State::phase && threads_[i].phase == barrier) {
      woken[count++] = static_cast<uint16_t>(i);
    }
  }
  enqueue_shuffled(woken, count);
}

void Scheduler::later(Site site, std::function<void()> work) {
  threads_[current_].site = site;
  later_.push_back({current_, std::move(work)});
}

int64_t Scheduler::async_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  const unsigned char* const at = static_cast<const unsigned char*>(pointer);
  if (at < shared_ || at + bytes > shared_ + shared_bytes_) {
    ::simt::fail(site, "%lld bytes that do not lie in the block's dynamic shared memory", static_cast<long long>(bytes));
  }
  return shared_address(pointer, bytes, alignment, site);
}

void Scheduler::async_read(int64_t address, void* sixteen_bytes, bool async, Site site) {
  const int64_t at = address - kSharedWindow;
  if (at < 0 || at + 16 > shared_bytes_) {
    ::simt::fail(site, "the matrix descriptor leads to address %lld; the block's dynamic shared memory is %lld to %lld",
                 static_cast<long long>(address), static_cast<long long>(kSharedWindow), static_cast<long long>(kSharedWindow + shared_bytes_));
  }
  std::memcpy(sixteen_bytes, (async ? async_ : shared_) + at, 16);
}

void Scheduler::async_write(int64_t address, const unsigned char* bytes, int64_t count, int span) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t at = swizzled(address + i, span) - kSharedWindow;
    for (unsigned char* const memory : {shared_ + at, async_ + at}) {
      if (bytes != nullptr) {
        std::memcpy(memory, bytes + i, 16);
      } else {
        std::memset(memory, kPoison, 16);
      }
    }
  }
}

uint32_t Scheduler::shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  const unsigned char* const at = static_cast<const unsigned char*>(pointer);
  int64_t address = -1;
  if (at >= shared_ && at + bytes <= shared_ + shared_bytes_) {
    address = kSharedWindow + (at - shared_);
  } else if (at >= __start_simt_shared && at + bytes <= __stop_simt_shared) {
    address = kSharedWindow + (shared_bytes_ + 1023) / 1024 * 1024 + (at - __start_simt_shared);
  }
  if (address < 0) {
    ::simt::fail(site, "%lld bytes that do not lie in the block's shared memory", static_cast<long long>(bytes));
  }
  if (address % alignment != 0) {
    ::simt::fail(site, "shared memory at %lld, which is no multiple of %lld", static_cast<long long>(address),
                 static_cast<long long>(alignment));
  }
  return static_cast<uint32_t>(address);
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

void Scheduler::barrier(Site site) {
  Thread& self = threads_[current_];
  self.site = site;
  self.state = State::barrier;
  ++waiting_;
  park();
}

// Whether other waits at the collective where self waits.
bool Scheduler::meets(const Thread& self, const Thread& other) {
  return other.state == State::warp && other.kind == self.kind && other.mask == self.mask && other.width == self.width &&
         other.body == self.body && same(other.site, self.site);
}

uint64_t Scheduler::collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site,
                               void (*body)(void* const* lanes)) {
  Thread& self = threads_[current_];
  const int first = current_ / kWarp * kWarp;
  const int lane = current_ - first;
  const int lanes = std::min(kWarp, count_ - first);
  const unsigned existing = lanes == kWarp ? 0xffffffffu : (1u << lanes) - 1;
  if ((mask >> lane & 1) == 0 || (mask & ~existing) != 0) {
    ::simt::fail(site, "the mask %08x does not name the caller (lane %d) or names lanes that do not exist (the warp has %d)", mask, lane,
                 lanes);
  }
  if (width < 1 || width > kWarp || (width & (width - 1)) != 0) {
    ::simt::fail(site, "the width %d is no power of two up to 32", width);
  }
  self.site = site;
  self.state = State::warp;
  self.kind = kind;
  self.mask = mask;
  self.argument = argument;
  self.width = width;
  self.value = value;
  self.body = body;
  for (int i = 0; i < lanes; ++i) {
    const Thread& other = threads_[first + i];
    if ((mask >> i & 1) == 0) {
      continue;
    }
    if (!meets(self, other)) {
      park();  // the last lane to come releases the rest
      return threads_[first + lane].result;
    }
  }
  release_warp(first, mask);
  park();
  return threads_[first + lane].result;
}

void Scheduler::together(void* argument, void (*body)(void* const* lanes), Site site) {
  collective(Collective::together, 0xffffffffu, reinterpret_cast<uint64_t>(argument), 0, kWarp, site, body);
}

void Scheduler::release_warp(int first, unsigned mask) {
  uint16_t released[kWarp];
  int count = 0;
  uint64_t ballot = 0;
  for (int i = 0; i < kWarp; ++i) {
    if ((mask >> i & 1) != 0) {
      released[count++] = static_cast<uint16_t>(first + i);
      ballot |= uint64_t{threads_[first + i].value != 0} << i;
    }
  }
  const Thread& caller = threads_[current_];
  if (caller.kind == Collective::together) {
    void* arguments[kWarp];
    for (int i = 0; i < kWarp; ++i) {
      arguments[i] = reinterpret_cast<void*>(threads_[first + i].value);
    }
    caller.body(arguments);
  }
  for (int i = 0; i < count; ++i) {
    Thread& thread = threads_[released[i]];
    const int lane = released[i] - first;
    const int low = lane & ~(thread.width - 1);
    int source = lane;
    switch (thread.kind) {
      case Collective::shuffle:
        source = low + (thread.argument & (thread.width - 1));
        break;
      case Collective::shuffle_up:
        source = lane - thread.argument < low ? lane : lane - thread.argument;
        break;
      case Collective::shuffle_down:
        source = lane + thread.argument >= low + thread.width ? lane : lane + thread.argument;
        break;
      case Collective::shuffle_xor:
        source = (lane ^ thread.argument) >= low + thread.width ? lane : lane ^ thread.argument;
        break;
      default:
        break;
    }
    if (thread.kind == Collective::ballot) {
      thread.result = ballot;
    } else if (source < 0 || source >= kWarp || (mask >> source & 1) == 0) {
      error_->set(AG_INTERNAL, "%s at %s reads lane %d, which the mask %08x does not name", name_of(thread.index).text,
                  name_of(thread.site).text, source, mask);
      return;
    } else {
      thread.result = threads_[first + source].value;
    }
  }
  enqueue_shuffled(released, count);
}

// All threads wait at block barriers: of the same line?
bool Scheduler::same_barrier() {
  for (int i = 1; i < count_; ++i) {
    if (!same(threads_[i].site, threads_[0].site)) {
      error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s while %s waits at %s", name_of(threads_[0].index).text,
                  name_of(threads_[0].site).text, name_of(threads_[i].index).text, name_of(threads_[i].site).text);
      return false;
    }
  }
  return true;
}

// Up to four places where threads wait, and for what.
void Scheduler::report_deadlock() {
  char words[600];
  std::size_t length = 0;
  int places = 0;
  for (int i = 0; i < count_ && places < 4; ++i) {
    const Thread& thread = threads_[i];
    int alike = 0;
    bool first = thread.state != State::done;
    for (int j = 0; j < count_ && first; ++j) {
      const bool same_place = threads_[j].state == thread.state && same(threads_[j].site, thread.site);
      first = !same_place || j >= i;
      alike += same_place ? 1 : 0;
    }
    if (!first) {
      continue;
    }
    char what[128];
    if (thread.state == State::phase) {
      std::snprintf(what, sizeof what, "for %s", mbarrier_missing(thread.phase).text);
    } else if (thread.state == State::named) {
      std::snprintf(what, sizeof what, "at barrier %d, where %d of %d threads are", thread.id, named_[thread.id].arrived,
                    named_[thread.id].expected);
    } else {
      std::snprintf(what, sizeof what, "for %s", thread.state == State::barrier ? "the whole block" : "its warp");
    }
    const int written = std::snprintf(words + length, sizeof words - length, "%s%s and %d more at %s %s", places == 0 ? "" : "; ",
                                      name_of(thread.index).text, alike - 1, name_of(thread.site).text, what);
    length = std::min(sizeof words - 1, length + static_cast<std::size_t>(written));
    ++places;
  }
  error_->set(AG_INTERNAL, "deadlock: %d of %d threads have returned, the others wait: %s", done_, count_, words);
}

// No thread can run, and not all have ended: some wait for others that never come.
void Scheduler::report_stuck() {
  for (int i = 0; i < count_; ++i) {
    if (threads_[i].state == State::phase || threads_[i].state == State::named) {
      report_deadlock();
      return;
    }
  }
  const Thread* waits = nullptr;
  const Thread* other = nullptr;
  for (int i = 0; i < count_ && waits == nullptr; ++i) {
    waits = threads_[i].state == State::warp ? &threads_[i] : nullptr;
  }
  if (waits != nullptr) {  // a lane of its mask is elsewhere
    const int first = static_cast<int>(waits - threads_) / kWarp * kWarp;
    for (int i = 0; i < kWarp && other == nullptr; ++i) {
      other = (waits->mask >> i & 1) != 0 && !meets(*waits, threads_[first + i]) ? &threads_[first + i] : nullptr;
    }
  } else {
    for (int i = 0; i < count_; ++i) {
      const Thread& thread = threads_[i];
      if (thread.state == State::barrier && waits == nullptr) {
        waits = &thread;
      } else if (thread.state == State::done && other == nullptr) {
        other = &thread;
      }
    }
  }
  if (waits == nullptr || other == nullptr) {
    error_->set(AG_INTERNAL, "the block cannot go on");
  } else if (other->state == State::done) {
    error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s, but %s has returned (last seen: %s)", name_of(waits->index).text,
                name_of(waits->site).text, name_of(other->index).text, name_of(other->site).text);
  } else {
    error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s while %s waits at %s", name_of(waits->index).text,
                name_of(waits->site).text, name_of(other->index).text, name_of(other->site).text);
  }
}

bool Scheduler::check_shared() {
  for (int64_t i = 0; i < kGuardBytes && !kSanitized; ++i) {
    if (shared_[shared_bytes_ + i] != kGuard) {
      error_->set(AG_INTERNAL, "a thread wrote byte %lld of %lld bytes of dynamic shared memory", static_cast<long long>(shared_bytes_ + i),
                  static_cast<long long>(shared_bytes_));
      return false;
    }
  }
  return true;
}

void* dynamic_shared() { return scheduler->shared(); }
void block_barrier(Site site) { scheduler->barrier(site); }
uint64_t warp_collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site) {
  return scheduler->collective(kind, mask, value, argument, width, site);
}
int current_lane() { return scheduler->current() % kWarp; }
Scheduler& Scheduler::current_block() { return *scheduler; }
void named_barrier(int id, int threads, bool waits, Site site) { scheduler->named_barrier(id, threads, waits, site); }
void fence_async_proxy() { scheduler->fence_async(); }
void warp_together(void* argument, void (*body)(void* const* lanes), Site site) { scheduler->together(argument, body, site); }
uint32_t shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  return scheduler->shared_address(pointer, bytes, alignment, site);
}
void fail(Site site, const char* format, ...) {
  char words[320];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  scheduler->fail(site, words);
}

void copy_async(void* shared, const void* global, int bytes, int source_bytes, Site site) {
  shared_address(shared, bytes, bytes, site);
  if (reinterpret_cast<uintptr_t>(global) % static_cast<unsigned>(bytes) != 0) {
    fail(site, "cp.async of %d bytes from a global address that is no multiple of it", bytes);
  }
  if (source_bytes < 0 || source_bytes > bytes) {
    fail(site, "cp.async of %d bytes with a source of %d", bytes, source_bytes);
  }
  scheduler->copies().issue(scheduler->current(), shared, global, bytes, source_bytes);
}
void copy_async_commit() { scheduler->copies().commit(scheduler->current()); }
void copy_async_wait(int newest_groups) { scheduler->copies().wait(scheduler->current(), newest_groups); }

void copy_async_arrive(uint64_t* barrier, Site site) {
  const int thread = scheduler->current();
  const int64_t issued = scheduler->copies().issued(thread);
  scheduler->later(site, [=] {
    scheduler->copies().arrive(thread, issued);
    mbarrier_arrive(barrier, 0, site);
  });
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
