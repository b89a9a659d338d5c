// cp.async: a pipeline of two stages, and the same pipeline with a wait, a commit or a barrier too few.
#include "../device/async_copy.cuh"
#include "selftest.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

enum class Fault { none, no_wait, late_wait, no_commit, no_barrier_after_wait, no_barrier_before_reuse };

constexpr int kThreads = 64;
constexpr int kSteps = 5;
constexpr int kStage = 4 * kThreads;  // floats

// y[t] = the sum over all steps of what a neighbour's copy brought: 64 threads, 4 floats each a step.
void pipeline(const float* x, float* y, Fault fault) {
  float* const stages = static_cast<float*>(simt::dynamic_shared());
  const int t = static_cast<int>(threadIdx.x);
  const auto bring = [&](int step) {
    if (step < kSteps) {
      copy_async<16>(stages + step % 2 * kStage + 4 * t, x + step * kStage + 4 * t);
    }
    if (fault != Fault::no_commit) {
      copy_async_commit();
    }
  };
  bring(0);
  float sum = 0.0f;
  for (int step = 0; step < kSteps; ++step) {
    bring(step + 1);
    if (fault == Fault::late_wait) {
      copy_async_wait<2>();
    } else if (fault != Fault::no_wait) {
      copy_async_wait<1>();
    }
    if (fault != Fault::no_barrier_after_wait) {
      __syncthreads();
    }
    for (int i = 0; i < 4; ++i) {
      sum += stages[step % 2 * kStage + 4 * (kThreads - 1 - t) + i];
    }
    if (fault != Fault::no_barrier_before_reuse) {
      __syncthreads();
    }
  }
  y[t] = sum;
}

int wrong_sums(Fault fault) {
  std::vector<float> x(kSteps * kStage), y(kThreads);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 257);
  }
  const float* const from = x.data();
  float* const to = y.data();
  const Error error = run(1, kThreads, 2 * kStage * sizeof(float), [=] { pipeline(from, to, fault); });
  int wrong = error.status == AG_OK ? 0 : kThreads;
  for (int t = 0; t < kThreads; ++t) {
    float sum = 0.0f;
    for (int step = 0; step < kSteps; ++step) {
      for (int i = 0; i < 4; ++i) {
        sum += x[static_cast<size_t>(step * kStage + 4 * (kThreads - 1 - t) + i)];
      }
    }
    wrong += y[static_cast<size_t>(t)] == sum ? 0 : 1;
  }
  return wrong;
}

void pipelines() {
  const struct {
    Fault fault;
    const char* name;
  } cases[] = {{Fault::none, "cp.async brings what it copies"},
               {Fault::no_wait, "a missing cp.async wait shows"},
               {Fault::late_wait, "a cp.async wait that covers a group too few shows"},
               {Fault::no_commit, "a missing cp.async commit shows"},
               {Fault::no_barrier_after_wait, "a missing barrier after a cp.async wait shows"},
               {Fault::no_barrier_before_reuse, "a stage copied over while others read it shows"}};
  for (const auto& each : cases) {
    const int wrong = wrong_sums(each.fault);
    check(each.name, (wrong == 0) == (each.fault == Fault::none), std::to_string(wrong) + " threads wrong");
  }
}

void sizes() {
  std::vector<unsigned char> bytes(64);
  unsigned char* const to = bytes.data();
  alignas(16) static const unsigned char from[32] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                                     17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
  const Error error = run(1, 1, 64, [=] {
    unsigned char* const shared = static_cast<unsigned char*>(simt::dynamic_shared());
    copy_async<16>(shared, from, 10);
    copy_async<16>(shared + 16, nullptr, 0);
    copy_async<8>(shared + 32, from + 8);
    copy_async<4>(shared + 40, from + 20, 2);
    copy_async_commit();
    copy_async_wait<0>();
    std::memcpy(to, shared, 64);
  });
  int wrong = error.status == AG_OK ? 0 : 64;
  for (size_t i = 0; i < 64; ++i) {
    const int expected = i < 10 ? from[i] : i < 32 ? 0 : i < 40 ? from[i - 24] : i < 42 ? from[i - 20] : i < 44 ? 0 : 0xff;
    wrong += bytes[i] == expected ? 0 : 1;
  }
  check("cp.async fills up with zeros, and touches no other byte", wrong == 0, std::to_string(wrong) + " bytes wrong, " + error.words);

  const Error odd = run(1, 1, 64, [] { copy_async<16>(simt::dynamic_shared(), from + 8); });
  check("cp.async from an odd address is reported", says(odd, {"selftest_async_copy.cpp", "no multiple"}), odd.words);
  const Error outside = run(1, 1, 64, [] { copy_async<16>(static_cast<char*>(simt::dynamic_shared()) + 64, from); });
  check("cp.async past the shared memory is reported", says(outside, {"do not lie"}), outside.words);
}

}  // namespace

void async_copy_checks() {
  pipelines();
  sizes();
}

}  // namespace selftest
