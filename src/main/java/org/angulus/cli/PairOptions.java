package org.angulus.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.angulus.data.FramedImages;
import org.angulus.data.ImageSet;
import org.angulus.data.LabeledPhotos;
import org.angulus.data.Lfw;
import org.angulus.data.PhotoSource;
import org.angulus.data.VerificationBin;
import org.angulus.eval.EmbeddedPairs;
import org.angulus.eval.FlipFusion;
import org.angulus.eval.PairImages;
import org.angulus.eval.RandomPairs;
import org.angulus.eval.VerificationPairs;
import org.angulus.image.RgbImage;
import org.angulus.model.EmbeddingNetwork;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options that say which pairs of faces a command measures: those of a list, of a {@code .bin} file, or drawn from a labelled set. */
final class PairOptions {
    @Option(names = "--data", paramLabel = "SET", description = "Aligned faces: one folder for each person, a packed set, or a .rec file.")
    private Path data;

    @Option(names = "--bin", paramLabel = "FILE", description = "InsightFace's verification set instead: lfw.bin, cfp_fp.bin, agedb_30.bin, calfw.bin, cplfw.bin.")
    private Path bin;

    @Option(names = "--pairs", paramLabel = "FILE", description = "LFW's list: pairs.txt (ten folds) or a list of View 1; the first line tells. Without it pairs are drawn.")
    private Path pairs;

    @Option(
            names = "--draw",
            paramLabel = "N",
            description = "Without a list: draw N pairs of each kind, a multiple of ten (default: 3000 for eval, four times as many as the FAR needs for calibrate).")
    private Integer draw;

    @Option(names = "--start", paramLabel = "N", description = "Start value of the drawn pairs (default: ${DEFAULT-VALUE}).", defaultValue = "1")
    private long start;

    @Option(names = "--exclude", paramLabel = "FILE", description = "Leave out the people named in this file, a name on each line; with drawn pairs only.")
    private Path exclude;

    @Mixin
    private FramingOptions framing;

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /**
     * Pairs, and what gives their crops.
     *
     * @param place the file or folder of the pictures, for messages
     * @param drawn whether the pairs are of no list
     * @param cropBytes of one crop
     */
    record Source(VerificationPairs pairs, PhotoSource photos, Path place, boolean drawn, int cropBytes) {
        /** Embeds {@code some} of the pairs, under a bar where it is wanted and a person looks at a terminal. */
        EmbeddedPairs embed(VerificationPairs some, EmbeddingNetwork network, FlipFusion flip, boolean bar) throws IOException {
            try (var progress = new TerminalBar(bar, "Embedding", "images", 1, 0, some.photos().size())) {
                return new PairImages(some, photos, cropBytes).embed(network, flip, done -> progress.reached(done, ""));
            } catch (IllegalArgumentException e) {
                throw new CommandFailure(ExitCode.FAILED, e.getMessage() + "; check " + place + ".");
            }
        }
    }

    /** Refuses options that do not go together. */
    void check() {
        if ((data == null) == (bin == null) || bin != null && pairs != null) {
            throw new ParameterException(spec.commandLine(), "give either --data, or --bin without --pairs");
        }
        if (draw != null && (draw < 1 || draw % VerificationPairs.VIEW1_FOLDS != 0)) {
            throw new ParameterException(spec.commandLine(), "--draw is " + draw + "; ten equal folds need a multiple of ten");
        }
        // What concerns drawn pairs means nothing to a list.
        for (String name : List.of("--draw", "--start", "--exclude")) {
            if ((pairs != null || bin != null) && spec.commandLine().getParseResult().hasMatchedOption(name)) {
                throw new ParameterException(
                        spec.commandLine(), name + " is for drawn pairs, but " + (bin == null ? "--pairs" : "--bin") + " gives a list; leave one of them away");
            }
        }
    }

    /**
     * Reads or draws the pairs.
     *
     * @param height of the crops
     * @param width of the crops
     * @param usual pairs of each kind to draw where nothing else is said, a multiple of ten
     */
    Source open(int height, int width, int usual) throws IOException {
        int bytes = RgbImage.CHANNELS * height * width;
        if (bin != null) {
            VerificationBin set = VerificationBin.read(bin);
            return new Source(VerificationPairs.of(set), set.photos(height, width, framing.framing()), bin, false, bytes);
        }
        if (pairs != null) {
            return new Source(VerificationPairs.read(pairs), Lfw.open(data).crops(height, width, framing.framing()), data, false, bytes);
        }
        ImageSet set = people();
        LabeledPhotos photos = new LabeledPhotos(new FramedImages(set, height, width, framing.framing()), set.identities());
        try {
            String name = "pairs drawn from " + data.getFileName() + ", start value " + start;
            return new Source(RandomPairs.draw(name, photos, draw == null ? usual : draw, start), photos, data, true, bytes);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage() + ".");
        }
    }

    private ImageSet people() throws IOException {
        Set<String> unwanted = exclude == null ? Set.of() : NameList.read(exclude);
        ImageSet set = ImageSet.open(data);
        Set<String> removed = new TreeSet<>(set.identities());
        removed.retainAll(unwanted);
        if (removed.isEmpty()) {
            return set;
        }
        spec.commandLine().getErr().println("Left out because " + exclude + " names them: " + String.join(", ", removed));
        return set.select(name -> !unwanted.contains(name), 1);
    }
}
