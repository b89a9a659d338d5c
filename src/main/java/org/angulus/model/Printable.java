package org.angulus.model;

/** Text from files for messages: a hostile file may hold long names and control characters; neither reaches a terminal or a log. */
public final class Printable {
    private static final int LONGEST = 400;

    private Printable() {}

    /** Control characters become question marks, and what is over 400 characters is cut off. */
    public static String of(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= LONGEST ? clean : clean.substring(0, LONGEST) + "...";
    }
}
