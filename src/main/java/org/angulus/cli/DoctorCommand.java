package org.angulus.cli;

import java.io.PrintWriter;
import java.util.List;
import org.angulus.device.Device;
import org.angulus.device.DeviceInfo;
import org.angulus.device.Op;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code angulus doctor}: what this machine offers, and why not more. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = "Lists the backends, the device that is used and its kernels, fastest first.")
final class DoctorCommand implements Runnable {
    @Option(names = "--device", paramLabel = "NAME", description = "Look at this device; the best one otherwise.")
    private String device;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("Java " + Runtime.version() + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        Device.backends().forEach(out::println);
        try (Device opened = Devices.open(device)) {
            DeviceInfo info = opened.info();
            out.printf("%nDevice %s: %s, %s, %d threads, %s of %s free%n", info.name(), info.description(), info.isa(), info.threads(),
                    Bytes.text(info.freeBytes()), Bytes.text(info.memoryBytes()));
            out.println("Kernels (the first that accepts the shape is taken):");
            for (Op op : Op.values()) {
                List<String> kernels = opened.kernels(op);
                out.println("  " + op + ": " + (kernels.isEmpty() ? "none" : String.join(", ", kernels)));
            }
        }
        out.flush();
    }
}
