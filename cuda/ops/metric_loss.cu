// Loss and coefficients of the losses on distances: formulas and choices in angulus.h, what one anchor's row does in metric_functors.h.
//
//   distances, coefficients (N,N)   labels, dbeta (N)   workspace: MetricRowSums (N), f64, and the factor 1 / terms   f32
//
// metric_loss_f32_block    One block of 128 threads, one anchor; a thread takes columns t, t + 128, ... in each of the stages choose, negatives and positives, with
//     a barrier between them. A positive looks for its negative by a walk over the row, N columns from cache. Sums of a row are added as a tree, in f64.
//     bound   comparisons: P N for an anchor of P positives. Not measured.
// metric_loss_f32_plain    One thread, one anchor: the stages one after another.
// Both: then one block adds the rows in a fixed order, and one thread for each number multiplies the coefficients by weight / terms.
#include "../device/fault.cuh"
#include "../device/reduce.cuh"
#include "metric_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kSums = sizeof(MetricRowSums) / sizeof(double);

struct Scratch {
  double sums[kWarps];
  Extreme positives[kThreads], negatives[kThreads];
  float largest[kThreads];
};

__host__ __device__ inline MetricRowSums* rows_of(const MetricLossCall& call) { return static_cast<MetricRowSums*>(call.workspace); }
__host__ __device__ inline double* factor_of(const MetricLossCall& call) { return reinterpret_cast<double*>(rows_of(call) + call.metric.n); }

// The largest log weight of the row, by every thread; then the weights.
__device__ inline void set_weights(const Metric& m, int64_t a, float* g, int step, int first, float* largest) {
  float own = -INFINITY;
  for (int64_t j = first; j < m.n; j += step) {
    if (is_negative(m, a, j)) {
      g[j] = log_weight(m, distance(m, a, j));
      own = g[j] > own ? g[j] : own;
    }
  }
  if (largest != nullptr) {
    largest[first] = own;
    __syncthreads();  // everyone reads all
    for (int i = 0; i < step; ++i) {
      own = largest[i] > own ? largest[i] : own;
    }
  }
  for (int64_t j = first; j < m.n; j += step) {
    if (is_negative(m, a, j)) {
      g[j] = weight_of(g[j], own);
    }
  }
}

__device__ inline void find_hardest(const Metric& m, int64_t a, float* g, int step, int first, Extreme& positive, Extreme& negative) {
  positive = {0.0f, kNone};
  negative = {0.0f, kNone};
  for (int64_t j = first; j < m.n; j += step) {
    const Extreme own = {distance(m, a, j), static_cast<int32_t>(j)};
    if (is_positive(m, a, j)) {
      positive = more_extreme(positive, own, 1.0f);
      set_choice(g, j, kNone);
    } else if (j != a) {
      negative = more_extreme(negative, own, -1.0f);
    }
  }
}

__device__ inline void choose_hardest(float* g, const Extreme& positive, const Extreme& negative, MetricRowSums& sums) {
  sums.wanted = 1;
  sums.skipped = positive.index < 0 || negative.index < 0 ? 1 : 0;
  if (positive.index >= 0) {
    set_choice(g, positive.index, negative.index);
  }
}

__device__ inline void choose(const Metric& m, float margin, int64_t a, float* g, int step, int first, MetricRowSums& sums) {
  for (int64_t p = first; p < m.n; p += step) {
    if (is_positive(m, a, p)) {
      const int32_t choice = m.selection == AG_SELECT_ALL                 ? kEvery
                             : m.selection == AG_SELECT_DISTANCE_WEIGHTED ? choose_by_weight(m, g, a, p)
                                                                          : choose_negative(m, margin, a, p);
      set_choice(g, p, choice);
      count_choice(m, a, p, choice, sums);
    }
  }
}

__device__ inline void finish_negatives(const Metric& m, float margin, float beta, int64_t a, float* g, int step, int first) {
  for (int64_t j = first; j < m.n; j += step) {
    if (is_negative(m, a, j)) {
      g[j] = at_negative(m, margin, beta, g, a, j);
    }
  }
}

__device__ inline void finish_positives(const Metric& m, float margin, float beta, int64_t a, float* g, int step, int first, MetricRowSums& sums) {
  for (int64_t j = first; j < m.n; j += step) {
    if (is_positive(m, a, j)) {
      g[j] = at_positive(m, margin, beta, g, a, j, sums);
    } else if (j == a) {
      g[j] = 0.0f;
    }
  }
}

// What needs no choice. Gives whether that is all.
__device__ inline bool measure_row(const Metric& m, float margin, float beta, int64_t a, float* g, int step, int first, MetricRowSums& sums) {
  for (int64_t j = first; j < m.n; j += step) {
    measure_column(m, a, j, sums);
    if (is_plain_pair(m)) {
      g[j] = plain_pair(m, margin, beta, a, j, sums);
    }
  }
  return is_plain_pair(m);
}

__global__ void __launch_bounds__(kThreads) metric_loss_f32_block(MetricLossCall call) {
  AG_DYNAMIC_SHARED(Scratch, scratch);
  const Metric& m = call.metric;
  const int64_t a = blockIdx.x;
  const int first = static_cast<int>(threadIdx.x);
  const float margin = m.margin[0];
  const float beta = m.loss == AG_METRIC_MARGIN ? beta_of(m, a) : 0.0f;
  float* const g = call.coefficients + a * m.n;
  MetricRowSums sums = {};
  if (!measure_row(m, margin, beta, a, g, kThreads, first, sums)) {
    if (m.selection == AG_SELECT_DISTANCE_WEIGHTED) {
      set_weights(m, a, g, kThreads, first, scratch->largest);
      __syncthreads();  // the choices read every weight
    }
    if (m.selection == AG_SELECT_BATCH_HARD) {
      find_hardest(m, a, g, kThreads, first, scratch->positives[first], scratch->negatives[first]);
      __syncthreads();  // thread 0 reads every thread's, and marks one positive after all were cleared
      if (first == 0) {
        Extreme positive = scratch->positives[0], negative = scratch->negatives[0];
        for (int i = 1; i < kThreads; ++i) {
          positive = more_extreme(positive, scratch->positives[i], 1.0f);
          negative = more_extreme(negative, scratch->negatives[i], -1.0f);
        }
        choose_hardest(g, positive, negative, sums);
      }
    } else {
      choose(m, margin, a, g, kThreads, first, sums);
    }
    __syncthreads();  // the negatives read every choice, and take the place of the weights
    finish_negatives(m, margin, beta, a, g, kThreads, first);
    __syncthreads();  // the positives take the place of the choices
    finish_positives(m, margin, beta, a, g, kThreads, first, sums);
  }
  float farthest = static_cast<float>(sums.farthest);
  for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) {
    const float other = __shfl_xor_sync(kFullWarp, farthest, lanes);
    farthest = other > farthest ? other : farthest;
  }
  __syncthreads();  // nobody reads `largest` any more
  if (first % kWarpSize == 0) {
    scratch->largest[first / kWarpSize] = farthest;
  }
  __syncthreads();  // thread 0 reads every warp's
  double* const fields = &sums.loss;
  for (int i = 0; i < kSums; ++i) {
    const double sum = block_sum(fields[i], scratch->sums);
    __syncthreads();  // nobody reads the scratch any more: the next sum overwrites
    fields[i] = sum;
  }
  if (first == 0) {
    sums.farthest = 0;
    for (int i = 0; i < kWarps; ++i) {
      const double warp = static_cast<double>(scratch->largest[i]);
      sums.farthest = warp > sums.farthest ? warp : sums.farthest;
    }
    sums.beta = static_cast<double>(beta);
    rows_of(call)[a] = sums;
  }
}

__global__ void metric_loss_f32_plain(MetricLossCall call) {
  const Metric& m = call.metric;
  const int64_t a = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (a >= m.n) {
    return;
  }
  const float margin = m.margin[0];
  const float beta = m.loss == AG_METRIC_MARGIN ? beta_of(m, a) : 0.0f;
  float* const g = call.coefficients + a * m.n;
  MetricRowSums sums = {};
  if (!measure_row(m, margin, beta, a, g, 1, 0, sums)) {
    if (m.selection == AG_SELECT_DISTANCE_WEIGHTED) {
      set_weights(m, a, g, 1, 0, nullptr);
    }
    if (m.selection == AG_SELECT_BATCH_HARD) {
      Extreme positive, negative;
      find_hardest(m, a, g, 1, 0, positive, negative);
      choose_hardest(g, positive, negative, sums);
    } else {
      choose(m, margin, a, g, 1, 0, sums);
    }
    finish_negatives(m, margin, beta, a, g, 1, 0);
    finish_positives(m, margin, beta, a, g, 1, 0, sums);
  }
  sums.beta = static_cast<double>(beta);
  rows_of(call)[a] = sums;
}

// One block: numbers out of range, the batch's sums, the factor, dbeta.
__global__ void __launch_bounds__(kThreads) metric_totals(MetricLossCall call, ag_fault* fault) {
  AG_DYNAMIC_SHARED(double, scratch);  // (kWarps), then the bad rows (kThreads)
  int32_t* const bad_rows = reinterpret_cast<int32_t*>(scratch + kWarps);
  const Metric& m = call.metric;
  MetricRowSums all = {};
  double collapsed = 0;
  int32_t bad = m.n;
  for (int32_t a = static_cast<int32_t>(threadIdx.x); a < m.n; a += kThreads) {
    const MetricRowSums row = rows_of(call)[a];
    const double* const from = &row.loss;
    double* const to = &all.loss;
    for (int i = 0; i < kSums; ++i) {
      to[i] += from[i];
    }
    collapsed += row.farthest < static_cast<double>(kCollapsed) ? 1 : 0;
    const bool good = (m.beta_class == nullptr || (m.labels[a] >= 0 && m.labels[a] < m.classes)) &&
                      (m.beta_image == nullptr || (m.image[a] >= 0 && m.image[a] < m.images));
    bad = good || bad < m.n ? bad : a;
  }
  bad_rows[threadIdx.x] = bad;
  double* const fields = &all.loss;
  for (int i = 0; i < kSums; ++i) {
    fields[i] = block_sum(fields[i], scratch);
    __syncthreads();  // nobody reads the scratch any more: the next sum overwrites
  }
  collapsed = block_sum(collapsed, scratch);
  if (threadIdx.x == 0) {
    *factor_of(call) = finish_metric(m, all, collapsed, call.summary).factor;
    for (int i = 1; i < kThreads; ++i) {
      bad = min(bad, bad_rows[i]);
    }
    if (bad < m.n) {
      report_fault(fault, AG_FAULT_LABEL, AG_OP_METRIC_LOSS, bad, m.scalars->step);
    }
  }
  __syncthreads();  // everyone reads the factor
  if (call.dbeta != nullptr) {
    for (int32_t a = static_cast<int32_t>(threadIdx.x); a < m.n; a += kThreads) {
      call.dbeta[a] = beta_gradient(m, *factor_of(call), rows_of(call)[a].slope);
    }
  }
}

__global__ void metric_scale(MetricLossCall call) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at < static_cast<int64_t>(call.metric.n) * call.metric.n) {
    call.coefficients[at] *= static_cast<float>(*factor_of(call));
  }
}

bool accepts(const void*) { return true; }

int64_t sums_workspace(int64_t rows, int64_t, int64_t) { return rows * static_cast<int64_t>(sizeof(MetricRowSums)) + static_cast<int64_t>(sizeof(double)); }

void finish(Exec& exec, const MetricLossCall& of) {
  const MetricLossCall call = of;
  ag_fault* const fault = exec.fault;
  AG_LAUNCH(exec, metric_totals, 1, kThreads, kWarps * sizeof(double) + kThreads * sizeof(int32_t), call, fault);
  AG_LAUNCH(exec, metric_scale, grid_of(ceil_div(int64_t{call.metric.n} * call.metric.n, 256)), 256, 0, call);
}

void run_block(Exec& exec, const void* arguments) {
  const MetricLossCall call = *static_cast<const MetricLossCall*>(arguments);
  AG_LAUNCH(exec, metric_loss_f32_block, grid_of(call.metric.n), kThreads, sizeof(Scratch), call);
  finish(exec, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const MetricLossCall call = *static_cast<const MetricLossCall*>(arguments);
  AG_LAUNCH(exec, metric_loss_f32_plain, grid_of(ceil_div(call.metric.n, 64)), 64, 0, call);
  finish(exec, call);
}

constexpr Kernel kKernels[] = {
    {"metric_loss_f32_block", kH200, accepts, sums_workspace, run_block},
    {"metric_loss_f32_plain", kH200, accepts, sums_workspace, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList metric_loss_kernels = {kKernels, 2};

}  // namespace angulus::cuda
