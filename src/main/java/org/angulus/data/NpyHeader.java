package org.angulus.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What stands before the elements of a NumPy file (format 1.0 to 3.0, NEP 1): magic, version, length, and a Python dictionary of the type, the
 * order and the shape. Only that dictionary is understood, nothing is evaluated.
 *
 * @param type of the elements
 * @param shape dimensions, the slowest first; at least one
 * @param dataOffset where the elements begin in the file
 */
record NpyHeader(NpyType type, List<Long> shape, long dataOffset) {
    /** Bytes of the headers written here: room for the largest shape, so that it can be rewritten in place. */
    static final int WRITTEN_BYTES = 256;
    /** Bytes that suffice to {@link #parse}. NumPy itself reads dictionaries up to 10,000 bytes only. */
    static final int LARGEST = 10_000 + 12;

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MOST_DIMENSIONS = 32;

    NpyHeader {
        shape = List.copyOf(shape);
    }

    /** Rows: the first dimension. */
    long rows() {
        return shape.getFirst();
    }

    /** Bytes of one index of the first dimension. */
    long rowBytes() {
        return shape.stream().skip(1).reduce((long) type.bytes(), Math::multiplyExact);
    }

    /** The header with another number of rows. */
    NpyHeader withRows(long rows) {
        List<Long> other = new ArrayList<>(shape);
        other.set(0, rows);
        return new NpyHeader(type, other, dataOffset);
    }

    /** Format 1.0, padded with blanks to {@link #WRITTEN_BYTES}. */
    byte[] toBytes() {
        String numbers = shape.stream().map(String::valueOf).collect(Collectors.joining(", "));
        String text = "{'descr': '" + type.descriptor() + "', 'fortran_order': False, 'shape': (" + numbers + (shape.size() == 1 ? ",), }" : "), }");
        int length = WRITTEN_BYTES - MAGIC.length - 4;
        ByteBuffer out = ByteBuffer.allocate(WRITTEN_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) length);
        out.put((text + " ".repeat(length - 1 - text.length()) + "\n").getBytes(StandardCharsets.US_ASCII));
        return out.array();
    }

    /**
     * Reads a header.
     *
     * @param begin the file's first bytes: all, or {@link #LARGEST} of them
     */
    static NpyHeader parse(Path file, ByteBuffer begin) throws DataException {
        ByteBuffer in = begin.slice().order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[MAGIC.length];
        if (in.remaining() < MAGIC.length + 4 || !Arrays.equals(MAGIC, read(in, magic))) {
            throw new DataException(file, "it does not begin like a NumPy file", "name a .npy file");
        }
        int version = in.get();
        in.get(); // minor version
        if (version < 1 || version > 3) {
            throw new DataException(file, "it has version " + version + " of NumPy's format where 1 to 3 are read", "save it with numpy.save");
        }
        if (version > 1 && in.remaining() < 4) {
            throw cut(file);
        }
        long length = version == 1 ? Short.toUnsignedLong(in.getShort()) : Integer.toUnsignedLong(in.getInt());
        if (in.position() + length > LARGEST) {
            throw new DataException(file, "it announces a header of " + length + " bytes, far more than a plain array needs", "save it with numpy.save");
        }
        if (length > in.remaining()) {
            throw cut(file);
        }
        byte[] text = read(in, new byte[(int) length]);
        return new Dictionary(file, new String(text, version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1)).header(in.position());
    }

    private static byte[] read(ByteBuffer in, byte[] bytes) {
        in.get(bytes);
        return bytes;
    }

    private static DataException cut(Path file) {
        return new DataException(file, "its header is cut short", "fetch or save it again");
    }

    /** The dictionary's text, read from left to right. */
    private static final class Dictionary {
        private final Path file;
        private final String text;
        private int at;

        Dictionary(Path file, String text) {
            this.file = file;
            this.text = text;
        }

        NpyHeader header(long dataOffset) throws DataException {
            NpyType type = null;
            List<Long> shape = null;
            Set<String> seen = new HashSet<>();
            expect('{');
            while (!next('}')) {
                String key = quoted();
                expect(':');
                switch (key) {
                    case "descr" -> type = type();
                    case "fortran_order" -> requireRows();
                    case "shape" -> shape = shape();
                    default -> throw damaged("the unknown key '" + key + "'");
                }
                if (!seen.add(key)) {
                    throw damaged("the key '" + key + "' twice");
                }
                if (!next(',')) {
                    expect('}');
                    break;
                }
            }
            if (seen.size() != 3) {
                throw damaged("only the keys " + seen + " where descr, fortran_order and shape belong");
            }
            blanks();
            if (at < text.length()) {
                throw damaged("'" + rest() + "' behind its end");
            }
            return new NpyHeader(type, shape, dataOffset);
        }

        private NpyType type() throws DataException {
            blanks();
            if (at < text.length() && text.charAt(at) == '[') {
                throw new DataException(file, "its elements are records of several fields", "save one plain array of u1, i4, i8, f4 or f8");
            }
            String descriptor = quoted();
            return NpyType.of(descriptor).orElseThrow(() -> new DataException(
                    file,
                    "its elements have the type '" + descriptor + "' where |u1, <i4, <i8, <f4 and <f8 are read",
                    "convert it with astype and save it again"));
        }

        private void requireRows() throws DataException {
            if (word("True")) {
                throw new DataException(file, "its elements stand in Fortran's order", "save numpy.ascontiguousarray of it");
            }
            if (!word("False")) {
                throw damaged("'" + rest() + "' where True or False belongs");
            }
        }

        private List<Long> shape() throws DataException {
            List<Long> shape = new ArrayList<>();
            expect('(');
            while (!next(')')) {
                shape.add(number());
                if (!next(',')) {
                    if (shape.size() == 1) {
                        throw damaged("a shape that is no tuple");
                    }
                    expect(')');
                    break;
                }
            }
            if (shape.isEmpty()) {
                throw new DataException(file, "it holds a single number and no array", "save it with at least one dimension");
            }
            if (shape.size() > MOST_DIMENSIONS) {
                throw damaged(shape.size() + " dimensions");
            }
            return shape;
        }

        private long number() throws DataException {
            blanks();
            int begin = at;
            while (at < text.length() && Character.isDigit(text.charAt(at)) && at - begin < 19) {
                at++;
            }
            try {
                return Long.parseLong(text.substring(begin, at));
            } catch (NumberFormatException e) {
                at = begin;
                throw damaged("'" + rest() + "' where a dimension belongs");
            }
        }

        private String quoted() throws DataException {
            blanks();
            char quote = at < text.length() ? text.charAt(at) : ' ';
            int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
            if (end < 0) {
                throw damaged("'" + rest() + "' where a text belongs");
            }
            String value = text.substring(at + 1, end);
            at = end + 1;
            return value;
        }

        private boolean word(String word) {
            blanks();
            boolean here = text.startsWith(word, at);
            at += here ? word.length() : 0;
            return here;
        }

        private boolean next(char c) {
            return word(String.valueOf(c));
        }

        private void expect(char c) throws DataException {
            if (!next(c)) {
                throw damaged("'" + rest() + "' where '" + c + "' belongs");
            }
        }

        private void blanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private String rest() {
            return text.substring(at, Math.min(text.length(), at + 20)).strip();
        }

        private DataException damaged(String found) {
            return new DataException(file, "its header has " + found, "it is damaged or no plain array, save it with numpy.save");
        }
    }
}
