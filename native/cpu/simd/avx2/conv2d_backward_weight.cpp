// The weight gradients of ../gradient_run.h and ../winograd_gradient.h with AVX2 vectors: tiles of 6 output by 16 input channels.
#include "../vector_avx2.h"
#include "../gradient_run.h"
#include "../winograd_gradient.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_backward_weight_f32_avx2_direct_6x16 = {
    "conv2d_backward_weight_f32_avx2_direct_6x16",
    AG_ISA,
    0,
    0,
    gradient_accepts,
    gradient_prepared_bytes,
    gradient_workspace_bytes,
    nullptr,
    gradient_run,
};

extern const Conv2dKernel conv2d_backward_weight_f32_avx2_winograd_4x4 = {
    "conv2d_backward_weight_f32_avx2_winograd_4x4",
    AG_ISA,
    0,
    0,
    winograd_gradient_accepts<4>,
    winograd_gradient_prepared_bytes,
    winograd_gradient_workspace_bytes<4>,
    nullptr,
    winograd_gradient_run<4>,
};

extern const Conv2dKernel conv2d_backward_weight_f32_avx2_winograd_2x2 = {
    "conv2d_backward_weight_f32_avx2_winograd_2x2",
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
