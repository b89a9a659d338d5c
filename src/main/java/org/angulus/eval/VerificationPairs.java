package org.angulus.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.angulus.data.DataException;
import org.angulus.data.LinesFile;
import org.angulus.data.Photo;
import org.angulus.data.VerificationBin;
import org.angulus.model.AtomicFile;

/**
 * A list of pairs of photographs to verify, each in one of the folds of a cross-validation.
 *
 * @param name     the list's file name, for reports
 * @param pairs    the pairs in file order
 * @param folds    number of folds
 * @param official whether the folds are the list's own; false where they are ours (View 1 publishes none)
 */
public record VerificationPairs(String name, List<Pair> pairs, int folds, boolean official) {
    /** Folds laid over View 1, which has none of its own. */
    public static final int VIEW1_FOLDS = 10;

    private static final int BIN_FOLDS = 10;

    /**
     * One pair.
     *
     * @param left  first photograph
     * @param right second photograph
     * @param same  whether both show the same person
     * @param fold  the fold it is tested in, from 0
     */
    public record Pair(Photo left, Photo right, boolean same, int fold) {}

    public VerificationPairs {
        pairs = List.copyOf(pairs);
        if (pairs.stream().anyMatch(pair -> pair.fold() < 0 || pair.fold() >= folds)) {
            throw new IllegalArgumentException(name + ": a pair lies outside the " + folds + " folds");
        }
    }

    /** Reads a list of either view: the first line of View 2 has two numbers, that of View 1 one. */
    public static VerificationPairs read(Path file) throws DataException {
        return LinesFile.read(file).next("the number of folds or of pairs").length > 1 ? readView2(file) : readView1(file);
    }

    /**
     * Reads {@code pairs.txt} (View 2): folds and n, then for each fold n pairs of the same person
     * ({@code name n1 n2}) and n of different people ({@code name1 n1 name2 n2}).
     */
    public static VerificationPairs readView2(Path file) throws DataException {
        LinesFile lines = LinesFile.read(file);
        String[] head = lines.next("the number of folds and of pairs");
        if (head.length != 2) {
            throw lines.fault("the number of folds and the number of pairs of each kind should stand here,"
                    + " with a tab between them");
        }
        int folds = lines.count(head[0], 2, "number of folds");
        int each = lines.count(head[1], 1, "number of pairs");
        List<Pair> pairs = new ArrayList<>();
        for (int fold = 0; fold < folds; fold++) {
            for (int i = 0; i < 2 * each; i++) {
                pairs.add(readPair(lines, i < each, fold));
            }
        }
        lines.expectEnd();
        return new VerificationPairs(file.getFileName().toString(), pairs, folds, true);
    }

    /**
     * Reads {@code pairsDevTrain.txt} or {@code pairsDevTest.txt} (View 1): n, then n pairs of the same person, then n of
     * different people. The folds are ours: fold k holds the pairs k n/10 to (k+1) n/10 - 1 of either kind.
     */
    public static VerificationPairs readView1(Path file) throws DataException {
        LinesFile lines = LinesFile.read(file);
        String[] head = lines.next("the number of pairs");
        if (head.length != 1) {
            throw lines.fault("the number of pairs of each kind should stand alone");
        }
        int each = lines.count(head[0], VIEW1_FOLDS, "number of pairs");
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 2 * each; i++) {
            long rank = i % each;
            // The largest k with floor(k each / folds) <= rank.
            int fold = (int) (((rank + 1) * VIEW1_FOLDS - 1) / each);
            pairs.add(readPair(lines, i < each, fold));
        }
        lines.expectEnd();
        return new VerificationPairs(file.getFileName().toString(), pairs, VIEW1_FOLDS, false);
    }

    /**
     * Writes the list in the form of View 2, which {@link #readView2} reads; whose folds they are is not in the file.
     *
     * @throws IllegalArgumentException when the folds do not hold equally many pairs of either kind
     */
    public void write(Path file) throws IOException {
        int each = pairs.size() / (2 * folds);
        StringBuilder text = new StringBuilder(folds + "\t" + each + "\n");
        for (int fold = 0; fold < folds; fold++) {
            for (boolean same : new boolean[] {true, false}) {
                int number = fold;
                List<Pair> part = pairs.stream().filter(pair -> pair.fold() == number && pair.same() == same).toList();
                if (part.size() != each) {
                    throw new IllegalArgumentException(name + ": fold " + fold + " holds " + part.size() + " pairs of "
                            + (same ? "the same person" : "different people") + ", but " + each + " would be equal shares");
                }
                part.forEach(pair -> text.append(line(pair)).append('\n'));
            }
        }
        AtomicFile.write(file, text.toString());
    }

    private static String line(Pair pair) {
        String left = pair.left().person() + "\t" + pair.left().number() + "\t";
        return left + (pair.same() ? "" : pair.right().person() + "\t") + pair.right().number();
    }

    /** The pairs of a {@code .bin} file. Its ten folds are parts in file order, the first ones larger by a pair where ten does not divide their number. */
    public static VerificationPairs of(VerificationBin bin) throws DataException {
        if (bin.pairs() < BIN_FOLDS) {
            throw new DataException(bin.file(), "it holds " + bin.pairs() + " pairs, too few for " + BIN_FOLDS + " folds", "name a complete verification set");
        }
        List<Pair> pairs = new ArrayList<>();
        int larger = bin.pairs() % BIN_FOLDS;
        int size = bin.pairs() / BIN_FOLDS;
        for (int i = 0; i < bin.pairs(); i++) {
            int fold = i < larger * (size + 1) ? i / (size + 1) : (i - larger) / size;
            pairs.add(new Pair(bin.photo(i, 0), bin.photo(i, 1), bin.same(i), fold));
        }
        return new VerificationPairs(bin.file().getFileName().toString(), pairs, BIN_FOLDS, true);
    }

    private static Pair readPair(LinesFile lines, boolean same, int fold) throws DataException {
        String[] fields = lines.next(same ? "a pair of the same person" : "a pair of different people");
        if (same) {
            if (fields.length != 3) {
                throw lines.fault("a pair of the same person (a name and two numbers) should stand here, found "
                        + fields.length + " fields");
            }
            Pair pair = new Pair(photo(lines, fields[0], fields[1]), photo(lines, fields[0], fields[2]), true, fold);
            if (pair.left().equals(pair.right())) {
                throw lines.fault("a pair of the same person names photograph " + pair.left().number() + " twice");
            }
            return pair;
        }
        if (fields.length != 4) {
            throw lines.fault("a pair of different people (name, number, name, number) should stand here, found "
                    + fields.length + " fields");
        }
        if (fields[0].equals(fields[2])) {
            throw lines.fault("a pair of different people names '" + fields[0] + "' twice");
        }
        return new Pair(photo(lines, fields[0], fields[1]), photo(lines, fields[2], fields[3]), false, fold);
    }

    private static Photo photo(LinesFile lines, String person, String number) throws DataException {
        if (!Photo.isName(person)) {
            throw lines.fault("'" + person + "' is no person's name");
        }
        return new Photo(person, lines.count(number, 1, "number of a photograph"));
    }

    /**
     * The pairs whose photographs are both among those that can be used.
     *
     * @throws IllegalArgumentException when a fold has no pair of the same person or none of different people left
     */
    List<Pair> pairsOf(Set<Photo> usable) {
        List<Pair> left = pairs.stream().filter(pair -> usable.contains(pair.left()) && usable.contains(pair.right())).toList();
        for (int fold = 0; fold < folds; fold++) {
            int number = fold;
            boolean same = left.stream().anyMatch(pair -> pair.fold() == number && pair.same());
            boolean different = left.stream().anyMatch(pair -> pair.fold() == number && !pair.same());
            if (!same || !different) {
                List<Photo> missing = photos().stream().filter(photo -> !usable.contains(photo)).toList();
                throw new IllegalArgumentException("fold " + (fold + 1) + " of " + name + " has no pair of " + (same ? "different people" : "the same person")
                        + " left, because photographs that are missing or cannot be used number " + missing.size() + ", the first "
                        + missing.stream().limit(3).map(Photo::name).collect(Collectors.joining(", ")));
            }
        }
        return left;
    }

    /** Every photograph of the pairs once, in the order of first appearance. */
    public List<Photo> photos() {
        Set<Photo> photos = new LinkedHashSet<>();
        for (Pair pair : pairs) {
            photos.add(pair.left());
            photos.add(pair.right());
        }
        return List.copyOf(photos);
    }
}
