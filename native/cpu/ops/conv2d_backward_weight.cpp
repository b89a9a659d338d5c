// dw[k,r,s,c] (+)= sum over n, p, q of dy[n,p,q,k] x[n, p stride_h + r - pad_top, q stride_w + s - pad_left, c]; outside of x is 0.
//   x (N,H,W,C), dy (N,P,Q,K), dw (K,R,S,C), f32.
// A piece is kFilters values of k, one (r, s) and kChannels values of c: its sums live in scratch while it walks over all positions. The sum of
// kRunPositions positions is taken in f32, the rest in double: a batch has up to millions of positions. Bound by arithmetic: 2 N P Q
// operations per element of dw.
#include <cstring>

#include "dot.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

constexpr int64_t kFilters = 8;
constexpr int64_t kChannels = 512;
constexpr int64_t kRunPositions = 256;

struct Sums {
  float run[kFilters][kChannels];
  double total[kFilters][kChannels];

  void flush(int64_t filters, int64_t channels) {
    for (int64_t k = 0; k < filters; ++k) {
      for (int64_t c = 0; c < channels; ++c) total[k][c] += static_cast<double>(run[k][c]);
    }
    std::memset(run, 0, sizeof run);
  }
};
static_assert(sizeof(Sums) <= kScratchBytes, "the sums of a piece lie in scratch");

void run(const Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& s = call.plan.shape;
  const float* const x = static_cast<const float*>(call.x);
  const float* const dy = static_cast<const float*>(call.y);
  float* const dw = static_cast<float*>(call.w);
  const int64_t channel_chunks = ceil_div(s.c, kChannels);
  const int64_t places = int64_t{s.r} * s.s;
  for_pieces(exec, ceil_div(s.k, kFilters) * places * channel_chunks, [&](int64_t piece, void* scratch) {
    const int64_t first_k = piece / (places * channel_chunks) * kFilters;
    const int64_t place = piece / channel_chunks % places;
    const int64_t first_c = piece % channel_chunks * kChannels;
    const int64_t filters = std::min<int64_t>(kFilters, s.k - first_k);
    const int64_t channels = std::min<int64_t>(kChannels, s.c - first_c);
    const int64_t r = place / s.s;
    const int64_t t = place % s.s;
    Sums& sums = *static_cast<Sums*>(scratch);
    std::memset(&sums, 0, sizeof sums);
    int64_t in_run = 0;
    for (int64_t n = 0; n < s.n; ++n) {
      for (int64_t p = 0; p < call.p; ++p) {
        const int64_t h = p * s.stride_h + r - s.pad_top;
        if (h < 0 || h >= s.h) continue;
        for (int64_t q = 0; q < call.q; ++q) {
          const int64_t column = q * s.stride_w + t - s.pad_left;
          if (column < 0 || column >= s.w) continue;
          const float* const in = x + ((n * s.h + h) * s.w + column) * s.c + first_c;
          const float* const gradient = dy + ((n * call.p + p) * call.q + q) * s.k + first_k;
          for (int64_t k = 0; k < filters; ++k) add_scaled(gradient[k], in, sums.run[k], channels);
          if (++in_run == kRunPositions) {
            sums.flush(filters, channels);
            in_run = 0;
          }
        }
      }
    }
    sums.flush(filters, channels);
    for (int64_t k = 0; k < filters; ++k) {
      float* const out = dw + ((first_k + k) * places + place) * s.c + first_c;
      for (int64_t c = 0; c < channels; ++c) {
        const double before = call.plan.write == AG_ACCUMULATE ? static_cast<double>(out[c]) : 0.0;
        out[c] = static_cast<float>(before + sums.total[k][c]);
      }
    }
  });
}

}  // namespace

extern const Conv2dKernel conv2d_backward_weight_f32_plain = {
    "conv2d_backward_weight_f32_plain", Isa::baseline, 0, 0, [](const ag_conv2d_plan& plan) { return plan.shape.type == AG_F32; },
    [](const ag_conv2d_plan&) { return int64_t{0}; }, [](const ag_conv2d_plan&) { return int64_t{0}; }, nullptr, run};

}  // namespace angulus::cpu
