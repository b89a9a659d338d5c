// A forward convolution over slots, 64 bytes of a pixel's channels, whatever their type, and its pieces, from the shape alone.
//
// The input of a piece is packed as [block of 64 bytes][image][row phase][column phase][row][pitch] slots, with the padding in place. Then output (p, q) of an
// image lies at slot p pitch + q for its first tap and at a constant distance from there for each other one, and any neighbouring slots are a tile, even where they
// run over the end of a row: pitch - Q of each `pitch` are computed and dropped. A phase is the remainder of an input row or column by the stride. With stride 1
// the padding at the end of a row is the padding before the next: `lead` slots stand before each row and after the last. Small inputs (R S C in one slot: the
// first layer) are packed as patches instead, a pixel's slot with all its R S C inputs.
#pragma once

#include "../kernel.h"

namespace {

using namespace angulus;
using namespace angulus::cpu;

constexpr int kSlotBytes = 64;
constexpr int kSlotPanel = 32;                 // output channels of a tile
constexpr int kMostTile = 32;                  // pixels of a tile
constexpr int kMostTaps = 128;
constexpr int64_t kPackedBytes = 768 << 10;    // of a piece, where one row does not take more: a part of L2
constexpr int64_t kMostPackedBytes = 3 << 20;  // fit the scratch, beside the sums of tiles
constexpr int kPiecesWanted = 32;              // units are halved, then panels divided, until there are so many pieces,
constexpr int64_t kLeastPixels = 256;          // but a unit has so many pixels,
constexpr int64_t kLeastForLarge = 176;        // or so many where the weights are large: more than kLargeWeights bytes, which each unit reads again
constexpr int64_t kLargeWeights = 512 << 10;

AG_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
AG_INLINE int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }
AG_INLINE int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

struct SlotShape {
  int64_t n, h, w, p, q, k;
  int64_t r, s, stride_h, stride_w, pad_top, pad_left;
  int64_t pixel_bytes;                  // of the input
  int64_t tap_bytes;                    // of a tap's channels: R S of them where patches
  bool patches;                         // a slot holds a whole patch
  int64_t taps, blocks;
  int64_t phases_h, phases_w, halo_h, lead, pitch;
  // A piece: `images` whole images, or `rows` output rows of one, and panels_per_piece panels of output channels.
  int64_t images, rows, image_pieces, row_pieces;
  int64_t panels, panels_per_piece, panel_pieces;
  int64_t plane_rows, image_slots, block_slots;
};

AG_INLINE int64_t image_slots_of(const SlotShape& z, int64_t rows) { return z.phases_h * z.phases_w * (rows + z.halo_h) * z.pitch + z.lead; }
// Pixels of `rows` output rows, those that are dropped included.
AG_INLINE int64_t slot_pixels(const SlotShape& z, int64_t rows) { return (rows - 1) * z.pitch + z.q; }
AG_INLINE int64_t slot_units(const SlotShape& z) { return z.image_pieces * z.row_pieces; }
// The last tile may read on, up to a tile and what it drops.
AG_INLINE int64_t slot_packed_bytes(const SlotShape& z) { return (z.block_slots * z.blocks + kMostTile) * kSlotBytes; }
// Whether the packed input lies in the workspace, packed once for all panels; else each piece packs its own.
AG_INLINE bool slot_packs_first(const SlotShape& z) { return z.panel_pieces > 1; }
AG_INLINE int64_t slot_workspace_bytes(const SlotShape& z) { return slot_packs_first(z) ? slot_units(z) * slot_packed_bytes(z) + kSlotBytes : 0; }

AG_INLINE void slot_cut_units(SlotShape& z) {
  const int64_t slot = z.blocks * kSlotBytes;
  const int64_t image = image_slots_of(z, z.p) * slot;
  z.images = at_least(1, at_most(z.n, kPackedBytes / image));
  z.rows = z.p;
  if (image > kPackedBytes) {
    while (z.rows > 1 && image_slots_of(z, z.rows) * slot > kPackedBytes) z.rows = ceil_div(z.rows, 2);
  }
  const int64_t weights = z.panels * z.taps * z.blocks * kSlotPanel * kSlotBytes;
  const int64_t least = weights > kLargeWeights ? kLeastForLarge : kLeastPixels;
  while (z.images > 1 && ceil_div(z.n, z.images) < kPiecesWanted && z.images / 2 * slot_pixels(z, z.p) >= least) z.images /= 2;
  if (z.images == 1) {
    while (z.rows > 1 && z.n * ceil_div(z.p, z.rows) < kPiecesWanted && slot_pixels(z, ceil_div(z.rows, 2)) >= least) z.rows = ceil_div(z.rows, 2);
  }
  z.image_pieces = ceil_div(z.n, z.images);
  z.row_pieces = ceil_div(z.p, z.rows);
  z.images = ceil_div(z.n, z.image_pieces);
  z.rows = ceil_div(z.p, z.row_pieces);
}

// element: bytes.
static SlotShape slot_shape(const ag_conv2d_shape& shape, int element) {
  SlotShape z = {};
  z.n = shape.n, z.h = shape.h, z.w = shape.w, z.k = shape.k;
  z.r = shape.r, z.s = shape.s, z.stride_h = shape.stride_h, z.stride_w = shape.stride_w;
  z.pad_top = shape.pad_top, z.pad_left = shape.pad_left;
  z.p = (z.h + z.pad_top + shape.pad_bottom - z.r) / z.stride_h + 1;
  z.q = (z.w + z.pad_left + shape.pad_right - z.s) / z.stride_w + 1;
  z.pixel_bytes = int64_t{shape.c} * element;
  if (z.r == 1 && z.s == 1 && z.stride_h == 1 && z.stride_w == 1) {  // a product of matrices: each pixel a row
    z.p = z.h = z.n * z.h * z.w;
    z.q = z.w = z.n = 1;
  }
  const int64_t taps = z.r * z.s;
  z.patches = taps > 1 && taps * z.pixel_bytes <= kSlotBytes;
  z.taps = z.patches ? 1 : taps;
  z.tap_bytes = z.patches ? taps * z.pixel_bytes : z.pixel_bytes;
  z.blocks = ceil_div(z.tap_bytes, kSlotBytes);
  z.phases_h = z.patches ? 1 : at_most(z.stride_h, z.r);
  z.phases_w = z.patches ? 1 : at_most(z.stride_w, z.s);
  z.halo_h = z.patches ? 0 : (z.r - 1) / z.stride_h;
  if (z.patches) {
    z.pitch = z.q;
  } else if (z.stride_w == 1) {
    z.lead = at_least(shape.pad_left, shape.pad_right);
    z.pitch = z.w + z.lead;
  } else {
    z.pitch = z.q + (z.s - 1) / z.stride_w;
  }
  z.panels = ceil_div(z.k, kSlotPanel);
  slot_cut_units(z);
  z.plane_rows = z.rows + z.halo_h;
  z.image_slots = image_slots_of(z, z.rows);
  z.block_slots = z.images * z.image_slots;
  z.panels_per_piece = at_most(z.panels, ceil_div(z.panels * slot_units(z), kPiecesWanted));
  z.panel_pieces = ceil_div(z.panels, z.panels_per_piece);
  return z;
}

static bool slot_fits(const ag_conv2d_shape& shape, int element) {
  if (int64_t{shape.r} * shape.s > kMostTaps) return false;
  const SlotShape z = slot_shape(shape, element);
  return slot_packed_bytes(z) <= kMostPackedBytes && slot_units(z) * z.panel_pieces < (1 << 30);
}

}  // namespace
