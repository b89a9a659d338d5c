// D of all pairs of rows: SQUARED sum over k of (x_ik - x_jk)^2, EUCLIDEAN its root, COSINE 1 - <x_i, x_j>.
//
//   x (N,D)   distances (N,N)   f32
//
// metric_distances_f32_tiled_64x64x16   Two strips of rows in shared memory, 256 threads, 4 x 4 pairs a thread (tile.cuh), steps of 16 along D. From differences,
//     so that equal rows are exactly 0 apart and near ones keep their digits.
//     bound   FLOPs: 3 D for each pair (2 D for COSINE). Not measured.
// metric_distances_f32_plain            One thread, one pair.
#include "../device/tile.cuh"

namespace angulus::cuda {
namespace {

__device__ inline float finish(int32_t distance, float sum) {
  return distance == AG_DISTANCE_COSINE ? 1.0f - sum : distance == AG_DISTANCE_EUCLIDEAN ? sqrtf(sum) : sum;
}

__device__ inline void add_squares(const float* rows, const float* columns, const TileThread& self, float (&sums)[4][4]) {
#pragma unroll
  for (int d = 0; d < kDepth; ++d) {
    const float4 a = *reinterpret_cast<const float4*>(rows + d * kPitch + self.row);
    const float left[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float b = columns[d * kPitch + self.column + 16 * j];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        sums[i][j] += (left[i] - b) * (left[i] - b);
      }
    }
  }
}

__global__ void __launch_bounds__(kTileThreads) metric_distances_f32_tiled_64x64x16(MetricDistancesCall call) {
  AG_DYNAMIC_SHARED(float, strips);
  float* const rows = strips;                    // (kDepth, kPitch)
  float* const columns = strips + kStripFloats;  // (kDepth, kPitch)
  const int64_t n = call.shape.rows;
  const int size = call.shape.columns;
  const int64_t tiles = ceil_div(n, kTile);
  const int64_t first_row = blockIdx.x / tiles * kTile;
  const int64_t first_column = blockIdx.x % tiles * kTile;
  const TileThread self = tile_thread();
  float sums[4][4] = {};
  for (int start = 0; start < size; start += kDepth) {
    const int d = start + self.depth;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int line = self.line + 16 * j;
      rows[self.depth * kPitch + line] = d < size && first_row + line < n ? call.x[(first_row + line) * size + d] : 0.0f;
      columns[self.depth * kPitch + line] = d < size && first_column + line < n ? call.x[(first_column + line) * size + d] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    if (call.distance == AG_DISTANCE_COSINE) {
      multiply_strips(rows, columns, self, sums);
    } else {
      add_squares(rows, columns, self, sums);
    }
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t column = first_column + self.column + 16 * j;
      if (row < n && column < n) {
        call.distances[row * n + column] = finish(call.distance, sums[i][j]);
      }
    }
  }
}

__global__ void metric_distances_f32_plain(MetricDistancesCall call) {
  const int64_t n = call.shape.rows;
  const int64_t size = call.shape.columns;
  const int64_t pair = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (pair >= n * n) {
    return;
  }
  const float* const a = call.x + pair / n * size;
  const float* const b = call.x + pair % n * size;
  float sum = 0.0f;
  for (int64_t k = 0; k < size; ++k) {
    sum += call.distance == AG_DISTANCE_COSINE ? a[k] * b[k] : (a[k] - b[k]) * (a[k] - b[k]);
  }
  call.distances[pair] = finish(call.distance, sum);
}

bool accepts(const void*) { return true; }

void run_tiled(Exec& exec, const void* arguments) {
  const MetricDistancesCall call = *static_cast<const MetricDistancesCall*>(arguments);
  const int64_t tiles = ceil_div(call.shape.rows, kTile);
  AG_LAUNCH(exec, metric_distances_f32_tiled_64x64x16, grid_of(tiles * tiles), kTileThreads, kTileSharedBytes, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const MetricDistancesCall call = *static_cast<const MetricDistancesCall*>(arguments);
  AG_LAUNCH(exec, metric_distances_f32_plain, grid_of(ceil_div(int64_t{call.shape.rows} * call.shape.rows, 256)), 256, 0, call);
}

constexpr Kernel kKernels[] = {
    {"metric_distances_f32_tiled_64x64x16", kH200, accepts, nullptr, run_tiled},
    {"metric_distances_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList metric_distances_kernels = {kKernels, 2};

}  // namespace angulus::cuda
