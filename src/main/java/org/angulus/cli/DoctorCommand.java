package org.angulus.cli;

import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.device.Direction;
import org.angulus.device.NativeLibrary;
import org.angulus.device.Op;
import org.angulus.image.Decoders;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code angulus doctor}: what this machine offers, and why not more. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Lists Java, the backends, libraries, the device that is used, its kernels, fastest first, and those that ResFace20 takes.",
        footer = {
            "",
            "Examples:",
            "  angulus doctor",
            "  angulus doctor --device cpu:baseline --json"
        })
final class DoctorCommand implements Runnable {
    private static final int BATCH = 32;

    @Option(names = "--device", paramLabel = "NAME", description = "Look at this device; the best one otherwise.")
    private String device;

    @Option(names = "--json", description = "Print it as JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    /**
     * All that is found.
     *
     * @param isaCap AG_MAX_ISA; null: not set
     * @param libraries name to where it is, or why it is not there
     * @param kernels by op, fastest first
     * @param convolutions those of ResFace20 for {@link #BATCH} pictures
     */
    private record Findings(
            String java, int processors, long heapBytes, String isaCap, List<String> backends, Map<String, String> libraries, DeviceInfo device,
            Map<String, List<String>> kernels, List<Convolution> convolutions) {}

    /**
     * One shape, and the kernel taken in each direction.
     *
     * @param count how often the network has it
     */
    private record Convolution(String shape, int count, String forward, String backwardInput, String backwardWeight) {}

    @Override
    public void run() {
        List<String> backends = Device.backends();
        Findings found;
        try (Device opened = Devices.open(device)) {
            Map<String, List<String>> kernels = new LinkedHashMap<>();
            for (Op op : Op.values()) {
                kernels.put(op.name(), opened.kernels(op));
            }
            found = new Findings(
                    Runtime.version().toString(), Runtime.getRuntime().availableProcessors(), Runtime.getRuntime().maxMemory(), System.getenv("AG_MAX_ISA"),
                    backends, libraries(), opened.info(), kernels, convolutions(opened));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(found));
        } else {
            print(out, found);
        }
        out.flush();
    }

    /** What is loaded or optional; a further library is a further line here. */
    private static Map<String, String> libraries() {
        Map<String, String> found = new LinkedHashMap<>();
        found.put("libangulus", NativeLibrary.require().toString());
        found.put("picture decoders", String.join("; ", Decoders.report()));
        found.put("xchart (pictures of reports)", presence("org.knowm.xchart.XYChart"));
        found.put("protobuf-java (TensorBoard, ONNX)", presence("com.google.protobuf.CodedOutputStream"));
        found.put("progressbar (training at a terminal)", presence("me.tongfei.progressbar.ProgressBar"));
        return found;
    }

    private static String presence(String type) {
        try {
            Class.forName(type, false, DoctorCommand.class.getClassLoader());
            return "found";
        } catch (ClassNotFoundException e) {
            return "not on the class path (" + type + ")";
        }
    }

    private static List<Convolution> convolutions(Device device) {
        Map<Conv2dShape, Integer> counts = new LinkedHashMap<>();
        new ResFace(ResFaceConfig.of("resface20", Variant.ARTICLE)).convolutions(BATCH).forEach(shape -> counts.merge(shape, 1, Integer::sum));
        List<Convolution> found = new ArrayList<>();
        counts.forEach((s, count) -> found.add(new Convolution(
                s.h() + "x" + s.w() + "x" + s.c() + " to " + s.p() + "x" + s.q() + "x" + s.k() + ", filter " + s.r() + "x" + s.s(), count,
                kernel(device, s, Direction.FORWARD), kernel(device, s, Direction.BACKWARD_INPUT), kernel(device, s, Direction.BACKWARD_WEIGHT))));
        return found;
    }

    private static String kernel(Device device, Conv2dShape shape, Direction direction) {
        List<String> kernels = device.kernels(direction.op());
        return kernels.isEmpty() ? "none" : kernels.get(device.ops().conv2dPlan(shape, direction, 0).kernel());
    }

    private static void print(PrintWriter out, Findings found) {
        out.println("Java " + found.java() + ", " + found.processors() + " processors, heap up to " + Bytes.text(found.heapBytes()));
        out.println("Instruction sets: " + (found.isaCap() == null ? "no cap (AG_MAX_ISA is not set)" : "capped by AG_MAX_ISA=" + found.isaCap()));
        found.backends().forEach(out::println);
        out.println("\nLibraries:");
        found.libraries().forEach((name, state) -> out.println("  " + name + ": " + state));
        DeviceInfo info = found.device();
        out.printf("%nDevice %s: %s, %s, %d threads, %s of %s free%n", info.name(), info.description(), info.isa(), info.threads(),
                Bytes.text(info.freeBytes()), Bytes.text(info.memoryBytes()));
        out.println("Kernels (the first that accepts the shape is taken):");
        found.kernels().forEach((op, kernels) -> out.println("  " + op + ": " + (kernels.isEmpty() ? "none" : String.join(", ", kernels))));
        out.println("ResFace20's convolutions, " + BATCH + " pictures (forward; backward to the input; backward to the filter):");
        for (Convolution c : found.convolutions()) {
            out.println("  " + c.count() + " of " + c.shape() + ": " + c.forward() + "; " + c.backwardInput() + "; " + c.backwardWeight());
        }
    }
}
