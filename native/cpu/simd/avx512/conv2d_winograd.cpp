// Winograd's F(4x4, 3x3), F(2x2, 5x5) and F(2x2, 3x3) of ../winograd_run.h with AVX-512 vectors: products in tiles of 14 by 32.
#include "../vector_avx512.h"
#include "../winograd_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_f32_avx512_winograd_4x4 = {
    "conv2d_forward_f32_avx512_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    13,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx512_winograd_4x4 = {
    "conv2d_backward_input_f32_avx512_winograd_4x4",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    23,
    winograd_accepts<4, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<4, 6>,
    winograd_prepare<4, 6>,
    winograd_run<4, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_avx512_winograd_2x2 = {
    "conv2d_forward_f32_avx512_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    15,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx512_winograd_2x2 = {
    "conv2d_backward_input_f32_avx512_winograd_2x2",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    25,
    winograd_accepts<2, 6>,
    winograd_prepared_bytes<6>,
    winograd_workspace_bytes<2, 6>,
    winograd_prepare<2, 6>,
    winograd_run<2, 6>,
};

extern const Conv2dKernel conv2d_forward_f32_avx512_winograd_2x2_3x3 = {
    "conv2d_forward_f32_avx512_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    17,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx512_winograd_2x2_3x3 = {
    "conv2d_backward_input_f32_avx512_winograd_2x2_3x3",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    27,
    winograd_accepts<2, 4>,
    winograd_prepared_bytes<4>,
    winograd_workspace_bytes<2, 4>,
    winograd_prepare<2, 4>,
    winograd_run<2, 4>,
};

}  // namespace angulus::cpu
