// dx_i = sum over j of S_ij (x_i - x_j), S_ij = (G_ij + G_ji) metric_pull(D_ij) (metric_functors.h); for COSINE of -S_ij x_j. From differences, so that near
// pairs keep their digits.
//
//   x, dx (N,D)   distances, coefficients, workspace S (N,N)   f32
//
// metric_backward_f32_tiled_64x64x16   S first, then 64 rows x 64 of D by 256 threads (tile.cuh): a thread keeps its 4 x 4 own numbers of x and their sums in
//     registers while strips of S and of the other rows pass through shared memory, 16 rows at a time.
//     bound   FLOPs: 3 D for each pair. Not measured.
// metric_backward_f32_plain            One thread, one number of dx; S on the way.
#include "../device/tile.cuh"
#include "metric_functors.h"

namespace angulus::cuda {
namespace {

__device__ inline float pull_of(const MetricBackwardCall& call, int64_t i, int64_t j) {
  const int64_t n = call.shape.rows;
  const float both = call.coefficients[i * n + j] + call.coefficients[j * n + i];
  return i == j || both == 0.0f ? 0.0f : both * metric_pull(call.distance, call.distances[i * n + j]);
}

__device__ inline void put(const MetricBackwardCall& call, int64_t at, float value) {
  call.dx[at] = call.write == AG_ACCUMULATE ? call.dx[at] + value : value;
}

__global__ void metric_pulls(MetricBackwardCall call) {
  const int64_t n = call.shape.rows;
  const int64_t pair = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (pair < n * n) {
    static_cast<float*>(call.workspace)[pair] = pull_of(call, pair / n, pair % n);
  }
}

__global__ void __launch_bounds__(kTileThreads) metric_backward_f32_tiled_64x64x16(MetricBackwardCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const lefts = shared;                  // (kDepth, kPitch): S, other x row
  float* const rights = shared + kStripFloats;  // (kDepth, kPitch): x, other x d
  const float* const pulls = static_cast<const float*>(call.workspace);
  const int64_t n = call.shape.rows;
  const int64_t size = call.shape.columns;
  const int64_t depth_tiles = ceil_div(size, kTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kTile;
  const int64_t first_row = blockIdx.x / depth_tiles * kTile;
  const TileThread self = tile_thread();
  float own[4][4] = {}, sums[4][4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t row = first_row + self.row + i;
      const int64_t d = first_d + self.column + 16 * j;
      own[i][j] = call.distance != AG_DISTANCE_COSINE && row < n && d < size ? call.x[row * size + d] : 0.0f;
    }
  }
  for (int64_t start = 0; start < n; start += kDepth) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int line = self.line + 16 * j;
      const int64_t row = first_row + line;
      lefts[self.depth * kPitch + line] = row < n && start + self.depth < n ? pulls[row * n + start + self.depth] : 0.0f;
      const int level = self.level + 4 * j;
      const int64_t d = first_d + self.across;
      rights[level * kPitch + self.across] = start + level < n && d < size ? call.x[(start + level) * size + d] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
#pragma unroll
    for (int k = 0; k < kDepth; ++k) {
      const float4 a = *reinterpret_cast<const float4*>(lefts + k * kPitch + self.row);
      const float pull[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const float other = rights[k * kPitch + self.column + 16 * j];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          sums[i][j] += pull[i] * (own[i][j] - other);
        }
      }
    }
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t d = first_d + self.column + 16 * j;
      if (row < n && d < size) {
        put(call, row * size + d, sums[i][j]);
      }
    }
  }
}

__global__ void metric_backward_f32_plain(MetricBackwardCall call) {
  const int64_t n = call.shape.rows;
  const int64_t size = call.shape.columns;
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= n * size) {
    return;
  }
  const int64_t i = at / size;
  const float own = call.distance == AG_DISTANCE_COSINE ? 0.0f : call.x[at];
  float sum = 0.0f;
  for (int64_t j = 0; j < n; ++j) {
    const float pull = pull_of(call, i, j);
    sum += pull == 0.0f ? 0.0f : pull * (own - call.x[j * size + at % size]);
  }
  put(call, at, sum);
}

bool accepts(const void*) { return true; }

int64_t pulls_workspace(int64_t rows, int64_t, int64_t) {
  return beyond_memory(rows, rows) ? kBeyondMemory : rows * rows * static_cast<int64_t>(sizeof(float));
}

void run_tiled(Exec& exec, const void* arguments) {
  const MetricBackwardCall call = *static_cast<const MetricBackwardCall*>(arguments);
  const int64_t n = call.shape.rows;
  AG_LAUNCH(exec, metric_pulls, grid_of(ceil_div(n * n, 256)), 256, 0, call);
  AG_LAUNCH(exec, metric_backward_f32_tiled_64x64x16, grid_of(ceil_div(n, kTile) * ceil_div(call.shape.columns, kTile)), kTileThreads, kTileSharedBytes, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const MetricBackwardCall call = *static_cast<const MetricBackwardCall*>(arguments);
  AG_LAUNCH(exec, metric_backward_f32_plain, grid_of(ceil_div(int64_t{call.shape.rows} * call.shape.columns, 256)), 256, 0, call);
}

constexpr Kernel kKernels[] = {
    {"metric_backward_f32_tiled_64x64x16", kH200, accepts, pulls_workspace, run_tiled},
    {"metric_backward_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList metric_backward_kernels = {kKernels, 2};

}  // namespace angulus::cuda
