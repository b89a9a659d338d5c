// Max pooling by the formulas of ../ops/max_pool.cpp, a chunk of channels at a time: the compiler makes vectors of the loops over the channels.
// Pieces as there. Bound by memory: forward reads 4 bytes a place and writes 5 a window, backward the other way round.
#pragma once

#include "../columns.h"
#include "../pooling.h"

namespace {

using namespace angulus;
using namespace angulus::cpu;

AG_INLINE int chunk_width(int32_t columns, int32_t column) {
  return columns - column < kChunkColumns ? columns - column : int(kChunkColumns);
}

static void max_pool_forward_piece(const void* context, int64_t piece, void*) {
  const auto& call = *static_cast<const MaxPoolForwardCall*>(context);
  const ag_max_pool_shape& s = call.shape;
  const int64_t image = piece / call.p;
  const Stretch rows = places_of_window(int32_t(piece % call.p), s.window, s.stride, s.h);
  for (int32_t q = 0; q < call.q; ++q) {
    const Stretch columns = places_of_window(q, s.window, s.stride, s.w);
    for (int32_t c = 0; c < s.c; c += int32_t(kChunkColumns)) {
      const int width = chunk_width(s.c, c);
      float best[kChunkColumns];
      int32_t place[kChunkColumns];
      const float* const first = static_cast<const float*>(call.x) + ((image * s.h + rows.first) * s.w + columns.first) * s.c + c;
      for (int k = 0; k < width; ++k) {
        best[k] = first[k];
        place[k] = 0;
      }
      for (int32_t i = 0; i < rows.last - rows.first; ++i) {
        for (int32_t j = 0; j < columns.last - columns.first; ++j) {
          const float* const x = first + (int64_t{i} * s.w + j) * s.c;
          const int32_t here = i * s.window + j;
#pragma GCC ivdep
          for (int k = 0; k < width; ++k) {
            const bool take = (x[k] > best[k]) | (x[k] != x[k]);
            best[k] = take ? x[k] : best[k];
            place[k] = take ? here : place[k];
          }
        }
      }
      const int64_t at = (piece * call.q + q) * s.c + c;
      float* const y = static_cast<float*>(call.y) + at;
      for (int k = 0; k < width; ++k) y[k] = best[k];
      if (call.winner != nullptr) {
        for (int k = 0; k < width; ++k) call.winner[at + k] = uint8_t(place[k]);
      }
    }
  }
}

static void max_pool_backward_piece(const void* context, int64_t piece, void*) {
  const auto& call = *static_cast<const MaxPoolBackwardCall*>(context);
  const ag_max_pool_shape& s = call.shape;
  const int64_t image = piece / s.h;
  const int32_t i = int32_t(piece % s.h);
  const Stretch rows = windows_of_place(i, s.window, s.stride, call.p);
  for (int32_t j = 0; j < s.w; ++j) {
    const Stretch columns = windows_of_place(j, s.window, s.stride, call.q);
    for (int32_t c = 0; c < s.c; c += int32_t(kChunkColumns)) {
      const int width = chunk_width(s.c, c);
      float* const dx = static_cast<float*>(call.dx) + (piece * s.w + j) * s.c + c;
      for (int k = 0; k < width; ++k) dx[k] = 0;
      for (int32_t p = rows.first; p < rows.last; ++p) {
        for (int32_t q = columns.first; q < columns.last; ++q) {
          const int64_t at = ((image * call.p + p) * call.q + q) * s.c + c;
          const float* const dy = static_cast<const float*>(call.dy) + at;
          const uint8_t* const winner = call.winner + at;
          const int32_t here = (i - p * s.stride) * s.window + j - q * s.stride;
#pragma GCC ivdep
          for (int k = 0; k < width; ++k) dx[k] += int32_t(winner[k]) == here ? dy[k] : 0.0f;
        }
      }
    }
  }
}

template <class Call>
static bool max_pool_accepts(const void* arguments) { return static_cast<const Call*>(arguments)->shape.type == AG_F32; }

static void max_pool_forward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const MaxPoolForwardCall*>(arguments);
  exec.parallel(exec, int64_t{call.shape.n} * call.p, max_pool_forward_piece, &call);
}

static void max_pool_backward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const MaxPoolBackwardCall*>(arguments);
  exec.parallel(exec, int64_t{call.shape.n} * call.shape.h, max_pool_backward_piece, &call);
}

}  // namespace
