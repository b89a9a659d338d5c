// What a CUDA kernel candidate is, what it is given, and the list of every op's candidates.
#pragma once

#include "calls.h"
#include "../backend/error.h"

namespace angulus::cuda {

// The device as a launcher sees it. Work is cut by shape alone, never by the card, so that the same shape gives the same bits.
struct Exec {
  void* stream;     // of the runtime: AG_STREAM_COMPUTE
  ag_fault* fault;  // in device memory
  Error* error;     // set by a refused launch
};

// A candidate for an op other than a convolution. `call` is the op's struct of calls.h.
struct Kernel {
  const char* name;   // <op>_<type>_<idea>[_<tile>]
  const char* proof;  // card and date of its first passing run on a card; null: never run on one
  bool (*accepts)(const void* call);
  int64_t (*workspace_bytes)(int64_t rows, int64_t columns);  // null: none
  void (*run)(Exec& exec, const void* call);
};

// A candidate for a convolution in one direction. All read w as it is (prepared form 0).
struct Conv2dKernel {
  const char* name;
  const char* proof;
  int32_t fused;  // AG_EPILOGUE_* that it does itself
  bool (*accepts)(const ag_conv2d_plan& plan);
  int64_t (*workspace_bytes)(const ag_conv2d_plan& plan);  // null: none
  void (*run)(Exec& exec, const Conv2dCall& call);
};

template <class T>
struct List {
  const T* first;
  int32_t count;
};

// Fastest first, the plain one last. A candidate never run on a card may not stand before a proven one: every list asserts it.
template <class T, int32_t count>
constexpr bool proven_first(const T (&kernels)[count]) {
  bool unproven = false;
  for (int32_t i = 0; i < count; ++i) {
    if (kernels[i].proof == nullptr) {
      unproven = true;
    } else if (unproven) {
      return false;
    }
  }
  return true;
}

using KernelList = List<Kernel>;
using Conv2dKernelList = List<Conv2dKernel>;

extern const Conv2dKernelList conv2d_forward_kernels;
extern const Conv2dKernelList conv2d_backward_input_kernels;
extern const Conv2dKernelList conv2d_backward_weight_kernels;
extern const KernelList fill_kernels;
extern const KernelList copy_kernels;
extern const KernelList convert_kernels;
extern const KernelList add_kernels;
extern const KernelList batch_norm_statistics_kernels;
extern const KernelList batch_norm_backward_reduce_kernels;
extern const KernelList row_norm_kernels;
extern const KernelList margin_target_kernels;
extern const KernelList margin_forward_kernels;
extern const KernelList margin_loss_kernels;

// Not an op: measures the card. Enqueues one launch and returns the multiply-adds times two, or the bytes read, of that launch.
double launch_peak_flops(Exec& exec, int32_t multiprocessors, int32_t iterations, float* sink);
double launch_peak_bytes(Exec& exec, int32_t multiprocessors, const float* buffer, int64_t count, float* sink);

}  // namespace angulus::cuda
