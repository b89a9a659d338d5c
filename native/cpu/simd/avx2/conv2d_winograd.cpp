// Winograd's F(4x4, 3x3), F(2x2, 5x5) and F(2x2, 3x3) of ../winograd_run.h with AVX2 vectors: products in tiles of 6 by 16.
#include "../vector_avx2.h"
#include "../winograd_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_f32_avx2_winograd_4x4 = {
    "conv2d_forward_f32_avx2_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    14,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx2_winograd_4x4 = {
    "conv2d_backward_input_f32_avx2_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    24,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_avx2_winograd_2x2 = {
    "conv2d_forward_f32_avx2_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    16,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx2_winograd_2x2 = {
    "conv2d_backward_input_f32_avx2_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    26,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_avx2_winograd_2x2_3x3 = {
    "conv2d_forward_f32_avx2_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    18,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx2_winograd_2x2_3x3 = {
    "conv2d_backward_input_f32_avx2_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    28,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

}  // namespace angulus::cpu
