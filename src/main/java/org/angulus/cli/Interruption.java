package org.angulus.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.CountDownLatch;

/**
 * What the signals that end a process (Ctrl-C, TERM) do while a command is in the middle of something: the command is asked to stop, and the process
 * waits until it has said its last word. The second signal ends the process at once. The exit code is 128 and the signal's number, given by Java.
 */
final class Interruption {
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;

    private final CountDownLatch ended = new CountDownLatch(1);
    private Thread hook;

    /** From now on a signal calls {@code stop}, on a thread of its own, and waits for the end of the command. */
    void onSignal(Runnable stop) {
        hook = new Thread(
                () -> {
                    restoreDefault(SIGINT);
                    restoreDefault(SIGTERM);
                    stop.run();
                    awaitEnd();
                },
                "angulus-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** From now on a signal ends the process as usual; one that came before still waits for the end of the command. */
    void ignore() {
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The process is ending: the hook runs.
            }
        }
    }

    /** The command has said its last word. */
    void commandEnded() {
        ignore();
        ended.countDown();
    }

    private void awaitEnd() {
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Java holds back a second signal until its hooks are done; the system does not. */
    private static void restoreDefault(int signal) {
        Linker linker = Linker.nativeLinker();
        MethodHandle handle = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("signal"), FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try {
            handle.invoke(signal, MemorySegment.NULL); // NULL is SIG_DFL
        } catch (Throwable e) {
            throw new LinkageError("signal() cannot be called", e);
        }
    }
}
