// Packs the input of a piece into slots. Bound by L2 writes: one copy of the input for the piece's products.
//
// Included behind a file with copy_slot and its like.
#pragma once

#include "slot_shape.h"

namespace {

// `count` slots of padding in each block.
AG_INLINE void pack_outside(const SlotShape& z, int64_t count, uint8_t outside, char* to) {
  for (int64_t block = 0; block < z.blocks; ++block, to += z.block_slots * kSlotBytes) {
    const int64_t bytes = at_most(kSlotBytes, z.tap_bytes - block * kSlotBytes);
    for (int64_t i = 0; i < count; ++i) fill_slot(to + i * kSlotBytes, outside, bytes);
  }
}

// A row of one phase: `pitch` slots of each block, from columns `first` + i stride_w of an input row; row: null where it lies outside. Pixels are read one
// after the other, as they lie.
static void pack_row(const SlotShape& z, const char* row, int64_t first, uint8_t outside, char* to) {
  if (row == nullptr) return pack_outside(z, z.pitch, outside, to);
  const int64_t block_bytes = z.block_slots * kSlotBytes;
  const int64_t inside = at_most(z.pitch, first >= 0 ? 0 : ceil_div(-first, z.stride_w));
  const int64_t end = at_least(inside, at_most(z.pitch, first >= z.w ? 0 : ceil_div(z.w - first, z.stride_w)));
  pack_outside(z, inside, outside, to);
  pack_outside(z, z.pitch - end, outside, to + end * kSlotBytes);
  const int64_t whole = z.tap_bytes / kSlotBytes, tail = z.tap_bytes % kSlotBytes;
  const char* from = row + (first + inside * z.stride_w) * z.pixel_bytes;
  for (int64_t i = inside; i < end; ++i, from += z.stride_w * z.pixel_bytes) {
    char* slot = to + i * kSlotBytes;
    for (int64_t block = 0; block < whole; ++block, slot += block_bytes) copy_slot(slot, from + block * kSlotBytes);
    if (tail > 0) copy_slot_part(slot, from + whole * kSlotBytes, tail);
  }
}

// The patches (R,S,C) of output row p.
static void pack_row_of_patches(const SlotShape& z, const char* image, int64_t p, uint8_t outside, char* to) {
  const int64_t run = z.s * z.pixel_bytes;
  for (int64_t q = 0; q < z.q; ++q, to += kSlotBytes) {
    const int64_t left = q * z.stride_w - z.pad_left;
    const int64_t first = at_most(z.s, at_least(0, -left)), last = at_least(first, at_most(z.s, z.w - left));
    fill_slot(to, outside, z.tap_bytes);
    for (int64_t r = 0; r < z.r; ++r) {
      const int64_t row = p * z.stride_h - z.pad_top + r;
      if (row < 0 || row >= z.h || first == last) continue;
      copy_bytes(to + r * run + first * z.pixel_bytes, image + (row * z.w + left + first) * z.pixel_bytes, (last - first) * z.pixel_bytes);
    }
  }
}

// Packs unit `unit` of in (N,H,W,C). outside: a byte of the padding.
static void pack_unit(const SlotShape& z, const char* in, int64_t unit, uint8_t outside, char* packed) {
  const int64_t first_image = unit / z.row_pieces * z.images, p0 = unit % z.row_pieces * z.rows;
  const int64_t images = at_most(z.images, z.n - first_image), rows = at_most(z.rows, z.p - p0);
  for (int64_t i = 0; i < images; ++i) {
    const char* image = in + (first_image + i) * z.h * z.w * z.pixel_bytes;
    char* to = packed + i * z.image_slots * kSlotBytes;
    if (z.patches) {
      for (int64_t row = 0; row < rows; ++row) pack_row_of_patches(z, image, p0 + row, outside, to + row * z.pitch * kSlotBytes);
      continue;
    }
    for (int64_t phase = 0; phase < z.phases_h * z.phases_w; ++phase) {
      char* line = to + phase * z.plane_rows * z.pitch * kSlotBytes;
      for (int64_t row = 0; row < rows + z.halo_h; ++row, line += z.pitch * kSlotBytes) {
        const int64_t from = (p0 + row) * z.stride_h + phase / z.phases_w - z.pad_top;
        const int64_t first = z.stride_w == 1 ? -z.lead : phase % z.phases_w - z.pad_left;
        pack_row(z, from >= 0 && from < z.h ? image + from * z.w * z.pixel_bytes : nullptr, first, outside, line);
      }
      pack_outside(z, z.lead, outside, line);
    }
  }
}

// Bytes from a pixel's slot to each tap's, (R,S).
AG_INLINE void slot_tap_offsets(const SlotShape& z, int64_t* offset) {
  offset[0] = 0;
  if (z.patches) return;
  const int64_t skip = z.stride_w == 1 ? z.lead - z.pad_left : 0;
  for (int64_t r = 0; r < z.r; ++r) {
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t phase = r % z.stride_h * z.phases_w + s % z.stride_w;
      offset[r * z.s + s] = ((phase * z.plane_rows + r / z.stride_h) * z.pitch + s / z.stride_w + skip) * kSlotBytes;
    }
  }
}

}  // namespace
