package org.angulus.device;

/**
 * What a kernel met that only the device can see; the first one stays until it is reported.
 *
 * @param code what was wrong
 * @param op the op that met it, in words
 * @param index row or element
 * @param step number of the step when it happened, -1 where the op has none
 */
public record Fault(Code code, String op, long index, long step) {
    /** Kinds of bad data. */
    public enum Code {
        NONE("no fault"),
        LABEL("a label outside [0, classes)"),
        NOT_FINITE("a number that is not finite");

        private final String words;

        Code(String words) {
            this.words = words;
        }
    }

    /** One sentence. */
    public String words() {
        return op + " met " + code.words + " at index " + index + (step < 0 ? "" : " in step " + step);
    }
}
