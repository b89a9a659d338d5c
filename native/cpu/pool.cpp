#include "pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <mutex>
#include <new>
#include <stdexcept>

#include "kernel.h"

namespace angulus::cpu {

namespace {

constexpr int64_t kSpinNanoseconds = 50 * 1000;  // then the thread sleeps

int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

// `mask` tells sleepers on one word apart: a wake reaches those whose mask shares a bit with its own.
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, uint32_t mask) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected, nullptr, nullptr, mask);
}

void futex_wake(std::atomic<uint32_t>& word, uint32_t mask) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_BITSET_PRIVATE, INT32_MAX, nullptr, nullptr, mask);
}

constexpr uint32_t kCaller = 1;
// One bit for each of the first workers, the last bit for all the others: workers that a job does not want sleep on.
uint32_t worker_mask(int32_t index) { return uint32_t{1} << (index < 31 ? index : 31); }
uint32_t mask_below(int32_t workers) { return workers > 31 ? ~uint32_t{0} : (uint32_t{1} << workers) - 1; }

// Spins until ready() or until the time is up.
template <class Ready>
bool spin(const Ready& ready) {
  const int64_t end = now() + kSpinNanoseconds;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      __builtin_ia32_pause();
    }
  } while (now() < end);
  return ready();
}

// Pages come when they are touched, so scratch that no kernel uses costs nothing.
void* map_scratch() {
  void* const scratch = mmap(nullptr, kScratchBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (scratch == MAP_FAILED) throw std::bad_alloc();
  return scratch;
}

// Scratch of a calling thread, given back when the thread ends.
struct CallerScratch {
  void* memory = nullptr;
  ~CallerScratch() {
    if (memory != nullptr) munmap(memory, kScratchBytes);
  }
  void* get() {
    if (memory == nullptr) memory = map_scratch();
    return memory;
  }
};

thread_local CallerScratch caller_scratch;
thread_local bool inside_piece = false;

// cpu.max of the cgroup (version 2), in cores; 0 when there is no limit.
int32_t quota_cores() {
  std::FILE* const file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (file == nullptr) return 0;
  double quota = 0;
  double period = 0;
  const int found = std::fscanf(file, "%lf %lf", &quota, &period);  // "max 100000" when there is no limit: finds nothing
  std::fclose(file);
  return found == 2 && period > 0 ? static_cast<int32_t>(std::ceil(quota / period)) : 0;
}

}  // namespace

Pool& Pool::process() {
  static Pool* const kPool = new Pool();  // never destroyed: workers may still sleep in it when the process ends
  return *kPool;
}

int32_t Pool::usable_cores() {
  int32_t cores = 1;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) cores = CPU_COUNT(&mask);
  const int32_t quota = quota_cores();
  if (quota > 0 && quota < cores) cores = quota;
  return cores < 1 ? 1 : cores > kMostThreads ? kMostThreads : cores;
}

void Pool::grow(int32_t threads) {
  static std::mutex growing;
  std::lock_guard<std::mutex> lock(growing);
  for (int32_t index = workers_.load(); index < threads - 1; ++index) {
    Worker* const worker = new Worker{index, map_scratch(), this};
    // Signals are for the threads of the Java machine.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int refused = pthread_create(&thread, nullptr, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (refused != 0) {
      munmap(worker->scratch, kScratchBytes);
      delete worker;
      throw std::runtime_error("the system refused thread " + std::to_string(index + 2) + " of " + std::to_string(threads));
    }
    pthread_setname_np(thread, "angulus");
    pthread_detach(thread);
    workers_.store(index + 1);
  }
}

void* Pool::worker_main(void* argument) {
  const Worker& worker = *static_cast<const Worker*>(argument);
  worker.pool->work(worker);
  return nullptr;
}

void Pool::take_pieces(int32_t own, void* scratch) {
  inside_piece = true;
  for (int32_t i = 0; i < shares_; ++i) {
    Share& share = share_[(own + i) % shares_];
    for (;;) {
      const int64_t piece = share.next.fetch_add(1, std::memory_order_relaxed);
      if (piece >= share.end) break;
      body_(context_, piece, scratch);
    }
  }
  inside_piece = false;
}

void Pool::work(const Worker& worker) {
  uint32_t seen = 0;
  bool wanted = false;
  for (;;) {
    wait_for_job(seen, worker, wanted && spinning_.load());
    seen = job_.load();
    wanted = worker.index < wanted_.load();
    if (!wanted) continue;
    // Join, unless the caller has closed this job already.
    uint64_t state = state_.load();
    bool joined = false;
    while (static_cast<uint32_t>(state >> 32) == seen && (state & kClosed) == 0 && !joined) joined = state_.compare_exchange_weak(state, state + 1);
    if (!joined) continue;
    take_pieces(worker.index + 1, worker.scratch);
    const uint64_t before = state_.fetch_sub(1);
    if ((before & kClosed) != 0 && (before & kInside) == 1) {  // the last one out
      finished_.store(seen);
      futex_wake(finished_, kCaller);
    }
  }
}

void Pool::wait_for_job(uint32_t seen, const Worker& worker, bool spinning) {
  const auto ready = [&] { return job_.load() != seen; };
  if (spinning && spin(ready)) return;
  sleepers_.fetch_add(1);
  while (!ready()) futex_wait(job_, seen, worker_mask(worker.index));
  sleepers_.fetch_sub(1);
}

void Pool::wait_for_workers() {
  const uint32_t job = job_.load();
  const uint64_t before = state_.fetch_or(kClosed);
  if ((before & kInside) == 0) return;
  const auto ready = [&] { return finished_.load() == job; };
  if (spin(ready)) return;
  for (uint32_t seen = finished_.load(); seen != job; seen = finished_.load()) futex_wait(finished_, seen, kCaller);
}

void Pool::run(int32_t threads, int64_t pieces, Body body, const void* context) {
  void* const scratch = caller_scratch.get();
  const int32_t helpers = static_cast<int32_t>(pieces < threads ? pieces : threads) - 1;
  if (helpers < 1 || inside_piece || busy_.exchange(true)) {
    // Scratch of a piece that is under way in this thread would be shared; ops do not nest, so there is none.
    for (int64_t piece = 0; piece < pieces; ++piece) body(context, piece, scratch);
    return;
  }
  body_ = body;
  context_ = context;
  shares_ = helpers + 1;
  for (int32_t i = 0; i < shares_; ++i) {
    share_[i].next.store(pieces * i / shares_, std::memory_order_relaxed);
    share_[i].end = pieces * (i + 1) / shares_;
  }
  wanted_.store(helpers);
  static const int32_t kCores = usable_cores();
  spinning_.store(threads <= kCores);
  const uint32_t job = job_.load() + 1;
  state_.store(uint64_t{job} << 32);
  job_.store(job);
  if (sleepers_.load() > 0) futex_wake(job_, mask_below(helpers));
  take_pieces(0, scratch);
  wait_for_workers();
  busy_.store(false);
}

}  // namespace angulus::cpu
