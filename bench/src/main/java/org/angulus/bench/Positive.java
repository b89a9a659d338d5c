package org.angulus.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads numbers of a command line that must be above 0. */
final class Positive {
    private static final int MOST = 1_000_000;

    private Positive() {}

    /** Of images, rounds, steps. */
    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return (int) number(text, 1, "a whole number from 1 to " + MOST, true);
        }
    }

    /** Of time. */
    static final class Seconds implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return number(text, 1e-3, "0.001 to " + MOST, false);
        }
    }

    private static double number(String text, double least, String wanted, boolean whole) {
        try {
            double value = Double.parseDouble(text);
            if (value >= least && value <= MOST && (!whole || value == Math.rint(value))) {
                return value;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw new TypeConversionException("'" + text + "' is not " + wanted);
    }
}
