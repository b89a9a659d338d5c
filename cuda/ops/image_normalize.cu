// y = (u8 - mean) * factor, mirrored left to right where the picture's flip is 1, channels reversed when asked.
//
//   images (N,H,W,C) u8   flips (N) u8, optional   y (N,H,W,C)
//
// image_normalize_*_vector   One thread, 16 bytes of y: the place in the picture is divided out once and then counted on; a warp's bytes of
//     the picture come from a few cache lines, mirrored or not.
//     bound   bytes: 1 read and 4 (f32) or 2 (bf16) written an element. Share of the card's bandwidth: not measured.
// image_normalize_*_plain    One thread, one element.
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

// Where an element of y comes from.
struct Pixel {
  int64_t row;  // of all pictures: n * H + h
  int32_t column, channel;

  __device__ static Pixel at(const ag_image_shape& s, int64_t index) {
    const int64_t pixel = index / s.c;
    return {pixel / s.w, static_cast<int32_t>(pixel % s.w), static_cast<int32_t>(index % s.c)};
  }
  __device__ void next(const ag_image_shape& s) {
    if (++channel == s.c) {
      channel = 0;
      if (++column == s.w) {
        column = 0;
        ++row;
      }
    }
  }
  __device__ float value(const ImageNormalizeCall& call) const {
    const ag_image_shape& s = call.shape;
    const bool mirrored = call.flips != nullptr && call.flips[row / s.h] == 1;
    const int32_t from = mirrored ? s.w - 1 - column : column;
    const int32_t source = s.reverse != 0 ? s.c - 1 - channel : channel;
    return (static_cast<float>(call.images[(row * s.w + from) * s.c + source]) - s.mean) * s.factor;
  }
};

__host__ __device__ inline int64_t elements(const ag_image_shape& s) { return int64_t{s.n} * s.h * s.w * s.c; }

template <class T>
__global__ void image_normalize_vector(ImageNormalizeCall call) {
  const Piece<T> piece = own_piece<T>(elements(call.shape));
  Pixel pixel = Pixel::at(call.shape, piece.first);
  float values[kVector<T>];
#pragma unroll
  for (int i = 0; i < kVector<T>; ++i) {
    values[i] = i < piece.count ? pixel.value(call) : 0.0f;
    pixel.next(call.shape);
  }
  store(static_cast<T*>(call.y), piece, values);
}

template <class T>
__global__ void image_normalize_plain(ImageNormalizeCall call) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < elements(call.shape)) {
    store(static_cast<T*>(call.y) + index, Pixel::at(call.shape, index).value(call));
  }
}

template <class T>
void run_vector(Exec& exec, const void* arguments) {
  const ImageNormalizeCall call = *static_cast<const ImageNormalizeCall*>(arguments);
  AG_LAUNCH(exec, image_normalize_vector<T>, piece_grid(elements(call.shape), kVector<T>), kPieceThreads, 0, call);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const ImageNormalizeCall call = *static_cast<const ImageNormalizeCall*>(arguments);
  AG_LAUNCH(exec, image_normalize_plain<T>, piece_grid(elements(call.shape), 1), kPieceThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"image_normalize_f32_vector", kH200, shape_is<ImageNormalizeCall, float>, nullptr, run_vector<float>},
    {"image_normalize_bf16_vector", kH200, shape_is<ImageNormalizeCall, Bf16>, nullptr, run_vector<Bf16>},
    {"image_normalize_f32_plain", kH200, shape_is<ImageNormalizeCall, float>, nullptr, run_plain<float>},
    {"image_normalize_bf16_plain", kH200, shape_is<ImageNormalizeCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList image_normalize_kernels = {kKernels, 4};

}  // namespace angulus::cuda
