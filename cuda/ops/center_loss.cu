// L = sum |x_i - c_y|^2 / (2 N) (HALF_MEAN) or / (N D) (MEAN_OF_NUMBERS); dx_i = k (x_i - c_y), k = weight / N or 2 weight / (N D).
// A row whose label is outside [0, classes) adds nothing and is a fault of the device.
//
//   x, dx (N,D)   centers (classes,D)   labels (N) int32   workspace: squared distance and distance of each row (2,N), f64   f32
//
// center_loss_f32_warp    One warp, one row: lane i takes numbers i, i + 32, ...; a butterfly adds the lanes. Block: 8 rows. One block adds the rows.
//     bound   bytes: 12 D for each row. Not measured.
// center_loss_f32_plain   One thread, one row.
#include "center.cuh"

namespace angulus::cuda {
namespace {

constexpr int kSumThreads = 128;

__device__ inline float numbers_of(const Center& c) {
  return c.form == AG_CENTER_HALF_MEAN ? static_cast<float>(c.n) : 0.5f * static_cast<float>(c.n) * static_cast<float>(c.d);
}

// Numbers first, first + step, ... of a row; gives the sum of their squares.
__device__ inline double center_row(const CenterLossCall& call, int64_t row, int first, int step) {
  const Center& c = call.center;
  const bool good = center_is_good(c, row);
  const float* const center = call.centers + static_cast<int64_t>(good ? c.labels[row] : 0) * c.d;
  const float factor = c.weight / numbers_of(c);
  double sum = 0;
  for (int64_t k = first; k < c.d; k += step) {
    const float difference = good ? c.x[row * c.d + k] - center[k] : 0.0f;
    float& dx = call.dx[row * c.d + k];
    sum += static_cast<double>(difference) * static_cast<double>(difference);
    dx = call.write == AG_ACCUMULATE ? dx + factor * difference : factor * difference;
  }
  return sum;
}

__device__ inline void store_row(const CenterLossCall& call, int64_t row, double square) {
  double* const squares = static_cast<double*>(call.workspace);
  squares[row] = square;
  squares[call.center.n + row] = sqrt(square);
}

__global__ void __launch_bounds__(8 * kWarpSize) center_loss_f32_warp(CenterLossCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * 8 + threadIdx.x / kWarpSize;
  if (row >= call.center.n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const double square = warp_sum(center_row(call, row, lane, kWarpSize));
  if (lane == 0) {
    store_row(call, row, square);
  }
}

__global__ void center_loss_f32_plain(CenterLossCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row < call.center.n) {
    store_row(call, row, center_row(call, row, 0, 1));
  }
}

__global__ void __launch_bounds__(kSumThreads) center_loss_sum(CenterLossCall call) {
  AG_DYNAMIC_SHARED(double, scratch);
  const int64_t n = call.center.n;
  const double* const squares = static_cast<const double*>(call.workspace);
  double square = 0, length = 0;
  for (int64_t row = threadIdx.x; row < n; row += kSumThreads) {
    square += squares[row];
    length += squares[n + row];
  }
  square = block_sum(square, scratch);
  __syncthreads();  // nobody reads the scratch any more: the next sum overwrites
  length = block_sum(length, scratch);
  if (threadIdx.x == 0) {
    ag_metric_summary summary = {};
    summary.loss = static_cast<float>(0.5 * square / static_cast<double>(numbers_of(call.center)));
    summary.terms = static_cast<float>(n);
    summary.positive_distance = static_cast<float>(length / static_cast<double>(n));
    *call.summary = summary;
  }
}

bool accepts(const void*) { return true; }

int64_t rows_workspace(int64_t rows, int64_t, int64_t) { return 2 * rows * static_cast<int64_t>(sizeof(double)); }

void run_warp(Exec& exec, const void* arguments) {
  const CenterLossCall call = *static_cast<const CenterLossCall*>(arguments);
  launch_check_centers(exec, call.center, AG_OP_CENTER_LOSS);
  AG_LAUNCH(exec, center_loss_f32_warp, grid_of(ceil_div(call.center.n, 8)), 8 * kWarpSize, 0, call);
  AG_LAUNCH(exec, center_loss_sum, 1, kSumThreads, kSumThreads / kWarpSize * sizeof(double), call);
}

void run_plain(Exec& exec, const void* arguments) {
  const CenterLossCall call = *static_cast<const CenterLossCall*>(arguments);
  launch_check_centers(exec, call.center, AG_OP_CENTER_LOSS);
  AG_LAUNCH(exec, center_loss_f32_plain, grid_of(ceil_div(call.center.n, 128)), 128, 0, call);
  AG_LAUNCH(exec, center_loss_sum, 1, kSumThreads, kSumThreads / kWarpSize * sizeof(double), call);
}

constexpr Kernel kKernels[] = {
    {"center_loss_f32_warp", kH200, accepts, rows_workspace, run_warp},
    {"center_loss_f32_plain", kH200, accepts, rows_workspace, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList center_loss_kernels = {kKernels, 2};

}  // namespace angulus::cuda
