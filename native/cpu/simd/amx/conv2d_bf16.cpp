// The bf16 convolution of ../bf16_run.h on the matrix unit: tiles of 32 pixels by 32 output channels. Not every processor of the level avx512 has the unit, and
// the system gives it to a process that asks, so the kernel asks for both.
#define AG_TILE_PRODUCT _tile_dpbf16ps

#include "../bf16_avx512.h"
#include "../../matrix_unit.h"
#include "../amx_tile.h"
#include "../bf16_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_bf16_amx_32x32 = {
    "conv2d_forward_bf16_amx_32x32",
    AG_ISA,
    kBf16Fused,
    kBf16Form,
    [](const ag_conv2d_plan& plan) { return has_matrix_unit() && bf16_accepts(plan); },
    bf16_prepared_bytes,
    bf16_workspace_bytes,
    bf16_prepare,
    bf16_run<AmxTile>,
};

}  // namespace angulus::cpu
