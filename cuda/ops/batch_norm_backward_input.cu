// dx = gamma / sqrt(variance + epsilon) (dv - sum dv / rows - x^ sum(dv x^) / rows), with x^, v and dv of batch_norm_backward_reduce.cu.
//
//   x, dy, dx (rows, columns); dx may be dy   statistics, sums (2, columns)   gamma, beta, slope (columns); slope optional; f32
//
// batch_norm_backward_input_*_vector   The gradient through the PReLU is computed again in place of being stored: 16 bytes of 4 rows a thread
//     (channel_rows.cuh).
//     bound   bytes: 12 an element in f32, 6 in bf16. Share of the card's bandwidth: not measured.
// batch_norm_backward_input_*_plain    One thread, one element.
#include "batch_norm.cuh"
#include "channel_rows.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct BatchNormBackwardInput {
  using Storage = T;
  template <int W>
  struct Columns {
    BatchNormColumns<W> layer;
    float mean_dv[W], mean_dv_x[W];
  };
  template <int W>
  struct Inputs {
    float x[W], dy[W];
  };

  BatchNormBackwardInputCall call;

  static BatchNormBackwardInput of(const void* call) { return {*static_cast<const BatchNormBackwardInputCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.layer.rows; }
  __host__ __device__ int64_t columns() const { return call.layer.columns; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
    own.layer.load(call.layer, column);
    const float share = 1.0f / static_cast<float>(call.layer.rows);
#pragma unroll
    for (int i = 0; i < W; ++i) {
      own.mean_dv[i] = call.sums[column + i] * share;
      own.mean_dv_x[i] = call.sums[call.layer.columns + column + i] * share;
    }
  }
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.layer.x) + at, inputs.x);
    cuda::load(static_cast<const T*>(call.dy) + at, inputs.dy);
  }
  template <int W>
  __device__ void write(const Columns<W>& own, const Inputs<W>& inputs, int64_t at) const {
    float dx[W];
#pragma unroll
    for (int i = 0; i < W; ++i) {
      const float normal = own.layer.normal(i, inputs.x[i]);
      const float dv = own.layer.v(i, normal) > 0.0f ? inputs.dy[i] : own.layer.slope[i] * inputs.dy[i];
      dx[i] = own.layer.gamma[i] * own.layer.inverse[i] * (dv - own.mean_dv[i] - normal * own.mean_dv_x[i]);
    }
    cuda::store(static_cast<T*>(call.dx) + at, dx);
  }
};

using F32 = BatchNormBackwardInput<float>;
using B16 = BatchNormBackwardInput<Bf16>;

constexpr Kernel kKernels[] = {
    {"batch_norm_backward_input_f32_vector", kH200, layer_is<BatchNormBackwardInputCall, float>, nullptr, run_rows_vector<F32>},
    {"batch_norm_backward_input_bf16_vector", kH200, layer_is<BatchNormBackwardInputCall, Bf16>, nullptr, run_rows_vector<B16>},
    {"batch_norm_backward_input_f32_plain", kH200, layer_is<BatchNormBackwardInputCall, float>, nullptr, run_rows_plain<F32>},
    {"batch_norm_backward_input_bf16_plain", kH200, layer_is<BatchNormBackwardInputCall, Bf16>, nullptr, run_rows_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_backward_input_kernels = {kKernels, 4};

}  // namespace angulus::cuda
