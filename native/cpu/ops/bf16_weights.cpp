// Prepares the weights of bf16 convolutions: a rounding and a transposition, bound by memory. A piece is one block of input channels of one panel.
#include "bf16_weights.h"

#include <cstring>

#include "bf16.h"
#include "parallel.h"

namespace angulus::cpu {

int64_t bf16_prepared_bytes(const ag_conv2d_plan& plan) { return bf16_panels(plan.shape) * bf16_panel_bytes(plan.shape); }

void bf16_prepare(const Exec& exec, const Conv2dPrepareCall& call) {
  const ag_conv2d_shape& s = call.plan.shape;
  const int64_t taps = bf16_taps(s), blocks = bf16_blocks(s);
  const int64_t channels = bf16_patches(s) ? int64_t{s.r} * s.s * s.c : s.c;  // of a tap
  const float* const w = static_cast<const float*>(call.w);
  for_pieces(exec, bf16_panels(s) * blocks, [&](int64_t piece, void*) {
    const int64_t first_k = piece / blocks * kBf16Panel, first_c = piece % blocks * kBf16Block;
    Bf16* to = reinterpret_cast<Bf16*>(static_cast<char*>(call.prepared) + piece * taps * kBf16StepBytes);
    for (int64_t tap = 0; tap < taps; ++tap, to += kBf16Block * kBf16Panel) {
      std::memset(to, 0, kBf16StepBytes);
      for (int64_t k = 0; k < std::min<int64_t>(kBf16Panel, s.k - first_k); ++k) {
        const float* const from = w + ((first_k + k) * taps + tap) * channels + first_c;
        for (int64_t c = 0; c < std::min<int64_t>(kBf16Block, channels - first_c); ++c) to[c / 2 * 2 * kBf16Panel + 2 * k + c % 2] = to_bf16(from[c]);
      }
    }
  });
}

}  // namespace angulus::cpu
