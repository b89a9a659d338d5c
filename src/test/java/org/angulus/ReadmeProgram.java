package org.angulus;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The program that README.md shows, compiled and run as a reader would. */
final class ReadmeProgram {
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** What a process said and how it ended. */
    record Outcome(int exitCode, String out, String err) {}

    private ReadmeProgram() {}

    static String source() throws IOException {
        Matcher block = JAVA_BLOCK.matcher(Files.readString(Path.of("README.md")));
        if (!block.find()) {
            throw new IOException("README.md shows no Java program");
        }
        return block.group(1);
    }

    /** Compiles it into a folder; gives what the compiler said, empty when it had nothing to say. */
    static String compile(Path folder, List<String> options) throws IOException {
        Path source = Files.writeString(Files.createDirectories(folder).resolve("Compare.java"), source());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            List<String> all = new ArrayList<>(options);
            all.addAll(List.of("-d", folder.toString(), "-Xlint:all", "-proc:none"));
            compiler.getTask(said, files, null, all, null, files.getJavaFileObjects(source)).call();
        }
        return said.toString();
    }

    /** Runs {@code java} in a folder, with an environment of nothing but these variables, for a minute at most. */
    static Outcome java(Path folder, List<String> environment, List<String> arguments) throws IOException, InterruptedException {
        return java(folder, environment, arguments, Duration.ofMinutes(1));
    }

    /** The same for as long as {@code most}. */
    static Outcome java(Path folder, List<String> environment, List<String> arguments, Duration most) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(arguments);
        ProcessBuilder java = new ProcessBuilder(command).directory(folder.toFile());
        java.environment().clear();
        environment.forEach(variable -> java.environment().put(variable.split("=", 2)[0], variable.split("=", 2)[1]));
        Path out = Files.createTempFile(folder.getParent(), "out", ".txt");
        Path err = Files.createTempFile(folder.getParent(), "err", ".txt");
        Process process = java.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        if (!process.waitFor(most)) {
            process.destroyForcibly();
            throw new IOException("java did not end within " + most + ": " + Files.readString(err));
        }
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
