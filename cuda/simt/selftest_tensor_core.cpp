// mma.sync and ldmatrix: right products, and faults in how they are called.
#include "../device/mma.cuh"
#include "selftest.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

uint16_t to_bf16(int value) {  // exact for small numbers
  const float wide = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &wide, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

int a_element(int row, int k) { return (7 * row + 3 * k) % 11 - 5; }
int b_element(int k, int column) { return (5 * k + 2 * column) % 13 - 6; }

int wrong_products(const float* d, int times) {
  int wrong = 0;
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      int sum = 0;
      for (int k = 0; k < 16; ++k) {
        sum += a_element(row, k) * b_element(k, column);
      }
      wrong += d[row * 8 + column] == static_cast<float>(times * sum) ? 0 : 1;
    }
  }
  return wrong;
}

void store(float* to, const float (&d)[4]) {
  const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
  for (int i = 0; i < 4; ++i) {
    to[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
  }
}

// Fragments written from the documented layout, without ldmatrix.
void products() {
  std::vector<float> y(16 * 8);
  float* const to = y.data();
  const Error error = run(1, 32, 0, [=] {
    const int g = static_cast<int>(threadIdx.x) / 4, t = static_cast<int>(threadIdx.x) % 4;
    const auto pair = [](int low, int high) { return static_cast<uint32_t>(to_bf16(low) | to_bf16(high) << 16); };
    uint32_t a[4], b[2];
    for (int i = 0; i < 4; ++i) {
      const int row = g + i % 2 * 8, k = 2 * t + i / 2 * 8;
      a[i] = pair(a_element(row, k), a_element(row, k + 1));
    }
    for (int i = 0; i < 2; ++i) {
      b[i] = pair(b_element(2 * t + 8 * i, g), b_element(2 * t + 8 * i + 1, g));
    }
    float d[4] = {};
    mma_m16n8k16_bf16(d, a, b);
    mma_m16n8k16_bf16(d, a, b);
    store(to, d);
  });
  const int wrong = error.status == AG_OK ? wrong_products(y.data(), 2) : 128;
  check("mma.sync multiplies and accumulates", wrong == 0, std::to_string(wrong) + " of 128 wrong, " + error.words);
}

// Through shared memory: a block of two warps, each with its own half. `along_k`: B's columns stored along k, else its rows along the
// columns.
int wrong_loads(bool along_k, bool barrier) {
  std::vector<float> y(2 * 16 * 8);
  float* const to = y.data();
  const Error error = run(1, 64, 2 * (16 * 16 + 16 * 8) * 2, [=] {
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    uint16_t* const rows = static_cast<uint16_t*>(simt::dynamic_shared()) + warp * (16 * 16 + 16 * 8);
    uint16_t* const columns = rows + 16 * 16;
    for (int i = lane; i < 16 * 16; i += 32) {
      rows[i] = to_bf16(a_element(i / 16, i % 16));
    }
    for (int i = lane; i < 16 * 8; i += 32) {
      columns[i] = to_bf16(along_k ? b_element(i % 16, i / 16) : b_element(i / 8, i % 8));
    }
    if (barrier) {
      __syncthreads();
    }
    uint32_t a[4], b[2];
    ldmatrix_x4(a, rows + (lane % 8 + lane / 8 % 2 * 8) * 16 + lane / 16 * 8);
    if (along_k) {
      ldmatrix_x2(b, columns + lane % 8 * 16 + lane / 8 % 2 * 8);
    } else {
      ldmatrix_x2_trans(b, columns + lane % 16 * 8);
    }
    float d[4] = {};
    mma_m16n8k16_bf16(d, a, b);
    for (int i = 0; i < 4; ++i) {
      to[warp * 128 + (lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i];
    }
  });
  return error.status == AG_OK ? wrong_products(y.data(), 1) + wrong_products(y.data() + 128, 1) : 256;
}

void loads() {
  int wrong = wrong_loads(true, true);
  check("ldmatrix x4 and x2 fill the fragments", wrong == 0, std::to_string(wrong) + " of 256 wrong");
  wrong = wrong_loads(false, true);
  check("ldmatrix x2.trans turns the matrix", wrong == 0, std::to_string(wrong) + " of 256 wrong");

  // x4.trans of A gives the fragment of A's transpose with its quarters in the order of the lanes' rows.
  std::vector<int> bad(32);
  int* const count = bad.data();
  const Error error = run(1, 32, 16 * 16 * 2, [=] {
    const int lane = static_cast<int>(threadIdx.x);
    uint16_t* const rows = static_cast<uint16_t*>(simt::dynamic_shared());
    for (int i = lane; i < 16 * 16; i += 32) {
      rows[i] = static_cast<uint16_t>(i);
    }
    __syncwarp();
    uint32_t r[4];
    ldmatrix_x4_trans(r, rows + lane % 16 * 16 + lane / 16 * 8);
    for (int m = 0; m < 4; ++m) {
      const int row = m % 2 * 8 + lane % 4 * 2, column = m / 2 * 8 + lane / 4;
      count[lane] += r[m] == static_cast<uint32_t>((row * 16 + column) | ((row + 1) * 16 + column) << 16) ? 0 : 1;
    }
  });
  int sum = error.status == AG_OK ? 0 : 1;
  for (const int each : bad) {
    sum += each;
  }
  check("ldmatrix x4.trans turns each matrix", sum == 0, std::to_string(sum) + " wrong, " + error.words);
}

void faults() {
  const int wrong = wrong_loads(true, false);
  check("fragments loaded before the barrier are wrong", wrong > 0, "all right");

  int line = 0;
  const Error outside = run(1, 32, 512, [&] {
    uint32_t r[4];
    line = __LINE__ + 1;
    ldmatrix_x4(r, static_cast<char*>(simt::dynamic_shared()) + 16 * (threadIdx.x + 1));
  });
  check("ldmatrix past the shared memory is reported",
        says(outside, {"selftest_tensor_core.cpp:" + std::to_string(line), "do not lie", "thread (31,0,0)"}), outside.words);
  const Error odd = run(1, 32, 1024, [] {
    uint32_t r[2];
    ldmatrix_x2(r, static_cast<char*>(simt::dynamic_shared()) + 24 * threadIdx.x);
  });
  check("ldmatrix of a row off 16 bytes is reported", says(odd, {"no multiple of 16"}), odd.words);

  int inside = 0, away = 0;
  const Error absent = run(1, 64, 0, [&] {
    if (threadIdx.x == 40) {
      away = __LINE__ + 1;
      __syncwarp(0x100);
      return;
    }
    float d[4] = {};
    const uint32_t a[4] = {}, b[2] = {};
    inside = __LINE__ + 1;
    mma_m16n8k16_bf16(d, a, b);
  });
  check("a lane missing from mma.sync is reported",
        says(absent, {"divergent", std::to_string(inside), "thread (40,0,0)", std::to_string(away)}), absent.words);
}

}  // namespace

void tensor_core_checks() {
  products();
  loads();
  faults();
}

}  // namespace selftest
