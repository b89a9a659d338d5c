// The shim tested by planted faults: kernels that are right, and the same kernels with one mistake that the shim must show. Prints one line
// for each check, "passed NAME" or "FAILED NAME: why", and exits with 1 if any failed. Each argument is a plug-in that must load and say in
// words whether it can be used. The only argument store-outside runs one fault that a build with AddressSanitizer must stop at.
#include "selftest.h"

#include <dlfcn.h>

#include <cstdio>

#include "backend.h"
#include "sanitizer.h"

namespace selftest {

simt::Stream stream;

namespace {

int failures = 0;

}  // namespace

void check(const char* name, bool good, const std::string& why) {
  if (good) {
    std::printf("passed %s\n", name);
  } else {
    std::printf("FAILED %s: %s\n", name, why.c_str());
    ++failures;
  }
}

bool says(const Error& error, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (std::string(error.words).find(part) == std::string::npos) {
      return false;
    }
  }
  return error.status != AG_OK;
}

namespace {

std::string at_line(int line) { return "selftest.cpp:" + std::to_string(line); }

constexpr int kThreads = 96;

// Turns a row of numbers round through shared memory. `barrier` false: the planted fault.
void reverse(float* y, bool barrier) {
  float* const row = static_cast<float*>(simt::dynamic_shared());
  const int t = static_cast<int>(threadIdx.x);
  row[t] = static_cast<float>(t);
  if (barrier) {
    __syncthreads();
  }
  y[t] = row[kThreads - 1 - t];
}

int wrong_reversals(bool barrier, int seeds) {
  int wrong = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    simt::set_seed(static_cast<uint64_t>(seed));
    std::vector<float> y(kThreads, -1.0f);
    float* const to = y.data();
    const Error error = run(1, kThreads, kThreads * sizeof(float), [=] { reverse(to, barrier); });
    bool right = error.status == AG_OK;
    for (int i = 0; i < kThreads; ++i) {
      right = right && y[static_cast<size_t>(i)] == static_cast<float>(kThreads - 1 - i);
    }
    wrong += right ? 0 : 1;
  }
  return wrong;
}

void missing_barrier() {
  const int with = wrong_reversals(true, 20);
  const int without = wrong_reversals(false, 20);
  check("a barrier gives right results under every order", with == 0, std::to_string(with) + " of 20 orders wrong");
  check("a removed barrier gives wrong results", without == 20, std::to_string(without) + " of 20 orders wrong");
}

// Sums of a warp, left for thread 0 of each. A second round reuses the scratch without a barrier: the planted fault is between rounds,
// where an order of lanes that never changes would hide it.
void two_rounds(float* y, bool barrier) {
  float* const scratch = static_cast<float*>(simt::dynamic_shared());
  const int t = static_cast<int>(threadIdx.x);
  float sum = 0.0f;
  for (int round = 1; round <= 2; ++round) {
    scratch[t] = static_cast<float>(round);
    __syncthreads();
    for (int i = 0; i < kThreads; ++i) {
      sum += scratch[i];
    }
    if (barrier) {
      __syncthreads();
    }
  }
  y[t] = sum;
}

void reused_scratch() {
  for (const bool barrier : {true, false}) {
    std::vector<float> y(kThreads, 0.0f);
    float* const to = y.data();
    const Error error = run(1, kThreads, kThreads * sizeof(float), [=] { two_rounds(to, barrier); });
    int wrong = error.status == AG_OK ? 0 : kThreads;
    for (const float value : y) {
      wrong += value == 3.0f * kThreads ? 0 : 1;
    }
    check(barrier ? "scratch used twice with a barrier" : "scratch used twice without a barrier shows", (wrong == 0) == barrier,
          std::to_string(wrong) + " threads wrong");
  }
}

void divergent_barriers() {
  int first = 0, second = 0;
  const Error two_places = run(1, 64, 0, [&] {
    if (threadIdx.x < 40) {
      first = __LINE__ + 1;
      __syncthreads();
    } else {
      second = __LINE__ + 1;
      __syncthreads();
    }
  });
  check("barriers at two lines are reported with both",
        says(two_places, {"divergent barrier", at_line(first), at_line(second), "kernel planted"}), two_places.words);

  int passed = 0, waited = 0;
  const Error returned = run(dim3(1, 2), dim3(8, 8), 0, [&] {
    passed = __LINE__ + 1;
    __syncthreads();
    if (threadIdx.y == 3) {
      return;
    }
    waited = __LINE__ + 1;
    __syncthreads();
  });
  check("a return before a barrier is reported with both lines",
        says(returned, {"has returned", at_line(passed), at_line(waited), ",3,0)"}), returned.words);

  int shuffled = 0, outside = 0;
  const Error warp = run(1, 32, 0, [&] {
    if (threadIdx.x != 5) {
      shuffled = __LINE__ + 1;
      __shfl_xor_sync(0xffffffffu, 1, 1);
    } else {
      outside = __LINE__ + 1;
      __syncthreads();
    }
  });
  check("a lane missing from a shuffle is reported with both lines",
        says(warp, {"divergent", at_line(shuffled), at_line(outside), "thread (5,0,0)"}), warp.words);

  int low = 0, high = 0;
  const Error halves = run(1, 32, 0, [&] {
    if (threadIdx.x < 16) {
      low = __LINE__ + 1;
      __shfl_xor_sync(0xffffffffu, 1, 1);
    } else {
      high = __LINE__ + 1;
      __shfl_xor_sync(0xffffffffu, 1, 1);
    }
  });
  check("shuffles of one warp at two lines are reported with both", says(halves, {"divergent", at_line(low), at_line(high)}), halves.words);

  const Error mask = run(1, 32, 0, [] {
    if (threadIdx.x == 7) {
      __ballot_sync(0x0000000fu, 1);
    }
  });
  check("a mask without its caller is reported", says(mask, {"mask 0000000f", "thread (7,0,0)"}), mask.words);

  const Error absent = run(1, 32, 0, [] {
    if (threadIdx.x < 4) {
      __shfl_sync(0x0000000fu, 1, 9);
    }
  });
  check("a shuffle from a lane outside the mask is reported", says(absent, {"reads lane 9"}), absent.words);
}

void read_static_shared(float* y) {
  __shared__ float row[64];
  y[threadIdx.x] = row[threadIdx.x];
  row[threadIdx.x] = 1.0f;
}

void unwritten_memory() {
  std::vector<float> dynamic(64, 0.0f), fixed(64, 0.0f);
  float* const to_dynamic = dynamic.data();
  float* const to_fixed = fixed.data();
  int numbers = 0;
  for (int round = 0; round < 2; ++round) {  // the second round must not see what the first left
    const Error error = run(2, 64, 64 * sizeof(float), [=] {
      float* const row = static_cast<float*>(simt::dynamic_shared());
      to_dynamic[threadIdx.x] = row[threadIdx.x];
      row[threadIdx.x] = 1.0f;
      read_static_shared(to_fixed);
    });
    numbers += error.status == AG_OK ? 0 : 1;
    for (size_t i = 0; i < 64; ++i) {
      numbers += (std::isnan(dynamic[i]) ? 0 : 1) + (std::isnan(fixed[i]) ? 0 : 1);
    }
  }
  check("shared memory that was not written reads as NaN", numbers == 0, std::to_string(numbers) + " numbers read");

  if (simt::kSanitized) {
    return;  // AddressSanitizer would end the process here
  }
  const Error past = run(1, 32, 16 * sizeof(float), [] { static_cast<float*>(simt::dynamic_shared())[threadIdx.x] = 1.0f; });
  check("a write past the dynamic shared memory is reported", says(past, {"byte 64 of 64"}), past.words);
}

void collectives() {
  std::vector<int> wrong(64, 0);
  int* const bad = wrong.data();
  const Error error = run(3, 64, 0, [=] {
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int warp = static_cast<int>(threadIdx.x / 32);
    const auto expect = [&](int came, int expected) { bad[threadIdx.x] += came == expected ? 0 : 1; };
    const int value = 100 * warp + lane;
    expect(__shfl_sync(0xffffffffu, value, 3), 100 * warp + 3);
    expect(__shfl_sync(0xffffffffu, value, 3, 8), 100 * warp + lane / 8 * 8 + 3);
    expect(__shfl_xor_sync(0xffffffffu, value, 16), 100 * warp + (lane ^ 16));
    expect(__shfl_up_sync(0xffffffffu, value, 2), lane < 2 ? value : value - 2);
    expect(__shfl_down_sync(0xffffffffu, value, 4, 16), lane % 16 + 4 < 16 ? value + 4 : value);
    expect(static_cast<int>(__ballot_sync(0xffffffffu, lane % 2)), static_cast<int>(0xaaaaaaaau));
    if (lane < 16) {  // a half-warp on its own
      expect(static_cast<int>(__ballot_sync(0x0000ffffu, lane == 4)), 16);
    }
    double wide = 0.5 * lane;
    for (int lanes = 16; lanes > 0; lanes /= 2) {
      wide += __shfl_xor_sync(0xffffffffu, wide, lanes);
    }
    expect(static_cast<int>(2.0 * wide), 496);
  });
  int sum = error.status == AG_OK ? 0 : 1;
  for (const int count : wrong) {
    sum += count;
  }
  check("shuffles and ballots give what CUDA's guide says", sum == 0, std::to_string(sum) + " wrong, " + error.words);
}

void launches() {
  const Error threads = run(1, dim3(64, 32), 0, [] {});
  check("2048 threads a block are refused", says(threads, {"a block of (64,32,1)"}), threads.words);
  const Error grid = run(dim3(1, 70000), 32, 0, [] {});
  check("70000 blocks in y are refused", says(grid, {"a grid of (1,70000,1)"}), grid.words);
  const Error empty = run(0, 32, 0, [] {});
  check("an empty grid is refused", says(empty, {"a grid of (0,1,1)"}), empty.words);
  const Error shared = run(1, 32, 232449, [] {});
  check("more than 227 KiB of shared memory are refused", says(shared, {"232449"}), shared.words);
  float last = 0.0f;
  const Error most = run(1, 32, 232448, [&] {
    float* const row = static_cast<float*>(simt::dynamic_shared()) + 232448 / 4 - 32;
    row[threadIdx.x] = static_cast<float>(threadIdx.x);
    __syncthreads();
    last = row[31];
  });
  check("227 KiB of shared memory are there", most.status == AG_OK && last == 31.0f, most.words);

  std::vector<int> seen(5 * 7 * 3, 0);
  int* const to = seen.data();
  const Error every = run(dim3(5, 7, 3), dim3(4, 2, 2), 0, [=] {
    if (threadIdx.x == 3 && threadIdx.y == 1 && threadIdx.z == 1 && blockDim.z == 2 && gridDim.y == 7) {
      ++to[(blockIdx.z * 7 + blockIdx.y) * 5 + blockIdx.x];
    }
  });
  bool once = every.status == AG_OK;
  for (const int count : seen) {
    once = once && count == 1;
  }
  check("every block runs once, after failed launches too", once, every.words);
}

void recording() {
  simt::Recording recorded;
  int ran = 0;
  int* const count = &ran;
  stream.recording = &recorded;
  const Error first = run(2, 32, 0, [=] { *count += threadIdx.x == 0 ? 1 : 0; });
  stream.recording = nullptr;
  const bool nothing = ran == 0 && first.status == AG_OK;
  Error error;
  for (int i = 0; i < 3; ++i) {
    for (const simt::Work& work : recorded) {
      work(error);
    }
  }
  check("a recording runs nothing, each replay all", nothing && ran == 6 && error.status == AG_OK, std::to_string(ran) + " runs");
}

// Loads on any machine; where it cannot open its device, it says why in words and stays usable.
void plug_in(const char* path) {
  const std::string name = std::string("the plug-in ") + path;
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto entry = library == nullptr ? nullptr : reinterpret_cast<ag_plugin_function>(dlsym(library, "ag_plugin"));
  check((name + " loads").c_str(), entry != nullptr, entry == nullptr ? dlerror() : "");
  if (entry == nullptr) {
    return;
  }
  const ag_backend* const backend = entry();
  char words[256] = "";
  backend->describe(words, sizeof words);
  const std::string line = words;
  const bool ready = line.rfind("ready", 0) == 0;
  check((name + " describes itself").c_str(), backend->abi_version == AG_ABI_VERSION && (ready || line.rfind("not available: ", 0) == 0),
        line);
  for (int i = 0; i < 2; ++i) {
    void* state = nullptr;
    words[0] = 0;
    const ag_status status = backend->open("", &state, words, sizeof words);
    check((name + " opens or says why not").c_str(), ready ? status == AG_OK : status == AG_UNAVAILABLE && words[0] != 0, words);
    if (status == AG_OK) {
      backend->close(state);
    }
  }
}

}  // namespace

}  // namespace selftest

int main(int count, char** arguments) {
  using namespace selftest;
  if (count == 2 && std::string(arguments[1]) == "store-outside") {
    store_outside();
    return 0;
  }
  missing_barrier();
  reused_scratch();
  divergent_barriers();
  unwritten_memory();
  collectives();
  launches();
  recording();
  tensor_core_checks();
  async_copy_checks();
  wgmma_checks();
  pipeline_checks();
  tma_checks();
  runtime_checks();
  for (int i = 1; i < count; ++i) {
    plug_in(arguments[i]);
  }
  return failures == 0 ? 0 : 1;
}
