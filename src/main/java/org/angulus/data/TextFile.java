package org.angulus.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.angulus.model.Printable;

/** A UTF-8 text file, read whole. */
public final class TextFile {
    private static final long LARGEST = 1L << 30;

    private TextFile() {}

    /**
     * Reads a file.
     *
     * @throws DataException with one sentence, when it is missing, a folder, not to be read, no text or larger than 1 GiB
     */
    public static String read(Path file) throws DataException {
        if (Files.isDirectory(file)) {
            throw new DataException(file, "it is a folder", "name a file");
        }
        try {
            if (Files.size(file) > LARGEST) {
                throw new DataException(file, "it has " + Files.size(file) + " bytes where a text of at most " + LARGEST + " is read", "check that this is the file that was meant");
            }
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (DataException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new DataException(file, "there is no such file", "check the path", e);
        } catch (CharacterCodingException e) {
            throw new DataException(file, "it is not UTF-8 text", "check that this is the file that was meant", e);
        } catch (IOException e) {
            throw new DataException(file, "it cannot be read (" + Printable.reason(e) + ")", "check that it is a readable file", e);
        }
    }
}
