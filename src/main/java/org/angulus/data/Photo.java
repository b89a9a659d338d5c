package org.angulus.data;

/**
 * One photograph as the LFW lists name it.
 *
 * @param person the person's name as in the lists, with underscores: {@code George_W_Bush}
 * @param number the number of the photograph, from 1
 */
public record Photo(String person, int number) {
    public Photo {
        if (!isName(person) || number < 1) {
            throw new IllegalArgumentException(
                    "a photograph needs a person's name and a number from 1, got '" + person + "' and " + number);
        }
    }

    /** Whether a text can name a person: the name of one folder, not hidden and not a way out of its parent. */
    public static boolean isName(String text) {
        return !text.isEmpty()
                && text.charAt(0) != '.'
                && text.chars().noneMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c));
    }

    /** The photograph's name without extension, such as {@code George_W_Bush_0012}. */
    public String name() {
        return "%s_%04d".formatted(person, number);
    }

    @Override
    public String toString() {
        return name();
    }
}
