// y = residual + prelu(x + bias): what a convolution's kernel did not fuse of its epilogue. An internal op.
//
//   x, residual, y (rows, columns); y may be x or residual   bias, slope (columns), f32   bias, slope and residual optional
//
// channel_epilogue_*_vector   16 bytes of 4 rows a thread (channel_rows.cuh).
//     bound   bytes: 8 an element in f32, 12 with a residual; half in bf16. Share of the card's bandwidth: not measured.
// channel_epilogue_*_plain    One thread, one element.
#include "channel_rows.cuh"

namespace angulus::cuda {
namespace {

template <class T>
struct ChannelEpilogue {
  using Storage = T;
  template <int W>
  struct Columns {
    float bias[W], slope[W];
  };
  template <int W>
  struct Inputs {
    float x[W], residual[W];
  };

  ChannelEpilogueCall call;

  static ChannelEpilogue of(const void* call) { return {*static_cast<const ChannelEpilogueCall*>(call)}; }
  __host__ __device__ int64_t rows() const { return call.shape.rows; }
  __host__ __device__ int64_t columns() const { return call.shape.columns; }

  template <int W>
  __device__ void load(int64_t column, Columns<W>& own) const {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      own.bias[i] = call.bias == nullptr ? 0.0f : call.bias[column + i];
      own.slope[i] = call.slope == nullptr ? 1.0f : call.slope[column + i];
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
      const float v = inputs.x[i] + own.bias[i];
      y[i] = inputs.residual[i] + (v > 0.0f ? v : own.slope[i] * v);
    }
    cuda::store(static_cast<T*>(call.y) + at, y);
  }
};

using F32 = ChannelEpilogue<float>;
using B16 = ChannelEpilogue<Bf16>;

constexpr Kernel kKernels[] = {
    {"channel_epilogue_f32_vector", kH200, shape_is<ChannelEpilogueCall, float>, nullptr, run_rows_vector<F32>},
    {"channel_epilogue_bf16_vector", kH200, shape_is<ChannelEpilogueCall, Bf16>, nullptr, run_rows_vector<B16>},
    {"channel_epilogue_f32_plain", kH200, shape_is<ChannelEpilogueCall, float>, nullptr, run_rows_plain<F32>},
    {"channel_epilogue_bf16_plain", kH200, shape_is<ChannelEpilogueCall, Bf16>, nullptr, run_rows_plain<B16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList channel_epilogue_kernels = {kKernels, 4};

}  // namespace angulus::cuda
