// y = residual + (x > 0 ? x : slope x).
//
//   x, residual, y (rows, columns); residual optional; y may be x or residual   slope (columns), f32
//
// prelu_forward_*_vector   16 bytes of 4 rows a thread (channel_rows.cuh).
//     bound   bytes: 8 an element in f32, 12 with a residual; half in bf16. Share of the card's bandwidth: not measured.
// prelu_forward_*_plain    One thread, one element.
#include "channel_rows.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct PreluForward {
  using Storage = T;
  template <int W>
  struct Columns {
    float slope[W];
  };
  template <int W>
  struct Inputs {
    float x[W], residual[W];
  };

  PreluForwardCall call;

  static PreluForward of(const void* call) { return {*static_cast<const PreluForwardCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.shape.rows; }
  __host__ __device__ int64_t columns() const { return call.shape.columns; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      own.slope[i] = call.slope[column + i];
    }
  }
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.x) + at, inputs.x);
    load_optional(static_cast<const T*>(call.residual), at, inputs.residual);
  }
  template <int W>
  __device__ void write(const Columns<W>& own, const Inputs<W>& inputs, int64_t at) const {
    float y[W];
#pragma unroll
    for (int i = 0; i < W; ++i) {
      y[i] = inputs.residual[i] + (inputs.x[i] > 0.0f ? inputs.x[i] : own.slope[i] * inputs.x[i]);
    }
    cuda::store(static_cast<T*>(call.y) + at, y);
  }
};

using F32 = PreluForward<float>;
using B16 = PreluForward<Bf16>;

constexpr Kernel kKernels[] = {
    {"prelu_forward_f32_vector", kH200, shape_is<PreluForwardCall, float>, nullptr, run_rows_vector<F32>},
    {"prelu_forward_bf16_vector", kH200, shape_is<PreluForwardCall, Bf16>, nullptr, run_rows_vector<B16>},
    {"prelu_forward_f32_plain", kH200, shape_is<PreluForwardCall, float>, nullptr, run_rows_plain<F32>},
    {"prelu_forward_bf16_plain", kH200, shape_is<PreluForwardCall, Bf16>, nullptr, run_rows_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList prelu_forward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
