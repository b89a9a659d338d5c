// The runtime of the shim: device memory is host memory, an enqueued call runs at once, a recording keeps closures.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "../simt/simt.h"
#include "../simt/stream.h"
#include "runtime.h"

namespace angulus::cuda {

struct Runtime {
  simt::Stream streams[2];
  simt::Recording recording;
  bool capturing = false;
  bool spoiled = false;
};

namespace runtime {
namespace {

using Clock = std::chrono::steady_clock;

struct Event {
  bool recorded = false;
  Clock::time_point at;
};

constexpr std::size_t kAlignment = 256;

// What a card refuses while a stream records, and what that does to the recording.
bool refused(Runtime* runtime, const char* what, Error& error) {
  if (!runtime->capturing) {
    return false;
  }
  runtime->spoiled = true;
  error.set(AG_INVALID_STATE, "%s while recording: the recording is spoiled", what);
  return true;
}

void* aligned(int64_t bytes) {
  void* memory = nullptr;
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
  return posix_memalign(&memory, kAlignment, rounded) == 0 ? memory : nullptr;
}

ag_status allocate_any(Runtime* runtime, const char* what, int64_t bytes, void** address, Error& error) {
  if (refused(runtime, what, error)) {
    return error.status;
  }
  *address = aligned(bytes);
  if (*address == nullptr) {
    return error.set(AG_OUT_OF_MEMORY, "simt: no %lld bytes of memory", static_cast<long long>(bytes));
  }
  std::memset(*address, 0xff, static_cast<std::size_t>(bytes));  // NaN: a number read before it was written shows
  return AG_OK;
}

}  // namespace

const char* const name = "simt";

void describe(char* text, int64_t bytes) {
  std::snprintf(text, static_cast<std::size_t>(bytes), "ready (the CUDA kernels on this processor, for tests)");
}

Runtime* open(const char* variant, Error& error) {
  uint64_t seed = 1;
  if (variant[0] != 0) {
    char* end = nullptr;
    seed = std::strtoull(variant, &end, 10);
    if (variant[0] < '0' || variant[0] > '9' || *end != 0) {
      error.set(AG_UNAVAILABLE, "simt: '%.32s' is no start value of the lanes' order; use simt or simt:NUMBER", variant);
      return nullptr;
    }
  }
  simt::set_seed(seed);
  return new Runtime;
}

void close(Runtime* runtime) { delete runtime; }

void query(Runtime*, ag_device_info* info) {
  std::snprintf(info->name, sizeof info->name, "simt");
  std::snprintf(info->description, sizeof info->description, "CUDA threads as fibers on one core");
  std::snprintf(info->isa, sizeof info->isa, "simt");
  info->memory_bytes = int64_t{1} << 30;
  info->free_bytes = info->memory_bytes;
  info->threads = 1;
}

int32_t multiprocessors(Runtime*) { return 1; }
void* stream(Runtime* runtime, int32_t stream) { return &runtime->streams[stream]; }

ag_status allocate(Runtime* runtime, int64_t bytes, void** address, Error& error) {
  return allocate_any(runtime, "allocation", bytes, address, error);
}
ag_status allocate_host(Runtime* runtime, int64_t bytes, void** pointer, Error& error) {
  return allocate_any(runtime, "host allocation", bytes, pointer, error);
}

void release(Runtime* runtime, void* address) {
  Error ignored;
  refused(runtime, "free", ignored);
  std::free(address);
}

void release_host(Runtime* runtime, void* pointer) { release(runtime, pointer); }

ag_status copy_in(Runtime* runtime, int32_t stream, void* destination, const void* source, int64_t bytes, Error& error) {
  runtime->streams[stream].enqueue(error, [=](Error&) { std::memcpy(destination, source, static_cast<std::size_t>(bytes)); });
  return error.status;
}

ag_status copy_out(Runtime* runtime, void* destination, const void* source, int64_t bytes, Error& error) {
  if (refused(runtime, "download", error)) {
    return error.status;
  }
  std::memcpy(destination, source, static_cast<std::size_t>(bytes));
  return AG_OK;
}

ag_status synchronize(Runtime* runtime, Error& error) { return refused(runtime, "wait", error) ? error.status : AG_OK; }

ag_status event_create(Runtime* runtime, void** event, Error& error) {
  if (refused(runtime, "event call", error)) {
    return error.status;
  }
  *event = new Event;
  return AG_OK;
}

void event_destroy(Runtime*, void* event) { delete static_cast<Event*>(event); }

ag_status event_record(Runtime* runtime, void* event, int32_t, Error& error) {
  if (refused(runtime, "event call", error)) {
    return error.status;
  }
  *static_cast<Event*>(event) = {true, Clock::now()};
  return AG_OK;
}

ag_status event_wait(Runtime* runtime, void*, int32_t, Error& error) {
  return refused(runtime, "event call", error) ? error.status : AG_OK;
}
ag_status event_synchronize(Runtime* runtime, void*, Error& error) { return refused(runtime, "event call", error) ? error.status : AG_OK; }

ag_status event_seconds(Runtime* runtime, void* start, void* end, double* seconds, Error& error) {
  if (refused(runtime, "event call", error)) {
    return error.status;
  }
  const Event* from = static_cast<Event*>(start);
  const Event* to = static_cast<Event*>(end);
  if (!from->recorded || !to->recorded) {
    return error.set(AG_INVALID_STATE, "event_elapsed: the %s event was never recorded", from->recorded ? "end" : "start");
  }
  *seconds = std::chrono::duration<double>(to->at - from->at).count();
  return AG_OK;
}

ag_status capture_begin(Runtime* runtime, Error& error) {
  if (refused(runtime, "a second recording", error)) {
    return error.status;
  }
  runtime->recording.clear();
  runtime->capturing = true;
  runtime->spoiled = false;
  runtime->streams[AG_STREAM_COMPUTE].recording = &runtime->recording;
  return AG_OK;
}

ag_status capture_end(Runtime* runtime, void** graph, Error& error) {
  if (!runtime->capturing) {
    return error.set(AG_INVALID_STATE, "no recording to end");
  }
  runtime->streams[AG_STREAM_COMPUTE].recording = nullptr;
  runtime->capturing = false;
  if (runtime->spoiled) {
    runtime->recording.clear();
    return error.set(AG_INVALID_STATE, "the recording was spoiled by a call that may not be recorded");
  }
  *graph = new simt::Recording(std::move(runtime->recording));
  runtime->recording.clear();
  return AG_OK;
}

void capture_abort(Runtime* runtime) {
  runtime->streams[AG_STREAM_COMPUTE].recording = nullptr;
  runtime->capturing = false;
  runtime->recording.clear();
}

ag_status graph_launch(Runtime* runtime, void* graph, Error& error) {
  if (refused(runtime, "the launch of a graph", error)) {
    return error.status;
  }
  for (const simt::Work& work : *static_cast<simt::Recording*>(graph)) {
    work(error);
    if (error.status != AG_OK) {
      return error.status;
    }
  }
  return AG_OK;
}

void graph_destroy(Runtime*, void* graph) { delete static_cast<simt::Recording*>(graph); }

}  // namespace runtime
}  // namespace angulus::cuda
