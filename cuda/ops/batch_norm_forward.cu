// y = residual + (v > 0 ? v : slope v), v = gamma (x - mean) / sqrt(variance + epsilon) + beta; without a slope y = residual + v.
//
//   x, residual, y (rows, columns); residual optional; y may be x or residual
//   statistics (2, columns)   gamma, beta, slope (columns); slope optional; f32
//
// batch_norm_forward_*_vector   Normalisation, PReLU and residual in one pass: 16 bytes of 4 rows a thread, the columns' numbers in registers
//     (channel_rows.cuh).
//     bound   bytes: 8 an element in f32, 12 with a residual; half in bf16. Share of the card's bandwidth: not measured.
// batch_norm_forward_*_plain    One thread, one element.
#include "batch_norm.cuh"
#include "channel_rows.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct BatchNormForward {
  using Storage = T;
  template <int W>
  using Columns = BatchNormColumns<W>;
  template <int W>
  struct Inputs {
    float x[W], residual[W];
  };

  BatchNormForwardCall call;

  static BatchNormForward of(const void* call) { return {*static_cast<const BatchNormForwardCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.layer.rows; }
  __host__ __device__ int64_t columns() const { return call.layer.columns; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
    own.load(call.layer, column);
  }
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.layer.x) + at, inputs.x);
    load_optional(static_cast<const T*>(call.residual), at, inputs.residual);
  }
  template <int W>
  __device__ void write(const Columns<W>& own, const Inputs<W>& inputs, int64_t at) const {
    float y[W];
#pragma unroll
    for (int i = 0; i < W; ++i) {
      const float v = own.v(i, own.normal(i, inputs.x[i]));
      y[i] = inputs.residual[i] + (v > 0.0f ? v : own.slope[i] * v);
    }
    cuda::store(static_cast<T*>(call.y) + at, y);
  }
};

using F32 = BatchNormForward<float>;
using B16 = BatchNormForward<Bf16>;

constexpr Kernel kKernels[] = {
    {"batch_norm_forward_f32_vector", kH200, layer_is<BatchNormForwardCall, float>, nullptr, run_rows_vector<F32>},
    {"batch_norm_forward_bf16_vector", kH200, layer_is<BatchNormForwardCall, Bf16>, nullptr, run_rows_vector<B16>},
    {"batch_norm_forward_f32_plain", kH200, layer_is<BatchNormForwardCall, float>, nullptr, run_rows_plain<F32>},
    {"batch_norm_forward_bf16_plain", kH200, layer_is<BatchNormForwardCall, Bf16>, nullptr, run_rows_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_forward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
