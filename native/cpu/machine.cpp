#include "machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "guard.h"
#include "matrix_unit.h"

namespace angulus::cpu {

namespace {

constexpr Isa kLevels[] = {Isa::baseline, Isa::sse2, Isa::avx2, Isa::avx512};

bool parse_isa(const char* name, Isa* isa) {
  for (const Isa level : kLevels) {
    if (std::strcmp(name, isa_name(level)) == 0) {
      *isa = level;
      return true;
    }
  }
  return false;
}

// The number after `key` in a file of "key value" lines, or after nothing in a file of one number; -1 when there is none.
int64_t number_in(const char* path, const char* key) {
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return -1;
  char line[256];
  int64_t result = -1;
  const size_t length = std::strlen(key);
  while (result < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, key, length) != 0) continue;
    char* end = nullptr;
    const long long value = std::strtoll(line + length, &end, 10);
    if (end != line + length) result = value;
  }
  std::fclose(file);
  return result;
}

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    case Isa::sse2: return "sse2";
    default: return "baseline";
  }
}

Isa machine_isa() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") &&
                  __builtin_cpu_supports("movbe");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return v4 ? Isa::avx512 : v3 ? Isa::avx2 : Isa::sse2;
}

ag_status choose_isa(const char* variant, Isa* isa, std::string* cause) {
  Isa cap = Isa::avx512;
  const char* const most = std::getenv("AG_MAX_ISA");
  if (most != nullptr && most[0] != '\0' && !parse_isa(most, &cap)) {
    *cause = format("AG_MAX_ISA is \"%s\"; expected avx512, avx2, sse2 or baseline", most);
    return AG_INVALID_ARGUMENT;
  }
  const Isa machine = machine_isa();
  if (variant[0] == '\0') {
    *isa = std::min(machine, cap);
    return AG_OK;
  }
  if (!parse_isa(variant, isa)) {
    *cause = format("\"%s\" is no instruction set of the cpu device; expected avx512, avx2, sse2 or baseline", variant);
    return AG_INVALID_ARGUMENT;
  }
  if (*isa > machine) {
    *cause = format("this processor (%s) does not have it; its best is %s", processor_name().c_str(), isa_name(machine));
    return AG_UNAVAILABLE;
  }
  if (*isa > cap) {
    *cause = format("AG_MAX_ISA caps the cpu device at %s", isa_name(cap));
    return AG_UNAVAILABLE;
  }
  return AG_OK;
}

std::string extensions(Isa isa) {
  if (isa < Isa::avx512) return "";
  std::string names;
  const auto add = [&](bool has, const char* name) {
    if (has) names += (names.empty() ? " with " : ", ") + std::string(name);
  };
  add(__builtin_cpu_supports("avx512vnni") != 0, "VNNI");
  add(__builtin_cpu_supports("avx512bf16") != 0, "BF16");
  add(has_matrix_unit(), "AMX");
  return names;
}

std::string processor_name() {
  std::string name = "unknown processor";
  std::FILE* const file = std::fopen("/proc/cpuinfo", "re");
  if (file == nullptr) return name;
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    const char* const colon = std::strchr(line, ':');
    if (std::strncmp(line, "model name", 10) != 0 || colon == nullptr) continue;
    name = colon + 1;
    const size_t first = name.find_first_not_of(" \t");
    const size_t last = name.find_last_not_of(" \t\n");
    name = first == std::string::npos ? "unknown processor" : name.substr(first, last - first + 1);
    break;
  }
  std::fclose(file);
  return name;
}

Memory memory() {
  constexpr int64_t kKibibyte = 1024;
  Memory result{std::max<int64_t>(number_in("/proc/meminfo", "MemTotal:"), 0) * kKibibyte,
                std::max<int64_t>(number_in("/proc/meminfo", "MemAvailable:"), 0) * kKibibyte};
  // Version 2 of cgroups, then version 1. Cached file pages count as used there, but the system gives them back.
  int64_t limit = number_in("/sys/fs/cgroup/memory.max", "");
  int64_t used = number_in("/sys/fs/cgroup/memory.current", "") - std::max<int64_t>(number_in("/sys/fs/cgroup/memory.stat", "inactive_file "), 0);
  if (limit < 0) {
    limit = number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", "");
    used = number_in("/sys/fs/cgroup/memory/memory.usage_in_bytes", "") -
           std::max<int64_t>(number_in("/sys/fs/cgroup/memory/memory.stat", "total_inactive_file "), 0);
  }
  if (limit > 0 && limit < result.total) {
    result.total = limit;
    result.free = std::min(result.free, std::max<int64_t>(limit - std::max<int64_t>(used, 0), 0));
  }
  return result;
}

}  // namespace angulus::cpu
