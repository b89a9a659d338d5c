package org.angulus.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/** Tells models apart: what is kept beside embeddings or a threshold says which file they belong to. */
public final class ModelChecksum {
    private ModelChecksum() {}

    /** CRC-32C of all bytes of a model file, metadata included, as eight hexadecimal digits. */
    public static String of(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        byte[] part = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(part); n >= 0; n = in.read(part)) {
                crc.update(part, 0, n);
            }
        } catch (NoSuchFileException e) {
            throw new SafeTensorsException(file, "there is no such file", "check the path", e);
        }
        return String.format("%08x", crc.getValue());
    }
}
