// c_j = c_j - rate / (counted ? 1 + n_j : 1) sum over y_i = j of (c_j - x_i): the first row of a class does it, its rows in their order. A row whose label is
// outside [0, classes) is passed over, and a fault of the device.
//
//   x (N,D)   labels (N) int32   centers (classes,D)   f32
//
// center_update_f32_block   One block of 128 threads, one row; its threads look for an earlier row of the class together, then take D numbers side by side.
//     bound   bytes of x, and N labels for each row from cache. Not measured.
// center_update_f32_plain   One thread, one number of a row.
#include "center.cuh"
#include "metric_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 128;

__device__ inline void update_number(const CenterUpdateCall& call, int64_t row, int64_t k) {
  const Center& c = call.center;
  float& center = call.centers[static_cast<int64_t>(c.labels[row]) * c.d + k];
  double sum = 0;
  int64_t rows = 0;
  for (int64_t j = row; j < c.n; ++j) {
    if (c.labels[j] == c.labels[row]) {
      ++rows;
      sum += static_cast<double>(center) - static_cast<double>(c.x[j * c.d + k]);
    }
  }
  const double step = static_cast<double>(c.rate) / (c.counted != 0 ? 1.0 + static_cast<double>(rows) : 1.0);
  center = static_cast<float>(static_cast<double>(center) - step * sum);
}

__global__ void __launch_bounds__(kThreads) center_update_f32_block(CenterUpdateCall call) {
  AG_DYNAMIC_SHARED(int32_t, earlier);  // (kThreads)
  const Center& c = call.center;
  const int64_t row = blockIdx.x;
  int32_t found = center_is_good(c, row) ? 0 : 1;
  for (int64_t j = threadIdx.x; j < row && found == 0; j += kThreads) {
    found = c.labels[j] == c.labels[row] ? 1 : 0;
  }
  earlier[threadIdx.x] = found;
  __syncthreads();  // everyone reads all
  for (int i = 0; i < kThreads; ++i) {
    if (earlier[i] != 0) {
      return;  // the whole block
    }
  }
  for (int64_t k = threadIdx.x; k < c.d; k += kThreads) {
    update_number(call, row, k);
  }
}

__global__ void center_update_f32_plain(CenterUpdateCall call) {
  const Center& c = call.center;
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t row = at / c.d;
  if (row < c.n && center_is_good(c, row) && is_first_of(c.labels, row)) {
    update_number(call, row, at % c.d);
  }
}

bool accepts(const void*) { return true; }

void run_block(Exec& exec, const void* arguments) {
  const CenterUpdateCall call = *static_cast<const CenterUpdateCall*>(arguments);
  launch_check_centers(exec, call.center, AG_OP_CENTER_UPDATE);
  AG_LAUNCH(exec, center_update_f32_block, grid_of(call.center.n), kThreads, kThreads * sizeof(int32_t), call);
}

void run_plain(Exec& exec, const void* arguments) {
  const CenterUpdateCall call = *static_cast<const CenterUpdateCall*>(arguments);
  launch_check_centers(exec, call.center, AG_OP_CENTER_UPDATE);
  AG_LAUNCH(exec, center_update_f32_plain, grid_of(ceil_div(int64_t{call.center.n} * call.center.d, 128)), 128, 0, call);
}

constexpr Kernel kKernels[] = {
    {"center_update_f32_block", kH200, accepts, nullptr, run_block},
    {"center_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList center_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
