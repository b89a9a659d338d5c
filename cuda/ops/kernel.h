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

// The suite's cases were right there for every candidate; memcheck found nothing in the tests that it ran (cuda/README.md says which).
constexpr const char* kH200 = "NVIDIA H200, 2026-11-26";

// A candidate for an op other than a convolution. `call` is the op's struct of calls.h.
struct Kernel {
  const char* name;   // <op>_<type>_<idea>[_<tile>]
  const char* proof;  // card and date of its first passing run on a card; null: never run on one
  bool (*accepts)(const void* call);
  int64_t (*workspace_bytes)(int64_t rows, int64_t columns, int64_t depth);  // of ag_workspace_bytes; null: none
  void (*run)(Exec& exec, const void* call);
};

// The form in which a convolution's candidate wants its weights; made by ag_conv2d_prepare.
struct PreparedForm {
  int32_t number;  // ag_conv2d_plan.prepared_form
  int64_t (*bytes)(const ag_conv2d_plan& plan);
  void (*prepare)(Exec& exec, const Conv2dPrepareCall& call);
};

// A candidate for a convolution in one direction.
struct Conv2dKernel {
  const char* name;
  const char* proof;
  int32_t fused;  // AG_EPILOGUE_* that it does itself
  bool (*accepts)(const ag_conv2d_plan& plan);
  int64_t (*workspace_bytes)(const ag_conv2d_plan& plan);  // null: none
  void (*run)(Exec& exec, const Conv2dCall& call);
  const PreparedForm* form = nullptr;  // null: reads w as it is
  bool hopper = false;                 // wants what hopper.cuh names
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

// What workspace_bytes answers where a product of sizes is beyond any memory, and would be beyond an int64.
constexpr int64_t kBeyondMemory = int64_t{1} << 62;
inline bool beyond_memory(int64_t a, int64_t b) { return static_cast<double>(a) * static_cast<double>(b) > 0x1p50; }

using KernelList = List<Kernel>;
using Conv2dKernelList = List<Conv2dKernel>;

extern const Conv2dKernelList conv2d_forward_kernels;
extern const Conv2dKernelList conv2d_backward_input_kernels;
extern const Conv2dKernelList conv2d_backward_weight_kernels;

// The ops with kernels of the simple kind: declaration and dispatch come from this list.
#define AG_FOR_EACH_KERNEL_LIST(X)                                   \
  X(AG_OP_FILL, fill)                                                \
  X(AG_OP_COPY, copy)                                                \
  X(AG_OP_CONVERT, convert)                                          \
  X(AG_OP_ADD, add)                                                  \
  X(AG_OP_IMAGE_NORMALIZE, image_normalize)                          \
  X(AG_OP_CHANNEL_SUM, channel_sum)                                  \
  X(AG_OP_PRELU_FORWARD, prelu_forward)                              \
  X(AG_OP_PRELU_BACKWARD, prelu_backward)                            \
  X(AG_OP_BATCH_NORM_STATISTICS, batch_norm_statistics)              \
  X(AG_OP_BATCH_NORM_FORWARD, batch_norm_forward)                    \
  X(AG_OP_BATCH_NORM_BACKWARD_REDUCE, batch_norm_backward_reduce)    \
  X(AG_OP_BATCH_NORM_BACKWARD_INPUT, batch_norm_backward_input)      \
  X(AG_OP_RUNNING_STATISTICS, running_statistics)                    \
  X(AG_OP_DROPOUT, dropout)                                          \
  X(AG_OP_ROW_NORM, row_norm)                                        \
  X(AG_OP_NORMALIZE_FORWARD, normalize_forward)                      \
  X(AG_OP_NORMALIZE_BACKWARD, normalize_backward)                    \
  X(AG_OP_MARGIN_TARGET, margin_target)                              \
  X(AG_OP_MARGIN_FORWARD, margin_forward)                            \
  X(AG_OP_MARGIN_LOSS, margin_loss)                                  \
  X(AG_OP_MARGIN_BACKWARD, margin_backward)                          \
  X(AG_OP_GRADIENT_NORM, gradient_norm)                              \
  X(AG_OP_SGD_UPDATE, sgd_update)                                    \
  X(AG_OP_ADAM_UPDATE, adam_update)                                  \
  X(AG_OP_EMA_UPDATE, ema_update)                                    \
  X(AG_OP_COMMIT_COPY, commit_copy)                                  \
  X(AG_OP_COMMIT_END, commit_end)                                    \
  X(AG_OP_ADAGRAD_UPDATE, adagrad_update)                            \
  X(AG_OP_RMSPROP_UPDATE, rmsprop_update)                            \
  X(AG_OP_MAX_POOL_FORWARD, max_pool_forward)                        \
  X(AG_OP_MAX_POOL_BACKWARD, max_pool_backward)                      \
  X(AG_OP_METRIC_DISTANCES, metric_distances)                        \
  X(AG_OP_METRIC_LOSS, metric_loss)                                  \
  X(AG_OP_METRIC_BACKWARD, metric_backward)                          \
  X(AG_OP_METRIC_BETA, metric_beta)                                  \
  X(AG_OP_CENTER_LOSS, center_loss)                                  \
  X(AG_OP_CENTER_UPDATE, center_update)                              \
  X(kOpChannelEpilogue, channel_epilogue)

#define AG_DECLARE(op, name) extern const KernelList name##_kernels;
AG_FOR_EACH_KERNEL_LIST(AG_DECLARE)
#undef AG_DECLARE

// Not an op: measures the card. Enqueues one launch and returns the multiply-adds times two, or the bytes read, of that launch.
double launch_peak_flops(Exec& exec, int32_t multiprocessors, int32_t iterations, float* sink);
double launch_peak_bytes(Exec& exec, int32_t multiprocessors, const float* buffer, int64_t count, float* sink);

}  // namespace angulus::cuda
