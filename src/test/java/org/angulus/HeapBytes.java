package org.angulus;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Bytes that the calling thread takes of the Java heap. */
public final class HeapBytes {
    private static final int WARM_UP = 300;
    private static final int CALLS = 101;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private HeapBytes() {}

    /** What is measured. */
    @FunctionalInterface
    public interface Call {
        void run() throws IOException;
    }

    /** The median over many calls, after a warm-up: what a call takes, without what the runtime itself does now and then. */
    public static long perCall(Call call) throws IOException {
        for (int i = 0; i < WARM_UP; i++) {
            call.run();
        }
        var taken = new long[CALLS];
        for (int i = 0; i < CALLS; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            call.run();
            taken[i] = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        Arrays.sort(taken);
        return taken[CALLS / 2];
    }
}
