package org.angulus.model;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file: parsed and checked, or made. Everything in it is treated as hostile: after
 * {@link #parse} every entry lies in the data section, entries neither overlap nor leave a gap, and sizes agree with
 * shapes.
 *
 * @param metadata the {@code __metadata__} map, in file order
 * @param entries  tensors by name, in header order
 */
record SafeTensorsHeader(Map<String, String> metadata, Map<String, TensorEntry> entries) {
    static final String METADATA = "__metadata__";
    /** Longest header accepted, the limit of the reference implementation. */
    static final long MAX_BYTES = 100_000_000;

    private static final String DAMAGED = "the file is damaged or not safetensors, fetch or save it again";

    /**
     * Parses a header.
     *
     * @param file      for messages
     * @param header    the UTF-8 bytes between the length field and the data section
     * @param dataBytes size of the data section
     */
    static SafeTensorsHeader parse(Path file, ByteBuffer header, long dataBytes) throws SafeTensorsException {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(header).toString();
        } catch (CharacterCodingException e) {
            throw new SafeTensorsException(file, "its header is not UTF-8 text", DAMAGED, e);
        }
        if (!text.startsWith("{")) {
            throw new SafeTensorsException(file, "its header does not begin with '{'", DAMAGED);
        }
        Map<String, String> metadata = null;
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        try (JsonReader json = new JsonReader(new StringReader(text))) {
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals(METADATA)) {
                    if (metadata != null) {
                        throw new SafeTensorsException(file, "its header holds __metadata__ twice", DAMAGED);
                    }
                    metadata = readMetadata(file, json);
                } else if (entries.put(name, readEntry(file, name, json)) != null) {
                    throw new SafeTensorsException(
                            file, "its header names the tensor '" + name + "' twice", DAMAGED);
                }
            }
            json.endObject();
            json.peek(); // strict reading: throws when anything but padding follows
        } catch (SafeTensorsException e) {
            throw e;
        } catch (MalformedJsonException | EOFException | IllegalStateException | NumberFormatException e) {
            throw new SafeTensorsException(file, "its header is not the JSON that the format asks for", DAMAGED, e);
        } catch (IOException e) {
            throw new SafeTensorsException(file, "its header cannot be read as JSON", DAMAGED, e);
        }
        checkLayout(file, entries, dataBytes);
        return new SafeTensorsHeader(metadata == null ? Map.of() : metadata, entries);
    }

    private static Map<String, String> readMetadata(Path file, JsonReader json) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            if (json.peek() != JsonToken.STRING) {
                throw new SafeTensorsException(file, "its metadata '" + key + "' is not a string", DAMAGED);
            }
            if (metadata.put(key, json.nextString()) != null) {
                throw new SafeTensorsException(file, "its metadata holds '" + key + "' twice", DAMAGED);
            }
        }
        json.endObject();
        return metadata;
    }

    private static TensorEntry readEntry(Path file, String name, JsonReader json) throws IOException {
        TensorType type = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        json.beginObject();
        while (json.hasNext()) {
            String field = json.nextName();
            boolean twice =
                    switch (field) {
                        case "dtype" -> {
                            boolean had = type != null;
                            String dtype = json.nextString();
                            type = TensorType.named(dtype)
                                    .orElseThrow(() -> new SafeTensorsException(
                                            file,
                                            "its tensor '" + name + "' has the unknown element type '" + dtype + "'",
                                            "save it with one of the types F32, BF16, I64, I32 or U8"));
                            yield had;
                        }
                        case "shape" -> {
                            boolean had = shape != null;
                            shape = readCounts(file, name, field, json);
                            yield had;
                        }
                        case "data_offsets" -> {
                            boolean had = offsets != null;
                            offsets = readCounts(file, name, field, json);
                            yield had;
                        }
                        default -> {
                            json.skipValue();
                            yield false;
                        }
                    };
            if (twice) {
                throw new SafeTensorsException(file, "its tensor '" + name + "' has " + field + " twice", DAMAGED);
            }
        }
        json.endObject();
        if (type == null || shape == null || offsets == null || offsets.size() != 2) {
            throw new SafeTensorsException(
                    file, "its tensor '" + name + "' lacks a dtype, a shape or two data_offsets", DAMAGED);
        }
        return entry(file, name, type, shape, offsets.get(0), offsets.get(1));
    }

    private static TensorEntry entry(Path file, String name, TensorType type, List<Long> shape, long begin, long end)
            throws SafeTensorsException {
        long expected;
        try {
            expected = Math.multiplyExact(TensorEntry.elements(shape), type.bytes());
        } catch (ArithmeticException e) {
            throw new SafeTensorsException(
                    file, "its tensor '" + name + "' has the impossibly large shape " + shape, DAMAGED, e);
        }
        if (begin > end || end - begin != expected) {
            throw new SafeTensorsException(
                    file,
                    "its tensor '" + name + "' of shape " + shape + " and type " + type + " needs " + expected
                            + " bytes but its data_offsets are " + begin + " to " + end,
                    DAMAGED);
        }
        return new TensorEntry(name, type, shape, begin, expected);
    }

    /** A JSON array of whole numbers from 0 to Long.MAX_VALUE. */
    private static List<Long> readCounts(Path file, String tensor, String field, JsonReader json) throws IOException {
        List<Long> counts = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            if (json.peek() != JsonToken.NUMBER) {
                throw new SafeTensorsException(
                        file, field + " of its tensor '" + tensor + "' holds something that is no number", DAMAGED);
            }
            String digits = json.nextString();
            if (!isCount(digits)) {
                throw new SafeTensorsException(
                        file,
                        field + " of its tensor '" + tensor + "' holds " + digits + ", which is no size in bytes or"
                                + " elements",
                        DAMAGED);
            }
            counts.add(Long.parseLong(digits));
        }
        json.endArray();
        return counts;
    }

    /** One to 18 digits. */
    private static boolean isCount(String text) {
        boolean all = !text.isEmpty() && text.length() <= 18;
        for (int i = 0; i < text.length(); i++) {
            all &= text.charAt(i) >= '0' && text.charAt(i) <= '9';
        }
        return all;
    }

    /** The tensors tile the data section: the first begins at 0, each begins where one ends, the last ends at the end. */
    private static void checkLayout(Path file, Map<String, TensorEntry> entries, long dataBytes)
            throws SafeTensorsException {
        List<TensorEntry> sorted = new ArrayList<>(entries.values());
        sorted.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::bytes));
        long end = 0;
        for (TensorEntry entry : sorted) {
            if (entry.begin() + entry.bytes() > dataBytes) {
                throw new SafeTensorsException(
                        file,
                        "its tensor '" + entry.name() + "' ends at byte " + (entry.begin() + entry.bytes())
                                + " of a data section of " + dataBytes + " bytes",
                        "the file is cut short or damaged, fetch or save it again");
            }
            if (entry.begin() < end) {
                throw new SafeTensorsException(
                        file, "its tensor '" + entry.name() + "' overlaps the tensor before it", DAMAGED);
            }
            if (entry.begin() > end) {
                throw new SafeTensorsException(
                        file,
                        "its bytes " + end + " to " + entry.begin() + " before the tensor '" + entry.name()
                                + "' belong to no tensor",
                        DAMAGED);
            }
            end = entry.begin() + entry.bytes();
        }
        if (end != dataBytes) {
            throw new SafeTensorsException(
                    file, "its last " + (dataBytes - end) + " bytes belong to no tensor", DAMAGED);
        }
    }

    /** The header as UTF-8 JSON, padded with spaces to a multiple of 8 bytes. */
    byte[] toBytes() {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            if (!metadata.isEmpty()) {
                json.name(METADATA).beginObject();
                for (Map.Entry<String, String> item : metadata.entrySet()) {
                    json.name(item.getKey()).value(item.getValue());
                }
                json.endObject();
            }
            for (TensorEntry entry : entries.values()) {
                json.name(entry.name()).beginObject();
                json.name("dtype").value(entry.type().name());
                json.name("shape").beginArray();
                for (long size : entry.shape()) {
                    json.value(size);
                }
                json.endArray();
                json.name("data_offsets").beginArray();
                json.value(entry.begin()).value(entry.begin() + entry.bytes());
                json.endArray().endObject();
            }
            json.endObject();
        } catch (IOException e) {
            throw new AssertionError("a StringWriter does not fail", e);
        }
        int unpadded = text.toString().getBytes(StandardCharsets.UTF_8).length;
        text.append(" ".repeat(-unpadded & 7));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
