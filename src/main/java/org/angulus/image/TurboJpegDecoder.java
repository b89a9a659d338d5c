package org.angulus.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Decodes with libjpeg-turbo where the system has it, through the TurboJPEG API of its versions 1.4 to 3 (turbojpeg.h). Every thread has an instance of
 * its own, which ends with the thread.
 */
final class TurboJpegDecoder implements JpegDecoder {
    static final String LIBRARY = "libturbojpeg.so.0";

    private static final int RGB = 0; // TJPF_RGB
    private static final int ACCURATE_DCT = 4096;
    /** Refuses progressive files of more than 500 scans, each of which costs a pass over the picture. */
    private static final int LIMIT_SCANS = 32768;

    private static final int WARNING = 0; // TJERR_WARNING
    /**
     * The words of the library's warnings about data (jerror.h). Its code alone does not tell: a fatal error after a warning has the code of a warning.
     */
    private static final Pattern WARNINGS = Pattern.compile("Corrupt JPEG data: .*|Inconsistent progression sequence .*|Invalid SOS parameters for sequential JPEG"
            + "|Premature end of JPEG file|Unknown Adobe color transform code .*|Warning: unknown JFIF revision number .*");
    /** Behind the data, so that data which ends early meets a marker in any case and a missing end marker alone is no fault. */
    private static final byte[] END_OF_IMAGE = {(byte) 0xff, (byte) 0xd9};

    private static final Pattern VERSION = Pattern.compile("libjpeg-turbo version ([ -~]{1,60})");

    private final Cleaner cleaner = Cleaner.create();
    private final MethodHandle init;
    private final MethodHandle header;
    private final MethodHandle decompress;
    private final MethodHandle errorText;
    private final MethodHandle errorCode;
    private final MethodHandle destroy;
    private final ThreadLocal<Instance> instances = ThreadLocal.withInitial(this::newInstance);
    private final String description;

    /** Kept by its thread; what the cleaner runs must not refer to it. */
    private static final class Instance {
        final MemorySegment handle;
        Cleaner.Cleanable end;

        Instance(MemorySegment handle) {
            this.handle = handle;
        }
    }

    private TurboJpegDecoder(SymbolLookup library, String description) {
        var address = ValueLayout.ADDRESS;
        var number = ValueLayout.JAVA_INT;
        var size = ValueLayout.JAVA_LONG; // unsigned long
        init = function(library, "tjInitDecompress", FunctionDescriptor.of(address));
        header = function(library, "tjDecompressHeader3", FunctionDescriptor.of(number, address, address, size, address, address, address, address));
        decompress = function(library, "tjDecompress2", FunctionDescriptor.of(number, address, address, size, address, number, number, number, number, number));
        errorText = function(library, "tjGetErrorStr2", FunctionDescriptor.of(address.withTargetLayout(MemoryLayout.sequenceLayout(200, ValueLayout.JAVA_BYTE)), address));
        errorCode = function(library, "tjGetErrorCode", FunctionDescriptor.of(number, address));
        destroy = function(library, "tjDestroy", FunctionDescriptor.of(number, address));
        this.description = description;
    }

    /**
     * Loads the library.
     *
     * @throws IllegalStateException when it is not there or lacks a function; says which
     */
    static TurboJpegDecoder load() {
        SymbolLookup library;
        try {
            library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(LIBRARY + " is not among this system's libraries", e);
        }
        TurboJpegDecoder decoder = new TurboJpegDecoder(library, "turbojpeg, " + version());
        decoder.instances.get();
        return decoder;
    }

    private static MethodHandle function(SymbolLookup library, String name, FunctionDescriptor signature) {
        MemorySegment symbol = library.find(name).orElseThrow(() -> new IllegalStateException(LIBRARY + " lacks the function " + name));
        return Linker.nativeLinker().downcallHandle(symbol, signature);
    }

    /** The library has no function that tells its version, but it holds the text; its place is in the process's memory map. */
    private static String version() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            Path file = maps.filter(line -> line.contains("libturbojpeg.so")).map(line -> Path.of(line.substring(line.indexOf('/')))).findFirst().orElseThrow();
            Matcher version = VERSION.matcher(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            return "libjpeg-turbo " + (version.find() ? version.group(1) : "in " + file.getFileName());
        } catch (IOException | RuntimeException e) {
            return "libjpeg-turbo of unknown version";
        }
    }

    private Instance newInstance() {
        MemorySegment handle = (MemorySegment) call(init);
        if (handle.address() == 0) {
            throw new IllegalStateException(LIBRARY + " has no memory for a decoder");
        }
        Instance instance = new Instance(handle);
        MethodHandle end = destroy;
        instance.end = cleaner.register(instance, () -> call(end, handle));
        return instance;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public RgbImage decode(byte[] bytes, JpegHeader expected, String name) throws ImageException {
        MemorySegment handle = instances.get().handle;
        try (Arena arena = Arena.ofConfined()) {
            long size = bytes.length + END_OF_IMAGE.length;
            MemorySegment jpeg = arena.allocate(size);
            MemorySegment.copy(bytes, 0, jpeg, ValueLayout.JAVA_BYTE, 0, bytes.length);
            MemorySegment.copy(END_OF_IMAGE, 0, jpeg, ValueLayout.JAVA_BYTE, bytes.length, END_OF_IMAGE.length);
            MemorySegment found = arena.allocate(ValueLayout.JAVA_INT, 4); // width, height, subsampling, colour space
            check(handle, name, (int) call(header, handle, jpeg, size, found, found.asSlice(4), found.asSlice(8), found.asSlice(12)));
            int width = found.getAtIndex(ValueLayout.JAVA_INT, 0);
            int height = found.getAtIndex(ValueLayout.JAVA_INT, 1);
            if (width != expected.width() || height != expected.height()) {
                throw new ImageException(name, "it has more than one JPEG header, and they differ", ImageDecoder.DAMAGED);
            }
            MemorySegment pixels = arena.allocate((long) height * width * RgbImage.CHANNELS);
            int pitch = width * RgbImage.CHANNELS;
            check(handle, name, (int) call(decompress, handle, jpeg, size, pixels, width, pitch, height, RGB, ACCURATE_DCT | LIMIT_SCANS));
            return new RgbImage(height, width, pixels.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** Passes over warnings as long as the data is all there, as the Java runtime does. */
    private void check(MemorySegment handle, String name, int result) throws ImageException {
        if (result == 0) {
            return;
        }
        String text = ((MemorySegment) call(errorText, handle)).getString(0);
        boolean warning = (int) call(errorCode, handle) == WARNING && WARNINGS.matcher(text).matches();
        if (!warning) {
            // Having failed within a header, an instance would go on there with the next picture.
            instances.get().end.clean();
            instances.remove();
        }
        if (JpegDecoder.tellsEarlyEnd(text)) {
            throw JpegDecoder.endsEarly(name);
        }
        if (!warning) {
            throw new ImageException(name, "it cannot be decoded as JPEG (" + text + ")", ImageDecoder.DAMAGED);
        }
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
