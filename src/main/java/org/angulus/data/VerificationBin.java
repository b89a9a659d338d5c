package org.angulus.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.angulus.data.PickleReader.Bytes;
import org.angulus.image.Framing;
import org.angulus.image.ImageDecoder;
import org.angulus.model.Printable;

/**
 * A verification set as InsightFace publishes LFW, CFP-FP, AgeDB-30, CALFW and CPLFW: a {@code .bin} file, which is a Python pickle of a list of 2 n
 * encoded pictures and a list of n booleans. Pictures 2 i and 2 i + 1 are pair i; its boolean says whether they show the same person.
 */
public final class VerificationBin {
    private static final long LARGEST = 1L << 30;
    private static final String PERSON = "picture";

    private final Path file;
    private final List<?> pictures; // of Bytes
    private final boolean[] same;

    private VerificationBin(Path file, List<?> pictures, boolean[] same) {
        this.file = file;
        this.pictures = pictures;
        this.same = same;
    }

    /**
     * Reads a file whole; its pictures are decoded later.
     *
     * @throws DataException when it is missing, damaged, or no such pickle
     */
    public static VerificationBin read(Path file) throws DataException {
        Object content = PickleReader.read(file, bytes(file));
        if (!(content instanceof List<?> both && both.size() == 2 && both.get(0) instanceof List<?> pictures && both.get(1) instanceof List<?> flags)
                || !pictures.stream().allMatch(Bytes.class::isInstance) || !flags.stream().allMatch(VerificationBin::isFlag)) {
            throw new DataException(file, "it is a pickle, but not of a list of pictures and a list of booleans", "name a verification set such as lfw.bin");
        }
        if (flags.isEmpty() || pictures.size() != 2 * flags.size()) {
            throw new DataException(file, "it holds " + pictures.size() + " pictures for " + flags.size() + " pairs", "fetch it again");
        }
        boolean[] same = new boolean[flags.size()];
        for (int i = 0; i < same.length; i++) {
            same[i] = flags.get(i).equals(true) || flags.get(i).equals(1L);
        }
        return new VerificationBin(file, pictures, same);
    }

    private static boolean isFlag(Object value) {
        return value instanceof Boolean || value.equals(0L) || value.equals(1L);
    }

    private static byte[] bytes(Path file) throws DataException {
        try {
            if (Files.size(file) > LARGEST) {
                throw new DataException(file, "it has " + Files.size(file) + " bytes where at most " + LARGEST + " are read", "check that this is a verification set");
            }
            return Files.readAllBytes(file);
        } catch (DataException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new DataException(file, "there is no such file", "check the path", e);
        } catch (IOException e) {
            throw new DataException(file, "it cannot be read (" + Printable.reason(e) + ")", "check that it is a readable file", e);
        }
    }

    /** The file that was read. */
    public Path file() {
        return file;
    }

    /** Number of pairs. */
    public int pairs() {
        return same.length;
    }

    /** Whether a pair shows the same person. */
    public boolean same(int pair) {
        return same[pair];
    }

    /** The first or second picture of a pair, as a photograph of its own: its number counts the pictures of the file from 1. */
    public Photo photo(int pair, int side) {
        return new Photo(PERSON, 2 * pair + side + 1);
    }

    /**
     * The crops of the pictures.
     *
     * @param framing how pictures become crops
     */
    public PhotoSource photos(int height, int width, Framing framing) {
        return (Photo photo, MemorySegment rgb) -> {
            boolean here = photo.person().equals(PERSON) && photo.number() <= pictures.size();
            if (here) {
                String name = file + ", picture " + photo.number();
                framing.apply(ImageDecoder.decode(((Bytes) pictures.get(photo.number() - 1)).copy(), name), height, width, name).copyTo(rgb);
            }
            return here;
        };
    }
}
