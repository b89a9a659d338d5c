package org.angulus.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes RecordIO files with an index, by the description of the format. */
public final class RecordFiles {
    private final ByteArrayOutputStream rec = new ByteArrayOutputStream();
    private final StringBuilder idx = new StringBuilder();

    /** A record with one label, or with several where more are given. */
    public RecordFiles add(int key, byte[] image, float... labels) {
        idx.append(key).append('\t').append(rec.size()).append('\n');
        boolean several = labels.length > 1;
        ByteBuffer header = ByteBuffer.allocate(24 + (several ? 4 * labels.length : 0)).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(several ? labels.length : 0).putFloat(several ? 0 : labels[0]).putLong(key).putLong(0);
        if (several) {
            for (float label : labels) {
                header.putFloat(label);
            }
        }
        byte[] payload = new byte[header.capacity() + image.length];
        System.arraycopy(header.array(), 0, payload, 0, header.capacity());
        System.arraycopy(image, 0, payload, header.capacity(), image.length);
        addPayload(payload);
        return this;
    }

    /** Cuts where the magic stands at a multiple of four, as the format wants. */
    private void addPayload(byte[] payload) {
        List<byte[]> parts = new ArrayList<>();
        int begin = 0;
        ByteBuffer words = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 <= payload.length; at += 4) {
            if (words.getInt(at) == RecordIo.MAGIC) {
                parts.add(Arrays.copyOfRange(payload, begin, at));
                begin = at + 4;
            }
        }
        parts.add(Arrays.copyOfRange(payload, begin, payload.length));
        for (int i = 0; i < parts.size(); i++) {
            int kind = parts.size() == 1 ? 0 : i == 0 ? 1 : i == parts.size() - 1 ? 3 : 2;
            byte[] part = parts.get(i);
            ByteBuffer out = ByteBuffer.allocate(8 + (part.length + 3) / 4 * 4).order(ByteOrder.LITTLE_ENDIAN);
            out.putInt(RecordIo.MAGIC).putInt(kind << 29 | part.length).put(part);
            rec.writeBytes(out.array());
        }
    }

    public byte[] recBytes() {
        return rec.toByteArray();
    }

    public byte[] idxBytes() {
        return idx.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes train.rec and train.idx; gives the first. */
    public Path write(Path folder) throws IOException {
        Files.write(folder.resolve("train.idx"), idxBytes());
        return Files.write(folder.resolve("train.rec"), rec.toByteArray());
    }
}
