package org.angulus.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.angulus.model.ModelMetadata;
import org.angulus.model.Network;
import org.angulus.model.SafeTensors;
import org.angulus.model.TensorEntry;
import org.angulus.model.TensorSpec;
import org.angulus.model.Weights;

/**
 * Where a fine-tuned network starts: the weights of a model file for all but what is new, which is drawn. New are class vectors, unless they are kept, and
 * the last projection where it gives embeddings of another size.
 *
 * @param weights all of them
 * @param taken names of the tensors that come from the file
 * @param drawn names of the new ones
 */
public record StartingWeights(Weights weights, List<String> taken, List<String> drawn) {
    private static final String PROJECTION = "fc";
    private static final String HEAD = "head.";

    /** What becomes of a model's class vectors. */
    public enum Head {
        /** New ones are drawn. */
        NEW,
        /** They go on; a model with others is refused. */
        KEPT,
        /** They go on if there are as many, of the same length; else new ones are drawn. */
        KEPT_WHERE_IT_FITS
    }

    /**
     * Reads a model file for a network.
     *
     * @param head parameters of the head
     * @param state what the losses keep from step to step, say a margin or centres: it starts anew
     * @param kept whether the file's class vectors are taken; a bias that the file lacks starts at 0
     * @param startValue of what is drawn
     * @throws IOException with one sentence, when the file cannot be read, or differs in more than its head and last projection
     */
    static StartingWeights of(Path model, Network network, List<TensorSpec> head, List<TensorSpec> state, Head kept, long startValue) throws IOException {
        ModelMetadata metadata = ModelMetadata.loadTrainable(model);
        Set<String> mayDiffer = projection(network);
        var taken = new ArrayList<TensorSpec>();
        var drawn = new ArrayList<TensorSpec>();
        try (SafeTensors tensors = SafeTensors.open(model)) {
            Set<String> names = tensors.entries().stream().map(TensorEntry::name).collect(Collectors.toSet());
            for (TensorSpec spec : network.modelTensors()) {
                if (names.contains(spec.name()) && hasShape(tensors, spec)) {
                    taken.add(spec);
                } else if (mayDiffer.contains(spec.name())) {
                    drawn.add(spec);
                } else {
                    throw new IOException(model + ": the tensor '" + spec.name() + "' "
                            + (names.contains(spec.name()) ? "has the shape " + tensors.entry(spec.name()).shapeText() : "is not there")
                            + " where this network needs " + spec.shape() + "; only embeddingSize may differ from the model's network ("
                            + metadata.network().name() + ", widths " + metadata.network().widths() + ", crop " + metadata.network().height() + "x"
                            + metadata.network().width() + ").");
                }
            }
            for (TensorSpec spec : head) {
                boolean there = names.contains(spec.name());
                boolean fits = there && hasShape(tensors, spec);
                if (kept == Head.KEPT && there && !fits) {
                    throw new IOException(model + ": its head tells " + metadata.classes() + " people apart and has '" + spec.name() + "' in the shape "
                            + tensors.entry(spec.name()).shapeText() + " where this run needs " + spec.shape() + "; start with a new head.");
                }
                (fits && kept != Head.NEW ? taken : drawn).add(spec);
            }
        }
        Weights weights = Weights.draw(Stream.concat(drawn.stream(), state.stream()).toList(), startValue);
        Weights read = Weights.load(model, taken, "");
        taken.forEach(spec -> weights.put(spec, read.get(spec)));
        return new StartingWeights(weights, names(taken), names(drawn));
    }

    /** Parameters and statistics of the last layer. */
    private static Set<String> projection(Network network) {
        int last = network.layers().size() - 1;
        var names = new HashSet<>(names(network.parametersFrom(last)));
        network.statistics().entries().stream()
                .filter(entry -> entry.offset() >= network.statisticsFrom(last))
                .forEach(entry -> names.add(entry.spec().name()));
        return names;
    }

    private static boolean hasShape(SafeTensors tensors, TensorSpec spec) throws IOException {
        return tensors.entry(spec.name()).hasShape(spec.shape().stream().mapToLong(Integer::longValue).toArray());
    }

    private static List<String> names(List<TensorSpec> specs) {
        return specs.stream().map(TensorSpec::name).toList();
    }

    /** In words: how many were taken, and which parts are new. */
    public String words() {
        List<String> parts = drawn.stream().map(StartingWeights::part).distinct().toList();
        return taken.size() + " tensors taken; new: " + (parts.isEmpty() ? "nothing" : String.join(" and ", parts));
    }

    private static String part(String tensor) {
        return tensor.startsWith(HEAD) ? "the class vectors" : tensor.startsWith(PROJECTION) ? "the last projection" : tensor;
    }
}
