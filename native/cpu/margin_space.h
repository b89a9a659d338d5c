// The workspaces of margin_forward and margin_backward, for the plain kernels, the SIMD kernels and ag_workspace_bytes, and what those kernels share.
// ISA files include this: nothing of the C++ library, and every function here is static or defined in ops/margin_rows.cpp.
#pragma once

#include "kernel.h"

namespace angulus::cpu {

// What a block of classes gives for a row.
struct MarginPartial {
  double sum;      // of exp(z - largest), or of the terms of a loss that is a sum
  double cosines;  // sum of c
  double pulls;    // of a loss that is a sum: of the derivatives of its terms
  float largest;   // z; -infinity: no other class
  int32_t best;    // its class; -1: none
};

// margin_forward cuts the classes into blocks. Its workspace begins with MarginPartial (blocks, N).
struct MarginBlocks { int64_t classes, count; };  // classes of a block, blocks

[[maybe_unused]] static MarginBlocks margin_blocks(int64_t classes) {
  constexpr int64_t kLeast = 256, kMostBlocks = 64;
  const int64_t even = (classes + kMostBlocks - 1) / kMostBlocks;
  const int64_t size = even > kLeast ? even : kLeast;
  return {size, (classes + size - 1) / size};
}

// What the SIMD kernels know of each row, N rounded up to whole register tiles: the rows beyond N have label -1 and numbers that give zeros.
struct MarginRows {
  int64_t padded;
  int32_t* label;       // -1: a bad one
  float* inverse_x;     // 1 where c is no cosine
  float* scale;         // S
  float* log_sum_exp;   // infinity for a bad label, so that every p is 0
  float* phi;
  float* dz_target;     // (p_y - 1) / N
  float* g_target;      // dL/dc_y
};
constexpr int64_t kMarginRowArrays = 7;
constexpr int64_t kMarginRowUnit = 32;
constexpr int64_t kMarginDepthUnit = 32;

[[maybe_unused]] static MarginRows margin_rows(void* memory, int64_t n) {
  const int64_t padded = (n + kMarginRowUnit - 1) / kMarginRowUnit * kMarginRowUnit;
  float* const first = static_cast<float*>(memory);
  return {padded,
          static_cast<int32_t*>(memory),
          first + padded,
          first + 2 * padded,
          first + 3 * padded,
          first + 4 * padded,
          first + 5 * padded,
          first + 6 * padded};
}

// The workspace of a SIMD margin_forward.
struct MarginForwardSpace {
  MarginPartial* partials;  // (blocks, N)
  MarginRows rows;
  float* x_columns;         // x by panels of rows: (panel, D, rows of a panel)
  int64_t bytes;
};

[[maybe_unused]] static MarginForwardSpace margin_forward_space(void* workspace, int64_t n, int64_t d, int64_t count) {
  MarginForwardSpace space = {};
  char* const first = static_cast<char*>(workspace);
  const int64_t partials = (margin_blocks(count).count * n * int64_t{sizeof(MarginPartial)} + 63) / 64 * 64;
  space.partials = static_cast<MarginPartial*>(workspace);
  space.rows = margin_rows(first + partials, n);
  const int64_t rows = kMarginRowArrays * space.rows.padded * 4;
  space.x_columns = reinterpret_cast<float*>(first + partials + rows);
  space.bytes = partials + rows + space.rows.padded * d * 4;
  return space;
}

// The workspace of a SIMD margin_backward: the classes are cut into pieces of their own, each with its part of dx.
struct MarginBackwardSpace {
  int64_t pieces, classes;  // classes of a piece
  double* along;            // (pieces, N): sum of G c
  double* by_scale;         // (pieces, N): dL/dS
  MarginRows rows;
  float* x_columns;         // as in MarginForwardSpace
  float* x_panels;          // x / |x| by panels of columns: (panel, N, columns of a panel), zeros beyond D
  float* dx;                // (pieces, N, D): sums of G w / |w|
  int64_t bytes;
};

[[maybe_unused]] static MarginBackwardSpace margin_backward_space(void* workspace, int64_t n, int64_t d, int64_t count) {
  constexpr int64_t kMostPieces = 32, kLeast = 128;
  MarginBackwardSpace space = {};
  const int64_t even = (count + kMostPieces - 1) / kMostPieces;
  space.classes = even > kLeast ? even : kLeast;
  space.pieces = (count + space.classes - 1) / space.classes;
  char* const first = static_cast<char*>(workspace);
  const int64_t doubles = (2 * space.pieces * n * 8 + 63) / 64 * 64;
  space.along = static_cast<double*>(workspace);
  space.by_scale = space.along + space.pieces * n;
  space.rows = margin_rows(first + doubles, n);
  const int64_t rows = kMarginRowArrays * space.rows.padded * 4;
  space.x_columns = reinterpret_cast<float*>(first + doubles + rows);
  space.x_panels = space.x_columns + space.rows.padded * d;
  space.dx = space.x_panels + (d + kMarginDepthUnit - 1) / kMarginDepthUnit * kMarginDepthUnit * n;
  space.bytes = doubles + rows + (space.dx - space.x_columns + space.pieces * n * d) * 4;
  return space;
}

// Sets the fault for the lowest row whose label is outside [0, classes).
void check_labels(const Exec& exec, const Head& head, int32_t op);

// label, inverse_x, scale and phi.
void set_margin_rows(const Head& head, const float* target, const MarginRows& rows);
// All.
void set_margin_rows(const MarginBackwardCall& call, const MarginRows& rows);

// dL/dz_y of a row with a good label.
float margin_target_dz(const MarginBackwardCall& call, int64_t row);
// What of its own vector a class's gradient loses: projections[j] = along[j] / |w_j|, 0 where the length is held or there is none; for L_SOFTMAX what comes
// through |w_j| instead. Classes from first on.
void margin_class_projections(const MarginBackwardCall& call, int64_t first, int64_t count, const float* along, float* projections);
// dx_i = inverse_x (sum - x projection) + x length.
struct MarginRowProjection { float projection, length; };
MarginRowProjection margin_row_projection(const MarginBackwardCall& call, int64_t row, float along, float by_scale);

// Adds what more classes gave for a row. rescales: the sums are of exp(z - largest).
void merge_margin(MarginPartial* partial, const MarginPartial& more, bool rescales);
// partial and best of the call from MarginPartial (blocks, N) at the start of its workspace, blocks in their order.
void finish_margin_forward(const Exec& exec, const MarginForwardCall& call);

}  // namespace angulus::cpu
