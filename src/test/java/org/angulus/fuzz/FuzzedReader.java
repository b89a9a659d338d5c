package org.angulus.fuzz;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.angulus.data.LfwPeople;
import org.angulus.data.Npy;
import org.angulus.data.RecordFiles;
import org.angulus.data.RecordImages;
import org.angulus.data.VerificationBin;
import org.angulus.eval.VerificationPairs;
import org.angulus.image.ImageDecoder;
import org.angulus.model.InputFormat;
import org.angulus.model.ModelMetadata;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.SafeTensors;
import org.angulus.model.SafeTensorsWriter;
import org.angulus.model.TensorEntry;
import org.angulus.model.TensorSpec;
import org.angulus.model.Variant;
import org.angulus.model.Weights;
import org.angulus.train.Checkpoint;
import org.angulus.train.TrainingConfig;

/** The readers of files, each with good files and the most Java memory that a file of theirs may take. */
enum FuzzedReader {
    JPEG("picture.jpg", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            return pictures("jpeg");
        }

        @Override
        void read(Path file) throws IOException {
            ImageDecoder.decode(file);
        }
    },
    PNG("picture.png", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            return pictures("png");
        }

        @Override
        void read(Path file) throws IOException {
            ImageDecoder.decode(file);
        }
    },
    BMP("picture.bmp", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            return pictures("bmp");
        }

        @Override
        void read(Path file) throws IOException {
            ImageDecoder.decode(file);
        }
    },
    PGM("picture.pgm", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) {
            return texts("P2\n# a comment\n3 2\n255\n0 1 2\n253 254 255\n", "P5 4 2 255\nabcdefgh");
        }

        @Override
        void read(Path file) throws IOException {
            ImageDecoder.decode(file);
        }
    },
    SAFETENSORS("model.safetensors", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            Path file = folder.resolve("seed.safetensors");
            new SafeTensorsWriter().floats("w", new float[] {1, 2, 3, 4}, 2, 2).bytes("b", new byte[] {9}, 1).write(file);
            byte[] without = ("________" + "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}" + "abcd").getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(new byte[] {(byte) (without.length - 12), 0, 0, 0, 0, 0, 0, 0}, 0, without, 0, 8);
            return List.of(Files.readAllBytes(file), without);
        }

        @Override
        void read(Path file) throws IOException {
            try (SafeTensors tensors = SafeTensors.open(file)) {
                for (TensorEntry entry : tensors.entries()) {
                    if (entry.bytes() != tensors.data(entry.name()).byteSize()) {
                        throw new AssertionError("the data of " + entry.name() + " have another size than it says");
                    }
                }
            }
        }
    },
    MODEL_METADATA("model.safetensors", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            ResFaceConfig network = ResFaceConfig.of("resface4", Variant.ARTICLE).withWidths(List.of(1, 1, 1, 1)).withCrop(16, 16).withEmbeddingSize(1);
            List<TensorSpec> tensors = new ResFace(network).parameters();
            ModelMetadata metadata = new ModelMetadata(network, InputFormat.DEFAULT, "am-softmax", 2, "nobody", "none");
            Weights.draw(tensors, 1).save(folder.resolve("seed.safetensors"), metadata);
            return List.of(Files.readAllBytes(folder.resolve("seed.safetensors")));
        }

        @Override
        void read(Path file) throws IOException {
            ModelMetadata.load(file);
        }
    },
    NPY("array.npy", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            return resources("npy", "u8.npy", "i32.npy", "i64.npy", "f32.npy", "f32-v2.npy", "f32-v3.npy", "f64.npy");
        }

        @Override
        void read(Path file) throws IOException {
            try (Npy array = Npy.open(file)) {
                if (array.data().byteSize() > Files.size(file)) {
                    throw new AssertionError("more data than the file holds");
                }
            }
        }
    },
    RECORDS("faces.rec", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            RecordFiles records = records();
            Files.write(folder.resolve("faces.idx"), records.idxBytes());
            return List.of(records.recBytes());
        }

        @Override
        void read(Path file) throws IOException {
            readAll(RecordImages.open(file));
        }
    },
    RECORD_INDEX("faces.idx", 1 << 30) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            RecordFiles records = records();
            Files.write(folder.resolve("faces.rec"), records.recBytes());
            return List.of(records.idxBytes());
        }

        @Override
        void read(Path file) throws IOException {
            readAll(RecordImages.open(file.resolveSibling("faces.rec")));
        }
    },
    VERIFICATION_BIN("pairs.bin", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) throws IOException {
            return resources("pickle", "python2-0.bin", "python2-2.bin", "python3-0.bin", "python3-2.bin", "python3-4.bin", "python3-5.bin");
        }

        @Override
        void read(Path file) throws IOException {
            VerificationBin.read(file);
        }
    },
    PAIRS("pairs.txt", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) {
            String view1 = "10\n" + "Ann\t1\t2\n".repeat(10) + "Ann\t1\tBob\t1\n".repeat(10);
            return texts("2\t1\nAnn\t1\t4\nAnn\t2\tBob\t1\nBjörn\t3\t10\nCy\t1\tAnn\t4\n", view1);
        }

        @Override
        void read(Path file) throws IOException {
            VerificationPairs.read(file);
        }
    },
    PEOPLE("people.txt", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) {
            return texts("2\nAnn\t4\nBjörn\t10\n");
        }

        @Override
        void read(Path file) throws IOException {
            LfwPeople.readView1(file);
        }
    },
    CHECKPOINT("state.json", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) {
            return texts("{\"state\": {\"format\": 1, \"step\": 5, \"appliedSteps\": 4, \"skippedSteps\": 1, \"classes\": 3, \"bestStep\": -1, \"bestFigure\": 0.5, \"decoder\": \"none\","
                    + " \"version\": \"test\"}, \"config\": " + TrainingConfig.recipe("default").toJson() + "}");
        }

        @Override
        void read(Path file) throws IOException {
            Checkpoint.readState(file.getParent());
        }
    },
    CONFIG("config.json", 1 << 26) {
        @Override
        List<byte[]> seeds(Path folder) {
            return texts(TrainingConfig.recipe("default").toJson(), "{\"recipe\": \"article-adam\", \"batch\": 8, \"clip\": 5}");
        }

        @Override
        void read(Path file) throws IOException {
            TrainingConfig.load(file);
        }
    };

    private final String fileName;
    private final long mostBytes;

    FuzzedReader(String fileName, long mostBytes) {
        this.fileName = fileName;
        this.mostBytes = mostBytes;
    }

    String fileName() {
        return fileName;
    }

    long mostBytes() {
        return mostBytes;
    }

    /** Good files of this kind; what they need beside them is written to the folder. */
    abstract List<byte[]> seeds(Path folder) throws IOException;

    /** Reads all of a file. */
    abstract void read(Path file) throws IOException;

    private static List<byte[]> texts(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /** Colour and grey pictures of noise. */
    private static List<byte[]> pictures(String format) throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (int type : new int[] {BufferedImage.TYPE_3BYTE_BGR, BufferedImage.TYPE_BYTE_GRAY}) {
            BufferedImage image = new BufferedImage(19, 13, type);
            image.setRGB(0, 0, 19, 13, new Random(type).ints(19 * 13).toArray(), 0, 19);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            if (!ImageIO.write(image, format, out)) {
                throw new AssertionError("no writer for " + format);
            }
            files.add(out.toByteArray());
        }
        return files;
    }

    private static List<byte[]> resources(String folder, String... names) throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (String name : names) {
            try (InputStream in = FuzzedReader.class.getResourceAsStream("/golden/" + folder + "/" + name)) {
                files.add(in.readAllBytes());
            }
        }
        return files;
    }

    private static RecordFiles records() throws IOException {
        byte[] picture = pictures("png").getFirst();
        return new RecordFiles()
                .add(0, new byte[0], 4, 6)
                .add(1, picture, 3)
                .add(2, picture, 3, 99)
                .add(3, picture, 12)
                .add(4, new byte[0], 1, 3)
                .add(5, new byte[0], 3, 4);
    }

    private static void readAll(RecordImages images) throws IOException {
        for (int i = 0; i < images.count(); i++) {
            images.decode(i);
        }
    }
}
