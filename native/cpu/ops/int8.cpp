// quantize: y = nearest(x factor) + zero, within 0 to 255; x (count) f32, y (count) u8. int8_prepare: w (K,R,S,C) s8 into the form of int8_weights.h.
// int8_conv2d: v = scale[k] sum over r, s, c of (x[n, p stride_h + r - pad_top, q stride_w + s - pad_left, c] - x_zero) w[k,r,s,c] + bias[k], PReLU,
// residual; y = v, or nearest(v) + y_zero within 0 to 255.
//   x (N,H,W,C) u8; prepared; scale, bias, slope (K) f32; residual (N,P,Q,K) u8; y (N,P,Q,K) u8 or f32.
// Sums are exact, so every kernel of this op gives the same bits. A piece of the plain one is an output row and a panel of output channels; the taps outside
// of x are left out, and so is their share of the zero's correction. Bound by arithmetic: 2 R S C operations per output.
#include <cmath>
#include <cstring>

#include "int8_weights.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

// The whole number that v is rounded to, plus zero, within 0 to 255; NaN gives 255.
inline uint8_t rounded(float v, int32_t zero) {
  const float high = static_cast<float>(255 - zero), low = static_cast<float>(-zero);
  v = v < high ? v : high;
  v = v > low ? v : low;
  return static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + zero);
}

void run_quantize(const Exec& exec, const void* arguments) {
  const auto& call = as<QuantizeCall>(arguments);
  for_elements(exec, call.count, [&](int64_t first, int64_t last) {
    const float high = static_cast<float>(255 - call.zero), low = static_cast<float>(-call.zero);
    // Within 2^22 adding and taking away 1.5 2^23 rounds to the nearest whole number, ties to even.
    constexpr float kRounder = 12582912.0f;
    for (int64_t i = first; i < last; ++i) {
      float v = call.x[i] * call.factor;
      v = v < high ? v : high;
      v = v > low ? v : low;
      call.y[i] = static_cast<uint8_t>(static_cast<int32_t>((v + kRounder) - kRounder) + call.zero);
    }
  });
}

void run_prepare(const Exec& exec, const void* arguments) {
  const auto& call = as<Int8PrepareCall>(arguments);
  const ag_conv2d_shape& s = call.shape;
  const int64_t taps = int64_t{s.r} * s.s, quads = int8_quads(s);
  for_pieces(exec, int8_panels(s), [&](int64_t panel, void*) {
    int8_t* const to = static_cast<int8_t*>(call.prepared) + panel * int8_panel_bytes(s);
    int32_t* const sums = const_cast<int32_t*>(int8_sums(s, call.prepared)) + panel * kInt8Panel;
    std::fill(to, to + int8_panel_bytes(s), int8_t{0});
    std::fill(sums, sums + kInt8Panel, 0);
    const int64_t k0 = panel * kInt8Panel, channels = std::min<int64_t>(kInt8Panel, s.k - k0);
    for (int64_t k = 0; k < channels; ++k) {
      const int8_t* from = call.w + (k0 + k) * taps * s.c;
      for (int64_t tap = 0; tap < taps; ++tap, from += s.c) {
        for (int64_t quad = 0; quad < quads; ++quad) {
          int8_t* const four = to + int8_weight_at(s, tap, quad) + 4 * k;
          for (int64_t c = 4 * quad; c < std::min<int64_t>(4 * quad + 4, s.c); ++c) {
            four[c - 4 * quad] = from[c];
            sums[k] += from[c];
          }
        }
      }
    }
  });
}

// sums[k] += the products of one pixel's channels, less the zero, with one tap's weights.
void add_tap(const ag_conv2d_shape& s, const uint8_t* x, const int8_t* panel, int64_t tap, int32_t zero, int32_t* sums) {
  for (int64_t quad = 0; quad < int8_quads(s); ++quad) {
    int32_t four[4] = {};
    for (int64_t c = 4 * quad; c < std::min<int64_t>(4 * quad + 4, s.c); ++c) four[c - 4 * quad] = x[c] - zero;
    const int8_t* const w = panel + int8_weight_at(s, tap, quad);
    for (int k = 0; k < kInt8Panel; ++k) sums[k] += four[0] * w[4 * k] + four[1] * w[4 * k + 1] + four[2] * w[4 * k + 2] + four[3] * w[4 * k + 3];
  }
}

void finish(const Int8Conv2dCall& call, int64_t pixel, int64_t k0, const int32_t* sums) {
  const int64_t channels = std::min<int64_t>(kInt8Panel, call.shape.k - k0);
  for (int64_t k = k0; k < k0 + channels; ++k) {
    const int64_t at = pixel * call.shape.k + k;
    float v = static_cast<float>(sums[k - k0]) * call.scale[k];
    v = v + call.bias[k];
    if (call.slope != nullptr) v = v > 0 ? v : v * call.slope[k];
    if (call.residual != nullptr) v = v + static_cast<float>(call.residual[at] - call.residual_zero) * call.residual_scale;
    if (call.rounded != 0) {
      static_cast<uint8_t*>(call.y)[at] = rounded(v, call.y_zero);
    } else {
      static_cast<float*>(call.y)[at] = v;
    }
  }
}

void run_conv2d(const Exec& exec, const void* arguments) {
  const auto& call = as<Int8Conv2dCall>(arguments);
  const ag_conv2d_shape& s = call.shape;
  const int64_t panels = int8_panels(s);
  for_pieces(exec, int64_t{s.n} * call.p * panels, [&](int64_t piece, void*) {
    const int64_t row = piece / panels, panel = piece % panels, n = row / call.p;
    const int64_t top = row % call.p * s.stride_h - s.pad_top;
    const int8_t* const w = static_cast<const int8_t*>(call.prepared) + panel * int8_panel_bytes(s);
    for (int64_t q = 0; q < call.q; ++q) {
      const int64_t left = q * s.stride_w - s.pad_left;
      int32_t sums[kInt8Panel] = {};
      for (int64_t r = std::max<int64_t>(0, -top); r < std::min<int64_t>(s.r, s.h - top); ++r) {
        for (int64_t t = std::max<int64_t>(0, -left); t < std::min<int64_t>(s.s, s.w - left); ++t) {
          add_tap(s, call.x + ((n * s.h + top + r) * s.w + left + t) * s.c, w, r * s.s + t, call.x_zero, sums);
        }
      }
      finish(call, row * call.q + q, panel * kInt8Panel, sums);
    }
  });
}

}  // namespace

extern const Kernel quantize_plain = {"quantize_plain", Isa::baseline, always, run_quantize};
extern const Kernel int8_prepare_plain = {"int8_prepare_plain", Isa::baseline, always, run_prepare};
extern const Kernel int8_conv2d_plain = {"int8_conv2d_plain", Isa::baseline, always, run_conv2d};

}  // namespace angulus::cpu
