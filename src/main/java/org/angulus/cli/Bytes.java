package org.angulus.cli;

import java.util.Locale;

/** Numbers of bytes for people. */
final class Bytes {
    private Bytes() {}

    /** With the largest binary unit that leaves at least 1: 3.5 GiB. */
    static String text(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        return String.format(Locale.ROOT, "%.1f %ciB", bytes / Math.pow(1024, unit), "KMGTPE".charAt(unit - 1));
    }
}
