// y[c] (+)= sum over the rows of x[row,c].
//
//   x (rows, columns)   y (columns), f32   workspace (pieces, columns), f32
//
// channel_sum_*_pieces   reduce_pieces of column_reduce.cuh.
//     bound   bytes: 4 an element in f32, 2 in bf16. Share of the card's bandwidth: not measured.
// channel_sum_*_plain    One thread, one column.
#include "column_reduce.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct ChannelSum {
  using Storage = T;
  using Partial = float;
  template <int W>
  struct Columns {};
  template <int W>
  struct Inputs {
    float x[W];
  };

  ChannelSumCall call;

  static ChannelSum of(const void* call) { return {*static_cast<const ChannelSumCall*>(call)}; }
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
  __device__ void take(const Columns<W>&, const Inputs<W>& inputs, int64_t, Partial (&sums)[W]) const {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      sums[i] += inputs.x[i];
    }
  }
  __device__ static Partial merge(Partial a, Partial b) { return a + b; }
  __device__ void finish(int64_t column, Partial sum) const {
    call.y[column] = call.write == AG_ACCUMULATE ? call.y[column] + sum : sum;
  }
};

using F32 = ChannelSum<float>;
using B16 = ChannelSum<Bf16>;

constexpr Kernel kKernels[] = {
    {"channel_sum_f32_pieces", kH200, shape_is<ChannelSumCall, float>, reduce_workspace<F32>, run_reduce_pieces<F32>},
    {"channel_sum_bf16_pieces", kH200, shape_is<ChannelSumCall, Bf16>, reduce_workspace<B16>, run_reduce_pieces<B16>},
    {"channel_sum_f32_plain", kH200, shape_is<ChannelSumCall, float>, nullptr, run_reduce_plain<F32>},
    {"channel_sum_bf16_plain", kH200, shape_is<ChannelSumCall, Bf16>, nullptr, run_reduce_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList channel_sum_kernels = {kKernels, 4};

}  // namespace angulus::cuda
