// mbarriers and named barriers: a pipeline of a loading warp and two warpgroups, and the same with one mistake.
#include "../device/barrier.cuh"
#include "../device/tma.cuh"
#include "../device/wgmma.cuh"
#include "selftest.h"
#include "selftest_products.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

enum class PipelineFault { none, no_full_wait, no_empty_wait, wrong_bytes, wrong_parity, no_arrival, no_tail_barrier };

constexpr int kStages = 2;
constexpr int kRows = 128, kColumns = 64, kSteps = 5;
constexpr int kLeftBytes = kRows * 64 * 2, kRightBytes = kColumns * 64 * 2, kStageBytes = kLeftBytes + kRightBytes;
constexpr int kPipelineBytes = kStages * kStageBytes + 1024;
constexpr int kPipelineThreads = 3 * 128;

// y (128 x 64) = a (128 x 320) b^T (64 x 320). Warpgroup 0: one thread loads; warpgroups 1 and 2: 64 rows each, then a sum over the columns
// through shared memory, for which they meet at a barrier of their own.
void pipeline(const TensorMap& a, const TensorMap& b, float* y, float* sums, PipelineFault fault) {
  unsigned char* const stages = static_cast<unsigned char*>(simt::dynamic_shared());
  uint64_t* const full = reinterpret_cast<uint64_t*>(stages + kStages * kStageBytes);
  uint64_t* const empty = full + kStages;
  float* const shared_sums = reinterpret_cast<float*>(empty + kStages);  // 128
  const int t = static_cast<int>(threadIdx.x);
  if (t == 0) {
    for (int s = 0; s < kStages; ++s) {
      mbarrier_init(&full[s], 1);
      mbarrier_init(&empty[s], 2);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (t < 128) {
    release_registers<40>();
    if (t == 0) {
      for (int step = 0; step < kSteps; ++step) {
        const int s = step % kStages, round = step / kStages;
        if (fault != PipelineFault::no_empty_wait) {
          mbarrier_wait(&empty[s], (round + 1) % 2);
        }
        mbarrier_arrive_expect(&full[s], fault == PipelineFault::wrong_bytes ? kStageBytes + 16 : kStageBytes);
        tma_load_2d(stages + s * kStageBytes, a, &full[s], 64 * step, 0);
        tma_load_2d(stages + s * kStageBytes + kLeftBytes, b, &full[s], 64 * step, 0);
      }
    }
    return;
  }
  claim_registers<232>();
  const int group = t / 128 - 1;
  float d[kColumns / 2];
  for (int step = 0; step < kSteps; ++step) {
    const int s = step % kStages, round = step / kStages;
    if (fault != PipelineFault::no_full_wait) {
      mbarrier_wait(&full[s], fault == PipelineFault::wrong_parity ? (round + 1) % 2 : round % 2);
    }
    const uint64_t from_a = matrix_descriptor(stages + s * kStageBytes + group * 64 * 128, 0, 1024);
    const uint64_t from_b = matrix_descriptor(stages + s * kStageBytes + kLeftBytes, 0, 1024);
    wgmma_fence(d);
    for (int k = 0; k < 4; ++k) {
      wgmma<kColumns>(d, advance(from_a, 32 * k), advance(from_b, 32 * k), step + k > 0);
    }
    wgmma_commit();
    wgmma_wait<0>(d);
    if (fault != PipelineFault::no_empty_wait) {
      barrier_sync(2 + group, 128);  // all four warps have read the stage
    }
    if (t % 128 == 0 && fault != PipelineFault::no_arrival) {
      mbarrier_arrive(&empty[s]);
    }
  }
  store<kColumns>(y, 64 * group, d);
  for (int row = 0; row < 2; ++row) {
    float sum = 0.0f;
    for (int j = 0; j < kColumns / 8; ++j) {
      sum += d[4 * j + 2 * row] + d[4 * j + 2 * row + 1];
    }
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    if (t % 4 == 0) {
      shared_sums[64 * group + t % 128 / 32 * 16 + t % 32 / 4 + 8 * row] = sum;
    }
  }
  if (fault != PipelineFault::no_tail_barrier) {
    barrier_sync(1, 256);
  }
  if (t >= 256) {
    sums[t - 256] = shared_sums[t - 256];
  }
}

int wrong_of_pipeline(PipelineFault fault, Error& error) {
  std::vector<uint16_t> a(kRows * 64 * kSteps + 8), b(kColumns * 64 * kSteps + 8);
  uint16_t* const from_a = reinterpret_cast<uint16_t*>((reinterpret_cast<uintptr_t>(a.data()) + 15) / 16 * 16);
  uint16_t* const from_b = reinterpret_cast<uint16_t*>((reinterpret_cast<uintptr_t>(b.data()) + 15) / 16 * 16);
  const int depth = 64 * kSteps;
  for (int i = 0; i < kRows * depth; ++i) {
    from_a[i] = bf16(left(i / depth, i % depth));
  }
  for (int i = 0; i < kColumns * depth; ++i) {
    from_b[i] = bf16(right(i % depth, i / depth));
  }
  TensorMap map_a, map_b;
  error.clear();
  encode_tiled(error, &map_a, {from_a, AG_BF16, 2, {depth, kRows}, {0, depth * 2}}, {{64, kRows}, Swizzle::bytes_128});
  encode_tiled(error, &map_b, {from_b, AG_BF16, 2, {depth, kColumns}, {0, depth * 2}}, {{64, kColumns}, Swizzle::bytes_128});
  if (error.status != AG_OK) {
    return -1;
  }
  std::vector<float> y(kRows * kColumns), sums(kRows);
  float* const to = y.data();
  float* const to_sums = sums.data();
  error = run(1, kPipelineThreads, kPipelineBytes, [=] { pipeline(map_a, map_b, to, to_sums, fault); });
  if (error.status != AG_OK) {
    return -1;
  }
  int wrong = wrong_products(y, kColumns, depth);
  for (int row = 0; row < kRows; ++row) {
    float sum = 0.0f;
    for (int column = 0; column < kColumns; ++column) {
      sum += expected_product(row, column, depth);
    }
    wrong += sums[static_cast<size_t>(row)] == sum ? 0 : 1;
  }
  return wrong;
}

void pipelines() {
  Error error;
  int wrong = 0;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    simt::set_seed(seed);
    wrong += wrong_of_pipeline(PipelineFault::none, error) == 0 ? 0 : 1;
  }
  check("a pipeline of a loading warp and two warpgroups is right", wrong == 0, std::to_string(wrong) + " orders wrong, " + error.words);
  const struct {
    PipelineFault fault;
    const char *name, *words;  // null: wrong numbers or a report
  } cases[] = {{PipelineFault::no_full_wait, "a missing mbarrier wait shows", nullptr},
               {PipelineFault::wrong_parity, "an mbarrier wait for the wrong phase shows", nullptr},
               {PipelineFault::no_empty_wait, "a stage loaded over before it was read shows", nullptr},
               {PipelineFault::no_tail_barrier, "a missing named barrier shows", nullptr},
               {PipelineFault::wrong_bytes, "an mbarrier that expects too many bytes is a deadlock with its lines", "16 bytes"},
               {PipelineFault::no_arrival, "an mbarrier that lacks arrivals is a deadlock with its lines", "lacks 2 of 2 arrivals"}};
  for (const auto& each : cases) {
    wrong = wrong_of_pipeline(each.fault, error);
    check(each.name, each.words == nullptr ? wrong != 0 : says(error, {"deadlock", "selftest_pipeline.cpp:", each.words}), error.words);
  }

  const Error counts = run(1, 96, 0, [] { barrier_sync(1, threadIdx.x < 32 ? 64 : 96); });
  check("a named barrier with two counts is reported", says(counts, {"while others called it for"}), counts.words);
  const Error absent = run(1, 64, 0, [] {
    if (threadIdx.x < 32) {
      barrier_sync(3, 64);
    }
  });
  check("a named barrier that lacks threads is a deadlock with its line", says(absent, {"deadlock", "selftest_pipeline.cpp:", "32 of 64"}),
        absent.words);
  const Error raw = run(1, 32, 64, [] { mbarrier_wait(static_cast<uint64_t*>(simt::dynamic_shared()), 0); });
  check("an mbarrier that was never initialised is reported", says(raw, {"never initialised"}), raw.words);
}

// cp.async that announces itself at an mbarrier: 32 threads copy, 32 others wait.
void announced_copies() {
  std::vector<float> x(128 + 4), y(128);
  float* const from = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(x.data()) + 15) / 16 * 16);
  for (int i = 0; i < 128; ++i) {
    from[i] = static_cast<float>(i);
  }
  float* const to = y.data();
  for (const bool waits : {true, false}) {
    const Error error = run(1, 64, 1024, [=] {
      float* const shared = static_cast<float*>(simt::dynamic_shared());
      uint64_t* const full = reinterpret_cast<uint64_t*>(shared + 128);
      const int t = static_cast<int>(threadIdx.x);
      if (t == 0) {
        mbarrier_init(full, 32);
      }
      __syncthreads();
      if (t < 32) {
        copy_async<16>(shared + 4 * t, from + 4 * t);
        mbarrier_arrive_after_copies(full);
        mbarrier_wait(full, 0);
        return;
      }
      if (waits) {
        mbarrier_wait(full, 0);
      }
      for (int i = 0; i < 4; ++i) {
        to[4 * (t - 32) + i] = shared[4 * (63 - t) + i];
      }
    });
    int wrong = error.status == AG_OK ? 0 : 128;
    for (int i = 0; i < 128; ++i) {
      wrong += y[static_cast<size_t>(i)] == static_cast<float>(4 * (31 - i / 4) + i % 4) ? 0 : 1;
    }
    check(waits ? "cp.async announces itself at an mbarrier" : "a missing wait for announced copies shows", (wrong == 0) == waits,
          std::to_string(wrong) + " wrong, " + error.words);
  }
}

}  // namespace

void pipeline_checks() {
  pipelines();
  announced_copies();
}

}  // namespace selftest
