#include "registry.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "guard.h"

namespace angulus {

namespace {

struct PlugIn {
  const char* name;            // what stands before the ':' of a device name
  const char* file;
  const char* why_not_built;   // why the file may be absent
  const ag_backend* backend;   // null until it is loaded
};

std::mutex loading;
PlugIn plug_ins[] = {
    {"cuda", "libangulus_cuda.so", "tools/build-cuda builds it, with nvcc 13", nullptr},
    {"simt", "libangulus_simt.so", "it is for tests, and AG_PLUGIN_PATH names the folder it was built in", nullptr},
};

// The folder of libangulus.so itself.
std::string own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return ".";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

// Loads the file, or gives the cause in words. A plug-in that is loaded stays loaded.
std::string load(PlugIn& plug_in) {
  std::string path = own_folder() + "/" + plug_in.file;
  if (access(path.c_str(), F_OK) != 0) {
    const char* const extra = std::getenv("AG_PLUGIN_PATH");
    const bool named = extra != nullptr && extra[0] != '\0';
    if (named) path = std::string(extra) + "/" + plug_in.file;
    if (!named || access(path.c_str(), F_OK) != 0) {
      return format("%s is neither beside libangulus.so (%s) nor in AG_PLUGIN_PATH (%s): %s", plug_in.file, own_folder().c_str(),
                    named ? extra : "not set", plug_in.why_not_built);
    }
  }
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return format("%s could not be loaded: %s", path.c_str(), dlerror());
  const auto entry = reinterpret_cast<ag_plugin_function>(dlsym(library, "ag_plugin"));
  if (entry == nullptr) {
    dlclose(library);
    return format("%s is no plug-in of Angulus: it does not export ag_plugin", path.c_str());
  }
  const ag_backend* const backend = entry();
  if (backend == nullptr || backend->abi_version != AG_ABI_VERSION) {
    const std::string cause = format("%s was built for boundary version %d, but libangulus.so has %d: build both from the same sources", path.c_str(),
                                     backend == nullptr ? 0 : backend->abi_version, AG_ABI_VERSION);
    dlclose(library);
    return cause;
  }
  plug_in.backend = backend;
  return {};
}

}  // namespace

const ag_backend& find_backend(const char* device_name, std::string* variant) {
  const std::string name = device_name;
  const size_t colon = name.find(':');
  const std::string kind = name.substr(0, colon);
  *variant = colon == std::string::npos ? std::string() : name.substr(colon + 1);
  if (kind == ag_cpu_backend()->name) return *ag_cpu_backend();
  for (PlugIn& plug_in : plug_ins) {
    if (kind != plug_in.name) continue;
    std::lock_guard<std::mutex> lock(loading);
    if (plug_in.backend == nullptr) {
      const std::string cause = load(plug_in);
      if (plug_in.backend == nullptr) fail(AG_UNAVAILABLE, "%s is not available: %s", device_name, cause.c_str());
    }
    return *plug_in.backend;
  }
  fail(AG_INVALID_ARGUMENT, "no device is called \"%s\"; expected cpu, cpu:avx512, cpu:avx2, cpu:sse2, cpu:baseline, cuda:N or simt", device_name);
}

std::string describe_backends() {
  char line[512];
  ag_cpu_backend()->describe(line, sizeof line);
  std::string text = format("cpu: %s", line);
  for (PlugIn& plug_in : plug_ins) {
    std::lock_guard<std::mutex> lock(loading);
    std::string words = plug_in.backend == nullptr ? load(plug_in) : std::string();
    if (plug_in.backend != nullptr) {
      plug_in.backend->describe(line, sizeof line);
      words = line;
    } else {
      words = "not available: " + words;
    }
    text += format("\n%s: %s", plug_in.name, words.c_str());
  }
  return text;
}

}  // namespace angulus
