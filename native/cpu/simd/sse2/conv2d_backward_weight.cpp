// The weight gradients of ../gradient_run.h and ../winograd_gradient.h with SSE2 vectors: tiles of 6 output by 8 input channels.
#include "../vector_sse2.h"
#include "../gradient_run.h"
#include "../winograd_gradient.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_backward_weight_f32_sse2_direct_6x8 = {
    "conv2d_backward_weight_f32_sse2_direct_6x8",
    AG_ISA,
    0,
    0,
    gradient_accepts,
    gradient_prepared_bytes,
    gradient_workspace_bytes,
    nullptr,
    gradient_run,
};

extern const Conv2dKernel conv2d_backward_weight_f32_sse2_winograd_4x4 = {
    "conv2d_backward_weight_f32_sse2_winograd_4x4",
    AG_ISA,
    0,
    0,
    winograd_gradient_accepts<4>,
    winograd_gradient_prepared_bytes,
    winograd_gradient_workspace_bytes<4>,
    nullptr,
    winograd_gradient_run<4>,
};

extern const Conv2dKernel conv2d_backward_weight_f32_sse2_winograd_2x2 = {
    "conv2d_backward_weight_f32_sse2_winograd_2x2",
    AG_ISA,
    0,
    0,
    winograd_gradient_accepts<2>,
    winograd_gradient_prepared_bytes,
    winograd_gradient_workspace_bytes<2>,
    nullptr,
    winograd_gradient_run<2>,
};

}  // namespace angulus::cpu
