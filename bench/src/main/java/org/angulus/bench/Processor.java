package org.angulus.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux says of the processor and of this process. */
final class Processor {
    private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");
    private static final long USUAL_CACHE = 32L << 20;

    private Processor() {}

    /** Bytes of the largest cache of the first processor; 32 MiB where Linux does not say. */
    static long lastCacheBytes() {
        try (Stream<Path> caches = Files.list(CACHES)) {
            return caches.map(cache -> cache.resolve("size")).filter(Files::isReadable).mapToLong(Processor::size).max().orElse(USUAL_CACHE);
        } catch (IOException e) {
            return USUAL_CACHE;
        }
    }

    /** "266240K" in bytes; 0 for anything else. */
    private static long size(Path file) {
        String text = value(file, "^(\\d+)K$");
        return text.isEmpty() ? 0 : Long.parseLong(text) << 10;
    }

    /** "Intel(R) Xeon(R) Processor". */
    static String model() {
        String model = value(Path.of("/proc/cpuinfo"), "^model name\\s*:\\s*(.*)$");
        return model.isEmpty() ? System.getProperty("os.arch") : model;
    }

    /** Bytes of the machine's memory; 0 where Linux does not say. */
    static long memoryBytes() {
        return kibibytes(Path.of("/proc/meminfo"), "MemTotal");
    }

    /** The most memory that this process ever had resident, in bytes; 0 where Linux does not say. */
    static long peakResidentBytes() {
        return kibibytes(Path.of("/proc/self/status"), "VmHWM");
    }

    private static long kibibytes(Path file, String name) {
        String text = value(file, "^" + name + ":\\s*(\\d+) kB$");
        return text.isEmpty() ? 0 : Long.parseLong(text) << 10;
    }

    /** The group of the first line that matches; "" without one. */
    private static String value(Path file, String pattern) {
        try (Stream<String> lines = Files.lines(file)) {
            var compiled = java.util.regex.Pattern.compile(pattern);
            return lines.map(compiled::matcher).filter(java.util.regex.Matcher::matches).map(m -> m.group(1)).findFirst().orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
