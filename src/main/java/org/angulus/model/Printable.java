package org.angulus.model;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Text from files for messages: a hostile file may hold long names and control characters; neither reaches a terminal or a log. */
public final class Printable {
    private static final int LONGEST = 400;

    private Printable() {}

    /** Control characters become question marks, and what is over 400 characters is cut off. */
    public static String of(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "...";
    }

    /** Why a file could not be used, in words and without the names of Java's exceptions. */
    public static String reason(Exception failure) {
        return switch (failure) {
            case DirectoryIteratorException wrapped -> reason(wrapped.getCause());
            case AccessDeniedException _ -> "no permission";
            case NoSuchFileException _ -> "it is not there";
            case FileSystemException file when file.getReason() != null -> of(file.getReason());
            default -> of(failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage());
        };
    }
}
