// Peak of f32 multiply-adds: ten independent chains in registers, no memory, all threads, for about 0.1 s. Bandwidth: all threads read a
// buffer that no cache holds.
#include "measure.h"

#include <immintrin.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "machine.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

constexpr int kChains = 10;       // latency 4 times two units, and a margin
constexpr int64_t kRounds = 20000;  // of a piece: 10 chains in about 0.1 ms

double seconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Each chain: v = v * factor + step, which stays near 1.
__attribute__((target("avx512f"))) float chains_avx512(float factor) {
  __m512 v[kChains];
  for (int i = 0; i < kChains; ++i) v[i] = _mm512_set1_ps(1.0f + static_cast<float>(i));
  const __m512 a = _mm512_set1_ps(factor);
  const __m512 b = _mm512_set1_ps(1.0f - factor);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 10
    for (int i = 0; i < kChains; ++i) v[i] = _mm512_fmadd_ps(v[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) v[0] = _mm512_add_ps(v[0], v[i]);
  return _mm512_cvtss_f32(v[0]);
}

__attribute__((target("avx2,fma"))) float chains_avx2(float factor) {
  __m256 v[kChains];
  for (int i = 0; i < kChains; ++i) v[i] = _mm256_set1_ps(1.0f + static_cast<float>(i));
  const __m256 a = _mm256_set1_ps(factor);
  const __m256 b = _mm256_set1_ps(1.0f - factor);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 10
    for (int i = 0; i < kChains; ++i) v[i] = _mm256_fmadd_ps(v[i], a, b);
  }
  for (int i = 1; i < kChains; ++i) v[0] = _mm256_add_ps(v[0], v[i]);
  return _mm256_cvtss_f32(v[0]);
}

float chains_baseline(float factor) {
  __m128 v[kChains];
  for (int i = 0; i < kChains; ++i) v[i] = _mm_set1_ps(1.0f + static_cast<float>(i));
  const __m128 a = _mm_set1_ps(factor);
  const __m128 b = _mm_set1_ps(1.0f - factor);
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 10
    for (int i = 0; i < kChains; ++i) v[i] = _mm_add_ps(_mm_mul_ps(v[i], a), b);
  }
  for (int i = 1; i < kChains; ++i) v[0] = _mm_add_ps(v[0], v[i]);
  return _mm_cvtss_f32(v[0]);
}

double measure_flops(const Exec& exec, Isa isa) {
  const auto chains = isa == Isa::avx512 ? chains_avx512 : isa == Isa::avx2 ? chains_avx2 : chains_baseline;
  const int64_t lanes = isa == Isa::avx512 ? 16 : isa == Isa::avx2 ? 8 : 4;
  constexpr int64_t kPieces = 256;
  float sink[kPieces];  // keeps the chains alive
  double best = 0;
  const double end = seconds() + 0.1;
  do {
    const double start = seconds();
    for_pieces(exec, kPieces, [&](int64_t piece, void*) { sink[piece] = chains(0.9999f); });
    best = std::max(best, static_cast<double>(kPieces * kRounds * kChains * lanes * 2) / (seconds() - start));
  } while (seconds() < end);
  return sink[0] > 0 ? best : 0;
}

double measure_read(const Exec& exec) {
  constexpr int64_t kPiece = int64_t{1} << 20;
  constexpr int64_t kMost = int64_t{256} << 20;
  const int64_t bytes = std::max(std::min(kMost, memory().free / 4) / kPiece, int64_t{1}) * kPiece;
  const std::unique_ptr<char, void (*)(void*)> buffer(static_cast<char*>(std::aligned_alloc(4096, static_cast<size_t>(bytes))), std::free);
  if (buffer == nullptr) throw std::bad_alloc();
  const int64_t pieces = bytes / kPiece;
  for_pieces(exec, pieces, [&](int64_t piece, void*) { std::fill_n(buffer.get() + piece * kPiece, kPiece, '\1'); });
  float sink = 0;
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const double start = seconds();
    for_pieces(exec, pieces, [&](int64_t piece, void*) {
      const float* const first = reinterpret_cast<const float*>(buffer.get() + piece * kPiece);
      __m128 sum[4] = {_mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps()};
      for (int64_t i = 0; i < kPiece / 4; i += 16) {
        for (int j = 0; j < 4; ++j) sum[j] = _mm_add_ps(sum[j], _mm_load_ps(first + i + 4 * j));
      }
      const float total = _mm_cvtss_f32(_mm_add_ps(_mm_add_ps(sum[0], sum[1]), _mm_add_ps(sum[2], sum[3])));
      if (total < 0) __atomic_store(&sink, &total, __ATOMIC_RELAXED);  // never: keeps the sums alive
    });
    best = std::max(best, static_cast<double>(bytes) / (seconds() - start));
  }
  return best;
}

}  // namespace

ag_peak measure_peak(const Exec& exec, Isa isa) { return ag_peak{measure_flops(exec, isa), measure_read(exec)}; }

}  // namespace angulus::cpu
