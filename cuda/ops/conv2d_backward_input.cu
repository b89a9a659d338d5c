// dx[n,h,w,c] = sum over r,s,k of dy[n,p,q,k] w[k,r,s,c] for the p, q with p stride_h = h + pad_top - r and q stride_w = w + pad_left - s;
// + residual[n,h,w,c] where the plan's flag says so.
//
//   dy (N,P,Q,K)   dx, residual (N,H,W,C), as stored: f32 or bf16   w (K,R,S,C), f32
//
// conv2d_backward_input_bf16_wgmma_256x128x64  Hopper's tensor cores; conv2d_gather_wgmma.cuh has the idea. K in 64s, C in
//     eights, filters at least as large as the strides.
//     bound   FLOPs where C and K reach 128. Share of the card's bf16 peak: not measured.
// conv2d_backward_input_bf16_mma_128x128x32  Tensor cores; conv2d_gather_tiles.cuh has the idea. Channels in eights.
//     bound   FLOPs, at any stride the useful ones alone. Share of the card's bf16 peak: not measured.
// conv2d_backward_input_f32_fma_128x128x16   The same by multiply-adds. Channels in fours.
//     bound   FLOPs, the useful ones alone.
// conv2d_backward_input_f32_tiled_64x64x16   Any channels. A matrix product that gathers its left factor: (N H W) x (R S K) times (R S K) x C.
//     block   256 threads, 64 input pixels x 64 channels; steps of 16 along (r,s,k), both strips brought to shared memory (8.5 KiB)
//     thread  4 x 4 results in registers; reads of dy are neighbours along k, reads of w along c
//     bound   FLOPs. With a stride the zeros between the pixels of dy are multiplied too: stride_h stride_w times the useful FLOPs. Share
//             of the card's f32 peak: not measured.
// conv2d_backward_input_{f32,bf16}_plain     One thread, one result, the loops of the formula. Any size. Weights are rounded to the type on
//     load.
#include "../device/tile.cuh"
#include "conv2d_gather_tiles.cuh"
#include "conv2d_gather_wgmma.cuh"
#include "conv2d_weight.cuh"

namespace angulus::cuda {
namespace {

template <class T>
__device__ inline float finish_at(const Conv2dCall& call, float value, int64_t index) {
  if ((call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0) {
    value += to_float(static_cast<const T*>(call.residual)[index]);  // may be dx itself: this thread reads the element it then writes
  }
  return value;
}

// The output row (or column) that a filter row meets at an input row, -1: none. at = input + pad - filter.
__device__ inline int source(int at, int stride, int extent) {
  return at >= 0 && at % stride == 0 && at / stride < extent ? at / stride : -1;
}

__global__ void __launch_bounds__(kTileThreads) conv2d_backward_input_f32_tiled_64x64x16(Conv2dCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const pixels = shared;                   // (kDepth, kPitch)
  float* const channels = shared + kStripFloats;  // (kDepth, kPitch)
  const ag_conv2d_shape& shape = call.plan.shape;
  const float* const dy = static_cast<const float*>(call.y);
  const float* const w = static_cast<const float*>(call.w);
  float* const dx = static_cast<float*>(call.x);
  const int depth = shape.r * shape.s * shape.k;
  const int inputs = shape.n * shape.h * shape.w;
  const int channel_tiles = static_cast<int>(ceil_div(shape.c, kTile));
  const int first_pixel = static_cast<int>(blockIdx.x / channel_tiles) * kTile;
  const int first_channel = static_cast<int>(blockIdx.x % channel_tiles) * kTile;
  const TileThread self = tile_thread();

  // The four pixels this thread gathers for: input row and column with the pad added.
  int64_t image[4];
  int bottom[4], right[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const int pixel = first_pixel + self.line + 16 * j;
    image[j] = static_cast<int64_t>(pixel / shape.w / shape.h) * call.p;
    bottom[j] = pixel < inputs ? pixel / shape.w % shape.h + shape.pad_top : -1;  // past the end: meets no output
    right[j] = pixel % shape.w + shape.pad_left;
  }

  const int channel = first_channel + self.across;
  float sums[4][4] = {};
  for (int start = 0; start < depth; start += kDepth) {
    const int t = start + self.depth;
    const int k = t % shape.k;
    const int s = t / shape.k % shape.s;
    const int r = t / shape.k / shape.s;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int p = source(bottom[j] - r, shape.stride_h, call.p);
      const int q = source(right[j] - s, shape.stride_w, call.q);
      const bool met = t < depth && p >= 0 && q >= 0;
      pixels[self.depth * kPitch + self.line + 16 * j] = met ? dy[((image[j] + p) * call.q + q) * shape.k + k] : 0.0f;

      const int level = self.level + 4 * j;  // the same step of the depth, read across the channels
      const int u = start + level;
      const int64_t filter = (static_cast<int64_t>(u % shape.k) * shape.r + u / shape.k / shape.s) * shape.s + u / shape.k % shape.s;
      channels[level * kPitch + self.across] = u < depth && channel < shape.c ? w[filter * shape.c + channel] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(pixels, channels, self, sums);
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }

#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int pixel = first_pixel + self.row + i;
      const int c = first_channel + self.column + 16 * j;
      if (pixel < inputs && c < shape.c) {
        const int64_t index = static_cast<int64_t>(pixel) * shape.c + c;
        dx[index] = finish_at<float>(call, sums[i][j], index);
      }
    }
  }
}

template <class T>
__global__ void conv2d_backward_input_plain(Conv2dCall call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= static_cast<int64_t>(shape.n) * shape.h * shape.w * shape.c) {
    return;
  }
  const T* const dy = static_cast<const T*>(call.y);
  const float* const w = static_cast<const float*>(call.w);
  const int c = static_cast<int>(index % shape.c);
  const int column = static_cast<int>(index / shape.c % shape.w);
  const int row = static_cast<int>(index / shape.c / shape.w % shape.h);
  const int64_t n = index / shape.c / shape.w / shape.h;
  const int64_t filter_elements = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  float sum = 0.0f;
  for (int r = 0; r < shape.r; ++r) {
    const int p = source(row + shape.pad_top - r, shape.stride_h, call.p);
    for (int s = 0; s < shape.s; ++s) {
      const int q = source(column + shape.pad_left - s, shape.stride_w, call.q);
      if (p < 0 || q < 0) {
        continue;
      }
      const T* const from = dy + ((n * call.p + p) * call.q + q) * shape.k;
      const float* const by = w + (static_cast<int64_t>(r) * shape.s + s) * shape.c + c;
      for (int k = 0; k < shape.k; ++k) {
        sum += to_float(from[k]) * factor<T>(by[k * filter_elements]);
      }
    }
  }
  store(static_cast<T*>(call.x) + index, finish_at<T>(call, sum, index));
}

void run_tiled(Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t blocks = ceil_div(static_cast<int64_t>(shape.n) * shape.h * shape.w, kTile) * ceil_div(shape.c, kTile);
  AG_LAUNCH(exec, conv2d_backward_input_f32_tiled_64x64x16, grid_of(blocks), kTileThreads, kTileSharedBytes, call);
}

template <class T>
void run_plain(Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t inputs = static_cast<int64_t>(shape.n) * shape.h * shape.w * shape.c;
  AG_LAUNCH(exec, conv2d_backward_input_plain<T>, grid_of(ceil_div(inputs, 256)), 256, 0, call);
}

// (C,R,S,K).
template <class T>
__global__ void conv2d_backward_input_prepare(Conv2dPrepareCall call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t taps = static_cast<int64_t>(shape.r) * shape.s;
  if (index >= shape.c * taps * shape.k) {
    return;
  }
  const int64_t k = index % shape.k;
  const int64_t tap = index / shape.k % taps;
  const int64_t c = index / shape.k / taps;
  store(static_cast<T*>(call.prepared) + index, static_cast<const float*>(call.w)[(k * taps + tap) * shape.c + c]);
}

int64_t weights_of(const ag_conv2d_shape& shape) { return static_cast<int64_t>(shape.k) * shape.r * shape.s * shape.c; }

template <class T>
int64_t prepared_bytes(const ag_conv2d_plan& plan) { return weights_of(plan.shape) * static_cast<int64_t>(sizeof(T)); }

template <class T>
void prepare(Exec& exec, const Conv2dPrepareCall& call) {
  AG_LAUNCH(exec, conv2d_backward_input_prepare<T>, grid_of(ceil_div(weights_of(call.plan.shape), 256)), 256, 0, call);
}

constexpr PreparedForm kChannelRows = {2, prepared_bytes<Bf16>, prepare<Bf16>};
constexpr PreparedForm kFloatChannelRows = {3, prepared_bytes<float>, prepare<float>};

constexpr Conv2dKernel kKernels[] = {
    {"conv2d_backward_input_bf16_wgmma_256x128x64", kH200, AG_EPILOGUE_RESIDUAL, fits_wgmma<BackwardInputProduct<Bf16>>,
     wgmma_workspace<BackwardInputProduct<Bf16>>, launch_wgmma<BackwardInputProduct<Bf16>>, &kChannelRows, true},
    {"conv2d_backward_input_bf16_mma_128x128x32", kH200, AG_EPILOGUE_RESIDUAL, fits_mma, strip_workspace<BackwardInputProduct<Bf16>>,
     launch_gather<BackwardInputProduct<Bf16>, true>, &kChannelRows},
    {"conv2d_backward_input_f32_fma_128x128x16", kH200, AG_EPILOGUE_RESIDUAL, fits_fma, strip_workspace<BackwardInputProduct<float>>,
     launch_gather<BackwardInputProduct<float>, true>, &kFloatChannelRows},
    {"conv2d_backward_input_f32_tiled_64x64x16", kH200, AG_EPILOGUE_RESIDUAL, fits_f32_tiles, nullptr, run_tiled},
    {"conv2d_backward_input_f32_plain", kH200, AG_EPILOGUE_RESIDUAL, is_f32, nullptr, run_plain<float>},
    {"conv2d_backward_input_bf16_plain", kH200, AG_EPILOGUE_RESIDUAL, is_bf16, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const Conv2dKernelList conv2d_backward_input_kernels = {kKernels, 6};

}  // namespace angulus::cuda
