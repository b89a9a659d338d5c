package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.eval.Plots;
import org.angulus.eval.Plots.Curve;
import org.angulus.loss.MarginHead;
import org.angulus.loss.PastPi;
import org.angulus.loss.TargetLogits;
import org.angulus.model.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code angulus plot logits}: the target logit of each head over the angle. */
@Command(
        name = "logits",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Draws what each head makes of the angle between an embedding and the vector of its class, from 0 to 180 degrees, as the device computes it.",
            "It leaves logits.png, logits.svg and logits.csv. The bands: below 30 degrees nothing is gained any more, gains come from 30 to 60, and a head"
                    + " that is too strict from 60 to 90 keeps a network from learning."
        },
        footer = {"", "Example:", "  angulus plot logits --out pictures"})
final class PlotLogitsCommand implements Callable<Integer> {
    /** Every head whose target's logit is a function of the angle, with the constants of its paper. A new one takes part with a line here. */
    private static final List<Head> HEADS = List.of(
            new Head("cos t: softmax, NormFace, COCO, AdaCos", MarginHead.softmax()),
            new Head("SphereFace, m 2", MarginHead.of(HeadKind.SPHEREFACE).change().factor(2).build()),
            new Head("SphereFace, L-Softmax, m 4", MarginHead.of(HeadKind.SPHEREFACE)),
            new Head("SphereFace, m 4, lambda 5", MarginHead.of(HeadKind.SPHEREFACE), 1, 5),
            new Head("SphereFace-R, m 1.5", MarginHead.of(HeadKind.SPHEREFACE_R)),
            new Head("AM-Softmax, m 0.35", MarginHead.amSoftmax(30, 0.35)),
            new Head("ArcFace, m 0.5", MarginHead.of(HeadKind.ARCFACE)),
            new Head("ArcFace, monotone", MarginHead.of(HeadKind.ARCFACE).change().pastPi(PastPi.MONOTONE).build()),
            new Head("ArcFace, easy", MarginHead.of(HeadKind.ARCFACE).change().pastPi(PastPi.EASY).build()),
            new Head("combined, 1, 0.3, 0.2", MarginHead.of(HeadKind.COMBINED)),
            new Head("MagFace, |x| 10", MarginHead.of(HeadKind.MAGFACE), 10, 0),
            new Head("MagFace, |x| 110", MarginHead.of(HeadKind.MAGFACE), 110, 0),
            new Head("Circle, m 0.25", MarginHead.of(HeadKind.CIRCLE)));

    private static final int STEPS_OF_A_DEGREE = 2;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for pictures and values.")
    private Path out;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu, cuda:0, ...; the best one otherwise.")
    private String deviceName;

    @Spec
    private CommandSpec spec;

    private record Head(String name, MarginHead head, double length, double lambda) {
        Head(String name, MarginHead head) {
            this(name, head, 1, 0);
        }
    }

    @Override
    public Integer call() throws IOException {
        Path folder = PlotCommand.folder(out);
        PrintWriter err = spec.commandLine().getErr();
        double[] degrees = IntStream.rangeClosed(0, 180 * STEPS_OF_A_DEGREE).mapToDouble(i -> (double) i / STEPS_OF_A_DEGREE).toArray();
        double[] radians = IntStream.range(0, degrees.length).mapToDouble(i -> Math.toRadians(degrees[i])).toArray();
        List<Curve> curves = new ArrayList<>();
        try (Device device = Devices.open(deviceName)) {
            for (Head head : HEADS) {
                curves.add(new Curve(head.name(), degrees, TargetLogits.phi(device, head.head(), head.length(), head.lambda(), radians)));
            }
        }
        AtomicFile.write(folder.resolve("logits.csv"), csv(degrees, curves));
        new Plots(sentence -> err.println("angulus: " + sentence)).logits(folder.resolve("logits.png"), "Target logit over the angle", curves);
        spec.commandLine().getOut().println("The target logits of " + curves.size() + " heads are in " + folder);
        spec.commandLine().getOut().flush();
        return ExitCode.OK;
    }

    private static String csv(double[] degrees, List<Curve> curves) {
        var text = new StringBuilder("degrees," + curves.stream().map(curve -> '"' + curve.name() + '"').collect(Collectors.joining(",")) + "\n");
        for (int i = 0; i < degrees.length; i++) {
            int row = i;
            text.append(degrees[i]).append(',').append(curves.stream().map(curve -> String.format(Locale.ROOT, "%.6f", curve.y()[row])).collect(Collectors.joining(",")))
                    .append('\n');
        }
        return text.toString();
    }
}
