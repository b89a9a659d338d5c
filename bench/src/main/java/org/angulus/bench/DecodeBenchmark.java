package org.angulus.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.angulus.image.Decoders;
import org.angulus.image.ImageDecoder;
import org.angulus.image.RgbImage;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Decodes a picture in memory, one call one picture, on one thread. Each decoded picture must be the one that was drawn, but for JPEG's loss. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class DecodeBenchmark {
    private static final int PICTURES = 64;

    /** JPEG by libjpeg-turbo or by the Java runtime; PNG, which the Java runtime alone decodes. */
    @Param({"jpeg-turbojpeg", "jpeg-imageio", "png"})
    public String codec;

    /** Rows and columns. */
    @Param({"112x96", "250x250"})
    public String size;

    private byte[][] files;
    private int next;

    @Setup
    public void encode() throws IOException {
        String[] words = codec.split("-", 2);
        if (words.length == 2) {
            System.setProperty(Decoders.PROPERTY, words[1]); // read once: right in a fork of this case's own
            if (!Decoders.description().startsWith(words[1])) {
                throw new IllegalStateException("The decoder is " + Decoders.description() + ", not " + words[1] + "; run it in a fork (-f 1).");
            }
        }
        RgbImage[] faces = DrawnFaces.draw(PICTURES, DrawnFaces.Size.parse(size));
        files = new byte[PICTURES][];
        for (int i = 0; i < PICTURES; i++) {
            files[i] = DrawnFaces.encode(faces[i], words[0]);
            RgbImage decoded = ImageDecoder.decode(files[i], codec + " " + i);
            DrawnFaces.requireAlike(codec + " " + i, decoded, faces[i]);
            if (words[0].equals("png") && !Arrays.equals(decoded.pixels(), faces[i].pixels())) {
                throw new IllegalStateException("Picture " + i + " is not the same after PNG, which loses nothing.");
            }
        }
    }

    @Benchmark
    public RgbImage decode() throws IOException {
        next = (next + 1) % PICTURES;
        return ImageDecoder.decode(files[next], codec);
    }
}
