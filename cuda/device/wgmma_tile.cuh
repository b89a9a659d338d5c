// A block's tile of a bf16 matrix product on Hopper's tensor cores (wgmma), and the stages that feed it: 384 threads. Warpgroup 0 loads: one
// of its threads fills the stages in turn by TMA, as far ahead as there are stages, over the ends of tiles too. Warpgroups 1 and 2 multiply:
// each has half of the rows, kRowParts times 64, and all kColumns columns.
//
// A stage holds 64 steps of the depth: the rows of the left factor, then the columns of the right one, in boxes of 64 x 64 numbers with the
// swizzle of 128 bytes. Major::k: a box has 64 rows or columns, 128 bytes of the depth each. Major::mn: 64 steps, 128 bytes of rows or columns
// each. Its two mbarriers: full, one arrival and the bytes of the loads; empty, an arrival of each of the eight multiplying warps.
#pragma once

#include "barrier.cuh"
#include "storage.cuh"
#include "wgmma.cuh"

namespace angulus::cuda {

constexpr int kWarpgroup = 128;
constexpr int kWgmmaThreads = 3 * kWarpgroup;
constexpr int kWgmmaDepth = 64;
constexpr int kWgmmaLine = kWgmmaDepth * static_cast<int>(sizeof(Bf16));  // bytes
constexpr int kLoaderRegisters = 40;
constexpr int kMultiplierRegisters = 232;

// How far a thread is in the stages, which every thread walks in the same order.
template <int kStageBytes, int kStages>
struct StageRing {
  static constexpr int kBytes = kStages * (kStageBytes + 2 * static_cast<int>(sizeof(uint64_t)));

  unsigned char* stages;  // (kStages, kStageBytes)
  uint64_t *full, *empty;
  int stage = 0, parity = 0;

  __device__ explicit StageRing(unsigned char* shared)
      : stages(shared), full(reinterpret_cast<uint64_t*>(shared + kStages * kStageBytes)), empty(full + kStages) {}

  // By one thread; then a barrier of the block.
  __device__ void init(int readers) {
    for (int i = 0; i < kStages; ++i) {
      mbarrier_init(full + i, 1);
      mbarrier_init(empty + i, readers);
    }
    fence_mbarrier_init();
  }

  __device__ void next() {
    stage = stage + 1 == kStages ? 0 : stage + 1;
    parity ^= stage == 0 ? 1 : 0;
  }

  // load(stage, barrier) starts the loads of one stage's bytes.
  template <class Load>
  __device__ void fill(const Load& load) {
    mbarrier_wait(empty + stage, parity ^ 1);
    mbarrier_arrive_expect(full + stage, kStageBytes);
    load(stages + stage * kStageBytes, full + stage);
    next();
  }
};

// The half of a tile that a multiplying warpgroup has; the interface of MmaTile.
template <int kParts, int kTileColumns>
struct WgmmaTile {
  static constexpr int kRows = 64 * kParts;
  static constexpr int kColumns = kTileColumns;
  static constexpr int kWarpsDown = 4;
  static constexpr int kWarpRows = 16;
  static constexpr int kRowParts = kParts;
  static constexpr int kColumnParts = kColumns / 8;
  static constexpr int kLeftBytes = 2 * kRows * kWgmmaLine;
  static constexpr int kStageBytes = kLeftBytes + kColumns * kWgmmaLine;
  static constexpr int kWarps = 8;
  using Ring = StageRing<kStageBytes, 200 * 1024 / kStageBytes>;

  int lane, row, group;
  float sums[kRowParts][kColumnParts][4];

  __device__ WgmmaTile() {
    lane = static_cast<int>(threadIdx.x) % 32;
    row = static_cast<int>(threadIdx.x) % kWarpgroup / 32 * kWarpRows;
    group = static_cast<int>(threadIdx.x) / kWarpgroup - 1;
  }

  // In the half, as in MmaTile.
  __device__ int row_of(int i, int half) const { return 64 * i + row + 8 * half + lane / 4; }
  __device__ int column_of(int j) const { return 8 * j + lane % 4 * 2; }

  static constexpr int kThreads = kWarpgroup;
  __device__ int thread() const { return static_cast<int>(threadIdx.x) % kWarpgroup; }
  __device__ void sync() const { barrier_sync(1 + group, kWarpgroup); }

  // The sums over so many stages. A stage is given back when the products of the next are under way, so that two steps always are.
  template <Major kMajor = Major::k>
  __device__ void multiply(Ring& ring, int steps) {
    constexpr int kNext = kMajor == Major::k ? 16 * static_cast<int>(sizeof(Bf16)) : 16 * kWgmmaLine;  // to the next 16 of the depth
    float(&all)[kRowParts * kColumns / 2] = reinterpret_cast<float(&)[kRowParts * kColumns / 2]>(sums);
#pragma unroll
    for (float& sum : all) {
      sum = 0.0f;
    }
    int last = 0;
    for (int step = 0; step < steps; ++step) {
      mbarrier_wait(ring.full + ring.stage, ring.parity);
      const unsigned char* const stage = ring.stages + ring.stage * kStageBytes;
      const uint64_t left = matrix_descriptor(stage + group * kRows * kWgmmaLine, 64 * kWgmmaLine, 8 * kWgmmaLine);
      const uint64_t right = matrix_descriptor(stage + kLeftBytes, 64 * kWgmmaLine, 8 * kWgmmaLine);
      wgmma_fence(all);
#pragma unroll
      for (int k = 0; k < kWgmmaDepth / 16; ++k) {
#pragma unroll
        for (int i = 0; i < kRowParts; ++i) {
          wgmma<kColumns, kMajor, kMajor>(reinterpret_cast<float(&)[kColumns / 2]>(sums[i]),
                                          advance(left, 64 * i * kWgmmaLine + kNext * k), advance(right, kNext * k), true);
        }
      }
      wgmma_commit();
      wgmma_wait<1>(all);
      if (step > 0) {
        release(ring, last);
      }
      last = ring.stage;
      ring.next();
    }
    wgmma_wait<0>(all);
    if (steps > 0) {
      release(ring, last);
    }
  }

  __device__ void release(Ring& ring, int stage) const {
    if (lane == 0) {
      mbarrier_arrive(ring.empty + stage);
    }
  }
};

}  // namespace angulus::cuda
