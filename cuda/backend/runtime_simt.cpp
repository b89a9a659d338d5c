// The runtime of the shim: device memory is host memory, an enqueued call runs late (when the host waits), a recording keeps closures.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../simt/memory.h"
#include "../simt/simt.h"
#include "../simt/stream.h"
#include "runtime.h"

namespace angulus::cuda {

struct Runtime {
  explicit Runtime(uint64_t seed) : streams(seed) {}

  simt::Memory device, host;
  simt::StreamPair streams;
  simt::Recording recording;
  bool capturing = false;
  bool spoiled = false;
  Error failure;  // of a step that ran while no call could tell of it
};

namespace runtime {
namespace {

using Event = std::shared_ptr<simt::Event>;

Event& event_at(void* event) { return *static_cast<Event*>(event); }

// What a card refuses while a stream records, and what that does to the recording.
bool refused(Runtime* runtime, const char* what, Error& error) {
  if (!runtime->capturing) {
    return false;
  }
  runtime->spoiled = true;
  error.set(AG_INVALID_STATE, "%s while recording: the recording is spoiled", what);
  return true;
}

// Runs what both streams hold; what a kernel did wrong is told here.
ag_status drain(Runtime* runtime, Error& error) {
  if (runtime->failure.status != AG_OK) {
    error = runtime->failure;
    runtime->failure.clear();
    return error.status;
  }
  runtime->streams.run_all(error);
  runtime->device.check(error);
  runtime->host.check(error);
  return error.status;
}

// For calls that wait but return no status.
void drain_quietly(Runtime* runtime) {
  if (runtime->failure.status == AG_OK) {
    runtime->streams.run_all(runtime->failure);
  }
}

ag_status allocate_in(Runtime* runtime, simt::Memory& memory, const char* what, int64_t bytes, void** address, Error& error) {
  if (refused(runtime, what, error)) {
    return error.status;
  }
  *address = memory.allocate(bytes);
  return *address != nullptr ? AG_OK : error.set(AG_OUT_OF_MEMORY, "simt: no %lld bytes of memory", static_cast<long long>(bytes));
}

void release_in(Runtime* runtime, simt::Memory& memory, void* address) {
  Error ignored;
  refused(runtime, "free", ignored);
  drain_quietly(runtime);  // what runs here was enqueued before a recording began
  memory.release(address);
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
  return new Runtime(seed);
}

void close(Runtime* runtime) {
  drain_quietly(runtime);
  delete runtime;
}

void query(Runtime* runtime, ag_device_info* info) {
  std::snprintf(info->name, sizeof info->name, "simt");
  std::snprintf(info->description, sizeof info->description, "CUDA threads as fibers on one core");
  std::snprintf(info->isa, sizeof info->isa, "simt");
  info->memory_bytes = simt::kDeviceBytes;
  info->free_bytes = runtime->device.free_bytes();
  info->threads = 1;
}

int32_t multiprocessors(Runtime*) { return 1; }
bool is_hopper(Runtime*) { return true; }
void* stream(Runtime* runtime, int32_t stream) { return &runtime->streams.at(stream); }

ag_status allocate(Runtime* runtime, int64_t bytes, void** address, Error& error) {
  return allocate_in(runtime, runtime->device, "allocation", bytes, address, error);
}
ag_status allocate_host(Runtime* runtime, int64_t bytes, void** pointer, Error& error) {
  return allocate_in(runtime, runtime->host, "host allocation", bytes, pointer, error);
}
void release(Runtime* runtime, void* address) { release_in(runtime, runtime->device, address); }
void release_host(Runtime* runtime, void* pointer) { release_in(runtime, runtime->host, pointer); }

// Pinned memory is read when the copy runs; other memory at once, as a card's driver takes it into a buffer of its own.
ag_status copy_in(Runtime* runtime, int32_t stream, void* destination, const void* source, int64_t bytes, Error& error) {
  const std::size_t size = static_cast<std::size_t>(bytes);
  simt::Stream& queue = runtime->streams.at(stream);
  if (runtime->host.holds(source)) {
    queue.enqueue(error, [=](Error&) { std::memcpy(destination, source, size); });
  } else {
    const unsigned char* const from = static_cast<const unsigned char*>(source);
    const std::vector<unsigned char> taken(from, from + size);
    queue.enqueue(error, [=](Error&) { std::memcpy(destination, taken.data(), size); });
  }
  return error.status;
}

ag_status copy_out(Runtime* runtime, void* destination, const void* source, int64_t bytes, Error& error) {
  if (refused(runtime, "download", error) || drain(runtime, error) != AG_OK) {
    return error.status;
  }
  std::memcpy(destination, source, static_cast<std::size_t>(bytes));
  return AG_OK;
}

ag_status synchronize(Runtime* runtime, Error& error) { return refused(runtime, "wait", error) ? error.status : drain(runtime, error); }

ag_status event_create(Runtime* runtime, void** event, Error& error) {
  if (refused(runtime, "event call", error)) {
    return error.status;
  }
  *event = new Event(std::make_shared<simt::Event>());
  return AG_OK;
}

void event_destroy(Runtime*, void* event) { delete static_cast<Event*>(event); }

ag_status event_record(Runtime* runtime, void* event, int32_t stream, Error& error) {
  if (!refused(runtime, "event call", error)) {
    runtime->streams.record(event_at(event), stream);
  }
  return error.status;
}

ag_status event_wait(Runtime* runtime, void* event, int32_t stream, Error& error) {
  if (!refused(runtime, "event call", error)) {
    runtime->streams.wait(event_at(event), stream);
  }
  return error.status;
}

ag_status event_synchronize(Runtime* runtime, void* event, Error& error) {
  if (!refused(runtime, "event call", error)) {
    runtime->streams.run_until(*event_at(event), error);
  }
  return error.status;
}

ag_status event_seconds(Runtime* runtime, void* start, void* end, double* seconds, Error& error) {
  if (event_synchronize(runtime, start, error) != AG_OK || event_synchronize(runtime, end, error) != AG_OK) {
    return error.status;
  }
  const simt::Event& from = *event_at(start);
  const simt::Event& to = *event_at(end);
  if (from.reached == 0 || to.reached == 0) {
    return error.set(AG_INVALID_STATE, "event_elapsed: the %s event was never recorded", from.reached == 0 ? "start" : "end");
  }
  *seconds = std::chrono::duration<double>(to.at - from.at).count();
  return AG_OK;
}

ag_status capture_begin(Runtime* runtime, Error& error) {
  if (refused(runtime, "a second recording", error)) {
    return error.status;
  }
  runtime->recording.clear();
  runtime->capturing = true;
  runtime->spoiled = false;
  runtime->streams.at(AG_STREAM_COMPUTE).recording = &runtime->recording;
  return AG_OK;
}

ag_status capture_end(Runtime* runtime, void** graph, Error& error) {
  if (!runtime->capturing) {
    return error.set(AG_INVALID_STATE, "no recording to end");
  }
  runtime->streams.at(AG_STREAM_COMPUTE).recording = nullptr;
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
  runtime->streams.at(AG_STREAM_COMPUTE).recording = nullptr;
  runtime->capturing = false;
  runtime->recording.clear();
}

ag_status graph_launch(Runtime* runtime, void* graph, Error& error) {
  if (refused(runtime, "the launch of a graph", error)) {
    return error.status;
  }
  runtime->streams.at(AG_STREAM_COMPUTE).enqueue(error, [recorded = static_cast<simt::Recording*>(graph)](Error& failure) {
    for (std::size_t i = 0; i < recorded->size() && failure.status == AG_OK; ++i) {
      (*recorded)[i](failure);
    }
  });
  return error.status;
}

void graph_destroy(Runtime* runtime, void* graph) {
  drain_quietly(runtime);
  delete static_cast<simt::Recording*>(graph);
}

}  // namespace runtime
}  // namespace angulus::cuda
