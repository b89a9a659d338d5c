package org.angulus.data;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * Reads Python pickles (protocols 0 to 5) of plain data: lists, tuples, numbers, booleans, texts and bytes. The opcodes are an allow-list, and so are
 * the globals: those by which Python writes bytes and NumPy booleans. They are recognised, not called; anything else is refused by name, so nothing
 * is ever executed. Objects, depth and bytes made are bounded, so a small file cannot take much memory.
 *
 * <p>Lists and tuples become {@link List}, bytes and Python 2's strings {@link Bytes}, texts {@link String}, numbers {@link Long}; {@link Boolean} is what
 * it is in Python.
 */
final class PickleReader {
    private static final int MOST_OBJECTS = 1 << 20;
    private static final int DEEPEST = 32;
    private static final Object NONE = new Object();

    private final Path file;
    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private long objects;
    private long made;

    private PickleReader(Path file, byte[] pickle) {
        this.file = file;
        this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes in the file, or made from a text in it. */
    record Bytes(byte[] array, int offset, int length) {
        byte[] copy() {
            return Arrays.copyOfRange(array, offset, offset + length);
        }
    }

    /** Something that a pickle names, module and name with a dot between them. */
    private record Global(String name) {}

    /** A NumPy type. */
    private record ArrayType(String descriptor) {}

    /**
     * Reads one pickle.
     *
     * @param file for messages
     * @throws DataException when it is damaged, or holds what is not plain data
     */
    static Object read(Path file, byte[] pickle) throws DataException {
        var reader = new PickleReader(file, pickle);
        try {
            return reader.run();
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException
                | ClassCastException | UnsupportedOperationException | NoSuchElementException e) {
            throw new DataException(file, "its pickle is damaged near byte " + reader.in.position(), "fetch it again", e);
        }
    }

    private Object run() throws DataException {
        while (true) {
            int opcode = Byte.toUnsignedInt(in.get());
            switch (opcode) {
                case 0x80 -> requireProtocol(in.get()); // PROTO
                case 0x95 -> in.getLong(); // FRAME
                case '.' -> {
                    return pop();
                }
                case '(' -> mark();
                case '0' -> pop();
                case '1' -> popMark();
                case '2' -> push(peek()); // DUP
                case 'N' -> push(NONE);
                case 0x88 -> push(true);
                case 0x89 -> push(false);
                case 'I' -> pushInteger(line());
                case 'L' -> push(Long.parseLong(line().replace("L", "")));
                case 'J' -> push((long) in.getInt());
                case 'K' -> push((long) Byte.toUnsignedInt(in.get()));
                case 'M' -> push((long) Short.toUnsignedInt(in.getShort()));
                case 0x8a -> push(longOf(bytes(Byte.toUnsignedInt(in.get())))); // LONG1
                case ']' -> push(new ArrayList<>());
                case 'l' -> push(popMark());
                case 'a' -> {
                    Object item = pop();
                    list().add(item);
                }
                case 'e' -> {
                    List<Object> items = popMark();
                    list().addAll(items);
                }
                case ')' -> push(List.of());
                case 't' -> push(Collections.unmodifiableList(popMark()));
                case 0x85 -> pushTuple(1);
                case 0x86 -> pushTuple(2);
                case 0x87 -> pushTuple(3);
                case 'S' -> push(latin(PythonText.quoted(line()))); // Python 2's str
                case 'T' -> push(bytes(in.getInt()));
                case 'U', 'C' -> push(bytes(Byte.toUnsignedInt(in.get())));
                case 'B' -> push(bytes(in.getInt()));
                case 0x8e, 0x96 -> push(bytes(in.getLong())); // BINBYTES8, BYTEARRAY8
                case 'V' -> push(PythonText.unescaped(line(), false));
                case 'X' -> push(text(in.getInt()));
                case 0x8c -> push(text(Byte.toUnsignedInt(in.get()))); // SHORT_BINUNICODE
                case 0x8d -> push(text(in.getLong())); // BINUNICODE8
                case 'p' -> remember(Long.parseLong(line()));
                case 'q' -> remember(Byte.toUnsignedInt(in.get()));
                case 'r' -> remember(Integer.toUnsignedLong(in.getInt()));
                case 0x94 -> remember(memo.size()); // MEMOIZE
                case 'g' -> push(recall(Long.parseLong(line())));
                case 'h' -> push(recall(Byte.toUnsignedInt(in.get())));
                case 'j' -> push(recall(Integer.toUnsignedLong(in.getInt())));
                case 'c' -> push(global(line(), line()));
                case 0x93 -> { // STACK_GLOBAL
                    String name = (String) pop();
                    push(global((String) pop(), name));
                }
                case 'R' -> {
                    List<?> arguments = (List<?>) pop();
                    push(reduced((Global) pop(), arguments));
                }
                case 'b' -> { // BUILD: the byte order of a NumPy type, which a boolean has not
                    pop();
                    if (!(peek() instanceof ArrayType)) {
                        throw refused("the state of an object");
                    }
                }
                default -> throw refused("the opcode 0x%02x at byte %d".formatted(opcode, in.position() - 1));
            }
        }
    }

    private void requireProtocol(int protocol) throws DataException {
        if (protocol < 0 || protocol > 5) {
            throw refused("protocol " + protocol);
        }
    }

    private Global global(String module, String name) throws DataException {
        String full = module + "." + name;
        return switch (full) {
            case "_codecs.encode", "builtins.bytes", "__builtin__.bytes", "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar" ->
                new Global(full);
            default -> throw refused("the Python name " + full);
        };
    }

    /** What a call would give. */
    private Object reduced(Global function, List<?> arguments) throws DataException {
        return switch (function.name()) {
            case "_codecs.encode" -> {
                String encoding = (String) arguments.get(1);
                if (!encoding.equals("latin1") && !encoding.equals("latin-1")) {
                    throw refused("bytes in the encoding " + encoding);
                }
                yield latin((String) arguments.get(0));
            }
            case "builtins.bytes", "__builtin__.bytes" -> {
                if (!arguments.isEmpty()) {
                    throw refused("a call of bytes");
                }
                yield new Bytes(new byte[0], 0, 0);
            }
            case "numpy.dtype" -> new ArrayType(ascii(arguments.getFirst()));
            default -> { // scalar
                Bytes value = arguments.get(1) instanceof Bytes bytes ? bytes : latin((String) arguments.get(1));
                if (!(arguments.getFirst() instanceof ArrayType type) || !type.descriptor().matches("[|]?b1") || value.length() != 1) {
                    throw refused("a NumPy number that is no boolean");
                }
                yield value.array()[value.offset()] != 0;
            }
        };
    }

    private static String ascii(Object value) {
        return value instanceof Bytes bytes ? new String(bytes.copy(), StandardCharsets.US_ASCII) : (String) value;
    }

    private void pushInteger(String text) throws DataException {
        switch (text) {
            case "00" -> push(false);
            case "01" -> push(true);
            default -> push(Long.parseLong(text));
        }
    }

    /** Little-endian, in two's complement. */
    private long longOf(Bytes bytes) throws DataException {
        if (bytes.length() > Long.BYTES) {
            throw refused("a number of " + bytes.length() + " bytes");
        }
        long value = 0;
        for (int i = bytes.length() - 1; i >= 0; i--) {
            byte digit = bytes.array()[bytes.offset() + i];
            value = i == bytes.length() - 1 ? digit : value << 8 | Byte.toUnsignedInt(digit);
        }
        return value;
    }

    private String line() {
        int begin = in.position();
        while (in.get() != '\n') {
            // read on
        }
        return new String(in.array(), begin, in.position() - 1 - begin, StandardCharsets.ISO_8859_1);
    }

    private Bytes bytes(long length) {
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        Bytes bytes = new Bytes(in.array(), in.position(), (int) length);
        in.position(in.position() + (int) length);
        return bytes;
    }

    private String text(long length) {
        Bytes bytes = bytes(length);
        return new String(bytes.array(), bytes.offset(), bytes.length(), StandardCharsets.UTF_8);
    }

    private Bytes latin(String text) throws DataException {
        made += text.length();
        if (made > in.capacity()) {
            throw refused("the same bytes over and over");
        }
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return new Bytes(bytes, 0, bytes.length);
    }

    private void push(Object value) throws DataException {
        count();
        stack.add(value);
    }

    private void count() throws DataException {
        if (++objects > MOST_OBJECTS) {
            throw refused("more than " + MOST_OBJECTS + " objects");
        }
    }

    private Object pop() {
        return stack.removeLast();
    }

    private Object peek() {
        return stack.getLast();
    }

    @SuppressWarnings("unchecked") // refused as damaged where it is no list
    private List<Object> list() {
        return (List<Object>) peek();
    }

    private void pushTuple(int size) throws DataException {
        List<Object> last = stack.subList(stack.size() - size, stack.size());
        List<Object> items = new ArrayList<>(last);
        last.clear();
        push(Collections.unmodifiableList(items));
    }

    private void mark() throws DataException {
        if (marks.size() == DEEPEST) {
            throw refused("nesting deeper than " + DEEPEST);
        }
        marks.add(stack.size());
    }

    private List<Object> popMark() {
        int mark = marks.removeLast();
        List<Object> above = stack.subList(mark, stack.size());
        List<Object> items = new ArrayList<>(above);
        above.clear();
        return items;
    }

    private void remember(long key) throws DataException {
        count();
        memo.put(key, peek());
    }

    private Object recall(long key) {
        Object value = memo.get(key);
        if (value == null) {
            throw new IllegalArgumentException("nothing was remembered as " + key);
        }
        return value;
    }

    private DataException refused(String what) {
        return new DataException(file, "its pickle holds " + what + ", which plain data does not need", "use a file of pictures and booleans from a source you trust");
    }
}
