// The calls of a CUDA runtime that the backend needs, and no more. Two implementations, one linked into each plug-in: runtime_cuda.cu (the
// toolkit's runtime) and runtime_simt.cpp (host memory and the shim, obeying the same rules of recording). A status other than AG_OK comes
// with words in `error`.
#pragma once

#include "angulus.h"
#include "error.h"

namespace angulus::cuda {

struct Runtime;  // one open device: two streams and what they need

namespace runtime {

extern const char* const name;  // "cuda", "simt": the backend's name

// One line: ready, or why not.
void describe(char* text, int64_t bytes);
Runtime* open(const char* variant, Error& error);    // null on failure
void close(Runtime* runtime);                        // waits
void query(Runtime* runtime, ag_device_info* info);  // name, description, isa, memory_bytes, free_bytes, threads
int32_t multiprocessors(Runtime* runtime);
bool is_hopper(Runtime* runtime);  // compute capability 9.0, and the plug-in has code for 90a
void* stream(Runtime* runtime, int32_t stream);  // what a launch takes: AG_STREAM_*

ag_status allocate(Runtime* runtime, int64_t bytes, void** address, Error& error);  // aligned to 256
void release(Runtime* runtime, void* address);                                      // waits
ag_status allocate_host(Runtime* runtime, int64_t bytes, void** pointer, Error& error);
void release_host(Runtime* runtime, void* pointer);

// Enqueues; returns before the copy is done where the source is pinned.
ag_status copy_in(Runtime* runtime, int32_t stream, void* destination, const void* source, int64_t bytes, Error& error);
// Waits for both streams, copies, waits.
ag_status copy_out(Runtime* runtime, void* destination, const void* source, int64_t bytes, Error& error);
ag_status synchronize(Runtime* runtime, Error& error);  // both streams

ag_status event_create(Runtime* runtime, void** event, Error& error);
void event_destroy(Runtime* runtime, void* event);
ag_status event_record(Runtime* runtime, void* event, int32_t stream, Error& error);
ag_status event_wait(Runtime* runtime, void* event, int32_t stream, Error& error);
ag_status event_synchronize(Runtime* runtime, void* event, Error& error);
ag_status event_seconds(Runtime* runtime, void* start, void* end, double* seconds, Error& error);  // waits for both

// Recording of the compute stream. While it lasts nothing runs; a call above that waits, allocates, frees or names an event fails and
// spoils the recording: its end then fails too. A failed end ends the recording.
ag_status capture_begin(Runtime* runtime, Error& error);
ag_status capture_end(Runtime* runtime, void** graph, Error& error);
void capture_abort(Runtime* runtime);
ag_status graph_launch(Runtime* runtime, void* graph, Error& error);
void graph_destroy(Runtime* runtime, void* graph);  // waits

}  // namespace runtime
}  // namespace angulus::cuda
