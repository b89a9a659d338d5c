package org.angulus.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Rows x columns. */
record Size(int height, int width) {
    /** Reads 112x96. */
    static final class Converter implements ITypeConverter<Size> {
        @Override
        public Size convert(String text) {
            if (!text.matches("[1-9][0-9]{0,3}x[1-9][0-9]{0,3}")) {
                throw new TypeConversionException("'" + text + "' is no size; write rows x columns, such as 112x96");
            }
            String[] parts = text.split("x");
            return new Size(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        }
    }
}
