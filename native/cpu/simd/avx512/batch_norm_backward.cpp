// The backward of batch norm of ../batch_norm_backward.h with AVX-512 vectors.
#include "../vector_avx512.h"
#include "../batch_norm_backward.h"

namespace angulus::cpu {

extern const Kernel batch_norm_backward_reduce_f32_avx512_rows = {"batch_norm_backward_reduce_f32_avx512_rows", AG_ISA, batch_norm_reduce_accepts,
                                                                 batch_norm_reduce_run};
extern const Kernel batch_norm_backward_input_f32_avx512_rows = {"batch_norm_backward_input_f32_avx512_rows", AG_ISA, batch_norm_input_accepts,
                                                                batch_norm_input_run};

}  // namespace angulus::cpu
