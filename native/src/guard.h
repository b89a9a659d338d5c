// The one place where C++ exceptions stop: guarded() turns them into a status and leaves the words in the device handle.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "angulus.h"

// Marks what libangulus.so exports.
#define AG_ENTRY extern "C" __attribute__((visibility("default")))

namespace angulus {

// A refusal: status and one sentence. Thrown by value, caught by guarded().
struct Failure {
  ag_status status;
  std::string words;
};

__attribute__((format(printf, 1, 0))) inline std::string format_list(const char* format, va_list list) {
  va_list again;
  va_copy(again, list);
  const int length = std::vsnprintf(nullptr, 0, format, list);
  std::string text(static_cast<size_t>(length < 0 ? 0 : length), '\0');
  if (length > 0) std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

__attribute__((format(printf, 1, 2))) inline std::string format(const char* format, ...) {
  va_list list;
  va_start(list, format);
  std::string text = format_list(format, list);
  va_end(list);
  return text;
}

[[noreturn]] __attribute__((format(printf, 2, 3))) inline void fail(ag_status status, const char* format, ...) {
  va_list list;
  va_start(list, format);
  std::string text = format_list(format, list);
  va_end(list);
  throw Failure{status, std::move(text)};
}

// Runs body() and returns AG_OK, or the status of what it threw; then keep(words) has the words. keep must not throw.
template <class Body, class Keep>
ag_status guarded_words(Body&& body, Keep&& keep) noexcept {
  try {
    body();
    return AG_OK;
  } catch (const Failure& failure) {
    keep(failure.words.c_str());
    return failure.status;
  } catch (const std::bad_alloc&) {
    keep("out of host memory: the library could not get memory for its own tables");
    return AG_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    keep(error.what());
    return AG_INTERNAL;
  } catch (...) {
    keep("a defect of the library: an exception of unknown type");
    return AG_INTERNAL;
  }
}

// Copies words into a caller's buffer, cut to its size with the final 0. A null or empty buffer takes nothing.
inline void put_words(char* buffer, int64_t bytes, const char* words) noexcept {
  if (buffer != nullptr && bytes > 0) std::snprintf(buffer, static_cast<size_t>(bytes), "%s", words);
}

}  // namespace angulus
