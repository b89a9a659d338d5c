package org.angulus.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.angulus.train.Recipe;
import org.angulus.train.Stages;
import org.angulus.train.TrainingConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code angulus recipes}: the training configurations that have a name. */
@Command(
        name = "recipes",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Lists the recipes that 'angulus train --recipe NAME' takes, or shows one whole.",
            "The figures are those of the authors, on their data and often with another network."
        },
        footer = {
            "",
            "Examples:",
            "  angulus recipes",
            "  angulus recipes am-softmax",
            "  angulus recipes am-softmax --json > recipe.json      # to change it: train --config recipe.json"
        })
final class RecipesCommand implements Callable<Integer> {
    private static final Gson JSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Show this one whole, with its configuration.")
    private String name;

    @Option(names = "--json", description = "Print JSON: of one recipe its complete configuration.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (name != null) {
            show(out, recipe(name));
        } else if (json) {
            var all = new JsonArray();
            Recipe.names().forEach(each -> all.add(describe(Recipe.of(each))));
            out.println(JSON.toJson(all));
        } else {
            out.println(Table.of(List.of("recipe", "what", "published"),
                    Recipe.names().stream().map(Recipe::of).map(recipe -> List.of(recipe.name(), recipe.title(), recipe.published())).toList()));
        }
        out.flush();
        return ExitCode.OK;
    }

    private static Recipe recipe(String name) {
        try {
            return Recipe.of(name);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.FAILED, e.getMessage());
        }
    }

    private void show(PrintWriter out, Recipe recipe) {
        Stages stages = recipe.stages();
        if (json) {
            out.println(stages.toJson());
            return;
        }
        out.println(recipe.name() + ": " + recipe.title());
        out.println("source     " + recipe.source());
        out.println("data       " + recipe.data());
        out.println("published  " + recipe.published());
        if (!recipe.note().isEmpty()) {
            out.println("note       " + recipe.note());
        }
        for (TrainingConfig stage : stages.list()) {
            out.println("computes   " + stage.network().name() + ", " + stage.lossDescription() + ", " + stage.steps() + " steps of " + stage.batch()
                    + " pictures");
        }
        out.println("as given   " + JSON.toJson(recipe.training()));
        out.println("'angulus recipes " + recipe.name() + " --json' prints every field");
    }

    private static JsonObject describe(Recipe recipe) {
        var object = new JsonObject();
        object.addProperty("name", recipe.name());
        object.addProperty("title", recipe.title());
        object.addProperty("source", recipe.source());
        object.addProperty("data", recipe.data());
        object.addProperty("published", recipe.published());
        object.addProperty("note", recipe.note());
        object.add("training", recipe.training());
        return object;
    }
}
