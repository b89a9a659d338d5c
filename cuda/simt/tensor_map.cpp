#include "tensor_map.h"

#include <vector>

#include "../device/tma.cuh"
#include "scheduler.h"

namespace simt {

constexpr uint64_t kMark = 0x70616d726f736e74;  // a map that was encoded

namespace {

int64_t box_elements(const TensorMap& map) {
  int64_t elements = 1;
  for (int i = 0; i < (map.im2col ? 2 : map.rank); ++i) {
    elements *= map.box[i];
  }
  return elements;
}

// One run of `map.box[0]` innermost elements at these coordinates, zeros where they lie outside.
void bring_run(const TensorMap& map, const int64_t (&at)[5], unsigned char* to) {
  const int64_t bytes = int64_t{map.box[0]} * map.element_bytes;
  std::memset(to, 0, static_cast<std::size_t>(bytes));
  const unsigned char* from = map.address;
  for (int i = 1; i < map.rank; ++i) {
    if (at[i] < 0 || at[i] >= map.extents[i]) {
      return;
    }
    from += at[i] * map.strides[i];
  }
  const int64_t first = std::max<int64_t>(at[0], 0);
  const int64_t last = std::min<int64_t>(at[0] + map.box[0], map.extents[0]);
  if (first < last) {
    std::memcpy(to + (first - at[0]) * map.element_bytes, from + first * map.element_bytes,
                static_cast<std::size_t>((last - first) * map.element_bytes));
  }
}

std::vector<unsigned char> bring_tiled(const TensorMap& map, const Coordinates& from) {
  const int64_t run = int64_t{map.box[0]} * map.element_bytes;
  const int64_t runs = box_elements(map) / map.box[0];
  std::vector<unsigned char> bytes(static_cast<std::size_t>(run * runs));
  for (int64_t r = 0; r < runs; ++r) {
    int64_t at[5] = {from.at[0]};
    int64_t rest = r;
    for (int i = 1; i < map.rank; ++i) {
      at[i] = from.at[i] + rest % map.box[i];
      rest /= map.box[i];
    }
    bring_run(map, at, bytes.data() + r * run);
  }
  return bytes;
}

// Places of the window follow each other along w, then h, then n.
std::vector<unsigned char> bring_im2col(const TensorMap& map, const Coordinates& from, int offset_w, int offset_h) {
  const int64_t run = int64_t{map.box[0]} * map.element_bytes;
  std::vector<unsigned char> bytes(static_cast<std::size_t>(run * map.box[1]));
  int64_t w = from.at[1], h = from.at[2], n = from.at[3];
  for (int64_t pixel = 0; pixel < map.box[1]; ++pixel) {
    bring_run(map, {from.at[0], w + offset_w, h + offset_h, n, 0}, bytes.data() + pixel * run);
    w += map.steps[0];
    if (w > map.extents[1] - 1 + map.upper[0]) {
      w = map.lower[0];
      h += map.steps[1];
      if (h > map.extents[2] - 1 + map.upper[1]) {
        h = map.lower[1];
        ++n;
      }
    }
  }
  return bytes;
}

template <class Bring>
void load(void* shared, const TensorMap& map, uint64_t* barrier, const Coordinates& from, bool im2col, Site site,
          const Bring& bring) {
  Scheduler& block = Scheduler::current_block();
  if (map.mark != kMark) {
    fail(site, "a tensor map that was never encoded");
  }
  if (map.rank != from.rank || map.im2col != im2col) {
    fail(site, "a load of %d dimensions%s from a tensor map of %d%s", from.rank, im2col ? " (im2col)" : "", map.rank,
         map.im2col ? " (im2col)" : "");
  }
  const int64_t bytes = box_elements(map) * map.element_bytes;
  const int64_t to = block.async_address(shared, bytes, 128, site);
  block.async_write(to, nullptr, bytes, 0);
  block.later(site, [=, &block] {
    const std::vector<unsigned char> box = bring();
    block.async_write(to, box.data(), bytes, map.span);
    mbarrier_complete(barrier, bytes, site);
  });
}

}  // namespace

void tma_load(void* shared, const TensorMap& map, uint64_t* barrier, const Coordinates& from, Site site) {
  load(shared, map, barrier, from, false, site, [=] { return bring_tiled(map, from); });
}

void tma_load_im2col(void* shared, const TensorMap& map, uint64_t* barrier, const Coordinates& from, int offset_w, int offset_h,
                     Site site) {
  if (offset_w < 0 || offset_w > 255 || offset_h < 0 || offset_h > 255) {
    fail(site, "im2col offsets (%d,%d); a card takes 0 to 255", offset_w, offset_h);
  }
  const int64_t last_w = map.extents[1] - 1 + map.upper[0], last_h = map.extents[2] - 1 + map.upper[1];
  if (from.at[1] < map.lower[0] || from.at[1] > last_w || from.at[2] < map.lower[1] || from.at[2] > last_h) {
    fail(site, "im2col starts at (w %d, h %d), outside its box from (%d,%d) to (%lld,%lld)", from.at[1], from.at[2], map.lower[0],
         map.lower[1], static_cast<long long>(last_w), static_cast<long long>(last_h));
  }
  load(shared, map, barrier, from, true, site, [=] { return bring_im2col(map, from, offset_w, offset_h); });
}

}  // namespace simt

namespace angulus::cuda {
namespace {

constexpr int kSpans[] = {0, 32, 64, 128};

// What the driver refuses of any map.
bool takes(Error& error, const TensorShape& shape, int64_t run_bytes, Swizzle swizzle) {
  const auto refuse = [&](const char* what, int64_t came) {
    error.set(AG_INVALID_ARGUMENT, "tensor map: %s, this is %lld", what, static_cast<long long>(came));
    return false;
  };
  if (shape.rank < 2 || shape.rank > 5) {
    return refuse("a tensor has 2 to 5 dimensions", shape.rank);
  }
  if (reinterpret_cast<uintptr_t>(shape.address) % 16 != 0) {
    return refuse("the address is a multiple of 16", static_cast<int64_t>(reinterpret_cast<uintptr_t>(shape.address)));
  }
  for (int i = 0; i < shape.rank; ++i) {
    if (shape.extents[i] < 1 || shape.extents[i] > int64_t{1} << 32) {
      return refuse("an extent is 1 to 2^32", shape.extents[i]);
    }
    if (i > 0 && (shape.strides[i] < 16 || shape.strides[i] % 16 != 0 || shape.strides[i] >= int64_t{1} << 40)) {
      return refuse("a stride is a multiple of 16 bytes", shape.strides[i]);
    }
  }
  const int span = kSpans[static_cast<int>(swizzle)];
  if (run_bytes % 16 != 0) {
    return refuse("the box's innermost extent is a multiple of 16 bytes", run_bytes);
  }
  if (span != 0 && run_bytes != span) {
    return refuse("the box's innermost extent fills the swizzle's bytes", run_bytes);
  }
  return true;
}

void describe(TensorMap* map, const TensorShape& shape, Swizzle swizzle) {
  *map = TensorMap();
  map->mark = ::simt::kMark;
  map->address = static_cast<const unsigned char*>(shape.address);
  map->rank = shape.rank;
  map->element_bytes = static_cast<int32_t>(element_size(shape.type));
  map->span = kSpans[static_cast<int>(swizzle)];
  for (int i = 0; i < shape.rank; ++i) {
    map->extents[i] = shape.extents[i];
    map->strides[i] = shape.strides[i];
  }
}

}  // namespace

bool encode_tiled(Error& error, TensorMap* map, const TensorShape& shape, const TiledBox& box) {
  if (!takes(error, shape, box.extents[0] * element_size(shape.type), box.swizzle)) {
    return false;
  }
  describe(map, shape, box.swizzle);
  for (int i = 0; i < shape.rank; ++i) {
    map->box[i] = box.extents[i];
    if (box.extents[i] < 1 || box.extents[i] > 256) {
      error.set(AG_INVALID_ARGUMENT, "tensor map: a box extent is 1 to 256, this is %d", box.extents[i]);
      return false;
    }
  }
  return true;
}

bool encode_im2col(Error& error, TensorMap* map, const TensorShape& shape, const Im2colBox& box) {
  if (!takes(error, shape, box.channels * element_size(shape.type), box.swizzle)) {
    return false;
  }
  describe(map, shape, box.swizzle);
  map->im2col = true;
  map->box[0] = box.channels;
  map->box[1] = box.pixels;
  bool good = shape.rank == 4 && box.channels >= 1 && box.channels <= 256 && box.pixels >= 1 && box.pixels <= 1024;
  for (int i = 0; i < 2; ++i) {
    map->lower[i] = box.lower[i];
    map->upper[i] = box.upper[i];
    map->steps[i] = box.steps[i];
    good = good && box.lower[i] >= -128 && box.lower[i] <= 127 && box.upper[i] >= -128 && box.upper[i] <= 127 && box.steps[i] >= 1 &&
           box.steps[i] <= 8 && box.lower[i] <= shape.extents[i + 1] - 1 + box.upper[i];
  }
  if (!good) {
    error.set(AG_INVALID_ARGUMENT,
              "tensor map: im2col takes 4 dimensions, 1 to 256 channels, 1 to 1024 pixels, corners of -128 to 127 around a box that is not "
              "empty, and steps of 1 to 8; this is %d, %d, %d, (%d,%d), (%d,%d), (%d,%d)",
              shape.rank, box.channels, box.pixels, box.lower[0], box.lower[1], box.upper[0], box.upper[1], box.steps[0], box.steps[1]);
  }
  return good;
}

}  // namespace angulus::cuda
