// Lengths of rows, with the guards of norm_functors.h.
//   row_norm: inverse[i] = 1 / |x_i|. normalize_forward: that, and y = x inverse. normalize_backward: dx = inverse (dy - y <dy, y>) with
//   y = x inverse; in a clamped branch dx = inverse dy.
//   x, y, dy, dx (rows, columns) f32; inverse (rows) f32.
// A piece is a group of whole rows, about kElements numbers. Bound by memory: 4, 8 and 12 bytes per element.
#include "dot.h"
#include "norm_functors.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

// f(row, offset of its first element) for every row.
template <class F>
void for_rows(const Exec& exec, const ag_matrix& shape, const F& f) {
  const int64_t group = std::max<int64_t>(1, kElements / shape.columns);
  for_pieces(exec, ceil_div(shape.rows, group), [&](int64_t piece, void*) {
    for (int64_t row = piece * group; row < std::min<int64_t>((piece + 1) * group, shape.rows); ++row) f(row, row * shape.columns);
  });
}

void run_norm(const Exec& exec, const void* arguments) {
  const auto& call = as<RowNormCall>(arguments);
  for_rows(exec, call.shape, [&](int64_t row, int64_t at) {
    const float* const x = static_cast<const float*>(call.x) + at;
    call.inverse[row] = inverse_length(dot(x, x, call.shape.columns), call.guard);
  });
}

void run_forward(const Exec& exec, const void* arguments) {
  const auto& call = as<NormalizeForwardCall>(arguments);
  for_rows(exec, call.shape, [&](int64_t row, int64_t at) {
    const float* const x = static_cast<const float*>(call.x) + at;
    float* const y = static_cast<float*>(call.y) + at;
    const float inverse = inverse_length(dot(x, x, call.shape.columns), call.guard);
    call.inverse[row] = inverse;
#pragma GCC ivdep
    for (int64_t j = 0; j < call.shape.columns; ++j) y[j] = x[j] * inverse;
  });
}

void run_backward(const Exec& exec, const void* arguments) {
  const auto& call = as<NormalizeBackwardCall>(arguments);
  for_rows(exec, call.shape, [&](int64_t row, int64_t at) {
    const float* const x = static_cast<const float*>(call.x) + at;
    const float* const dy = static_cast<const float*>(call.dy) + at;
    float* const dx = static_cast<float*>(call.dx) + at;
    const float inverse = call.inverse[row];
    const float along = length_is_clamped(inverse, call.guard) ? 0.0f : dot(dy, x, call.shape.columns) * inverse * inverse;
#pragma GCC ivdep
    for (int64_t j = 0; j < call.shape.columns; ++j) dx[j] = inverse * (dy[j] - x[j] * along);
  });
}

}  // namespace

extern const Kernel row_norm_f32_plain = {"row_norm_f32_plain", Isa::baseline, is_f32<RowNormCall>, run_norm};
extern const Kernel normalize_forward_f32_plain = {"normalize_forward_f32_plain", Isa::baseline, is_f32<NormalizeForwardCall>, run_forward};
extern const Kernel normalize_backward_f32_plain = {"normalize_backward_f32_plain", Isa::baseline, is_f32<NormalizeBackwardCall>, run_backward};

}  // namespace angulus::cpu
