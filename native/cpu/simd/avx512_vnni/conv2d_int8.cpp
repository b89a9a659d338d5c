// The int8 convolution of ../int8_run.h with vpdpbusd: tiles of 14 pixels by 32 output channels. Not every processor of the level avx512 has the
// instruction, so the kernel asks for it.
#define AG_SLOT 16  // quads of a packed pixel: one cache line

#include "../vector_avx512.h"
#include "../int8_tile_vnni.h"
#include "../int8_run.h"

namespace angulus::cpu {

extern const Kernel int8_conv2d_avx512_vnni_14x32 = {
    "int8_conv2d_avx512_vnni_14x32",
    AG_ISA,
    [](const void* call) { return __builtin_cpu_supports("avx512vnni") != 0 && int8_accepts(call); },
    int8_run,
};

}  // namespace angulus::cpu
