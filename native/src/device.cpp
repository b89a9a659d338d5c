#include "device.h"

#include <atomic>
#include <cinttypes>
#include <cstring>
#include <shared_mutex>
#include <unordered_map>

namespace angulus {

namespace {

struct Table {
  std::shared_mutex mutex;
  std::unordered_map<uint64_t, std::shared_ptr<Device>> devices;
};

// Never destroyed: a Java thread may call while the process ends.
Table& table() {
  static Table* const kTable = new Table();
  return *kTable;
}

uint64_t number_of(const ag_device* handle) { return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(handle)); }

}  // namespace

uint64_t next_handle() {
  static std::atomic<uint64_t> next{0x1000};
  return next.fetch_add(1, std::memory_order_relaxed);
}

uint64_t enlist(std::shared_ptr<Device> device) {
  const uint64_t handle = next_handle();
  std::unique_lock<std::shared_mutex> lock(table().mutex);
  table().devices.emplace(handle, std::move(device));
  return handle;
}

std::shared_ptr<Device> live_device(const ag_device* handle) noexcept {
  std::shared_lock<std::shared_mutex> lock(table().mutex);
  const auto entry = table().devices.find(number_of(handle));
  return entry == table().devices.end() ? nullptr : entry->second;
}

std::shared_ptr<Device> strike(const ag_device* handle) noexcept {
  std::unique_lock<std::shared_mutex> lock(table().mutex);
  const auto entry = table().devices.find(number_of(handle));
  if (entry == table().devices.end()) return nullptr;
  std::shared_ptr<Device> device = std::move(entry->second);
  table().devices.erase(entry);
  return device;
}

const char* op_name(int32_t op) {
  switch (op) {
#define AG_NAME(number, name, call) case number: return #name;
    AG_FOR_EACH_OP(AG_NAME)
    AG_FOR_EACH_INTERNAL_OP(AG_NAME)
#undef AG_NAME
    default: return "no op";
  }
}

const char* type_name(int32_t type) { return type == AG_F32 ? "f32" : type == AG_BF16 ? "bf16" : "no type"; }

Device::Device(const ag_backend& backend, void* state, std::string name) : backend_(backend), state_(state), name_(std::move(name)) {
  error_[0] = '\0';
  forced_.fill(-1);
}

Device::~Device() {
  if (recording_) backend_.capture_abort(state_);
  for (const auto& graph : graphs_) backend_.graph_destroy(state_, graph.second.own);
  for (const auto& event : events_) backend_.event_destroy(state_, event.second.own);
  for (const auto& allocation : allocations_.all()) backend_.free(state_, allocation.first);
  for (const auto& host : host_) backend_.host_free(state_, reinterpret_cast<void*>(host.first));
  backend_.close(state_);
}

void Device::keep_error(const char* words) noexcept { std::snprintf(error_, sizeof error_, "%s", words); }

void Device::check(ag_status status, const char* call) const {
  if (status != AG_OK) fail(status, "%s: %s", call, backend_.error(state_));
}

void Device::check_range(const char* call, const char* argument, ag_addr address, int64_t bytes) {
  if (address == 0) fail(AG_INVALID_ARGUMENT, "%s: %s is missing (address 0); expected %" PRId64 " bytes of device memory", call, argument, bytes);
  ag_addr start = 0;
  int64_t size = 0;
  switch (allocations_.find(address, bytes, &start, &size)) {
    case Allocations::Place::inside:
      if (recording_) named_.insert(start);
      return;
    case Allocations::Place::not_allocated:
      fail(AG_INVALID_ARGUMENT, "%s: %s at 0x%" PRIx64 " (%" PRId64 " bytes) lies in no live allocation of device %s", call, argument, address, bytes,
           name());
    case Allocations::Place::too_long:
      fail(AG_INVALID_ARGUMENT,
           "%s: %s at 0x%" PRIx64 " needs %" PRId64 " bytes, but only %" PRId64 " are left in its allocation (0x%" PRIx64 ", %" PRId64 " bytes)", call,
           argument, address, bytes, size - static_cast<int64_t>(address - start), start, size);
  }
}

void Device::check_alignment(const char* call, const char* argument, ag_addr address, int64_t alignment) const {
  if (address % static_cast<uint64_t>(alignment) != 0)
    fail(AG_INVALID_ARGUMENT, "%s: %s at 0x%" PRIx64 " is not aligned to %" PRId64 " bytes", call, argument, address, alignment);
}

void Device::refuse_while_recording(const char* call) const {
  if (recording_) fail(AG_INVALID_STATE, "%s: not allowed while recording; call ag_graph_end or ag_graph_abort first", call);
}

void Device::report_fault(ag_fault* fault) {
  ag_fault found{};
  check(backend_.sync(state_, &found), "ag_sync");
  if (found.code == AG_FAULT_NONE) found = ag_fault{AG_FAULT_NONE, -1, -1, -1};
  if (fault != nullptr) *fault = found;
  if (found.code == AG_FAULT_NONE) return;
  const char* what = found.code == AG_FAULT_LABEL        ? "the label is outside [0, classes)"
                     : found.code == AG_FAULT_NOT_FINITE ? "a value is not finite"
                                                         : "bad data";
  const std::string step = found.step < 0 ? std::string() : format(" in step %" PRId64, found.step);
  fail(AG_DEVICE_FAULT, "%s: %s at index %" PRId64 "%s", op_name(found.op), what, found.index, step.c_str());
}

ag_addr Device::allocate(int64_t bytes) {
  ag_addr address = 0;
  check(backend_.alloc(state_, bytes, &address), "ag_alloc");
  try {
    allocations_.add(address, bytes);
  } catch (...) {
    backend_.free(state_, address);
    throw;
  }
  return address;
}

void Device::free(ag_addr address) {
  const Allocations::Entry* entry = allocations_.at(address);
  if (entry == nullptr) fail(AG_INVALID_ARGUMENT, "ag_free: 0x%" PRIx64 " is not the start of a live allocation of device %s", address, name());
  if (entry->pins > 0)
    fail(AG_INVALID_STATE, "ag_free: 0x%" PRIx64 " (%" PRId64 " bytes) is named by %d recorded graph(s); destroy them first", address, entry->bytes,
         entry->pins);
  allocations_.remove(address);
  backend_.free(state_, address);
}

void* Device::host_allocate(int64_t bytes) {
  void* pointer = nullptr;
  check(backend_.host_alloc(state_, bytes, &pointer), "ag_host_alloc");
  try {
    host_.emplace(reinterpret_cast<uintptr_t>(pointer), bytes);
  } catch (...) {
    backend_.host_free(state_, pointer);
    throw;
  }
  return pointer;
}

void Device::host_free(void* pointer) {
  if (host_.erase(reinterpret_cast<uintptr_t>(pointer)) == 0)
    fail(AG_INVALID_ARGUMENT, "ag_host_free: %p is not the start of live host memory of device %s", pointer, name());
  backend_.host_free(state_, pointer);
}

void Device::check_host_range(const char* call, const char* argument, const void* pointer, int64_t bytes) const {
  const uint64_t address = reinterpret_cast<uintptr_t>(pointer);
  auto entry = host_.upper_bound(address);
  if (entry != host_.begin()) {
    --entry;
    const uint64_t offset = address - entry->first;
    const uint64_t length = static_cast<uint64_t>(entry->second);
    if (offset < length && static_cast<uint64_t>(bytes) <= length - offset) return;
  }
  fail(AG_INVALID_ARGUMENT, "%s: %s at %p (%" PRId64 " bytes) does not lie in memory of ag_host_alloc; ag_upload_sync takes any host memory", call,
       argument, pointer, bytes);
}

ag_event Device::create_event() {
  ag_event own = 0;
  check(backend_.event_create(state_, &own), "ag_event_create");
  try {
    const ag_event event = next_handle();
    events_.emplace(event, Event{own, false});
    return event;
  } catch (...) {
    backend_.event_destroy(state_, own);
    throw;
  }
}

void Device::destroy_event(ag_event event) {
  const ag_event own = backend_event("ag_event_destroy", event);
  events_.erase(event);
  backend_.event_destroy(state_, own);
}

ag_event Device::backend_event(const char* call, ag_event event) const {
  const auto entry = events_.find(event);
  if (entry == events_.end()) fail(AG_INVALID_ARGUMENT, "%s: %" PRIu64 " is not a live event of device %s", call, event, name());
  return entry->second.own;
}

void Device::mark_recorded(ag_event event) { events_.at(event).recorded = true; }

bool Device::is_recorded(ag_event event) const { return events_.at(event).recorded; }

void Device::enqueue(int32_t op, const void* call, int32_t type) {
  const int32_t forced = forced_[static_cast<size_t>(op)];
  if (forced >= 0) {
    if (backend_.kernel_accepts(state_, op, forced, call) == 0)
      fail(AG_UNAVAILABLE, "%s: the forced kernel %s does not accept this call (%s)", op_name(op), backend_.kernel_name(state_, op, forced),
           type_name(type));
    enqueue_on(op, forced, call);
    return;
  }
  const int32_t count = backend_.kernel_count(state_, op);
  for (int32_t kernel = 0; kernel < count; ++kernel) {
    if (backend_.kernel_accepts(state_, op, kernel, call) != 0) {
      enqueue_on(op, kernel, call);
      return;
    }
  }
  if (type != AG_F32)
    fail(AG_UNAVAILABLE, "%s: device %s has no kernel for %s here; use f32", op_name(op), name(), type_name(type));
  fail(AG_UNAVAILABLE, "%s: none of the %d kernels of device %s accepts this call (%s)", op_name(op), count, name(), type_name(type));
}

void Device::enqueue_on(int32_t op, int32_t kernel, const void* call) { check(backend_.run(state_, op, kernel, call), op_name(op)); }

}  // namespace angulus
