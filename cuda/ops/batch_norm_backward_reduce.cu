// With x^ = (x - mean) / sqrt(variance + epsilon), v = gamma x^ + beta, dv = dy (v > 0 ? 1 : slope), or dv = dy without a slope:
//   sums[0,c] = dbeta[c] = sum over the rows of dv;  sums[1,c] = dgamma[c] = sum of dv x^;  dslope[c] = sum of dy min(v, 0)
// sums is overwritten; dgamma, dbeta and dslope are written or added to as `write` says.
//
//   x, dy (rows, columns)   statistics, sums (2, columns)   gamma, beta, slope, dgamma, dbeta, dslope (columns), f32
//   workspace (pieces, columns) of Sums
//
// batch_norm_backward_reduce_*_pieces   reduce_pieces of column_reduce.cuh: PReLU and batch norm in one pass over x and dy.
//     bound   bytes: 8 an element in f32, 4 in bf16. Share of the card's bandwidth: not measured.
// batch_norm_backward_reduce_*_plain    One thread, one column, one loop over the rows.
#include "batch_norm.cuh"
#include "column_reduce.cuh"

namespace angulus::cuda {
namespace {

struct Sums {
  float dv, dv_x, slope;
};

template <class T>
struct BatchNormBackwardReduce {
  using Storage = T;
  using Partial = Sums;
  template <int W>
  using Columns = BatchNormColumns<W>;
  template <int W>
  struct Inputs {
    float x[W], dy[W];
  };

  BatchNormBackwardReduceCall call;

  static BatchNormBackwardReduce of(const void* call) { return {*static_cast<const BatchNormBackwardReduceCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.layer.rows; }
  __host__ __device__ int64_t columns() const { return call.layer.columns; }
  __device__ void* workspace() const { return call.workspace; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
    own.load(call.layer, column);
  }
  template <int W>
  __device__ void read(int64_t at, Inputs<W>& inputs) const {
    cuda::load(static_cast<const T*>(call.layer.x) + at, inputs.x);
    cuda::load(static_cast<const T*>(call.dy) + at, inputs.dy);
  }
  template <int W>
  __device__ void take(const Columns<W>& own, const Inputs<W>& inputs, int64_t, Partial (&sums)[W]) const {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      const float normal = own.normal(i, inputs.x[i]);
      const float v = own.v(i, normal);
      const bool positive = v > 0.0f;
      const float dv = positive ? inputs.dy[i] : own.slope[i] * inputs.dy[i];
      sums[i].dv += dv;
      sums[i].dv_x += dv * normal;
      sums[i].slope += positive ? 0.0f : inputs.dy[i] * v;
    }
  }
  __device__ static Partial merge(const Partial& a, const Partial& b) { return {a.dv + b.dv, a.dv_x + b.dv_x, a.slope + b.slope}; }
  __device__ void finish(int64_t column, const Partial& sums) const {
    call.sums[column] = sums.dv;
    call.sums[call.layer.columns + column] = sums.dv_x;
    put(call.dbeta + column, sums.dv);
    put(call.dgamma + column, sums.dv_x);
    if (call.layer.slope != nullptr) {
      put(call.dslope + column, sums.slope);
    }
  }
  __device__ void put(float* gradient, float sum) const { *gradient = call.write == AG_ACCUMULATE ? *gradient + sum : sum; }
};

using F32 = BatchNormBackwardReduce<float>;
using B16 = BatchNormBackwardReduce<Bf16>;

constexpr Kernel kKernels[] = {
    {"batch_norm_backward_reduce_f32_pieces", kH200, layer_is<BatchNormBackwardReduceCall, float>, reduce_workspace<F32>,
     run_reduce_pieces<F32>},
    {"batch_norm_backward_reduce_bf16_pieces", kH200, layer_is<BatchNormBackwardReduceCall, Bf16>, reduce_workspace<B16>,
     run_reduce_pieces<B16>},
    {"batch_norm_backward_reduce_f32_plain", kH200, layer_is<BatchNormBackwardReduceCall, float>, nullptr, run_reduce_plain<F32>},
    {"batch_norm_backward_reduce_bf16_plain", kH200, layer_is<BatchNormBackwardReduceCall, Bf16>, nullptr, run_reduce_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_backward_reduce_kernels = {kKernels, 4};

}  // namespace angulus::cuda
