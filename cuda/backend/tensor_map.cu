// Tensor maps of a card. The driver encodes them and is asked for its functions only then, so that the plug-in loads without a driver.
#include <cuda_runtime.h>

#include "../device/tma.cuh"

namespace angulus::cuda {
namespace {

// Null, with words in error, where there is none.
template <class Function>
Function driver_function(Error& error, const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found = cudaDriverEntryPointSymbolNotFound;
  const cudaError_t code = cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &found);
  if (code != cudaSuccess || found != cudaDriverEntryPointSuccess) {
    (void)cudaGetLastError();
    error.set(AG_UNAVAILABLE, "the NVIDIA driver has no %s, which a tensor map needs", name);
    return nullptr;
  }
  return reinterpret_cast<Function>(function);
}

struct Dimensions {
  cuuint64_t extents[5], strides[4];
  cuuint32_t steps[5] = {1, 1, 1, 1, 1};

  explicit Dimensions(const TensorShape& shape) {
    for (int i = 0; i < shape.rank; ++i) {
      extents[i] = static_cast<cuuint64_t>(shape.extents[i]);
      if (i > 0) {
        strides[i - 1] = static_cast<cuuint64_t>(shape.strides[i]);
      }
    }
  }
};

CUtensorMapDataType type_of(const TensorShape& shape) {
  return shape.type == AG_BF16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
}

CUtensorMapSwizzle swizzle_of(Swizzle swizzle) {
  constexpr CUtensorMapSwizzle kModes[] = {CU_TENSOR_MAP_SWIZZLE_NONE, CU_TENSOR_MAP_SWIZZLE_32B, CU_TENSOR_MAP_SWIZZLE_64B,
                                           CU_TENSOR_MAP_SWIZZLE_128B};
  return kModes[static_cast<int>(swizzle)];
}

bool done(Error& error, CUresult code, const char* call) {
  if (code != CUDA_SUCCESS) {
    error.set(AG_INTERNAL, "%s: error %d of the driver", call, static_cast<int>(code));
  }
  return code == CUDA_SUCCESS;
}

}  // namespace

bool encode_tiled(Error& error, TensorMap* map, const TensorShape& shape, const TiledBox& box) {
  const auto encode = driver_function<decltype(&cuTensorMapEncodeTiled)>(error, "cuTensorMapEncodeTiled");
  if (encode == nullptr) {
    return false;
  }
  const Dimensions from(shape);
  cuuint32_t extents[5] = {};
  for (int i = 0; i < shape.rank; ++i) {
    extents[i] = static_cast<cuuint32_t>(box.extents[i]);
  }
  return done(error,
              encode(&map->opaque, type_of(shape), static_cast<cuuint32_t>(shape.rank), const_cast<void*>(shape.address), from.extents,
                     from.strides, extents, from.steps, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(box.swizzle),
                     CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
              "cuTensorMapEncodeTiled");
}

bool encode_im2col(Error& error, TensorMap* map, const TensorShape& shape, const Im2colBox& box) {
  const auto encode = driver_function<decltype(&cuTensorMapEncodeIm2col)>(error, "cuTensorMapEncodeIm2col");
  if (encode == nullptr) {
    return false;
  }
  Dimensions from(shape);
  from.steps[1] = static_cast<cuuint32_t>(box.steps[0]);
  from.steps[2] = static_cast<cuuint32_t>(box.steps[1]);
  return done(error,
              encode(&map->opaque, type_of(shape), static_cast<cuuint32_t>(shape.rank), const_cast<void*>(shape.address), from.extents,
                     from.strides, box.lower, box.upper, static_cast<cuuint32_t>(box.channels), static_cast<cuuint32_t>(box.pixels),
                     from.steps, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(box.swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                     CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
              "cuTensorMapEncodeIm2col");
}

}  // namespace angulus::cuda
