// dx = dy (x > 0 ? 1 : slope); dslope (+)= sum over the rows of dy min(x, 0).
//
//   dy, x, dx (rows, columns); dx may be dy   slope, dslope (columns), f32   workspace (pieces, columns), f32
//
// prelu_backward_*_pieces   reduce_pieces of column_reduce.cuh, which stores dx on its way.
//     bound   bytes: 12 an element in f32, 6 in bf16. Share of the card's bandwidth: not measured.
// prelu_backward_*_plain    One thread, one column.
#include "column_reduce.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct PreluBackward {
  using Storage = T;
  using Partial = float;
  template <int W>
  struct Columns {
    float slope[W];
  };
  template <int W>
  struct Inputs {
    float dy[W], x[W];
  };

  PreluBackwardCall call;

  static PreluBackward of(const void* call) { return {*static_cast<const PreluBackwardCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.shape.rows; }
  __host__ __device__ int64_t columns() const { return call.shape.columns; }
  __device__ void* workspace() const { return call.workspace; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      own.slope[i] = call.slope[column + i];
    }
  }
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.dy) + at, inputs.dy);
    cuda::load(static_cast<const T*>(call.x) + at, inputs.x);
  }
  template <int W>
  __device__ void take(const Columns<W>& own, const Inputs<W>& inputs, int64_t at, Partial (&sums)[W]) const {
    float dx[W];
#pragma unroll
    for (int i = 0; i < W; ++i) {
      const bool positive = inputs.x[i] > 0.0f;
      dx[i] = positive ? inputs.dy[i] : own.slope[i] * inputs.dy[i];
      sums[i] += positive ? 0.0f : inputs.dy[i] * inputs.x[i];
    }
    cuda::store(static_cast<T*>(call.dx) + at, dx);
  }
  __device__ static Partial merge(Partial a, Partial b) { return a + b; }
  __device__ void finish(int64_t column, Partial sum) const {
    call.dslope[column] = call.write == AG_ACCUMULATE ? call.dslope[column] + sum : sum;
  }
};

using F32 = PreluBackward<float>;
using B16 = PreluBackward<Bf16>;

constexpr Kernel kKernels[] = {
    {"prelu_backward_f32_pieces", kH200, shape_is<PreluBackwardCall, float>, reduce_workspace<F32>, run_reduce_pieces<F32>},
    {"prelu_backward_bf16_pieces", kH200, shape_is<PreluBackwardCall, Bf16>, reduce_workspace<B16>, run_reduce_pieces<B16>},
    {"prelu_backward_f32_plain", kH200, shape_is<PreluBackwardCall, float>, nullptr, run_reduce_plain<F32>},
    {"prelu_backward_bf16_plain", kH200, shape_is<PreluBackwardCall, Bf16>, nullptr, run_reduce_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList prelu_backward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
