// TMA: boxes and windows against plain loops.
#include "../device/tma.cuh"
#include "selftest.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

// A box of each rank from a place that sticks out on both sides, against loops. Extents and boxes innermost first.
void boxes() {
  for (int rank = 2; rank <= 5; ++rank) {
    const int64_t extents[5] = {24, 5, 4, 3, 2};
    const int32_t box[5] = {16, 3, 3, 2, 2};
    const int from[5] = {rank % 2 == 0 ? 16 : -8, -1, 2, 2, 1};
    std::vector<float> storage(24 * 5 * 4 * 3 * 2 + 4);
    float* const x = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(storage.data()) + 15) / 16 * 16);
    TensorShape shape = {x, AG_F32, rank, {}, {}};
    TiledBox tile = {{}, Swizzle::none};
    int64_t count = 1, elements = 1;
    for (int i = 0; i < rank; ++i) {
      shape.extents[i] = extents[i];
      shape.strides[i] = count * 4;
      tile.extents[i] = box[i];
      count *= extents[i];
      elements *= box[i];
    }
    for (int64_t i = 0; i < count; ++i) {
      x[i] = static_cast<float>(i + 1);
    }
    TensorMap map;
    Error refused;
    encode_tiled(refused, &map, shape, tile);
    std::vector<float> y(static_cast<size_t>(elements));
    float* const to = y.data();
    const int bytes = static_cast<int>(elements) * 4;
    const Error error = run(1, 32, bytes + 128, [=] {
      float* const shared = static_cast<float*>(simt::dynamic_shared());
      uint64_t* const full = reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(shared) + bytes);
      if (threadIdx.x == 0) {
        mbarrier_init(full, 1);
        mbarrier_arrive_expect(full, bytes);
        const int* const at = from;
        switch (rank) {
          case 2:
            tma_load_2d(shared, map, full, at[0], at[1]);
            break;
          case 3:
            tma_load_3d(shared, map, full, at[0], at[1], at[2]);
            break;
          case 4:
            tma_load_4d(shared, map, full, at[0], at[1], at[2], at[3]);
            break;
          default:
            tma_load_5d(shared, map, full, at[0], at[1], at[2], at[3], at[4]);
        }
      }
      __syncthreads();
      mbarrier_wait(full, 0);
      for (int i = static_cast<int>(threadIdx.x); i < bytes / 4; i += 32) {
        to[i] = shared[i];
      }
    });
    int wrong = error.status == AG_OK && refused.status == AG_OK ? 0 : static_cast<int>(elements);
    for (int64_t i = 0; i < elements; ++i) {
      int64_t rest = i, at = 0, step = 1;
      bool inside = true;
      for (int j = 0; j < rank; ++j) {
        const int64_t coordinate = from[j] + rest % box[j];
        inside = inside && coordinate >= 0 && coordinate < extents[j];
        at += coordinate * step;
        rest /= box[j];
        step *= extents[j];
      }
      wrong += y[static_cast<size_t>(i)] == (inside ? static_cast<float>(at + 1) : 0.0f) ? 0 : 1;
    }
    check(("TMA brings a box of " + std::to_string(rank) + " dimensions, zeros outside").c_str(), wrong == 0,
          std::to_string(wrong) + " wrong, " + refused.words + error.words);
  }
}

// The pixels of every tap of a 3 x 3 filter with pad 1, brought by im2col, against loops.
void windows(int stride) {
  constexpr int kN = 2, kH = 5, kW = 7, kC = 8, kPixels = 24;
  const int p = (kH - 1) / stride + 1, q = (kW - 1) / stride + 1;
  std::vector<float> storage(kN * kH * kW * kC + 4);
  float* const x = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(storage.data()) + 15) / 16 * 16);
  for (int i = 0; i < kN * kH * kW * kC; ++i) {
    x[i] = static_cast<float>(i + 1);
  }
  TensorMap map;
  Error refused;
  encode_im2col(refused, &map, {x, AG_F32, 4, {kC, kW, kH, kN}, {0, kC * 4, kW * kC * 4, kH * kW * kC * 4}},
                {{-1, -1}, {-1, -1}, kC, kPixels, {stride, stride}, Swizzle::bytes_32});
  const int first = 4;  // output pixel, in the middle of a row
  std::vector<float> y(9 * kPixels * kC);
  float* const to = y.data();
  const Error error = run(1, 32, 9 * kPixels * kC * 4 + 128, [=] {
    unsigned char* const shared = static_cast<unsigned char*>(simt::dynamic_shared());
    uint64_t* const full = reinterpret_cast<uint64_t*>(shared + 9 * kPixels * kC * 4);
    if (threadIdx.x == 0) {
      mbarrier_init(full, 1);
      mbarrier_arrive_expect(full, 9 * kPixels * kC * 4);
      for (int tap = 0; tap < 9; ++tap) {
        tma_load_im2col(shared + tap * kPixels * kC * 4, map, full, 0, first % q * stride - 1, first / q % p * stride - 1, first / q / p,
                        tap % 3, tap / 3);
      }
    }
    __syncthreads();
    mbarrier_wait(full, 0);
    for (int i = static_cast<int>(threadIdx.x); i < 9 * kPixels * kC; i += 32) {
      std::memcpy(&to[i], shared + simt::swizzled(4 * i, 32), 4);
    }
  });
  int wrong = error.status == AG_OK && refused.status == AG_OK ? 0 : 1;
  for (int tap = 0; tap < 9; ++tap) {
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      const int place = first + pixel;
      const int w = place % q * stride - 1 + tap % 3, h = place / q % p * stride - 1 + tap / 3, n = place / q / p;
      const bool inside = w >= 0 && w < kW && h >= 0 && h < kH && n < kN;
      for (int c = 0; c < kC; ++c) {
        const float expected = inside ? x[((n * kH + h) * kW + w) * kC + c] : 0.0f;
        wrong += y[static_cast<size_t>((tap * kPixels + pixel) * kC + c)] == expected ? 0 : 1;
      }
    }
  }
  check(stride == 1 ? "TMA brings windows (im2col), zeros outside" : "TMA brings windows with stride 2", wrong == 0,
        std::to_string(wrong) + " wrong, " + refused.words + error.words);
}

void refusals() {
  alignas(16) static float x[64];
  TensorMap map;
  Error stride, run_bytes;
  encode_tiled(stride, &map, {x, AG_F32, 2, {10, 4}, {0, 40}}, {{4, 4}, Swizzle::none});
  check("a tensor map with a stride off 16 bytes is refused", says(stride, {"multiple of 16", "40"}), stride.words);
  encode_tiled(run_bytes, &map, {x, AG_F32, 2, {8, 4}, {0, 32}}, {{3, 4}, Swizzle::none});
  check("a box off 16 bytes is refused", says(run_bytes, {"12"}), run_bytes.words);
}

}  // namespace

void tma_checks() {
  boxes();
  windows(1);
  windows(2);
  refusals();
}

}  // namespace selftest
