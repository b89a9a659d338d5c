// The thread pool: one for the process, grown to the most threads that a device asked for. A job is a number of pieces; each thread, the caller
// among them, takes whole pieces of its own share, neighbours one after the other, and then of the others' shares until none is left. So the same
// thread mostly meets the same part of each tensor, and a piece may ask for the data of its neighbour. Pieces do not depend on one another, so
// which thread takes which changes nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace angulus::cpu {

class Pool {
 public:
  using Body = void (*)(const void* context, int64_t piece, void* scratch);

  static Pool& process();

  // Makes sure that `threads` threads, the caller among them, can work. Throws when the system refuses a thread or its scratch.
  void grow(int32_t threads);

  // Runs all pieces with at most `threads` threads and returns when they are done. While another caller has the pool (or from inside a piece)
  // the caller runs its pieces alone instead of waiting.
  void run(int32_t threads, int64_t pieces, Body body, const void* context);

  // Cores this process may use: affinity mask and cgroup quota, at least 1.
  static int32_t usable_cores();

 private:
  static constexpr int32_t kMostThreads = 256;
  struct Worker { int32_t index; void* scratch; Pool* pool; };
  struct alignas(64) Share { std::atomic<int64_t> next{0}; int64_t end = 0; };

  Pool() = default;
  static void* worker_main(void* worker);
  void work(const Worker& worker);
  void take_pieces(int32_t own, void* scratch);
  void wait_for_job(uint32_t seen, const Worker& worker, bool spinning);
  void wait_for_workers();

  // The job. Written by the caller while no worker is inside, read by workers that joined.
  Body body_ = nullptr;
  const void* context_ = nullptr;
  int32_t shares_ = 0;
  Share share_[kMostThreads];  // the caller's first, then the workers'
  std::atomic<int32_t> wanted_{0};      // workers with an index below this join
  std::atomic<bool> spinning_{false};   // whether the job's threads have a core each, so that spinning takes nothing from another

  // High half: number of the job. Low half: workers inside, and kClosed once no more may join.
  alignas(64) std::atomic<uint64_t> state_{kClosed};
  static constexpr uint64_t kClosed = uint64_t{1} << 31;
  static constexpr uint64_t kInside = kClosed - 1;

  alignas(64) std::atomic<uint32_t> job_{0};       // futex: number of the newest job
  std::atomic<int32_t> sleepers_{0};
  alignas(64) std::atomic<uint32_t> finished_{0};  // futex: number of the newest job that all workers left
  std::atomic<bool> busy_{false};
  std::atomic<int32_t> workers_{0};
};

}  // namespace angulus::cpu
