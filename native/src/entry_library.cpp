// Entry points: the library, devices, and the lists of kernels.
#include <cinttypes>
#include <cstring>

#include "device.h"
#include "registry.h"

using angulus::Device;
using angulus::fail;
using angulus::guarded;

namespace {

void check_op(const char* call, int32_t op) {
  if (op < 0 || op >= AG_OP_COUNT) fail(AG_INVALID_ARGUMENT, "%s: op is %d; expected 0 to %d", call, op, AG_OP_COUNT - 1);
}

void check_kernel(Device& device, const char* call, int32_t op, int32_t kernel, int32_t low) {
  const int32_t count = device.backend().kernel_count(device.state(), op);
  if (kernel < low || kernel >= count)
    fail(AG_INVALID_ARGUMENT, "%s: kernel is %d; device %s has %d kernel(s) for %s", call, kernel, device.name(), count, angulus::op_name(op));
}

bool is_convolution(int32_t op) {
  return op == AG_OP_CONV2D_FORWARD || op == AG_OP_CONV2D_BACKWARD_INPUT || op == AG_OP_CONV2D_BACKWARD_WEIGHT || op == AG_OP_CONV2D_PREPARE;
}

}  // namespace

AG_ENTRY int32_t ag_abi_version(void) { return AG_ABI_VERSION; }

AG_ENTRY ag_status ag_backends(char* text, int64_t bytes) {
  return angulus::guarded_words([&] { angulus::put_words(text, bytes, angulus::describe_backends().c_str()); },
                                [&](const char* words) { angulus::put_words(text, bytes, words); });
}

AG_ENTRY ag_status ag_device_open(const char* name, ag_device** device, char* message, int64_t message_bytes) {
  angulus::put_words(message, message_bytes, "");
  return angulus::guarded_words(
      [&] {
        if (device == nullptr) fail(AG_INVALID_ARGUMENT, "ag_device_open: device is null; expected where to store the handle");
        *device = nullptr;
        if (name == nullptr) fail(AG_INVALID_ARGUMENT, "ag_device_open: name is null; expected a device such as cpu or cuda:0");
        std::string variant;
        const ag_backend& backend = angulus::find_backend(name, &variant);
        char words[512] = "";
        void* state = nullptr;
        const ag_status status = backend.open(variant.c_str(), &state, words, sizeof words);
        if (status != AG_OK) fail(status, "%s is not available: %s", name, words);
        auto opened = std::make_shared<Device>(backend, state, name);
        *device = reinterpret_cast<ag_device*>(static_cast<uintptr_t>(angulus::enlist(std::move(opened))));
      },
      [&](const char* words) { angulus::put_words(message, message_bytes, words); });
}

AG_ENTRY ag_status ag_device_close(ag_device* device) {
  const std::shared_ptr<Device> closing = angulus::strike(device);
  if (closing == nullptr) return AG_INVALID_ARGUMENT;
  std::lock_guard<std::mutex> turn(closing->mutex());  // a call under way in another thread ends first
  return AG_OK;                                        // the last owner destroys
}

AG_ENTRY ag_status ag_device_query(ag_device* device, ag_device_info* info) {
  return guarded(device, [&](Device& d) {
    if (info == nullptr) fail(AG_INVALID_ARGUMENT, "ag_device_query: info is null; expected a pointer to its struct");
    *info = ag_device_info{};
    d.backend().query(d.state(), info);
    info->allocated_bytes = d.allocations().total();
    info->peak_bytes = d.allocations().peak();
    info->abi_version = AG_ABI_VERSION;
  });
}

AG_ENTRY ag_status ag_device_set_threads(ag_device* device, int32_t threads) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_device_set_threads");
    if (threads < 1 || threads > 256) fail(AG_INVALID_ARGUMENT, "ag_device_set_threads: threads is %d; expected 1 to 256", threads);
    d.check(d.backend().set_threads(d.state(), threads), "ag_device_set_threads");
  });
}

AG_ENTRY const char* ag_last_error(ag_device* device) {
  const std::shared_ptr<Device> live = angulus::live_device(device);
  return live == nullptr ? "the device handle is not alive: it was closed, or never opened" : live->error();
}

AG_ENTRY ag_status ag_device_measure(ag_device* device, ag_peak* peak) {
  return guarded(device, [&](Device& d) {
    d.refuse_while_recording("ag_device_measure");
    if (peak == nullptr) fail(AG_INVALID_ARGUMENT, "ag_device_measure: peak is null; expected a pointer to its struct");
    d.check(d.backend().measure(d.state(), peak), "ag_device_measure");
  });
}

AG_ENTRY ag_status ag_kernel_count(ag_device* device, int32_t op, int32_t* count) {
  return guarded(device, [&](Device& d) {
    check_op("ag_kernel_count", op);
    if (count == nullptr) fail(AG_INVALID_ARGUMENT, "ag_kernel_count: count is null; expected where to store the number");
    *count = d.backend().kernel_count(d.state(), op);
  });
}

AG_ENTRY ag_status ag_kernel_name(ag_device* device, int32_t op, int32_t kernel, char* name, int64_t bytes) {
  return guarded(device, [&](Device& d) {
    check_op("ag_kernel_name", op);
    check_kernel(d, "ag_kernel_name", op, kernel, 0);
    if (name == nullptr || bytes < 1) fail(AG_INVALID_ARGUMENT, "ag_kernel_name: name has no room; expected a buffer of 1 byte or more");
    angulus::put_words(name, bytes, d.backend().kernel_name(d.state(), op, kernel));
  });
}

AG_ENTRY ag_status ag_kernel_force(ag_device* device, int32_t op, int32_t kernel) {
  return guarded(device, [&](Device& d) {
    check_op("ag_kernel_force", op);
    if (is_convolution(op)) fail(AG_INVALID_ARGUMENT, "ag_kernel_force: %s chooses its kernel in ag_conv2d_make_plan", angulus::op_name(op));
    check_kernel(d, "ag_kernel_force", op, kernel, -1);
    d.force(op, kernel);
  });
}

AG_ENTRY ag_status ag_workspace_bytes(ag_device* device, int32_t op, int64_t rows, int64_t columns, int64_t depth, int64_t* bytes) {
  return guarded(device, [&](Device& d) {
    check_op("ag_workspace_bytes", op);
    if (bytes == nullptr) fail(AG_INVALID_ARGUMENT, "ag_workspace_bytes: bytes is null; expected where to store the number");
    // Bounds that keep every size below 2^63: rows, columns and depth of a matrix are int32, a parameter buffer has fewer than 2^40 numbers.
    if (rows < 1 || rows > (int64_t{1} << 40) || columns < 1 || columns > INT32_MAX || depth < 1 || depth > INT32_MAX)
      fail(AG_INVALID_ARGUMENT, "ag_workspace_bytes: rows %" PRId64 ", columns %" PRId64 ", depth %" PRId64 "; expected 1 to 2^40, 1 to 2^31 - 1 and 1 to 2^31 - 1", rows,
           columns, depth);
    *bytes = d.backend().workspace_bytes(d.state(), op, rows, columns, depth);
  });
}
