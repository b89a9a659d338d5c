package org.angulus.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A list of LFW's people with the number of their photographs: {@code peopleDevTrain.txt} and {@code peopleDevTest.txt}
 * of View 1 (a count, then so many lines {@code name<TAB>photographs}) or {@code people.txt} of View 2 (the number of
 * folds, then such a list for each fold).
 *
 * @param folds the people in file order; one fold for the files of View 1
 */
public record LfwPeople(List<List<Person>> folds) {
    /**
     * One person.
     *
     * @param name        with underscores, as folders are named
     * @param photographs how many there are, numbered from 1
     */
    public record Person(String name, int photographs) {}

    public LfwPeople {
        folds = folds.stream().map(List::copyOf).toList();
    }

    /** Reads {@code peopleDevTrain.txt} or {@code peopleDevTest.txt}. */
    public static LfwPeople readView1(Path file) throws DataException {
        LinesFile lines = LinesFile.read(file);
        List<Person> people = readFold(lines, new HashSet<>());
        lines.expectEnd();
        return new LfwPeople(List.of(people));
    }

    /** Reads {@code people.txt}, the ten folds of View 2. */
    public static LfwPeople readView2(Path file) throws DataException {
        LinesFile lines = LinesFile.read(file);
        String[] head = lines.next("the number of folds");
        if (head.length != 1) {
            throw lines.fault("the number of folds should stand alone");
        }
        int count = lines.count(head[0], 1, "number of folds");
        Set<String> names = new HashSet<>();
        List<List<Person>> folds = new ArrayList<>();
        for (int fold = 0; fold < count; fold++) {
            folds.add(readFold(lines, names));
        }
        lines.expectEnd();
        return new LfwPeople(folds);
    }

    private static List<Person> readFold(LinesFile lines, Set<String> names) throws DataException {
        String[] head = lines.next("the number of people");
        if (head.length != 1) {
            throw lines.fault("the number of people should stand alone");
        }
        int count = lines.count(head[0], 1, "number of people");
        List<Person> people = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String[] fields = lines.next("person " + (i + 1) + " of " + count);
            if (fields.length != 2 || !Photo.isName(fields[0])) {
                throw lines.fault("a name and a number of photographs with a tab between them should stand here");
            }
            if (!names.add(fields[0])) {
                throw lines.fault("'" + fields[0] + "' is listed twice");
            }
            people.add(new Person(fields[0], lines.count(fields[1], 1, "number of photographs")));
        }
        return List.copyOf(people);
    }

    /** All people of all folds, in file order. */
    public List<Person> people() {
        return folds.stream().flatMap(List::stream).toList();
    }
}
