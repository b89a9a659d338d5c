// Winograd's F(4x4, 3x3), F(2x2, 5x5) and F(2x2, 3x3) of ../winograd_run.h with SSE2 vectors: products in tiles of 6 by 8.
#include "../vector_sse2.h"
#include "../winograd_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_f32_sse2_winograd_4x4 = {
    "conv2d_forward_f32_sse2_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    32,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_sse2_winograd_4x4 = {
    "conv2d_backward_input_f32_sse2_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    42,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_sse2_winograd_2x2 = {
    "conv2d_forward_f32_sse2_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    33,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_sse2_winograd_2x2 = {
    "conv2d_backward_input_f32_sse2_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    43,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_sse2_winograd_2x2_3x3 = {
    "conv2d_forward_f32_sse2_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    34,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

extern const Conv2dKernel conv2d_backward_input_f32_sse2_winograd_2x2_3x3 = {
    "conv2d_backward_input_f32_sse2_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    44,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

}  // namespace angulus::cpu
