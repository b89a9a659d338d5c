// wgmma: every layout of the operands, and the faults of its use.
#include "../device/wgmma.cuh"
#include "selftest.h"
#include "selftest_products.h"
#include "tensor_map.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

enum class Fault { none, stride, no_wait, no_proxy_fence, no_register_fence, operand_written, accumulator_written, one_warp_less };

constexpr int kDepth = 64;

// An operand of 64 k in one of the layouts of wgmma.cuh, dense.
struct Layout {
  int lines;
  Major major;
  Swizzle swizzle;

  int span() const { return 16 << static_cast<int>(swizzle); }
  int leading() const { return major == Major::mn && swizzle == Swizzle::none ? 128 : (major == Major::mn ? kDepth : lines) * span(); }
  int stride() const { return major == Major::mn && swizzle == Swizzle::none ? kDepth * 16 : 8 * span(); }
  int64_t at(int line, int k) const {
    const int along = major == Major::k ? k : line, across = major == Major::k ? line : k, per = span() / 2;
    const int64_t address = int64_t{along / per} * (major == Major::k ? lines : kDepth) * span() + across * span() + along % per * 2;
    return simt::swizzled(address, swizzle == Swizzle::none ? 0 : span());
  }
  int next(int step) const {  // bytes to k = 16 step
    return major == Major::mn ? step * 16 * span() : 16 * step / (span() / 2) * lines * span() + 16 * step % (span() / 2) * 2;
  }
};

// The threads write it themselves; `to` is a multiple of 1024.
void fill_operand(unsigned char* to, const Layout& layout, int (*element)(int line, int k)) {
  for (int i = static_cast<int>(threadIdx.x); i < layout.lines * kDepth; i += 128) {
    const int line = i / kDepth, k = i % kDepth;
    const uint16_t value = bf16(element(line, k));
    std::memcpy(to + layout.at(line, k), &value, 2);
  }
}

template <int kColumns, Major kMajorA, Major kMajorB, Swizzle kSwizzle>
void product(float* y, Fault fault) {
  constexpr Layout kA = {64, kMajorA, kSwizzle}, kB = {kColumns, kMajorB, kSwizzle};
  unsigned char* const a = static_cast<unsigned char*>(simt::dynamic_shared());
  unsigned char* const b = a + 64 * kDepth * 2;
  fill_operand(a, kA, left);
  fill_operand(b, kB, [](int line, int k) { return right(k, line); });
  if (fault != Fault::no_proxy_fence) {
    fence_async_proxy();
  }
  __syncthreads();
  float d[kColumns / 2] = {};
  const uint64_t from_a = matrix_descriptor(a, kA.leading(), fault == Fault::stride ? kA.stride() / 2 : kA.stride(), kSwizzle);
  const uint64_t from_b = matrix_descriptor(b, kB.leading(), kB.stride(), kSwizzle);
  if (fault != Fault::no_register_fence) {
    wgmma_fence(d);
  }
  if (fault != Fault::one_warp_less || threadIdx.x < 96) {
    for (int step = 0; step < kDepth / 16; ++step) {
      wgmma<kColumns, kMajorA, kMajorB>(d, advance(from_a, kA.next(step)), advance(from_b, kB.next(step)), step > 0);
    }
  }
  wgmma_commit();
  if (fault == Fault::operand_written) {
    a[threadIdx.x] = 0;
  } else if (fault == Fault::accumulator_written) {
    d[3] = 1.0f;
  }
  if (fault != Fault::no_wait) {
    wgmma_wait<0>(d);
  }
  store<kColumns>(y, 0, d);
}

// Wrong results; -1: the launch failed, with words in error.
template <int kColumns, Major kMajorA, Major kMajorB, Swizzle kSwizzle = Swizzle::bytes_128>
int wrong_of_product(Fault fault, Error& error) {
  std::vector<float> y(64 * kColumns);
  float* const to = y.data();
  error = run(1, 128, (64 + kColumns) * kDepth * 2, [=] { product<kColumns, kMajorA, kMajorB, kSwizzle>(to, fault); });
  return error.status == AG_OK ? wrong_products(y, kColumns, kDepth) : -1;
}

void products() {
  Error error;
  const auto right_at = [&](const char* name, int wrong) { check(name, wrong == 0, std::to_string(wrong) + " wrong, " + error.words); };
  right_at("wgmma m64n64k16, k-major", wrong_of_product<64, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n128k16, k-major", wrong_of_product<128, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n256k16, k-major", wrong_of_product<256, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n128k16, mn-major", wrong_of_product<128, Major::mn, Major::mn>(Fault::none, error));
  right_at("wgmma m64n64k16, k- and mn-major", wrong_of_product<64, Major::k, Major::mn>(Fault::none, error));
  right_at("wgmma with 64-byte swizzle, k-major", wrong_of_product<64, Major::k, Major::k, Swizzle::bytes_64>(Fault::none, error));
  right_at("wgmma with 32-byte swizzle, k- and mn-major", wrong_of_product<64, Major::k, Major::mn, Swizzle::bytes_32>(Fault::none, error));
  right_at("wgmma without swizzle, k-major", wrong_of_product<64, Major::k, Major::k, Swizzle::none>(Fault::none, error));
  right_at("wgmma without swizzle, mn-major", wrong_of_product<64, Major::mn, Major::mn, Swizzle::none>(Fault::none, error));

  const int strides = wrong_of_product<128, Major::k, Major::k>(Fault::stride, error);
  check("a wrong wgmma descriptor shows", strides != 0, "all right");
  const struct {
    Fault fault;
    const char *name, *words;
  } cases[] = {{Fault::no_wait, "a missing wgmma wait is reported", "no wgmma.wait_group covers it"},
               {Fault::no_proxy_fence, "a missing fence.proxy.async is reported", "fence.proxy.async"},
               {Fault::no_register_fence, "a missing wgmma.fence is reported", "wgmma.fence"},
               {Fault::operand_written, "an operand written before the wait is reported", "that this wgmma reads was written"},
               {Fault::accumulator_written, "an accumulator written before the wait is reported", "of this wgmma were written"},
               {Fault::one_warp_less, "a warp that leaves out a wgmma is reported", "different wgmma"}};
  for (const auto& each : cases) {
    wrong_of_product<128, Major::k, Major::k>(each.fault, error);
    check(each.name, says(error, {each.words}), error.words);
  }
  const Error outside = run(1, 128, 1024, [] {
    float d[32] = {};
    wgmma_fence(d);
    const uint64_t descriptor = matrix_descriptor(simt::dynamic_shared(), 0, 1024);
    wgmma<64>(d, descriptor, descriptor, false);
  });
  check("a descriptor that leads outside is reported", says(outside, {"selftest_wgmma.cpp", "leads to address"}), outside.words);
  const Error half = run(1, 64, 16384, [] {
    float d[32] = {};
    wgmma_fence(d);
    const uint64_t descriptor = matrix_descriptor(simt::dynamic_shared(), 0, 1024);
    wgmma<64>(d, descriptor, descriptor, false);
  });
  check("wgmma by two warps is reported", says(half, {"wants four warps"}), half.words);
}

}  // namespace

void wgmma_checks() { products(); }

}  // namespace selftest
