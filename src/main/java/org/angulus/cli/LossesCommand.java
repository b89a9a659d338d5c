package org.angulus.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.angulus.loss.LossInfo;
import org.angulus.loss.Losses;
import org.angulus.model.NearestNames;
import org.angulus.model.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code angulus losses}: the losses and where they are from. */
@Command(
        name = "losses",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Lists the losses that head.kind of a configuration names, with formula, source, defaults and published figure.",
            "c: cosine between embedding and the target's class vector, t: its angle, s: scale, m: margin."
        },
        footer = {"", "Examples:", "  angulus losses", "  angulus losses am-softmax", "  angulus losses --json"})
final class LossesCommand implements Callable<Integer> {
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Show only this one.")
    private String name;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<LossInfo> all = name == null ? Losses.all() : List.of(loss(name));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JSON.toJson(all));
        } else {
            for (LossInfo loss : all) {
                out.println(loss.name() + " (" + loss.family() + ")");
                print(out, "formula", loss.formula());
                print(out, "source", loss.source());
                print(out, "defaults", loss.defaults());
                print(out, "published", loss.published());
            }
        }
        out.flush();
        return ExitCode.OK;
    }

    private static void print(PrintWriter out, String what, String value) {
        if (!value.isEmpty()) {
            out.printf("  %-10s %s%n", what, value);
        }
    }

    private static LossInfo loss(String name) {
        List<String> names = Losses.all().stream().map(LossInfo::name).toList();
        return Losses.all().stream().filter(loss -> loss.name().equals(name)).findFirst().orElseThrow(() -> new CommandFailure(
                ExitCode.FAILED, "there is no loss '" + Printable.of(name) + "'" + NearestNames.hint(name, names) + "; choose one of " + String.join(", ", names)));
    }
}
