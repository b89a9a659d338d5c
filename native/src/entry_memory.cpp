// Entry points: device memory, host memory, transfers, events, waiting.
#include <cinttypes>

#include "device.h"

using angulus::Device;
using angulus::fail;
using angulus::guarded;

namespace {

void check_bytes(const char* call, int64_t bytes) {
  if (bytes < 1) fail(AG_INVALID_ARGUMENT, "%s: bytes is %" PRId64 "; expected 1 or more", call, bytes);
}

void check_stream(const char* call, int32_t stream) {
  if (stream != AG_STREAM_COMPUTE && stream != AG_STREAM_COPY)
    fail(AG_INVALID_ARGUMENT, "%s: stream is %d; expected AG_STREAM_COMPUTE (0) or AG_STREAM_COPY (1)", call, stream);
}

void check_host(const char* call, const char* argument, const void* pointer) {
  if (pointer == nullptr) fail(AG_INVALID_ARGUMENT, "%s: %s is null; expected host memory", call, argument);
}

}  // namespace

AG_ENTRY ag_status ag_alloc(ag_device* device, int64_t bytes, ag_addr* address) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_alloc");
    check_bytes("ag_alloc", bytes);
    if (address == nullptr) fail(AG_INVALID_ARGUMENT, "ag_alloc: address is null; expected where to store the address");
    *address = 0;
    *address = d.allocate(bytes);
  });
}

AG_ENTRY ag_status ag_free(ag_device* device, ag_addr address) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_free");
    d.free(address);
  });
}

AG_ENTRY ag_status ag_host_alloc(ag_device* device, int64_t bytes, void** pointer) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_host_alloc");
    check_bytes("ag_host_alloc", bytes);
    if (pointer == nullptr) fail(AG_INVALID_ARGUMENT, "ag_host_alloc: pointer is null; expected where to store the pointer");
    *pointer = nullptr;
    *pointer = d.host_allocate(bytes);
  });
}

AG_ENTRY ag_status ag_host_free(ag_device* device, void* pointer) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_host_free");
    d.host_free(pointer);
  });
}

AG_ENTRY ag_status ag_upload(ag_device* device, int32_t stream, ag_addr destination, const void* source, int64_t bytes) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_upload");
    check_stream("ag_upload", stream);
    check_bytes("ag_upload", bytes);
    d.check_range("ag_upload", "destination", destination, bytes);
    d.check_host_range("ag_upload", "source", source, bytes);
    d.check(d.backend().upload(d.state(), stream, destination, source, bytes), "ag_upload");
  });
}

AG_ENTRY ag_status ag_download(ag_device* device, void* destination, ag_addr source, int64_t bytes) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_download");
    check_bytes("ag_download", bytes);
    check_host("ag_download", "destination", destination);
    d.check_range("ag_download", "source", source, bytes);
    d.check(d.backend().download(d.state(), destination, source, bytes), "ag_download");
    d.report_fault(nullptr);
  });
}

AG_ENTRY ag_status ag_upload_sync(ag_device* device, ag_addr destination, const void* source, int64_t bytes) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_upload_sync");
    check_bytes("ag_upload_sync", bytes);
    check_host("ag_upload_sync", "source", source);
    d.check_range("ag_upload_sync", "destination", destination, bytes);
    d.check(d.backend().upload(d.state(), AG_STREAM_COMPUTE, destination, source, bytes), "ag_upload_sync");
    d.report_fault(nullptr);
  });
}

AG_ENTRY ag_status ag_event_create(ag_device* device, ag_event* event) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_create");
    if (event == nullptr) fail(AG_INVALID_ARGUMENT, "ag_event_create: event is null; expected where to store the event");
    *event = 0;
    *event = d.create_event();
  });
}

AG_ENTRY ag_status ag_event_destroy(ag_device* device, ag_event event) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_destroy");
    d.destroy_event(event);
  });
}

AG_ENTRY ag_status ag_event_record(ag_device* device, ag_event event, int32_t stream) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_record");
    check_stream("ag_event_record", stream);
    d.check(d.backend().event_record(d.state(), d.backend_event("ag_event_record", event), stream), "ag_event_record");
    d.mark_recorded(event);
  });
}

// An event that was never recorded is passed at once: the first lap of a ring waits for nothing.
AG_ENTRY ag_status ag_event_wait(ag_device* device, ag_event event, int32_t stream) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_wait");
    check_stream("ag_event_wait", stream);
    const ag_event own = d.backend_event("ag_event_wait", event);
    if (d.is_recorded(event)) d.check(d.backend().event_wait(d.state(), own, stream), "ag_event_wait");
  });
}

AG_ENTRY ag_status ag_event_sync(ag_device* device, ag_event event) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_sync");
    const ag_event own = d.backend_event("ag_event_sync", event);
    if (d.is_recorded(event)) d.check(d.backend().event_sync(d.state(), own), "ag_event_sync");
  });
}

AG_ENTRY ag_status ag_event_elapsed(ag_device* device, ag_event start, ag_event end, double* seconds) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_event_elapsed");
    if (seconds == nullptr) fail(AG_INVALID_ARGUMENT, "ag_event_elapsed: seconds is null; expected where to store the time");
    const ag_event first = d.backend_event("ag_event_elapsed", start);
    const ag_event last = d.backend_event("ag_event_elapsed", end);
    if (!d.is_recorded(start) || !d.is_recorded(end))
      fail(AG_INVALID_STATE, "ag_event_elapsed: %s was never recorded; call ag_event_record first", d.is_recorded(start) ? "end" : "start");
    d.check(d.backend().event_elapsed(d.state(), first, last, seconds), "ag_event_elapsed");
  });
}

AG_ENTRY ag_status ag_sync(ag_device* device, ag_fault* fault) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_sync");
    d.report_fault(fault);
  });
}
