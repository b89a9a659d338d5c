package org.angulus;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A disk that is full after so many bytes of a file: the system's RLIMIT_FSIZE for this process, until it is closed. A write across the limit is cut short,
 * as on a full disk, and the next one fails with "File too large". Only the soft limit is moved, which may be raised again.
 */
public final class FileSizeLimit implements AutoCloseable {
    /** What the system says beyond the limit. */
    public static final String REASON = "File too large";

    private static final int RLIMIT_FSIZE = 1;
    private static final FunctionDescriptor CALL = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    private static final MethodHandle GET = handle("getrlimit");
    private static final MethodHandle SET = handle("setrlimit");

    private final long before;

    private FileSizeLimit(long bytes) {
        before = move(bytes);
    }

    /** No file grows beyond {@code bytes} from now on. */
    public static FileSizeLimit of(long bytes) {
        return new FileSizeLimit(bytes);
    }

    @Override
    public void close() {
        move(before);
    }

    private static MethodHandle handle(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), CALL);
    }

    /** Sets the soft limit and gives the one before. */
    private static long move(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(ValueLayout.JAVA_LONG, 2); // soft, hard
            check((int) GET.invoke(RLIMIT_FSIZE, limit));
            long soft = limit.get(ValueLayout.JAVA_LONG, 0);
            limit.set(ValueLayout.JAVA_LONG, 0, bytes);
            check((int) SET.invoke(RLIMIT_FSIZE, limit));
            return soft;
        } catch (Throwable e) {
            throw new AssertionError("the limit cannot be moved", e);
        }
    }

    private static void check(int result) {
        if (result != 0) {
            throw new AssertionError("the system refuses the limit");
        }
    }
}
