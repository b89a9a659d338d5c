// The runtime of the shim: streams that run late, guarded memory, and the rules of recording.
#include "../backend/runtime.h"
#include "sanitizer.h"
#include "selftest.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

constexpr int kCount = 64;
constexpr int kRounds = 24;  // a fault of order shows in one of two
constexpr int64_t kBytes = kCount * sizeof(float);

struct Fixture {
  Error error;
  Runtime* runtime = runtime::open("3", error);
  float *slot = nullptr, *y = nullptr;  // device
  float* pinned = nullptr;
  void *uploaded = nullptr, *consumed = nullptr;

  Fixture() {
    void* pointers[3] = {};
    runtime::allocate(runtime, kBytes, &pointers[0], error);
    runtime::allocate(runtime, kBytes, &pointers[1], error);
    runtime::allocate_host(runtime, kBytes, &pointers[2], error);
    slot = static_cast<float*>(pointers[0]);
    y = static_cast<float*>(pointers[1]);
    pinned = static_cast<float*>(pointers[2]);
    runtime::event_create(runtime, &uploaded, error);
    runtime::event_create(runtime, &consumed, error);
  }
  ~Fixture() {
    runtime::event_destroy(runtime, uploaded);
    runtime::event_destroy(runtime, consumed);
    runtime::release_host(runtime, pinned);
    runtime::release(runtime, y);
    runtime::release(runtime, slot);
    runtime::close(runtime);
  }
  template <class Kernel>
  void launch(const Kernel& kernel) {
    simt::launch(error, runtime::stream(runtime, AG_STREAM_COMPUTE), "planted", 1, kCount, 0, kernel);
  }
};

enum class Fault { none, no_wait_for_upload, no_wait_for_consumer, source_rewritten };

// A loader's ring of one slot: fill the pinned source, upload on the copy stream, consume on the compute stream. Rounds with wrong results.
int wrong_rounds(Fault fault) {
  Fixture at;
  float* const slot = at.slot;
  float* const y = at.y;
  int wrong = 0;
  for (int round = 1; round <= kRounds; ++round) {
    if (fault != Fault::source_rewritten) {
      runtime::event_synchronize(at.runtime, at.uploaded, at.error);
    }
    for (int i = 0; i < kCount; ++i) {
      at.pinned[i] = static_cast<float>(round);
    }
    if (fault != Fault::no_wait_for_consumer) {
      runtime::event_wait(at.runtime, at.consumed, AG_STREAM_COPY, at.error);
    }
    runtime::copy_in(at.runtime, AG_STREAM_COPY, at.slot, at.pinned, kBytes, at.error);
    runtime::event_record(at.runtime, at.uploaded, AG_STREAM_COPY, at.error);
    if (fault != Fault::no_wait_for_upload) {
      runtime::event_wait(at.runtime, at.uploaded, AG_STREAM_COMPUTE, at.error);
    }
    int* const bad = &wrong;
    at.launch([=] {
      y[threadIdx.x] = slot[threadIdx.x];
      if (threadIdx.x == 0) {
        *bad += slot[0] == static_cast<float>(round) ? 0 : 1;
      }
    });
    runtime::event_record(at.runtime, at.consumed, AG_STREAM_COMPUTE, at.error);
  }
  float last[kCount];
  runtime::copy_out(at.runtime, last, at.y, kBytes, at.error);
  for (const float value : last) {
    wrong += value == static_cast<float>(kRounds) ? 0 : 1;
  }
  return at.error.status == AG_OK ? wrong : -1;
}

void streams() {
  int wrong = wrong_rounds(Fault::none);
  check("two streams with their events give right results", wrong == 0, std::to_string(wrong) + " wrong");
  wrong = wrong_rounds(Fault::no_wait_for_upload);
  check("a stream that does not wait for an upload shows", wrong > 0, std::to_string(wrong) + " wrong");
  wrong = wrong_rounds(Fault::no_wait_for_consumer);
  check("a slot uploaded before its last use shows", wrong > 0, std::to_string(wrong) + " wrong");
  wrong = wrong_rounds(Fault::source_rewritten);
  check("a pinned source rewritten before its event shows", wrong > 0, std::to_string(wrong) + " wrong");
}

void late_failures() {
  Fixture at;
  at.launch([] {
    if (threadIdx.x != 3) {
      __syncthreads();
    }
  });
  const bool launched = at.error.status == AG_OK;
  runtime::synchronize(at.runtime, at.error);
  check("a failure of a launched kernel is told by the next wait", launched && says(at.error, {"planted", "has returned"}), at.error.words);
}

void trespasses() {
  if (simt::kSanitized) {
    return;  // see store_outside
  }
  for (const int64_t index : {int64_t{kCount}, int64_t{-1}}) {
    Fixture at;
    float* const y = at.y;
    at.launch([=] { y[threadIdx.x == 5 ? index : static_cast<int64_t>(threadIdx.x)] = 1.0f; });
    runtime::synchronize(at.runtime, at.error);
    check(index > 0 ? "a store past an allocation is reported" : "a store before an allocation is reported",
          says(at.error, {index > 0 ? "byte 256 of an allocation of 256 bytes" : "1 bytes before an allocation of 256 bytes"}),
          at.error.words);
  }
}

void rules_of_recording() {
  Fixture at;
  float* const y = at.y;
  const struct {
    const char* name;
    ag_status (*call)(Fixture& at, Error& error);
  } calls[] = {
      {"wait", [](Fixture& f, Error& error) { return runtime::synchronize(f.runtime, error); }},
      {"allocation",
       [](Fixture& f, Error& error) {
         void* memory = nullptr;
         return runtime::allocate(f.runtime, 16, &memory, error);
       }},
      {"download",
       [](Fixture& f, Error& error) {
         float value;
         return runtime::copy_out(f.runtime, &value, f.y, 4, error);
       }},
      {"event call", [](Fixture& f, Error& error) { return runtime::event_record(f.runtime, f.uploaded, AG_STREAM_COPY, error); }},
      {"event call", [](Fixture& f, Error& error) { return runtime::event_synchronize(f.runtime, f.uploaded, error); }},
  };
  std::string why;
  for (const auto& each : calls) {
    runtime::capture_begin(at.runtime, at.error);
    Error refused, spoiled;
    each.call(at, refused);
    void* graph = nullptr;
    runtime::capture_end(at.runtime, &graph, spoiled);
    if (!says(refused, {each.name, "while recording"}) || !says(spoiled, {"spoiled"})) {
      why += std::string(each.name) + " ";
    }
  }
  check("what waits, allocates or names an event is refused while recording, and spoils it", why.empty() && at.error.status == AG_OK, why);

  int ran = 0;
  int* const count = &ran;
  void* graph = nullptr;
  runtime::capture_begin(at.runtime, at.error);
  at.launch([=] {
    *count += threadIdx.x == 0 ? 1 : 0;
    y[threadIdx.x] = 7.0f;
  });
  runtime::capture_end(at.runtime, &graph, at.error);
  runtime::synchronize(at.runtime, at.error);
  const bool nothing = ran == 0;
  runtime::graph_launch(at.runtime, graph, at.error);
  runtime::graph_launch(at.runtime, graph, at.error);
  runtime::graph_destroy(at.runtime, graph);
  check("a graph runs at each launch, before it is destroyed", nothing && ran == 2 && at.error.status == AG_OK,
        std::to_string(ran) + " runs");
}

}  // namespace

void runtime_checks() {
  streams();
  late_failures();
  trespasses();
  rules_of_recording();
}

void store_outside() {
  Fixture at;
  float* const y = at.y;
  at.launch([=] { y[threadIdx.x + 1] = 1.0f; });
  runtime::synchronize(at.runtime, at.error);
}

}  // namespace selftest
