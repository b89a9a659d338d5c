package org.angulus.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a model file says about itself: all that is needed to feed it a picture the way it was trained.
 *
 * @param network the network
 * @param input how pictures become numbers
 * @param loss the head it was trained with, in words
 * @param classes people it was trained on
 * @param trainingSet name of the training set
 * @param aligner how its crops were cut
 */
public record ModelMetadata(NetworkConfig network, InputFormat input, String loss, int classes, String trainingSet, String aligner) {
    /** The metadata key under which the format of a model file stands. */
    public static final String FORMAT_KEY = "format";

    private static final String FAMILY_KEY = "family";
    private static final String LENET = "lenet";
    private static final String FORMAT = "angulus-model-1";

    /** As the file's string map. */
    public Map<String, String> toMap() {
        var map = new LinkedHashMap<String, String>();
        map.put(FORMAT_KEY, FORMAT);
        map.put("network", network.name());
        map.put("widths", join(network.widths()));
        map.put("crop", network.height() + "x" + network.width());
        map.put("embedding_size", String.valueOf(network.embeddingSize()));
        switch (network) {
            case ResFaceConfig resFace -> {
                map.put("blocks", join(resFace.blocks()));
                map.put("variant", lower(resFace.variant()));
                map.put("padding", lower(resFace.padding()));
                map.put("initialization", lower(resFace.initialization()));
                map.put("dropout_keep", String.valueOf(resFace.keep()));
                map.put("bn_epsilon", String.valueOf(resFace.epsilon()));
                map.put("bn_decay", String.valueOf(resFace.decay()));
                map.put("bn_unbiased_variance", String.valueOf(resFace.unbiasedVariance()));
            }
            case LeNetConfig leNet -> {
                map.put(FAMILY_KEY, LENET);
                map.put("feature_prelu", String.valueOf(leNet.featurePrelu()));
            }
        }
        map.put("channel_order", lower(input.channelOrder()));
        map.put("pixel_mean", String.valueOf(input.mean()));
        map.put("pixel_factor", String.valueOf(input.factor()));
        map.put("loss", loss);
        map.put("classes", String.valueOf(classes));
        map.put("training_set", trainingSet);
        map.put("aligner", aligner);
        return map;
    }

    /** Reads the metadata of a model file; IOException with one sentence when they are missing or wrong. */
    public static ModelMetadata load(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return of(tensors);
        }
    }

    /** As {@link #load}, of an open file. */
    public static ModelMetadata of(SafeTensors tensors) throws IOException {
        try {
            return fromMap(tensors.metadata());
        } catch (IllegalArgumentException e) {
            throw new IOException(tensors.file() + ": " + e.getMessage(), e);
        }
    }

    /** As {@link #load}, of a model from which training can start: an int8 one is refused with one sentence. */
    public static ModelMetadata loadTrainable(Path file) throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            Int8Weights.refuse(tensors);
            return of(tensors);
        }
    }

    static ModelMetadata fromMap(Map<String, String> map) {
        String format = value(map, FORMAT_KEY, Function.identity());
        if (!format.equals(FORMAT) && !Int8Weights.isIn(map)) {
            throw new IllegalArgumentException(
                    "the file has the format '" + Printable.of(format) + "', but this program reads " + FORMAT + "; read it with the program that saved it.");
        }
        var input = new InputFormat(
                value(map, "channel_order", text -> InputFormat.ChannelOrder.valueOf(text.toUpperCase(Locale.ROOT))),
                value(map, "pixel_mean", Float::parseFloat),
                value(map, "pixel_factor", Float::parseFloat));
        return new ModelMetadata(
                network(map),
                input,
                map.getOrDefault("loss", "unknown"),
                value(map, "classes", Integer::parseInt),
                map.getOrDefault("training_set", "unknown"),
                map.getOrDefault("aligner", "unknown"));
    }

    /** A file that names no family is of a ResFace. */
    private static NetworkConfig network(Map<String, String> map) {
        List<Integer> widths = value(map, "widths", ModelMetadata::integers);
        int embeddingSize = value(map, "embedding_size", Integer::parseInt);
        int[] crop = value(map, "crop", text -> Arrays.stream(text.split("x", 2)).mapToInt(Integer::parseInt).toArray());
        if (crop.length != 2) {
            throw new IllegalArgumentException("the metadata 'crop' must read HEIGHTxWIDTH, but it is '" + Printable.of(map.get("crop")) + "'.");
        }
        String family = map.getOrDefault(FAMILY_KEY, "resface");
        return switch (family) {
            case LENET -> new LeNetConfig(widths, crop[0], crop[1], embeddingSize, value(map, "feature_prelu", Boolean::parseBoolean));
            case "resface" -> new ResFaceConfig(
                    value(map, "network", Function.identity()),
                    value(map, "blocks", ModelMetadata::integers),
                    widths,
                    crop[0],
                    crop[1],
                    embeddingSize,
                    value(map, "variant", text -> Variant.valueOf(text.toUpperCase(Locale.ROOT))),
                    value(map, "padding", text -> Padding.valueOf(text.toUpperCase(Locale.ROOT))),
                    value(map, "initialization", text -> Initialization.valueOf(text.toUpperCase(Locale.ROOT))),
                    value(map, "dropout_keep", Double::parseDouble),
                    value(map, "bn_epsilon", Double::parseDouble),
                    value(map, "bn_decay", Double::parseDouble),
                    value(map, "bn_unbiased_variance", Boolean::parseBoolean));
            default -> throw new IllegalArgumentException("the model is of the network family '" + Printable.of(family)
                    + "', but this program knows resface and " + LENET + "; read it with the program that saved it.");
        };
    }

    private static <T> T value(Map<String, String> map, String key, Function<String, T> parse) {
        String text = map.get(key);
        if (text == null) {
            throw new IllegalArgumentException(
                    "the metadata lack '" + key + "', so this is not a model of this program; give a model that it saved.");
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the metadata '" + key + "' are '" + Printable.of(text) + "', which cannot be read; save the model again.", e);
        }
    }

    private static List<Integer> integers(String text) {
        return Arrays.stream(text.split(",")).map(part -> Integer.valueOf(part.strip())).toList();
    }

    private static String join(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
