// For row i with label y: c_y, phi(c_y), phi'(c_y), S, m and the other rows of `target` (margin_functors.h). A label outside [0, classes) is a fault of
// the device, and its row holds zeros but S and m.
//
//   x (N,D)   w (classes,K,D)   bias (classes)   inverse_w (classes,K)   inverse_x (N)   target (AG_TARGET_ROWS, N)   state (1 or 2)   f32
//   labels (N) int32
//
// margin_target_f32_warp   One warp, one row: lane i takes elements i, i + 32, ... of the dot product, a butterfly adds them. Block: 8 rows. For a head
//     with something of the whole batch (moving averages, sorted margins) one block makes that; then one thread for each row writes the rest.
//     bound   bytes: 8 D for each row. Share of the card's bandwidth: not measured.
#include "labels.cuh"
#include "margin_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kRows = 8;
constexpr int kBatchThreads = 256;

__host__ __device__ inline bool sorts(const Head& head) { return head.kind == AG_HEAD_ELASTICFACE && (head.flags & AG_HEAD_SORTED) != 0; }

template <class Space>
__global__ void __launch_bounds__(kRows* kWarpSize) margin_target_f32_warp(MarginTargetCall call) {
  const Head& head = call.head;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= head.n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const bool good = label_is_good(head, row);
  const int64_t first = good ? static_cast<int64_t>(head.labels[row]) * head.centres : 0;
  const float inverse_x = Space::normalised ? head.inverse_x[row] : 1.0f;
  float c = 0.0f;
  for (int k = 0; good && k < head.centres; ++k) {
    const float* const x = head.x + row * head.d;
    const float* const w = head.w + (first + k) * head.d;
    float dot = 0.0f;
    for (int i = lane; i < head.d; i += kWarpSize) {
      dot += x[i] * w[i];
    }
    dot = warp_sum(dot);
    const float bias = Space::normalised || head.bias == nullptr ? 0.0f : head.bias[first + k];
    const float own = cosine_in<Space>(dot, inverse_x, Space::normalised ? head.inverse_w[first + k] : 1.0f, bias);
    c = k == 0 || own > c ? own : c;
  }
  if (lane == 0) {
    call.target[AG_TARGET_COSINE * static_cast<int64_t>(head.n) + row] = c;
  }
}

// How many numbers come before that of `own`: smaller ones, and equal ones of lower rows.
__device__ inline int64_t rank_of(const float* values, int64_t n, int64_t own, float sign) {
  int64_t rank = 0;
  for (int64_t i = 0; i < n; ++i) {
    rank += sign * values[i] < sign * values[own] || (values[i] == values[own] && i < own) ? 1 : 0;
  }
  return rank;
}

// One block. Moving averages: of c_y, or of the lengths' mean and (unbiased) deviation, which stays where N is 1. Sorted margins: the draws in order of
// size to the rows in order of cosine, the largest to the lowest; rows of `target` that are written later hold the draws, sorted and not, and the ranks.
__global__ void __launch_bounds__(kBatchThreads) margin_target_batch(MarginTargetCall call) {
  AG_DYNAMIC_SHARED(float, scratch);  // (kBatchThreads / kWarpSize), and the mean
  const Head& head = call.head;
  const int64_t n = head.n;
  const float* const cosines = call.target + AG_TARGET_COSINE * n;
  const bool of_lengths = head.kind == AG_HEAD_ADAFACE;
  if (head.state != nullptr) {
    float sum = 0.0f;
    for (int64_t row = threadIdx.x; row < n; row += kBatchThreads) {
      sum += of_lengths ? adaface_length(1.0f / head.inverse_x[row]) : cosines[row];
    }
    sum = block_sum(sum, scratch);
    if (threadIdx.x == 0) {
      scratch[kBatchThreads / kWarpSize] = sum / static_cast<float>(n);
      head.state[0] = (1.0f - head.rate) * head.state[0] + head.rate * (sum / static_cast<float>(n));
    }
    __syncthreads();  // the mean is there, and nobody reads the scratch any more
    const float mean = scratch[kBatchThreads / kWarpSize];
    float squares = 0.0f;
    for (int64_t row = threadIdx.x; of_lengths && row < n; row += kBatchThreads) {
      const float off = adaface_length(1.0f / head.inverse_x[row]) - mean;
      squares += off * off;
    }
    squares = block_sum(squares, scratch);
    if (threadIdx.x == 0 && of_lengths && n > 1) {
      head.state[1] = (1.0f - head.rate) * head.state[1] + head.rate * sqrtf(squares / static_cast<float>(n - 1));
    }
  }
  if (sorts(head)) {
    float* const draws = call.target + AG_TARGET_PHI * n;
    float* const sorted = call.target + AG_TARGET_DPHI * n;
    for (int64_t row = threadIdx.x; row < n; row += kBatchThreads) {
      draws[row] = drawn_margin(head, row);
    }
    __syncthreads();  // everyone ranks all draws
    for (int64_t row = threadIdx.x; row < n; row += kBatchThreads) {
      sorted[rank_of(draws, n, row, 1.0f)] = draws[row];
    }
    __syncthreads();  // the sorted draws are whole
    for (int64_t row = threadIdx.x; row < n; row += kBatchThreads) {
      call.target[AG_TARGET_MARGIN * n + row] = sorted[rank_of(cosines, n, row, -1.0f)];
    }
  }
}

// One thread, one row. The length of w_y is that of its first centre: heads with more do not ask.
template <class H>
__global__ void margin_target_rows(MarginTargetCall call) {
  const Head& head = call.head;
  const int64_t n = head.n;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= n) {
    return;
  }
  const bool good = label_is_good(head, row);
  const float margin = sorts(head) ? call.target[AG_TARGET_MARGIN * n + row] : drawn_margin(head, row);
  const float inverse_w = good && head.inverse_w != nullptr ? head.inverse_w[static_cast<int64_t>(head.labels[row]) * head.centres] : 1.0f;
  write_target<H>(head, call.target, row, good, call.target[AG_TARGET_COSINE * n + row], inverse_w, margin);
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const MarginTargetCall call = *static_cast<const MarginTargetCall*>(arguments);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_TARGET);
  const int64_t blocks = ceil_div(call.head.n, kRows);
  if (call.head.normalised) {
    AG_LAUNCH(exec, margin_target_f32_warp<UnitSpace>, grid_of(blocks), kRows * kWarpSize, 0, call);
  } else {
    AG_LAUNCH(exec, margin_target_f32_warp<RawSpace>, grid_of(blocks), kRows * kWarpSize, 0, call);
  }
  if (call.head.state != nullptr || sorts(call.head)) {
    AG_LAUNCH(exec, margin_target_batch, 1, kBatchThreads, (kBatchThreads / kWarpSize + 1) * sizeof(float), call);
  }
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_target_rows<H>, grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
  });
}

constexpr Kernel kKernels[] = {{"margin_target_f32_warp", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList margin_target_kernels = {kKernels, 1};

}  // namespace angulus::cuda
