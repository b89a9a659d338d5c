package org.angulus.cli;

import java.util.Map;

/** What a command returns to the shell. */
final class ExitCode {
    static final int OK = 0;
    /** The input, a file or the machine does not allow it: one sentence on standard error says what, where and what to do. */
    static final int FAILED = 1;
    /** The command line itself is wrong. */
    static final int USAGE = 2;
    /** Training diverged and stopped; the last good checkpoint is named. */
    static final int DIVERGED = 3;
    /** A signal stopped training after a checkpoint: what a shell gives for Ctrl-C. */
    static final int INTERRUPTED = 130;
    /** {@code compare} worked, and its verdict is: different people. */
    static final int DIFFERENT = 4;
    /** A defect of this program. */
    static final int DEFECT = 70;

    /** What they mean in the help of every command; a command adds its own and may say more of one. */
    static final Map<String, String> MEANINGS = Map.of(
            "0", "it is done",
            "1", "a file, the device or the input cannot be used; one sentence says what to do",
            "2", "the command line is wrong",
            "70", "a defect of angulus; the file with its trace is named");

    private ExitCode() {}
}
