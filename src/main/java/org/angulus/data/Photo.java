package org.angulus.data;

/**
 * One photograph as the LFW lists name it.
 *
 * @param person the person's name as in the lists, with underscores: {@code George_W_Bush}
 * @param number the number of the photograph, from 1
 */
public record Photo(String person, int number) {
    public Photo {
        if (person.isEmpty() || number < 1) {
            throw new IllegalArgumentException(
                    "a photograph needs a name and a number from 1, got '" + person + "' and " + number);
        }
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
