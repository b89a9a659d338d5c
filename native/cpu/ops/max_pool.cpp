// Forward: y = the largest number of each window, winner = its place in the window. Backward: dx = the sum of dy over the windows a place has won.
//   x (N,H,W,C), y (N,P,Q,C) f32 or bf16; dx (N,H,W,C), dy (N,P,Q,C) f32; winner (N,P,Q,C) u8
// A piece is one row of the output, backward one row of dx, which looks up the windows that hold it: nothing is added twice to one place.
#include "../pooling.h"
#include "elements.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

template <class T>
void run_forward(const Exec& exec, const void* arguments) {
  const auto& call = as<MaxPoolForwardCall>(arguments);
  const ag_max_pool_shape& s = call.shape;
  const T* const x = static_cast<const T*>(call.x);
  for_pieces(exec, int64_t{s.n} * call.p, [&](int64_t piece, void*) {
    const int64_t image = piece / call.p;
    const Stretch rows = places_of_window(static_cast<int32_t>(piece % call.p), s.window, s.stride, s.h);
    for (int32_t q = 0; q < call.q; ++q) {
      const Stretch columns = places_of_window(q, s.window, s.stride, s.w);
      for (int32_t c = 0; c < s.c; ++c) {
        const auto value = [&](int32_t i, int32_t j) { return number(x[((image * s.h + i) * s.w + j) * s.c + c]); };
        float best = value(rows.first, columns.first);
        int32_t place = 0;
        for (int32_t i = rows.first; i < rows.last; ++i) {
          for (int32_t j = columns.first; j < columns.last; ++j) {
            const float v = value(i, j);
            if (v > best || v != v) {
              best = v;
              place = (i - rows.first) * s.window + j - columns.first;
            }
          }
        }
        const int64_t at = (piece * call.q + q) * s.c + c;
        put(static_cast<T*>(call.y) + at, best);
        if (call.winner != nullptr) call.winner[at] = static_cast<uint8_t>(place);
      }
    }
  });
}

void run_backward(const Exec& exec, const void* arguments) {
  const auto& call = as<MaxPoolBackwardCall>(arguments);
  const ag_max_pool_shape& s = call.shape;
  const float* const dy = static_cast<const float*>(call.dy);
  for_pieces(exec, int64_t{s.n} * s.h, [&](int64_t piece, void*) {
    const int64_t image = piece / s.h;
    const int32_t i = static_cast<int32_t>(piece % s.h);
    const Stretch rows = windows_of_place(i, s.window, s.stride, call.p);
    for (int32_t j = 0; j < s.w; ++j) {
      const Stretch columns = windows_of_place(j, s.window, s.stride, call.q);
      for (int32_t c = 0; c < s.c; ++c) {
        float sum = 0;
        for (int32_t p = rows.first; p < rows.last; ++p) {
          for (int32_t q = columns.first; q < columns.last; ++q) {
            const int64_t at = ((image * call.p + p) * call.q + q) * s.c + c;
            if (call.winner[at] == (i - p * s.stride) * s.window + j - q * s.stride) sum += dy[at];
          }
        }
        static_cast<float*>(call.dx)[(piece * s.w + j) * s.c + c] = sum;
      }
    }
  });
}

}  // namespace

extern const Kernel max_pool_forward_f32_plain = {"max_pool_forward_f32_plain", Isa::baseline, is_f32<MaxPoolForwardCall>, run_forward<float>};
extern const Kernel max_pool_forward_bf16_plain = {"max_pool_forward_bf16_plain", Isa::baseline, is_bf16<MaxPoolForwardCall>, run_forward<Bf16>};
extern const Kernel max_pool_backward_f32_plain = {"max_pool_backward_f32_plain", Isa::baseline, is_f32<MaxPoolBackwardCall>, run_backward};

}  // namespace angulus::cpu
