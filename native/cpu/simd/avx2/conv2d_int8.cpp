// The int8 convolution of ../int8_run.h with AVX2: tiles of 6 pixels by 16 output channels.
#define AG_SLOT 16  // quads of a packed pixel: one cache line

#include "../vector_avx2.h"
#include "../int8_tile_avx2.h"
#include "../int8_run.h"

namespace angulus::cpu {

extern const Kernel int8_conv2d_avx2_6x16 = {"int8_conv2d_avx2_6x16", AG_ISA, int8_accepts, int8_run};

}  // namespace angulus::cpu
