// statistics[0,c] = mean over the rows of x[row,c]; statistics[1,c] = mean of (x[row,c] - statistics[0,c])^2.
//
//   x (rows, columns)   statistics (2, columns), f32   workspace (pieces, columns) of Moments
//
// batch_norm_statistics_*_pieces   reduce_pieces of column_reduce.cuh over (count, mean, M2): one pass over x. A thread adds a row by Welford's
//     rule, with one division for its columns, so that a mean large against the deviation costs no digits.
//     bound   bytes: 4 an element in f32, 2 in bf16. Share of the card's bandwidth: not measured.
// batch_norm_statistics_*_plain    One thread, one column: the mean, then the deviations. Reads x twice.
#include "../device/reduce.cuh"
#include "column_reduce.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct BatchNormStatistics {
  using Storage = T;
  using Partial = Moments;
  template <int W>
  struct Columns {};
  template <int W>
  struct Inputs {
    float x[W];
  };

  BatchNormStatisticsCall call;

  static BatchNormStatistics of(const void* call) { return {*static_cast<const BatchNormStatisticsCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.shape.rows; }
  __host__ __device__ int64_t columns() const { return call.shape.columns; }
  __device__ void* workspace() const { return call.workspace; }

  template <int W>
  __device__ void load(int64_t, Columns<W>&) const {}
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.x) + at, inputs.x);
  }
  template <int W>
  __device__ void take(const Columns<W>&, const Inputs<W>& inputs, int64_t, Partial (&moments)[W]) const {
    const float count = moments[0].count + 1.0f;  // the same for all columns of a thread
    const float share = 1.0f / count;
#pragma unroll
    for (int i = 0; i < W; ++i) {
      const float delta = inputs.x[i] - moments[i].mean;
      moments[i].count = count;
      moments[i].mean += delta * share;
      moments[i].m2 += delta * (inputs.x[i] - moments[i].mean);
    }
  }
  __device__ static Partial merge(const Partial& a, const Partial& b) { return cuda::merge(a, b); }
  __device__ void finish(int64_t column, const Partial& all) const {
    call.statistics[column] = all.mean;
    call.statistics[call.shape.columns + column] = all.m2 / all.count;
  }
};

template <class T>
__global__ void batch_norm_statistics_plain(BatchNormStatisticsCall call) {
  const int64_t columns = call.shape.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  const T* const x = static_cast<const T*>(call.x) + column;
  const float rows = static_cast<float>(call.shape.rows);
  float sum = 0.0f;
  for (int64_t row = 0; row < call.shape.rows; ++row) {
    sum += to_float(x[row * columns]);
  }
  const float mean = sum / rows;
  float squares = 0.0f;
  for (int64_t row = 0; row < call.shape.rows; ++row) {
    const float deviation = to_float(x[row * columns]) - mean;
    squares += deviation * deviation;
  }
  call.statistics[column] = mean;
  call.statistics[columns + column] = squares / rows;
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const BatchNormStatisticsCall call = *static_cast<const BatchNormStatisticsCall*>(arguments);
  AG_LAUNCH(exec, batch_norm_statistics_plain<T>, grid_of(ceil_div(call.shape.columns, 128)), 128, 0, call);
}

using F32 = BatchNormStatistics<float>;
using B16 = BatchNormStatistics<Bf16>;

constexpr Kernel kKernels[] = {
    {"batch_norm_statistics_f32_pieces", kH200, shape_is<BatchNormStatisticsCall, float>, reduce_workspace<F32>, run_reduce_pieces<F32>},
    {"batch_norm_statistics_bf16_pieces", kH200, shape_is<BatchNormStatisticsCall, Bf16>, reduce_workspace<B16>, run_reduce_pieces<B16>},
    {"batch_norm_statistics_f32_plain", kH200, shape_is<BatchNormStatisticsCall, float>, nullptr, run_plain<float>},
    {"batch_norm_statistics_bf16_plain", kH200, shape_is<BatchNormStatisticsCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_statistics_kernels = {kKernels, 4};

}  // namespace angulus::cuda
