// y = (u8 - mean) * factor, mirrored left to right where the picture's flip is 1, channels reversed when asked.
//   images (N,H,W,C) u8; flips (N) u8, optional; y (N,H,W,C) f32 or bf16.
// A piece is one row of one picture. Bound by memory: 1 byte read and 4 or 2 written per element.
#include "elements.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

template <class T>
void run(const Exec& exec, const void* arguments) {
  const auto& call = as<ImageNormalizeCall>(arguments);
  const ag_image_shape& s = call.shape;
  const int64_t row_elements = int64_t{s.w} * s.c;
  for_pieces(exec, int64_t{s.n} * s.h, [&](int64_t row, void*) {
    const uint8_t* const image = call.images + row * row_elements;
    T* const y = static_cast<T*>(call.y) + row * row_elements;
    const bool mirrored = call.flips != nullptr && call.flips[row / s.h] == 1;
    const float mean = s.mean;
    const float factor = s.factor;
    if (!mirrored && s.reverse == 0) {
      for (int64_t i = 0; i < row_elements; ++i) put(y + i, (static_cast<float>(image[i]) - mean) * factor);
      return;
    }
    for (int64_t column = 0; column < s.w; ++column) {
      const int64_t from = (mirrored ? s.w - 1 - column : column) * s.c;
      for (int64_t c = 0; c < s.c; ++c) {
        const uint8_t value = image[from + (s.reverse != 0 ? s.c - 1 - c : c)];
        put(y + column * s.c + c, (static_cast<float>(value) - mean) * factor);
      }
    }
  });
}

}  // namespace

extern const Kernel image_normalize_f32_plain = {"image_normalize_f32_plain", Isa::baseline, is_f32<ImageNormalizeCall>, run<float>};
extern const Kernel image_normalize_bf16_plain = {"image_normalize_bf16_plain", Isa::baseline, is_bf16<ImageNormalizeCall>, run<Bf16>};

}  // namespace angulus::cpu
