package org.angulus.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.angulus.train.Checkpoint;

/** Finds the model that a path means. */
final class ModelFile {
    private ModelFile() {}

    /** A file as it is; of a checkpoint or run its model, which {@code err} is told; of an unfinished run the newest checkpoint's. */
    static Path resolve(Path path, PrintWriter err) throws IOException {
        if (!Files.isDirectory(path)) {
            return path;
        }
        Path model = path.resolve(Checkpoint.MODEL);
        if (!Files.exists(model)) {
            model = new RunFolder(path).newestCheckpoint().map(folder -> folder.resolve(Checkpoint.MODEL)).orElse(model);
        }
        if (!Files.exists(model)) {
            throw new CommandFailure(ExitCode.FAILED, path + ": this folder holds no " + Checkpoint.MODEL + " and no checkpoint; name a model file");
        }
        err.println("angulus: " + path + " is a folder; its model is " + model);
        return model;
    }
}
